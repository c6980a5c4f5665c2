"""What the size of a face is worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.records.detections import LEAST_SIDE, DetectedFace
from engine.records.types import Identification

RIGHT_BY_SIDE: tuple[tuple[int, int], ...] = ((28, 97), (24, 93), (20, 81), (16, 56))
"""Pixels of a face, and of 100 faces of that size how many look most like the right one of 158
people; from 32 pixels on it is 98. Measured by `benchmarks.photos` on photographs made smaller."""


def right_of_hundred(side: float) -> int:
    """Return of 100 faces of this size in pixels how many look most like the right person."""
    if side >= LEAST_SIDE:
        return 98
    return next((right for least, right in RIGHT_BY_SIDE if side >= least), RIGHT_BY_SIDE[-1][1])


def heed_quality(
    answers: Sequence[Identification], faces: Iterable[Path | DetectedFace | None]
) -> Sequence[Identification]:
    """Say of a name that was given to a small face how often such faces are recognised rightly."""
    small = {
        row: face.quality.size
        for row, face in enumerate(faces)
        if isinstance(face, DetectedFace) and face.quality.size < LEAST_SIDE
    }
    if not small:
        return answers
    changed = list(answers)
    for row, side in small.items():
        note = (
            f"This face is only {side:.0f} pixels large; of 100 such faces about "
            f"{right_of_hundred(side)} look most like the right person."
        )
        if changed[row].name is not None:
            changed[row] = replace(changed[row], note=f"{note} {changed[row].note}".strip())
    return changed
