"""What of a batch is new to a gallery, what is there already, and what two people claim."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.progress import SILENT, Reporter
from engine.store import encoding
from engine.store.encoding import Digests
from engine.store.reading import holders
from engine.tools.columns import Coded, Column, picked
from engine.types import Conflict, Duplicate, FaceBatch, Ids

_GROUPS_AT_ONCE = 10_000
_STAGE = "Looking for faces that are enrolled"


@dataclass(frozen=True, eq=False)
class Plan:
    """Which rows of a batch are to be kept, and the remarks on the others.

    Attributes:
        digests: of all rows.
        names: of all rows.
        rows: those to be kept, ascending.
        duplicates: one for each of the others.
        conflicts: of the rows that are kept.
    """

    digests: Digests
    names: Coded[str]
    rows: Ids
    duplicates: Sequence[Duplicate]
    conflicts: tuple[Conflict, ...]


class _Duplicates(Column[Duplicate]):
    """The rows of a batch that are left out."""

    def __init__(self, batch: FaceBatch, names: Coded[str], rows: Ids) -> None:
        self._batch = batch
        self._names = names
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def pick(self, rows: Ids) -> list[Duplicate]:
        mine = self._rows[rows]
        named = zip(picked(self._batch.files, mine), self._names.pick(mine), strict=True)
        return [Duplicate(file, name) for file, name in named]


def plan(
    connection: sqlite3.Connection,
    batch: FaceBatch,
    names: Sequence[str],
    reporter: Reporter = SILENT,
) -> Plan:
    """Compares a batch with the gallery and with itself. Raises CancelledError."""
    coded = Coded.of(names)
    digests = encoding.digests_of(batch.vectors, reporter)
    kept = np.ones(len(batch), dtype=np.bool_)
    conflicts: list[tuple[int, str]] = []
    for rows, owners in _shared(connection, digests, reporter):
        for row, name in zip(rows, coded.pick(np.array(rows)), strict=True):
            if name in owners:
                kept[row] = False
                continue
            conflicts += [(row, other) for other in owners]
            owners.append(name)
    conflicts.sort(key=lambda one: one[0])
    return Plan(
        digests,
        coded,
        np.flatnonzero(kept),
        _Duplicates(batch, coded, np.flatnonzero(~kept)),
        tuple(Conflict(batch.files[row], coded[row], other) for row, other in conflicts),
    )


def _shared(
    connection: sqlite3.Connection, digests: Digests, reporter: Reporter
) -> Iterator[tuple[list[int], list[str]]]:
    """Rows of one vector, ascending, and who has it; but for those that come once and are new.

    Asked for in the order of the digests, so that the database reads its index but once.
    """
    order, begins = encoding.alike(digests)
    ends = np.append(begins[1:], len(order))
    for at in range(0, len(begins), _GROUPS_AT_ONCE):
        reporter.progress(_STAGE, int(begins[at]), len(order))
        first, end = begins[at : at + _GROUPS_AT_ONCE], ends[at : at + _GROUPS_AT_ONCE]
        asked = encoding.as_bytes(digests[order[first]])
        owners: defaultdict[bytes, list[str]] = defaultdict(list)
        for digest, faces in holders(connection, asked).items():
            owners[digest] = [name for _, name in faces]
        several = range(len(asked)) if owners else np.flatnonzero(end - first > 1).tolist()
        for group in several:
            if asked[group] in owners or end[group] - first[group] > 1:
                yield order[first[group] : end[group]].tolist(), owners[asked[group]]
