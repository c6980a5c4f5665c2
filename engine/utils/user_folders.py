"""Folders of this computer's user: settings, galleries, and what is shared between galleries."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from engine.errors import FaceGalleryError

_APP = "face-gallery"


class HomeNotFoundError(FaceGalleryError):
    """There is no place for what the application remembers."""


def config_folder() -> Path:
    """Where the application keeps its own settings; FACE_GALLERY_HOME overrides it.

    Raises:
        HomeNotFoundError: there is no such place, as for a service without a home folder.
    """
    return _own_folder(platformdirs.user_config_dir)


def data_folder() -> Path:
    """Where galleries go unless the person says otherwise; FACE_GALLERY_HOME overrides it.

    Raises as :func:`config_folder`.
    """
    return _own_folder(platformdirs.user_data_dir)


def _own_folder(usual: Callable[..., str]) -> Path:
    override = os.environ.get("FACE_GALLERY_HOME")
    try:
        return Path(override or usual(_APP, appauthor=False))
    except (RuntimeError, OSError):
        raise HomeNotFoundError(
            "There is no folder for the settings and the list of galleries",
            remedy="Set FACE_GALLERY_HOME to a folder, or give the gallery with -g.",
        ) from None
