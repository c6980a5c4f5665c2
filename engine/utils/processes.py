"""Processes that this one starts to do a piece of work."""

from __future__ import annotations

import os
from pathlib import Path

import engine

SECRETS = ("FACE_GALLERY_PASSPHRASE", "FACE_GALLERY_NEW_PASSPHRASE")
"""Variables that hold one for the command line."""


def environment() -> dict[str, str]:
    """What they are given: this engine on their path, however this process came by it, and no
    passphrase, which anybody who may look at a process could read there.
    """
    home = str(Path(engine.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return kept | {"PYTHONPATH": path}
