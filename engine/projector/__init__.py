"""TensorBoard on an export, as a process of its own."""

from engine.projector.launch import Projector, missing_library

__all__ = ["Projector", "missing_library"]
