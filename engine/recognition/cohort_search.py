"""A cohort searched against a gallery, kept up with its changes at little cost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import is_not
from pathlib import Path
from typing import Any

import numpy as np

from engine.cohorts.cohort import Cohort
from engine.models.arrays import BROKEN, read_npz
from engine.recognition.calibration.non_mated_scores import NonMatedScores
from engine.recognition.logit import Flags
from engine.recognition.probabilistic_lda import ProbabilisticLda, likelihoods_of
from engine.recognition.shortlist import NEIGHBOURS, Shortlist, shortlist
from engine.recognition.spaces import SearchedSpace, VectorSpace
from engine.recognition.templates import TemplateTable
from engine.records.types import Ids, Neighbours, Vectors
from engine.utils.distances import between
from engine.utils.files import write_atomically
from engine.utils.id_map import IdMap
from engine.utils.ignoring import ignored

_log = logging.getLogger(__name__)

VectorsOf = Callable[[Ids], Vectors]
"""Face ids to their vectors, as they came, ``(n, d)``."""

_ROUNDING = 1e-5
"""By so much two ways of computing one distance may differ."""
_MOST_NEW = 20_000
"""New faces that the cohort is compared with; with more it is searched again."""
_AT_ONCE = 1_000
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class _Searched:
    """What a search found, and the faces that it was made among.

    Attributes:
        faces: ids of all faces of the gallery, ascending, ``(N,)``.
        near: the nearest of them to each cohort face, ``(n, NEIGHBOURS)``; -1 and infinite where
            there are fewer.
    """

    faces: Ids
    near: Neighbours

    def is_sound(self, faces: int) -> bool:
        """Whether it can be a search of this many cohort faces."""
        shape = (faces, NEIGHBOURS)
        return (
            self.faces.ndim == 1
            and bool((np.diff(self.faces) > 0).all())
            and self.near.ids.shape == self.near.distances.shape == shape
            and not bool(np.isnan(self.near.distances).any())
        )


class CohortSearch:
    """A cohort searched in one space of a gallery. Safe to use from several threads.

    After a change only those cohort faces are searched again that a face came near to, or whose
    neighbours are gone; what is found is what a new search would find.
    """

    def __init__(self, cohort: Cohort, space: SearchedSpace, file: Path | None) -> None:
        """
        Args:
            file: where the search is kept between two processes; None where it is not.
        """
        self._cohort = cohort
        self._space = space
        self._queries = space.space.prepared(cohort.vectors)
        self._file = file
        self._lock = threading.Lock()
        self._searched = None if file is None else self._load(file)
        self._saved = self._searched
        self._found: tuple[TemplateTable, ProbabilisticLda | None, Shortlist] | None = None

    def shortlist(
        self, owners: IdMap, vectors_of: VectorsOf, lda: ProbabilisticLda | None = None
    ) -> Shortlist:
        """What comes up for each cohort face now, ``(n, c)``; rows are identity ids. The very same
        object while no face comes, goes or moves.

        Args:
            owners: identity ids of all face ids of the gallery.
            lda: judges templates too.
        """
        with self._lock:
            table, known = self._space.templates.table(), self._found
            if known is None or known[0] is not table or known[1] is not lda:
                self._searched = self._follow(owners, vectors_of)
                found = self._shortlists(self._searched.near, owners, table, lda)
                known = self._found = table, lda, found
            return known[2]

    def save(self) -> None:
        """Keep the search where it changed, the disk allows it, and there is a place for it."""
        kept = self._searched
        if self._file is None or kept is None or kept is self._saved:
            return
        arrays: dict[str, Any] = {
            "format": _FORMAT,
            "cohort": self._cohort.id,
            "faces": kept.faces,
            "ids": kept.near.ids,
            "distances": kept.near.distances,
        }
        with ignored(OSError):  # it only spares work
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            write_atomically(self._file, lambda stream: np.savez(stream, **arrays))
            self._saved = kept

    def _load(self, file: Path) -> _Searched | None:
        try:
            arrays = read_npz(file)
            if int(arrays["format"]) != _FORMAT or str(arrays["cohort"]) != self._cohort.id:
                return None
            near = Neighbours(
                arrays["ids"].astype(np.int64), arrays["distances"].astype(np.float32)
            )
            kept = _Searched(arrays["faces"].astype(np.int64), near)
            if not kept.is_sound(len(self._cohort)):
                raise ValueError("its parts do not fit")
        except BROKEN:
            _log.debug("The saved search of a cohort cannot be used", exc_info=True)
            return None
        return kept

    def _follow(self, owners: IdMap, vectors_of: VectorsOf) -> _Searched:
        """The search among the faces as they are now."""
        kept, faces = self._searched, owners.items()[0]
        outdated: Flags = np.ones(len(self._cohort), dtype=bool)
        if kept is None:
            empty = np.full((len(self._cohort), NEIGHBOURS), -1, dtype=np.int64)
            near = Neighbours(empty, np.full(empty.shape, np.inf, dtype=np.float32))
        else:
            near, came = kept.near, _came(kept.faces, faces)
            if len(came) <= min(_MOST_NEW, len(faces) / 2):
                outdated = np.asarray((owners.find(near.ids) < 0).any(axis=1))
                outdated |= self._nearest(vectors_of(came)) <= near.distances[:, -1] + _ROUNDING
        if outdated.any():
            again = self._search(outdated)
            near = Neighbours(near.ids.copy(), near.distances.copy())
            near.ids[outdated], near.distances[outdated] = again.ids, again.distances
        elif kept is not None and len(kept.faces) == len(faces):
            return kept
        return _Searched(faces.copy(), near)

    def _nearest(self, vectors: Vectors) -> Vectors:
        """Distance of each cohort face to the nearest of vectors as they came, ``(m,)``."""
        faces, nearest = self._space.space.prepared(vectors), np.full(len(self._cohort), np.inf)
        for start in range(0, len(faces), _AT_ONCE):
            part = faces[start : start + _AT_ONCE]
            away = between(self._queries, part, self._space.space.distance)
            np.minimum(nearest, away.min(axis=1), out=nearest)
        return nearest

    def _search(self, which: Flags) -> Neighbours:
        """The nearest faces of some cohort faces."""
        rows = self._space.space.transform(self._cohort.vectors[which])
        near = self._space.index.search(rows, NEIGHBOURS)
        missing = (0, 0), (0, NEIGHBOURS - near.ids.shape[1])
        return Neighbours(
            np.pad(near.ids, missing, constant_values=-1),
            np.pad(near.distances, missing, constant_values=np.inf),
        )

    def _shortlists(
        self, near: Neighbours, owners: IdMap, table: TemplateTable, lda: ProbabilisticLda | None
    ) -> Shortlist:
        """Shortlists of all cohort faces; rows are identity ids."""
        likelihoods = likelihoods_of(lda, table)
        rows, parts = table.rows(owners.find(near.ids)), []
        for start in range(0, len(rows), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            known = rows[part], near.distances[part]
            parts.append(shortlist(self._queries[part], table, *known, likelihoods=likelihoods))
        found = Shortlist.joined(parts)
        identities = np.where(found.filled, table.ids[found.rows], -1) if len(table) else found.rows
        return Shortlist(identities, found.features)


def _came(before: Ids, faces: Ids) -> Ids:
    """Those of ``faces`` that are not in ``before``, both ascending.

    Nearly always new ones follow the old: 1 ms for a million.
    """
    if np.array_equal(before, faces[: len(before)]):
        return faces[len(before) :]
    return np.setdiff1d(faces, before, assume_unique=True)


class CohortSearches:
    """A cohort searched in every space of a gallery.

    Attributes:
        cohort: whose faces are searched.
        spaces: those of the gallery that it is searched in.
    """

    def __init__(
        self,
        cohort: Cohort,
        spaces: Sequence[SearchedSpace],
        owners: IdMap,
        vectors_of: VectorsOf,
        folder: Path | None,
    ) -> None:
        """
        Args:
            owners: identity ids of all face ids; followed while they change.
            folder: where searches are kept between two processes; None where they are not.
        """
        self.cohort = cohort
        self.spaces = spaces
        self._scores: dict[tuple[str, ...], tuple[tuple[object, ...], NonMatedScores]] = {}
        self._owners = owners
        self._vectors_of = vectors_of
        self._searches = {
            space.space.key: CohortSearch(
                cohort, space, folder and folder / f"cohort {space.space.key}.npz"
            )
            for space in spaces
        }

    def shortlist(self, space: VectorSpace, lda: ProbabilisticLda | None = None) -> Shortlist:
        """What comes up now in one of the spaces; rows are identity ids.

        Args:
            lda: judges templates of this space too.
        """
        return self._searches[space.key].shortlist(self._owners, self._vectors_of, lda)

    def scores(
        self,
        methods: tuple[str, ...],
        basis: tuple[object, ...],
        make: Callable[[], NonMatedScores],
    ) -> NonMatedScores:
        """What some methods say to the cohort, computed again only where its basis is another.

        Args:
            basis: all that the scores follow from, as many for the same methods; compared by
                identity.
        """
        known = self._scores.get(methods)
        if known is None or any(map(is_not, known[0], basis)):
            known = self._scores[methods] = basis, make()
        return known[1]

    def save(self) -> None:
        """Keep what changed where the disk allows."""
        for search in self._searches.values():
            search.save()
