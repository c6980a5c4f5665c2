"""What comes with the application, and galleries opened before. No Qt here."""

from __future__ import annotations

import json
import logging
from importlib.resources import files
from pathlib import Path

from engine.records.domains import parsed
from engine.utils.files import write_atomically
from engine.utils.ignoring import ignored
from engine.utils.user_folders import HomeNotFoundError, config_folder, data_folder

_log = logging.getLogger(__name__)

_KEPT = 8


def bundled_folder(name: str) -> Path:
    """Folder ``resources`` or ``data``, which may be absent.

    An installed wheel has it inside this package, a source tree (an editable install too) beside.
    """
    package = Path(str(files("gallery_app")))
    installed = package / name
    return installed if installed.is_dir() else package.parent / name


def sample_faces() -> Path:
    """The faces that come with the application; the folder may be absent."""
    return bundled_folder("data")


def sample_gallery() -> Path:
    """Where the gallery made from :func:`sample_faces` lives."""
    return data_folder() / "sample.gallery"


def recent_galleries() -> list[Path]:
    """Last opened first; those that are gone are left out."""
    try:
        listed = parsed((config_folder() / "recent.json").read_text(encoding="utf-8"))
        paths = [Path(entry) for entry in listed if isinstance(entry, str)]
    except (OSError, ValueError, TypeError, HomeNotFoundError):
        _log.debug("The list of galleries cannot be read", exc_info=True)
        return []
    return [path for path in paths if _is_there(path)]


def _is_there(path: Path) -> bool:
    try:
        return (path / "gallery.db").is_file()
    except OSError:  # ordinary: in a folder that is somebody else's
        return False


def remember(gallery: Path) -> None:
    """Put a gallery first. A list that cannot be written is no reason to fail."""
    path = gallery.resolve()
    _keep([path, *(other for other in recent_galleries() if other != path)][:_KEPT])


def forget(gallery: Path) -> None:
    """Take a gallery off the list."""
    path = gallery.resolve()
    _keep([other for other in recent_galleries() if other != path])


def _keep(galleries: list[Path]) -> None:
    """Which galleries somebody has is nobody else's business."""
    with ignored(OSError, HomeNotFoundError):
        folder = config_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(
            folder / "recent.json", json.dumps([str(entry) for entry in galleries]).encode()
        )
