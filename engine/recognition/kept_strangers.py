"""Strangers that are kept in a gallery, searched in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.cohorts.cohort import Cohort
from engine.recognition.cohort_search import CohortSearches, VectorsOf
from engine.recognition.spaces import SearchedSpace
from engine.store import Store
from engine.utils.id_map import IdMap


class KeptStrangers:
    """The strangers of one gallery and the searches of them, which last while they are the same.

    Nothing of it is saved: they are few beside a cohort, and searched within milliseconds.
    """

    def __init__(self, store: Store, vectors_of: VectorsOf) -> None:
        self._store = store
        self._vectors_of = vectors_of
        self._people: dict[int, int] = {}
        self._searches: CohortSearches | None = None

    @property
    def count(self) -> int:
        """How many people there were when they were searched last."""
        return len(set(self._people.values()))

    def searches(self, spaces: Sequence[SearchedSpace], owners: IdMap) -> CohortSearches | None:
        """The searches of those who are kept now; None where nobody is.

        Args:
            spaces: those of the gallery as they are loaded.
            owners: identity ids of all face ids; followed while they change.
        """
        people = self._store.unknowns.strangers()
        known = self._searches
        if people != self._people or (known is not None and known.spaces is not spaces):
            known = None
        if known is None and people:
            ids, vectors = self._store.unknowns.vectors(list(people))
            numbers = np.array([people[face] for face in ids.tolist()], dtype=np.int64)
            cohort = Cohort("", vectors, numbers)
            known = CohortSearches(cohort, spaces, owners, self._vectors_of, None)
        self._people, self._searches = people, known
        return known
