"""What would become of every face of an import, and a person's choices about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.records.advice import SUGGESTING, Advice, AdviceKind, lookalike_words
from engine.records.types import FaceBatch, ImportReport, Rejection

Outcome = Literal["new", "added", "duplicate", "left-out", "rejected"]

_OF_ITSELF: tuple[AdviceKind, ...] = ("enrolled", "near-duplicate")
"""What is so whatever name the face gets."""


@dataclass(frozen=True, slots=True)
class PlannedFace:
    """What would become of one face.

    Attributes:
        file, row: where it comes from, as in FaceBatch; row 0 for what was rejected.
        name: whose it would be; None for what was rejected.
        outcome: ``new``: it joins a new identity. ``added``: it joins one that exists.
            ``duplicate``: that identity has this very vector, so it is left out. ``left-out``:
            the person chose so. ``rejected``: it cannot be enrolled.
        reason: why it does not come in, else "".
        advice: what to know of it, what weighs most first.
        sent: the name is not the one that its source gives.
    """

    file: str
    row: int
    name: str | None
    outcome: Outcome
    reason: str = ""
    advice: tuple[Advice, ...] = ()
    sent: bool = False

    @property
    def comes_in(self) -> bool:
        return self.outcome in ("new", "added")

    @property
    def suggestion(self) -> str | None:
        """The name of an identity that it may be meant for instead."""
        said = (hint.identity for hint in self.advice if hint.kind in SUGGESTING)
        return next(said, None)

    def has(self, *kinds: AdviceKind) -> bool:
        """Whether any of this is said of it."""
        return any(hint.kind in kinds for hint in self.advice)


@dataclass(frozen=True, eq=False)
class ImportPlan:
    """What would become of every face of an import. What is planned is what is done.

    Its methods give other plans; nothing is done before the gallery is given one of them.

    Attributes:
        batch: every face that can be enrolled, under the name that its source gives.
        first: one for each row of the batch, as it would be without the person's choices.
        faces: the same with them.
        rejected: files and rows that cannot be enrolled.
        notices: sentences about the whole, such as names that look alike.
        known: names of the identities that exist.
        holders: for each row the identities that have this very vector.
        seconds: how long the planning took.
        action: what the history calls it when it is done.
        columns: columns and arrays that can hold the names, as a person calls them.
        column: the one of these that does, where it is the same in all sources.
    """

    batch: FaceBatch
    first: tuple[PlannedFace, ...]
    faces: tuple[PlannedFace, ...]
    rejected: tuple[PlannedFace, ...]
    notices: tuple[str, ...]
    known: frozenset[str]
    holders: Sequence[frozenset[str]]
    seconds: float
    action: str = "import"
    columns: tuple[str, ...] = ()
    column: str | None = None

    def __iter__(self) -> Iterator[PlannedFace]:
        """The rows of the batch, then what was rejected."""
        yield from self.faces
        yield from self.rejected

    def rows(self, *kinds: AdviceKind) -> list[int]:
        """The rows of the batch that come in; only those of which any of this is said."""
        planned = enumerate(self.faces)
        return [row for row, face in planned if face.comes_in and (not kinds or face.has(*kinds))]

    def without(self, rows: Iterable[int]) -> ImportPlan:
        """The plan with these rows left out, of those that would be imported."""
        return self._with(
            {
                row: replace(self.faces[row], outcome="left-out", reason="Left out by you")
                for row in rows
                if self.faces[row].comes_in
            }
        )

    def restoring(self, rows: Iterable[int]) -> ImportPlan:
        """The plan with the choices for these rows undone."""
        return self._with({row: self.first[row] for row in rows})

    def sending(self, rows: Iterable[int], name: str) -> ImportPlan:
        """The plan with these rows under the name of another identity, also those left out.

        One that has this very vector already makes a duplicate of the row.
        """
        return self._with({row: self._sent(row, name) for row in rows})

    def _sent(self, row: int, name: str) -> PlannedFace:
        """What its group or the likeness to that identity said is settled with it."""
        held = name in self.holders[row]
        kept = tuple(hint for hint in self.first[row].advice if hint.kind in _OF_ITSELF)
        return replace(
            self.first[row],
            name=name,
            outcome="duplicate" if held else "added" if name in self.known else "new",
            reason=held_words(name) if held else "",
            advice=kept,
            sent=True,
        )

    def _with(self, changed: Mapping[int, PlannedFace]) -> ImportPlan:
        faces = tuple(changed.get(row, face) for row, face in enumerate(self.faces))
        return replace(self, faces=faces)

    def outcomes(self) -> Counter[Outcome]:
        """How many faces and files of each outcome."""
        return Counter(face.outcome for face in self)

    def report(self) -> ImportReport:
        """The counts of what would be done."""
        outcomes = self.outcomes()
        new = {face.name for face in self.faces if face.outcome == "new"}
        return ImportReport(
            faces_added=outcomes["new"] + outcomes["added"],
            identities_added=len(new),
            duplicates=outcomes["duplicate"],
            rejected=tuple(Rejection(face.file, face.reason) for face in self.rejected),
            notices=self.notices + self._remarks(),
            seconds=self.seconds,
            dry_run=True,
        )

    def _remarks(self) -> tuple[str, ...]:
        """Same vectors under two names, and new names that look like enrolled ones."""
        entering = [face for face in self.faces if face.comes_in]
        told: dict[str, None] = {}
        for face in entering:
            for hint in face.advice:
                if hint.kind == "enrolled":
                    told[
                        f"{face.file}: the same embedding is already enrolled as {hint.identity}"
                    ] = None
                elif hint.kind == "name":
                    told[lookalike_words(hint.name, str(hint.identity))] = None
        return tuple(told)


def held_words(name: str) -> str:
    """Why a duplicate is left out."""
    return f"{name} already has this face"
