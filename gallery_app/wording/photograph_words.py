"""What is said of the picture of a face, and of its photograph."""

from __future__ import annotations

from pathlib import PurePath

from engine.records.detections import CAMERA
from engine.utils.number_text import counted
from gallery_app.wording.face_box_words import PASTED

DRAWN = "portrait drawn from the embedding: there is no photograph"
UNREADABLE = "The photograph cannot be read"
FACE_GONE = "The face is no longer there"
NOBODY = "Not recognised"
UNKNOWN_FACE = "Unknown face"
SELECT_ONE = "Select one face"
NO_VIEWER = "This desktop has no program to open the photograph with."
OPEN, FOLDER = "Open photograph", "Show in its folder"


def missing_file(file: str) -> str:
    """Why there is no file of a face, by what stands in its place; "" where there may be one."""
    if file == PASTED:
        return "The picture was pasted: there is no file of it"
    if file.startswith(f"{CAMERA} "):
        return "The camera's picture was not kept"
    return ""


def photograph_text(width: int, height: int, *, reduced: bool) -> str:
    """Of a photograph, by its size in pixels."""
    return "photograph, reduced" if reduced else f"photograph, {width:,} × {height:,} pixels"


def part_text(width: int, height: int) -> str:
    """Of a face cut out of its photograph, by its size in pixels."""
    return f"part of the photograph, {width:,} × {counted(height, 'pixel')}"


def thumbnail_text(width: int, height: int) -> str:
    """Of the small picture that a gallery keeps."""
    return f"the gallery's own picture, {width} × {counted(height, 'pixel')}"


def place_in_words(file: str, row: int, kind: str) -> str:
    """ "Ann/ann_0003.npy · photograph, 800 × 600 pixels", "friends.jpg · no. 2 · …"."""
    parts = PurePath(file.replace("\\", "/")).parts[-2:]
    number = f"no. {row + 1:,}" if row else ""
    return " · ".join(filter(None, ("/".join(parts), number, kind)))


def unavailable_text(action: str, reason: str) -> str:
    """Of a menu entry that cannot be chosen, and why."""
    return f"{action} ({reason[:1].lower()}{reason[1:]})" if reason else action
