"""Names that stand in or beside photographs, held against the faces to be seen there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.records.detections import DetectedFace
from engine.records.types import Rejection

Standing = Literal["enrolled", "agrees", "differs", "unknown", "refused", "no-face"]
"""What the face says to a name in its file: it is enrolled under it; it looks like that person;
like another one, or is enrolled as that; like nobody who is enrolled; a person said that it is not
this one; or there is no face at that place."""
TAKEN: frozenset[Standing] = frozenset({"agrees", "unknown"})
"""Names that can be taken over without going against a face or a person."""


@dataclass(frozen=True, eq=False)
class NameEvidence:
    """A name that a file gives to a face.

    Attributes:
        photograph: path of the photograph.
        name: as the file has it, or as the person is enrolled.
        source: the file that says so, without its folder.
        standing: what the face says to that.
        face: the face that is meant; None where there is none.
        other: whom the face looks like, or is enrolled as, where that is another; else "".
        confidence: that the face is the person it looks like; None where it cannot be stated.
    """

    photograph: str
    name: str
    source: str
    standing: Standing
    face: DetectedFace | None = None
    other: str = ""
    confidence: float | None = None


@dataclass(frozen=True)
class NamesReport:
    """Names in the photographs of some folders.

    Attributes:
        photographs: how many were read.
        evidence: by photograph.
        remarks: sentences on what could not be read of names.
        rejected: photographs that cannot be used.
    """

    photographs: int
    evidence: tuple[NameEvidence, ...]
    remarks: tuple[str, ...] = ()
    rejected: tuple[Rejection, ...] = ()
