"""Folders that come with the application: its icons and the sample faces. No Qt here."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def carried(name: str) -> Path:
    """Folder ``resources`` or ``data``, which may be absent.

    An installed wheel has it inside this package, a source tree (an editable install too) beside.
    """
    package = Path(str(files("gallery_app")))
    installed = package / name
    return installed if installed.is_dir() else package.parent / name
