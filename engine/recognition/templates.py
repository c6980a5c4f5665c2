"""What is kept of each identity: the mean of its vectors, and how far they lie from it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import between, prepare
from engine.utils.id_map import IdMap, grown

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TemplateTable:
    """All templates at one moment, one row an identity.

    Attributes:
        ids: identity ids, int64 ``(K,)``.
        counts: faces of each, ``(K,)``.
        means: mean of the prepared vectors, as it is compared with a query (unit length for
            cosine), ``(K, d)``.
        lengths: of the mean before that; 1 for euclidean, ``(K,)``.
        scatter: sum of squared distances of the faces to their average, ``(K,)``.
        pooled: the same per degree of freedom, over all identities.
        centre: the middle of all means, as it is compared with a query, ``(1, d)``.
        distance: the gallery's.
        places: row of each identity id.
    """

    ids: Ids
    counts: Numbers
    means: Vectors
    lengths: Numbers
    scatter: Numbers
    pooled: float
    centre: Vectors
    distance: Distance
    places: IdMap

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, identity_ids: Ids) -> Ids:
        """Row of each identity id (any shape), -1 where it has no template."""
        return self.places.find(identity_ids)

    def averages(self, rows: Ids) -> Numbers:
        """Mean of the prepared vectors of some rows ``(m,)``, float64 ``(m, d)``."""
        return np.asarray(self.means[rows] * self.lengths[rows, None])

    def nearest(self, identity_id: int) -> int | None:
        """The identity whose template is nearest to this one's, None where there is no other."""
        row = int(self.rows(np.array([identity_id]))[0])
        if row < 0 or len(self) < 2:
            return None
        distances = between(self.means[[row]], self.means, self.distance)[0]
        distances[row] = np.inf
        return int(self.ids[distances.argmin()])


class Templates:
    """Accumulates the templates of identities from their faces, a part at a time.

    Safe to use from several threads.
    """

    def __init__(self, dimension: int, distance: Distance) -> None:
        self._distance: Distance = distance
        self._lock = threading.Lock()
        self._places = IdMap()
        self._count = 0
        self._counts: Numbers = np.empty(0)
        self._sums: Numbers = np.empty((0, dimension))
        self._squares: Numbers = np.empty(0)
        self._table: TemplateTable | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, identity_ids: Ids, vectors: Vectors) -> None:
        """Add faces ``(n, d)``, as they came, of the identities ``(n,)``."""
        with self._lock:
            if not len(identity_ids):
                return
            rows = prepare(vectors, self._distance).astype(np.float64)
            self._make_room(identity_ids)
            places = self._places.find(identity_ids)
            np.add.at(self._counts, places, 1)
            np.add.at(self._sums, places, rows)
            np.add.at(self._squares, places, np.einsum("ij,ij->i", rows, rows))
            self._table = None

    def table(self) -> TemplateTable:
        """All templates as they are now, ascending by id; it does not change afterwards."""
        with self._lock:
            if self._table is None:
                self._table = self._tabulate()
            return self._table

    def _make_room(self, identity_ids: Ids) -> None:
        fresh = np.unique(identity_ids[self._places.find(identity_ids) < 0])
        used, self._count = self._count, self._count + len(fresh)
        self._places.put(fresh, np.arange(used, self._count))
        self._counts = grown(self._counts, self._count)
        self._sums = grown(self._sums, self._count)
        self._squares = grown(self._squares, self._count)
        for column in (self._counts, self._sums, self._squares):
            column[used : self._count] = 0.0

    def _tabulate(self) -> TemplateTable:
        ids, order = self._places.items()
        ids = ids.copy()
        counts = self._counts[order]
        averages = self._sums[order] / counts[:, None]
        means = prepare(averages.astype(np.float32), self._distance)
        squares = np.einsum("ij,ij->i", averages, averages)
        spread = np.maximum(self._squares[order] - counts * squares, 0.0)
        scatter = np.where(counts > 1, spread, 0.0)
        return TemplateTable(
            ids,
            counts,
            means,
            np.sqrt(squares) if self._distance == "cosine" else np.ones(len(ids)),
            scatter,
            pooled(float(scatter.sum()), float(counts.sum()), len(ids)),
            centre(means.sum(axis=0, dtype=np.float64), len(ids), self._distance),
            self._distance,
            IdMap(ids, np.arange(len(ids), dtype=np.int64)),
        )


def pooled(scatter: float, faces: float, identities: int) -> float:
    """Scatter per degree of freedom."""
    return scatter / max(faces - identities, 1.0)


def centre(total: Numbers, identities: int, distance: Distance) -> Vectors:
    """The middle of means whose sum is ``total (d,)``, as it is compared with a query."""
    return prepare((total / max(identities, 1)).astype(np.float32)[None], distance)


class _Columns(NamedTuple):
    """Columns of a :class:`TemplateTable`, with room for more rows."""

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
        """Take over all templates from a table, which must not be used afterwards."""
        self._columns = _columns_of(table)
        self._used = len(table)
        self._make_room(1)  # now, rather than when the first new person is enrolled
        self._places = table.places
        self._total = table.means.sum(axis=0, dtype=np.float64)
        self._scatter, self._faces = float(table.scatter.sum()), float(table.counts.sum())
        self._table: TemplateTable | None = None

    def renew(self, renewed: Ids, identity_ids: Ids, vectors: Vectors) -> None:
        """Compute some templates anew; an identity without faces has none.

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
        """A copy of the table that no change touches, without ``places``, to be saved."""
        used = _Columns._make(column[: self._used].copy() for column in self._columns)
        return replace(self.table(), **used._asdict(), places=IdMap())

    def _count(self, rows: Ids, sign: int) -> None:
        """Add rows to the sums over all templates, or subtract them."""
        columns = self._columns
        self._total += sign * columns.means[rows].sum(axis=0, dtype=np.float64)
        self._scatter += sign * float(columns.scatter[rows].sum())
        self._faces += sign * float(columns.counts[rows].sum())

    def _drop(self, identities: Ids) -> None:
        """Remove rows; the last rows take their places."""
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
