"""What a review of a gallery found: what looks wrong, with the evidence, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.records.types import Evidence

Kind = Literal["labels", "merges", "outliers", "duplicates", "few"]

KINDS: tuple[Kind, ...] = ("labels", "merges", "outliers", "duplicates", "few")
"""In the order in which they harm recognition most."""


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong.

    Attributes:
        kind: ``labels``: the face looks like ``suggestion``. ``outliers``: it looks like nobody.
            ``duplicates``: it is nearly the face that comes first in ``evidence``. ``merges``:
            ``identity`` may be the same person as ``suggestion``, which has more faces and is to
            be kept. ``few``: ``identity`` has too few faces.
        score: in [0, 1], higher is worse. Of labels and outliers a probability; of duplicates
            how near, 1 for the same vector; of merges the share of faces that look like the
            other person; of few the share of faces that is missing.
        face: its id; None for merges and few, which are about an identity.
        suggestion_id, suggestion: another identity, None where it takes no other.
        evidence: of labels the nearest faces of ``suggestion``, then of ``identity``; of
            outliers the nearest of ``identity``; of duplicates the other face; of merges the
            faces that look most like the other identity, of both.
    """

    kind: Kind
    score: float
    face: int | None
    identity_id: int
    identity: str
    suggestion_id: int | None = None
    suggestion: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Rate:
    """How many of ``probes`` faces were recognised where every identity had ``faces`` faces."""

    faces: int
    recognised: float
    probes: int


@dataclass(frozen=True)
class Balance:
    """Faces per identity, for a chart, and how many are enough.

    Attributes:
        faces: of each identity, most first.
        identity_ids: in the same order.
        enough: with fewer an identity is told of as having too few.
        rates: what ``enough`` was found by; empty where the gallery is too small to measure it.
    """

    faces: tuple[int, ...]
    identity_ids: tuple[int, ...]
    enough: int
    rates: tuple[Rate, ...] = ()


@dataclass(frozen=True)
class Review:
    """Everything that looks wrong in a gallery.

    Attributes:
        findings: kind by kind in the order of KINDS, the worst of each first.
        balance: None where ``few`` was not asked for.
    """

    findings: tuple[Finding, ...]
    balance: Balance | None = None

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """The findings of one kind, worst first."""
        return tuple(finding for finding in self.findings if finding.kind == kind)
