"""What a folder of photographs is like before any of them is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import PhotoError
from engine.formats.folder_tree import natural
from engine.formats.photo_files import has_faces_to_find


@dataclass(frozen=True)
class PhotographFolder:
    """A folder with photographs somewhere in it.

    Attributes:
        subfolders: names of the folders in it that have photographs themselves, which may be those
            of people.
    """

    folder: Path
    subfolders: tuple[str, ...]


def look_into_folder(folder: Path) -> PhotographFolder:
    """Tell what a folder is like. Hidden files and folders do not count.

    Raises:
        PhotoError: there is no photograph in it, or it cannot be read.
    """
    try:
        names = sorted((entry.name for entry in os.scandir(folder) if entry.is_dir()), key=natural)
    except OSError as error:
        problem = f"The folder cannot be read ({error.strerror})"
        raise PhotoError(problem, file=folder, remedy="Choose another folder.") from None
    shown = [name for name in names if not name.startswith(".")]
    named = tuple(name for name in shown if _has_photograph(folder / name))
    if not named and not any(_photographs(files) for _, _, files in os.walk(folder)):
        raise PhotoError(
            "There are no photographs in this folder",
            file=folder,
            remedy="Choose one with JPEG, PNG, HEIC or other pictures.",
        )
    return PhotographFolder(folder, named)


def _has_photograph(folder: Path) -> bool:
    files = next((files for _, _, files in os.walk(folder)), [])
    return _photographs(files)


def _photographs(files: list[str]) -> bool:
    return any(has_faces_to_find(name) for name in files if not name.startswith("."))
