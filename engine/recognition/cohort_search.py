"""A cohort searched against a gallery, kept up with its changes at little cost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.cohorts.cohort import Cohort
from engine.models.arrays import BROKEN, read_npz
from engine.recognition.logit import Flags, Numbers
from engine.recognition.shortlist import (
    EXACT_TEMPLATES,
    FEATURES,
    NEIGHBOURS,
    TEMPLATES,
    Shortlist,
    refreshed,
    shortlist,
)
from engine.recognition.spaces import SearchedSpace, VectorSpace
from engine.recognition.templates import TemplateTable
from engine.records.types import Ids, Vectors
from engine.utils.distances import between
from engine.utils.files import write_atomically
from engine.utils.id_map import IdMap
from engine.utils.ignoring import ignored

_log = logging.getLogger(__name__)

VectorsOf = Callable[[Ids], Vectors]
"""Identity ids to the vectors of all their faces, as they came, ``(n, d)``."""

_PLACES = NEIGHBOURS + TEMPLATES
_ROUNDING = 1e-5
"""By so much two ways of computing one distance may differ."""
_MOST_CHANGED = 20_000
"""Faces of changed identities that are compared one by one; with more all is searched again."""
_AT_ONCE = 1_000
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class _Searched:
    """What a search found, and the gallery that it was made in.

    Attributes:
        identities: ids ``(K,)``, ascending.
        signatures: a number for the faces of each, ``(K,)``: the same faces give the same.
        found: the shortlist of each cohort face, whose rows are identity ids; ``(n, _PLACES)``.
        reach: distance up to which another face would have been on it, ``(n,)``.
    """

    identities: Ids
    signatures: Numbers
    found: Shortlist
    reach: Vectors

    def is_sound(self, faces: int) -> bool:
        """Whether it can be a search of this many cohort faces."""
        return (
            self.identities.shape == self.signatures.shape == (len(self.identities),)
            and bool((np.diff(self.identities) > 0).all())
            and self.found.rows.shape == (faces, _PLACES)
            and self.found.features.shape == (faces, _PLACES, len(FEATURES))
            and bool(np.isfinite(self.found.features).all())
            and self.reach.shape == (faces,)
            and not bool(np.isnan(self.reach).any())
        )


class CohortSearch:
    """A cohort searched in one space of a gallery. Safe to use from several threads.

    After a change only those cohort faces are searched again whose nearest faces can be others
    now; what is found is what a new search would find.
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

    def shortlist(self, owners: IdMap, vectors_of: VectorsOf) -> Shortlist:
        """What comes up for each cohort face now, ``(n, c)``; rows are identity ids.

        Args:
            owners: identity ids of all face ids of the gallery.
        """
        with self._lock:
            table = self._space.templates.table()
            identities, signatures = _signatures(*owners.items())
            kept = self._searched
            if kept is None:
                outdated = np.ones(len(self._cohort), dtype=bool)
                kept = _nothing_searched(len(self._cohort))
            else:
                outdated = self._outdated(kept, identities, signatures, table, vectors_of)
            rows, features, reach = kept.found.rows, kept.found.features, kept.reach
            if outdated.any():
                rows, features, reach = rows.copy(), features.copy(), reach.copy()
                again, reach[outdated] = self._search(outdated, owners, table)
                rows[outdated], features[outdated] = again.rows, again.features
            found = Shortlist(table.rows(rows), features)
            found = Shortlist(rows, refreshed(found, self._queries, table).features)
            self._searched = _Searched(identities, signatures, found, reach)
            return found

    def save(self) -> None:
        """Keep the search where it changed, the disk allows it, and there is a place for it."""
        kept = self._searched
        if self._file is None or kept is None or _is_same(kept, self._saved):
            return
        arrays: dict[str, Any] = {
            "format": _FORMAT,
            "cohort": self._cohort.id,
            "identities": kept.identities,
            "signatures": kept.signatures,
            "rows": kept.found.rows,
            "distances": kept.found.features[:, :, :2].astype(np.float32),
            "reach": kept.reach,
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
            rows, distances = arrays["rows"].astype(np.int64), arrays["distances"]
            features = np.zeros((*rows.shape, len(FEATURES)))
            features[:, :, :2] = distances
            kept = _Searched(
                arrays["identities"].astype(np.int64),
                arrays["signatures"].astype(np.float64),
                Shortlist(rows, features),
                arrays["reach"].astype(np.float32),
            )
            if not kept.is_sound(len(self._cohort)):
                raise ValueError("its parts do not fit")
        except BROKEN:
            _log.debug("The saved search of a cohort cannot be used", exc_info=True)
            return None
        return kept

    def _outdated(
        self,
        kept: _Searched,
        identities: Ids,
        signatures: Numbers,
        table: TemplateTable,
        vectors_of: VectorsOf,
    ) -> Flags:
        """Cohort faces for which somebody else can come up now, ``(n,)``."""
        changed = _changed(kept, identities, signatures)
        everything = np.ones(len(self._cohort), dtype=bool)
        if not len(changed):
            return ~everything
        exact = len(table) <= EXACT_TEMPLATES
        few = len(kept.identities) < TEMPLATES  # somebody else comes up for all then
        if few or exact != (len(kept.identities) <= EXACT_TEMPLATES):
            return everything
        there = table.rows(changed)
        there = there[there >= 0]
        if table.counts[there].sum() > min(_MOST_CHANGED, table.counts.sum() / 2):
            return everything
        faces = self._space.space.prepared(vectors_of(table.ids[there]))
        outdated = np.asarray(np.isin(kept.found.rows, changed).any(axis=1))
        outdated |= self._nearest(faces) <= kept.reach + _ROUNDING
        if exact:
            furthest = -kept.found.features[:, :, 0].min(axis=1)
            outdated |= self._nearest(table.means[there]) <= furthest + _ROUNDING
        return outdated

    def _nearest(self, faces: Vectors) -> Vectors:
        """Distance of each cohort face to the nearest of prepared vectors ``(n, d)``, ``(m,)``."""
        nearest = np.full(len(self._queries), np.inf, dtype=np.float32)
        for start in range(0, len(faces), _AT_ONCE):
            part = faces[start : start + _AT_ONCE]
            away = between(self._queries, part, self._space.space.distance)
            np.minimum(nearest, away.min(axis=1), out=nearest)
        return nearest

    def _search(
        self, which: Flags, owners: IdMap, table: TemplateTable
    ) -> tuple[Shortlist, Vectors]:
        """Shortlists of some cohort faces, whose rows are identity ids, and their reach."""
        parts, reach = [], []
        chosen = np.flatnonzero(which)
        for start in range(0, len(chosen), _AT_ONCE):
            part = chosen[start : start + _AT_ONCE]
            rows = self._space.space.transform(self._cohort.vectors[part])
            near = self._space.index.search(rows, NEIGHBOURS)
            near_rows = table.rows(owners.find(near.ids))
            found = shortlist(self._queries[part], table, near_rows, near.distances)
            parts.append(_with_identities(found, table))
            reach.append(
                near.distances[:, -1]
                if near.ids.shape[1] == NEIGHBOURS
                else np.full(len(part), np.inf, dtype=np.float32)
            )
        return Shortlist.joined(parts), np.concatenate(reach)


def _with_identities(found: Shortlist, table: TemplateTable) -> Shortlist:
    """A shortlist of template rows as one of identity ids, with all places."""
    rows = np.where(found.filled, table.ids[found.rows], -1) if len(table) else found.rows
    return Shortlist(rows, found.features).widened(_PLACES)


def _signatures(faces: Ids, owners: Ids) -> tuple[Ids, Numbers]:
    """Identities with faces, ascending, and a number for the faces of each.

    A sum of numbers without order below 2 ** 32: exact in 64 bits for two million faces of one
    identity, and of no use to whoever would find two sets of faces with one sum.
    """
    scattered = (faces.astype(np.uint64) * np.uint64(2654435761)) % np.uint64(2**32)
    highest = int(owners.max(initial=-1))
    if highest > 4 * len(owners) + 1_000_000:  # far apart: sorting costs less
        identities, place = np.unique(owners, return_inverse=True)
    else:
        identities, place = np.arange(highest + 1), owners
    sums: Numbers = np.zeros(len(identities))
    sums += np.bincount(place, scattered.astype(np.float64), len(identities))
    there = np.bincount(place, minlength=len(identities)) > 0
    return identities[there], sums[there]


def _changed(kept: _Searched, identities: Ids, signatures: Numbers) -> Ids:
    """Ids of identities that came, went, or have other faces now."""
    both, before, after = np.intersect1d(
        kept.identities, identities, assume_unique=True, return_indices=True
    )
    other = both[kept.signatures[before] != signatures[after]]
    return np.concatenate([np.setxor1d(kept.identities, identities, assume_unique=True), other])


def _nothing_searched(faces: int) -> _Searched:
    none = np.empty(0, dtype=np.int64)
    rows = np.full((faces, _PLACES), -1, dtype=np.int64)
    found = Shortlist(rows, np.zeros((*rows.shape, len(FEATURES))))
    return _Searched(none, np.empty(0), found, np.full(faces, np.inf, dtype=np.float32))


def _is_same(searched: _Searched, saved: _Searched | None) -> bool:
    """Whether both were made in the same gallery."""
    return (
        saved is not None
        and np.array_equal(searched.identities, saved.identities)
        and np.array_equal(searched.signatures, saved.signatures)
    )


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
        self._owners = owners
        self._vectors_of = vectors_of
        self._searches = {
            space.space.key: CohortSearch(
                cohort, space, folder and folder / f"cohort {space.space.key}.npz"
            )
            for space in spaces
        }

    def shortlist(self, space: VectorSpace) -> Shortlist:
        """What comes up now in one of the spaces; rows are identity ids."""
        return self._searches[space.key].shortlist(self._owners, self._vectors_of)

    def save(self) -> None:
        """Keep what changed where the disk allows."""
        for search in self._searches.values():
            search.save()
