"""What is said where faces of photographs are enrolled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

from engine.records.detections import ENROLLED_SIDE
from engine.records.domains import harmless
from engine.utils.number_text import counted

_NAMED = 3  # folders that are named
LeftOut = Literal["not-main", "small"]
"""Why a face of a photograph is left out at first: another one is the main face, or it is small."""


def left_text(reason: LeftOut | None, side: float) -> str:
    """Of a face that is left out.

    Args:
        reason: None where the person left it out.
        side: of the face, in pixels.
    """
    if reason == "small":
        return f"Left out: {side:.0f} px; under {ENROLLED_SIDE} px faces are easily confused"
    return "Left out: another face in the photograph" if reason == "not-main" else "Left out"


def named_folders_text(names: Sequence[str]) -> str:
    """Below the question whether folders are named after people."""
    first = ", ".join(f"“{harmless(name)}”" for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return (
        f"{first}{more}. If they are, the person in the photographs of each folder is enrolled; "
        "you see first what would be done. The photographs themselves are not changed."
    )


def which_text(files: Sequence[tuple[str, int]]) -> str:
    """Ask which face of a photograph is meant.

    Args:
        files: photographs with several faces, and how many each has.
    """
    file, faces = files[0]
    if len(files) == 1:
        return f"{_name_of(file)} shows {counted(faces, 'face')}: is the right one ticked?"
    return f"{len(files):,} photographs show several faces: is the right one ticked in each?"


def twice_text(files: Sequence[tuple[str, int]]) -> str:
    """Warn of photographs of which several faces are to be the same person.

    Args:
        files: the photographs, and how many faces of each are ticked.
    """
    file, faces = files[0]
    if len(files) == 1:
        return f"{counted(faces, 'face')} of {_name_of(file)} cannot all be of one person"
    return f"{len(files):,} photographs have several faces ticked, which cannot be of one person"


def _name_of(file: str) -> str:
    return PurePath(file.replace("\\", "/")).name
