"""Text for a report of a fault: versions, platform, sizes, and the end of the log."""

from __future__ import annotations

import logging
import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from engine.errors import FaceGalleryError
from engine.gallery import Gallery
from gallery_app.logs import last_lines

_log = logging.getLogger(__name__)
_PACKAGES = ("PySide6-Essentials", "numpy", "hnswlib", "scikit-learn", "sqlcipher3",
             "tensorflow-cpu", "tensorflow", "openTSNE", "umap-learn", "pyarrow")  # fmt: skip
_LINES = 40  # of the log


def diagnostics(gallery: Gallery | None) -> str:
    """Everything on this program and its surroundings that helps to mend a fault.

    It holds no names of people, no paths and no numbers of a face.
    """
    lines = [
        f"Face Gallery {_version('face-gallery')}, Python {platform.python_version()}",
        platform.platform(),
        ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        f"Qt {qVersion()} ({QGuiApplication.platformName()}), screens: {_screens()}",
        _sizes(gallery) if gallery is not None else "No gallery is open",
        "",
        *last_lines(_LINES),
    ]
    return "\n".join(lines)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _screens() -> str:
    return ", ".join(
        f"{screen.size().width()} × {screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    )


def _sizes(gallery: Gallery) -> str:
    try:
        people, faces = gallery.people.counts()
        size = sum(path.stat().st_size for path in gallery.folder.rglob("*") if path.is_file())
    except (FaceGalleryError, OSError) as error:
        _log.warning("The open gallery cannot be measured", exc_info=True)
        return f"The open gallery cannot be measured: {type(error).__name__}"
    kinds = ["encrypted" if gallery.encrypted else "plain"]
    kinds += [] if gallery.writable else ["read-only"]
    return (
        f"{people:,} people, {faces:,} faces of {gallery.dimension} numbers, "
        f"{gallery.distance} distance, {size / 1e6:,.1f} MB, {', '.join(kinds)}"
    )
