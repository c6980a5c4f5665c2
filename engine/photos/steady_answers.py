"""Answers about the faces of a live picture that do not flicker from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.photos.region_area import overlap_matrix
from engine.records.detections import DetectedFace
from engine.records.types import Identification

_SAME = 0.3  # of the area that two boxes of one face in two frames cover together
_TIMES = 3  # frames in a row that say something else before it is believed
_GONE = 5  # frames without a face before it is forgotten


@dataclass
class _Track:
    """One face, followed through the frames.

    Attributes:
        answer: what is shown.
        other, times: the name that the last frames gave in place of that, and how many did.
        missed: frames since it was last seen.
    """

    box: tuple[float, float, float, float]
    answer: Identification
    other: str | None = None
    times: int = 0
    missed: int = 0


class SteadyAnswers:
    """Keeps what is said of a face until several frames in a row say something else."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []

    def update(
        self, faces: Sequence[DetectedFace], answers: Sequence[Identification]
    ) -> list[Identification]:
        """Return what to show of the faces of the next frame.

        Args:
            answers: about each face, by this frame alone. No two have the same name, nor have two
                of those that are returned.
        """
        boxes = [(face.box.x, face.box.y, face.box.width, face.box.height) for face in faces]
        tracks = self._matched(boxes)
        taken = {answer.name for answer in answers if answer.name is not None}
        seen: list[_Track] = []
        for box, track, answer in zip(boxes, tracks, answers, strict=True):
            if track is None:
                seen.append(_Track(box, answer))
                continue
            _follow(track, box, answer, at_once=track.answer.name in taken)
            if track.answer.name is not None:
                taken.add(track.answer.name)
            seen.append(track)
        for track in self._tracks:
            if not any(track is other for other in seen):
                track.missed += 1
        lost = [track for track in self._tracks if 0 < track.missed < _GONE]
        self._tracks = seen + lost
        return [track.answer for track in seen]

    def _matched(self, boxes: Sequence[tuple[float, float, float, float]]) -> list[_Track | None]:
        """Return for each box the face before that it overlaps most, each face once."""
        found: list[_Track | None] = [None] * len(boxes)
        if not boxes or not self._tracks:
            return found
        before = np.array([track.box for track in self._tracks], np.float64)
        shares = overlap_matrix(np.array(boxes, np.float64), before)
        while shares.max() >= _SAME:
            row, column = np.unravel_index(shares.argmax(), shares.shape)
            found[int(row)] = self._tracks[int(column)]
            shares[row], shares[:, column] = 0, 0
        return found


def _follow(
    track: _Track,
    box: tuple[float, float, float, float],
    answer: Identification,
    *,
    at_once: bool,
) -> None:
    """Take over what a frame says; ``at_once`` where the name before is now another face's."""
    track.box, track.missed = box, 0
    if answer.name == track.answer.name:
        track.answer, track.times = answer, 0
        return
    track.times = track.times + 1 if answer.name == track.other else 1
    track.other = answer.name
    if at_once or track.times >= _TIMES:
        track.answer, track.times = answer, 0
