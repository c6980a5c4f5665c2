"""Writes faces out of a gallery in forms that others read; see :mod:`engine.looking.exporting`."""

from engine.export.running import Writer, run

__all__ = ["Writer", "run"]
