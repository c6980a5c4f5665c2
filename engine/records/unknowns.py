"""What the shelf of unknown queries holds: single queries, and those that look like one person."""

from __future__ import annotations

from dataclasses import dataclass

from engine.records.domains import Count, Time


@dataclass(frozen=True)
class Unknown:
    """One query that nobody enrolled was recognised in.

    Attributes:
        file, row: where it came from, as with a face.
        at: when it was kept, in seconds since the epoch (UTC).
        has_photo: whether there was a photograph beside it.
    """

    id: int
    file: str
    row: Count
    at: Time
    has_photo: bool


@dataclass(frozen=True)
class Likeness:
    """The enrolled identity that the queries of a cluster look like most.

    Attributes:
        distance: mean, over the queries that have it among their candidates.
        confidence: mean probability that a query of the cluster is this person, in [0, 1]; None
            where the gallery is too small to calibrate one.
        known: whether more than half of the queries would be told to be this person now.
    """

    identity_id: int
    name: str
    distance: float
    confidence: float | None
    known: bool


@dataclass(frozen=True)
class Cluster:
    """Queries that look like one person.

    Attributes:
        unknowns: the one nearest to the middle of all first.
        cohesion: mean distance of the queries to one another in the gallery's distance, 0 for
            one alone: the less, the surer.
        likeness: None where nobody is enrolled, or nobody was offered for any of them.
    """

    unknowns: tuple[Unknown, ...]
    cohesion: float
    likeness: Likeness | None

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(unknown.id for unknown in self.unknowns)

    def __len__(self) -> int:
        return len(self.unknowns)
