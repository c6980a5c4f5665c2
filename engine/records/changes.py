"""What corrections come to: what a change touched or would do, and how it stands in the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.records.domains import Count, Time

State = Literal["done", "undone", "cut", "aside", "fixed"]
"""``done`` can be undone, ``undone`` can be redone; ``cut`` was undone and a later change took its
place. ``aside`` are models, erasures and the undoing itself; ``fixed`` what was done before there
was undo, or touched somebody who was erased, or was done before that.
"""


def event(code: str, *facts: object) -> str:
    """What happened, as the history stores it: a code and its facts, joined by tabs.

    It is put into words where it is shown. No name holds a tab, nor does any sentence that earlier
    versions stored in its place; names stand as they are, so that an erasure finds them.

    >>> event("renamed", "Ann", "Anne")
    'renamed\\tAnn\\tAnne'
    """
    return "\t".join([code, *map(str, facts)])


@dataclass(frozen=True)
class Changed:
    """One change that was made, and what it touched, so that a view need refresh no more.

    Attributes:
        change: the change counter after it.
        action: a verb such as ``merge``; ``undo`` and ``redo`` too.
        summary: what happened, as :func:`event` makes it.
        identities: ids of all whose name, faces, portrait, note or decisions differ from before,
            also of those that are gone; ascending.
        faces: ids of faces that came, went, changed owner or were decided on; ascending.
    """

    change: int
    action: str
    summary: str
    identities: tuple[int, ...]
    faces: tuple[int, ...]


@dataclass(frozen=True)
class HistoryEntry:
    """One change of a gallery.

    Attributes:
        change: the change counter after it.
        at: seconds since the epoch (UTC).
        actor: the operating system's user.
        action: a verb such as ``import`` or ``remove``.
        summary: what happened, as :func:`event` makes it, or a sentence of an earlier version.
        payload: which rows it touched.
        state: whether it can be undone or redone.
    """

    change: Count
    at: Time
    actor: str
    action: str
    summary: str
    payload: Mapping[str, Any]
    state: State = "aside"

    @property
    def undone(self) -> bool:
        """Whether the gallery is as if it had not been made."""
        return self.state in ("undone", "cut")


@dataclass(frozen=True)
class Recognition:
    """How many faces, each left out, are told to be of their own identity.

    Attributes:
        right: so many.
        faces: of so many that could be asked: an identity's only face cannot.
    """

    right: int
    faces: int

    @property
    def share(self) -> float | None:
        """None where no face could be asked."""
        return self.right / self.faces if self.faces else None


@dataclass(frozen=True)
class Resemblance:
    """How alike the faces of an identity are to those of the one that it would be merged into.

    Attributes:
        name: of the identity that would go.
        distance: median, in the gallery's distance; None where one of the two has no face.
        threshold: the distance at which both errors are alike in this gallery; None where it has
            too few faces to say.
        same: whether the distance speaks for one person; None where nothing can be said.
    """

    name: str
    distance: float | None
    threshold: float | None
    same: bool | None


@dataclass(frozen=True)
class MergePreview:
    """What a merge would come to; nothing was changed.

    Attributes:
        survivor: the name that stays.
        faces: how many it would have.
        duplicates: how many would be dropped: the same vector under the survivor.
        before, after: of all faces of these identities, against the whole gallery.
        compared: each that would go with the survivor.
    """

    survivor: str
    faces: int
    duplicates: int
    before: Recognition
    after: Recognition
    compared: tuple[Resemblance, ...]

    @property
    def unlike(self) -> tuple[Resemblance, ...]:
        """Those that look like another person than the survivor."""
        return tuple(resemblance for resemblance in self.compared if resemblance.same is False)


@dataclass(frozen=True)
class SplitProposal:
    """How the faces of an identity fall into groups; nothing was changed.

    Attributes:
        name: of the identity.
        groups: face ids of each, the largest group first; one group where it is one person.
        before, after: of all faces of this identity, against the whole gallery: as it is, and
            with each group an identity of its own.
    """

    name: str
    groups: tuple[tuple[int, ...], ...]
    before: Recognition
    after: Recognition
