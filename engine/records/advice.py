"""What a person should know before faces are enrolled: of each face, and of groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

AdviceKind = Literal["enrolled", "looks-like", "near-duplicate", "odd", "name"]

ADVICE: tuple[AdviceKind, ...] = ("enrolled", "looks-like", "near-duplicate", "odd", "name")
"""What weighs most first."""
SUGGESTING: tuple[AdviceKind, ...] = ("looks-like", "name")
"""Kinds whose ``identity`` the faces may be meant for."""


@dataclass(frozen=True)
class Advice:
    """One thing to know before an enrolment.

    Attributes:
        kind: ``enrolled``: exactly this vector is, or comes under another name beside it.
            ``looks-like``: the face looks like somebody who exists. ``near-duplicate``: it is
            nearly the same picture as another one and adds nothing. ``odd``: it looks unlike
            the others of its group. ``name``: the new name looks like an enrolled one,
            written with other letters.
        rows: rows of the batch that it is about; for ``name`` all that have the name.
        identity: the name of the identity that the face is held by, looks like or is near to,
            or whose others it looks unlike; None where it is near to another one of the batch.
        name: the name that the rows are to get.
        twin: of a near-duplicate in the batch, where the other one comes from.
        here: ``enrolled`` only: under that name beside it, not in the gallery.
        group: how many faces there are in the group that this sums up; 0 for a single face.
        file: of the only row in a group of several.
    """

    kind: AdviceKind
    rows: tuple[int, ...]
    identity: str | None
    name: str = ""
    twin: str = ""
    here: bool = False
    group: int = 0
    file: str = ""


def lookalike_words(name: str, other: str) -> str:
    """What is said of a new name that nobody can tell from an enrolled one."""
    return f"“{name}” looks like “{other}”, who is enrolled, but is spelled with different letters"


def joined_words(name: str, known: str) -> str:
    """What is said where a name is written otherwise than it is enrolled."""
    return f"“{name}” is treated as “{known}”, who is enrolled: only case or Unicode form differs"


def by_row(advice: Iterable[Advice]) -> dict[int, tuple[Advice, ...]]:
    """What is said of each row, what weighs most first; rows of which nothing is said lack."""
    found: defaultdict[int, list[Advice]] = defaultdict(list)
    for item in sorted(advice, key=lambda item: ADVICE.index(item.kind)):
        for row in item.rows:
            found[row].append(item)
    return {row: tuple(said) for row, said in found.items()}


def grouped(
    advice: Iterable[Advice], files: Sequence[str], count: int | None = None
) -> tuple[Advice, ...]:
    """One for each kind and identity, as told of a whole group; what weighs most first.

    Args:
        files: where each row of the batch came from.
        count: how many faces there are, where rows were left out; else as many as files.
    """
    of = len(files) if count is None else count
    groups: defaultdict[tuple[AdviceKind, str | None], list[Advice]] = defaultdict(list)
    for item in advice:
        groups[item.kind, item.identity].append(item)
    told = [_together(group, files, of) for group in groups.values()]
    return tuple(sorted(told, key=lambda item: (ADVICE.index(item.kind), -len(item.rows))))


def _together(group: Sequence[Advice], files: Sequence[str], of: int) -> Advice:
    first = group[0]
    if first.kind == "name":
        return first  # it is of the whole group already
    rows = tuple(row for item in group for row in item.rows)
    return replace(first, rows=rows, group=of, file=files[rows[0]] if len(rows) == 1 else "")
