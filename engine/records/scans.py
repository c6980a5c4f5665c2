"""Photographs that were looked at, and what a scan of folders came to."""

from __future__ import annotations

from dataclasses import dataclass

from engine.records.detections import DetectionMode, Photograph
from engine.records.types import Rejection


@dataclass(frozen=True)
class PhotographRecord:
    """What is known about a photograph that was looked at.

    Attributes:
        id: in this gallery.
        photograph: without its thumbnail.
        mode: how the faces that count were looked for.
        prepared: another mode in which it was looked at, if there is one.
        problem: why nothing could be found in it, else "".
        faces: how many were found in it.
    """

    id: int
    photograph: Photograph
    mode: DetectionMode
    prepared: DetectionMode | None
    problem: str
    faces: int


@dataclass(frozen=True)
class RescanPreview:
    """What would differ if what was found in another mode counted.

    Attributes:
        photographs: that were looked at in it.
        before, after: how many faces were found in them, now and then.
        decided: how many of those now were enrolled, kept or settled, and keep that.
    """

    photographs: int
    before: int
    after: int
    decided: int


@dataclass(frozen=True)
class ScanReport:
    """What was found, so far or in all.

    Attributes:
        photographs: how many the folders hold.
        looked_at: how many of these were looked at now.
        other_mode: how many were looked at before in another mode, and not again.
        faces: how many were found now.
        known: faces that look like an enrolled person; they wait to be confirmed.
        unknown: faces in whom nobody was recognised; they are among the unknown faces now.
        small: faces too small to tell; nothing is asked about them.
        enrolled: faces that are enrolled, or were decided about before.
        rejected: files that cannot be used, and why.
        remarks: sentences on files that were used.
    """

    photographs: int = 0
    looked_at: int = 0
    other_mode: int = 0
    faces: int = 0
    known: int = 0
    unknown: int = 0
    small: int = 0
    enrolled: int = 0
    rejected: tuple[Rejection, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def unchanged(self) -> int:
        """Photographs that were looked at before and have not changed since."""
        return self.photographs - self.looked_at - self.other_mode
