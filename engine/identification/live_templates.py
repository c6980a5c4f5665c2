"""The templates of a gallery in use: a change touches the rows of its identities and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.identification.templates import (
    Numbers,
    Templates,
    TemplateTable,
    centre,
    pooled,
)
from engine.records.types import Distance, Ids, Vectors
from engine.utils.id_map import IdMap, grown


class _Columns(NamedTuple):
    """Those of a :class:`TemplateTable`, with room for more rows."""

    ids: Ids
    counts: Numbers
    means: Vectors
    lengths: Numbers
    scatter: Numbers


class LiveTemplates:
    """Templates that follow every change of a gallery.

    Rows change in place, so that an enrolment among 100,000 people does not copy all templates:
    a table taken before a change is void after it. One thread changes at a time.
    """

    def __init__(self, dimension: int, distance: Distance) -> None:
        self._dimension = dimension
        self._distance: Distance = distance
        self.start(Templates(dimension, distance).table())

    def __len__(self) -> int:
        return self._used

    def start(self, table: TemplateTable) -> None:
        """Takes over all templates from a table, which is void then."""
        self._columns = _columns_of(table)
        self._used = len(table)
        self._make_room(1)  # now, rather than when the first new person is enrolled
        self._places = table.places
        self._total = table.means.sum(axis=0, dtype=np.float64)
        self._scatter, self._faces = float(table.scatter.sum()), float(table.counts.sum())
        self._table: TemplateTable | None = None

    def renew(self, renewed: Ids, identity_ids: Ids, vectors: Vectors) -> None:
        """Starts some identities anew from all their faces; one without faces has no template.

        Args:
            renewed: ids of identities, ascending, each once.
            identity_ids, vectors: of all their faces as they are now, in the order of their ids,
                ``(n,)`` and ``(n, d)``.
        """
        fresh = Templates(self._dimension, self._distance)
        fresh.add(identity_ids, vectors)
        table = fresh.table()
        rows = self._places.find(renewed)
        self._count(rows[rows >= 0], -1)
        self._drop(renewed[(rows >= 0) & (table.rows(renewed) < 0)])
        self._write(table)
        self._table = None

    def table(self) -> TemplateTable:
        """All templates, in no order, until the next change."""
        if self._table is None:
            used = _Columns._make(column[: self._used] for column in self._columns)
            self._table = TemplateTable(
                *used,
                pooled(max(self._scatter, 0.0), self._faces, self._used),
                centre(self._total, self._used, self._distance),
                self._distance,
                self._places,
            )
        return self._table

    def copied(self) -> TemplateTable:
        """The same, which no change touches; without places, for who saves it."""
        used = _Columns._make(column[: self._used].copy() for column in self._columns)
        return replace(self.table(), **used._asdict(), places=IdMap())

    def _count(self, rows: Ids, sign: int) -> None:
        """Takes rows into the sums over all, or out of them."""
        columns = self._columns
        self._total += sign * columns.means[rows].sum(axis=0, dtype=np.float64)
        self._scatter += sign * float(columns.scatter[rows].sum())
        self._faces += sign * float(columns.counts[rows].sum())

    def _drop(self, identities: Ids) -> None:
        """The last rows take the places of those that go."""
        for identity in identities:
            row, last = int(self._places.find(identity)), self._used - 1
            moved = self._columns.ids[last]
            for column in self._columns:
                column[row] = column[last]
            self._places.put(moved[None], np.array([row]))
            self._places.put(identity[None], np.array([-1]))
            self._used = last

    def _make_room(self, more: int) -> None:
        needed = self._used + more
        self._columns = _Columns._make(grown(column, needed) for column in self._columns)

    def _write(self, table: TemplateTable) -> None:
        rows = self._places.find(table.ids)
        new = rows < 0
        rows[new] = np.arange(self._used, self._used + new.sum())
        self._make_room(int(new.sum()))
        self._used += int(new.sum())
        columns: Sequence[npt.NDArray[Any]] = self._columns
        for column, values in zip(columns, _columns_of(table), strict=True):
            column[rows] = values
        self._places.put(table.ids, rows)
        self._count(rows, 1)


def _columns_of(table: TemplateTable) -> _Columns:
    return _Columns(table.ids, table.counts, table.means, table.lengths, table.scatter)
