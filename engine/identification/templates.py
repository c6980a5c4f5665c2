"""What is kept of each identity: the sum of its vectors, so that a mean costs nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.distances import between, prepare
from engine.types import Distance, Ids, Vectors

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TemplateTable:
    """All templates at one moment, one row an identity, ascending by id.

    Attributes:
        ids: identity ids, int64 ``(K,)``.
        counts: faces of each, ``(K,)``.
        averages: mean of the prepared vectors, float64 ``(K, d)``.
        means: the same as it is compared with a query (unit length for cosine), ``(K, d)``.
        scatter: sum of squared distances of the faces to their average, ``(K,)``.
        pooled: the same per degree of freedom, over all identities.
        centre: the middle of all means, as it is compared with a query, ``(1, d)``.
        distance: the gallery's.
    """

    ids: Ids
    counts: Numbers
    averages: Numbers
    means: Vectors
    scatter: Numbers
    pooled: float
    centre: Vectors
    distance: Distance

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, identity_ids: Ids) -> Ids:
        """Row of each identity id (any shape), -1 where it has no template."""
        if not len(self):
            return np.full(np.shape(identity_ids), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.ids, identity_ids), len(self) - 1)
        return np.where(self.ids[places] == identity_ids, places, -1).astype(np.int64)

    def nearest(self, identity_id: int) -> int | None:
        """The identity whose template is nearest to this one's, None where there is no other."""
        row = int(self.rows(np.array([identity_id]))[0])
        if row < 0 or len(self) < 2:
            return None
        distances = between(self.means[[row]], self.means, self.distance)[0]
        distances[row] = np.inf
        return int(self.ids[distances.argmin()])


class Templates:
    """Sums and counts of the gallery's identities, kept up with every enrolment.

    Safe to use from several threads.
    """

    def __init__(self, dimension: int, distance: Distance) -> None:
        self._distance: Distance = distance
        self._lock = threading.Lock()
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._counts: Numbers = np.empty(0)
        self._sums: Numbers = np.empty((0, dimension))
        self._squares: Numbers = np.empty(0)
        self._table: TemplateTable | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, identity_ids: Ids, vectors: Vectors) -> None:
        """Adds faces ``(n, d)``, as they came, to the identities ``(n,)``."""
        with self._lock:
            self._add(identity_ids, vectors)

    def renew(self, renewed: Ids, identity_ids: Ids, vectors: Vectors) -> None:
        """Starts some identities anew from all their faces; one without faces has no template.

        Args:
            renewed: ids of identities.
            identity_ids, vectors: of all their faces as they are now, ``(n,)`` and ``(n, d)``.
        """
        with self._lock:
            self._keep(~np.isin(self._ids, renewed))
            self._table = None
            self._add(identity_ids, vectors)

    def table(self) -> TemplateTable:
        """All templates as they are now; it does not change afterwards."""
        with self._lock:
            if self._table is None:
                self._table = self._tabulate()
            return self._table

    def _add(self, identity_ids: Ids, vectors: Vectors) -> None:
        if not len(identity_ids):
            return
        rows = prepare(vectors, self._distance).astype(np.float64)
        self._make_room(identity_ids)
        places = np.searchsorted(self._ids, identity_ids)
        np.add.at(self._counts, places, 1)
        np.add.at(self._sums, places, rows)
        np.add.at(self._squares, places, np.einsum("ij,ij->i", rows, rows))
        self._table = None

    def _make_room(self, identity_ids: Ids) -> None:
        fresh = np.setdiff1d(identity_ids, self._ids)
        if not len(fresh):
            return
        places = np.searchsorted(self._ids, fresh)
        self._ids = np.insert(self._ids, places, fresh)
        self._counts = np.insert(self._counts, places, 0.0)
        self._sums = np.insert(self._sums, places, 0.0, axis=0)
        self._squares = np.insert(self._squares, places, 0.0)

    def _keep(self, kept: npt.NDArray[np.bool_]) -> None:
        if kept.all():
            return
        self._ids, self._counts = self._ids[kept], self._counts[kept]
        self._sums, self._squares = self._sums[kept], self._squares[kept]

    def _tabulate(self) -> TemplateTable:
        counts = self._counts.copy()
        averages = self._sums / counts[:, None]
        means = prepare(averages.astype(np.float32), self._distance)
        lengths = np.einsum("ij,ij->i", averages, averages)
        scatter = np.where(counts > 1, np.maximum(self._squares - counts * lengths, 0.0), 0.0)
        pooled = float(scatter.sum() / max(counts.sum() - len(counts), 1.0))
        centre = means.mean(axis=0, keepdims=True) if len(means) else self._sums[:0]
        return TemplateTable(
            self._ids.copy(),
            counts,
            averages,
            means,
            scatter,
            pooled,
            prepare(centre.astype(np.float32), self._distance),
            self._distance,
        )
