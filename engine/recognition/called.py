"""What people are called: asked of the store for the few that an answer speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from engine.store import Store

_MOST = 30_000
"""Names kept: some 4 MB, where those of 100,000 people would be read at every opening."""


class Names:
    """Names of identity ids, the latest asked for at hand. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, str] = {}

    def __call__(self, identities: AbstractSet[int]) -> Mapping[int, str]:
        """All names at hand, among them these; there is none for one that is gone."""
        known = self._known
        missing = [one for one in identities if one not in known]
        return self._looked_up(known, identities, missing) if missing else known

    def forget(self) -> None:
        """People may be called something else now."""
        self._known = {}  # who looks up or reads meanwhile has the old one

    def _looked_up(
        self, known: dict[int, str], identities: AbstractSet[int], missing: list[int]
    ) -> Mapping[int, str]:
        found = self._store.people.names(missing)
        if len(known) + len(found) > _MOST:
            found |= {one: known[one] for one in identities if one in known}
            if self._known is known:
                self._known = found
            return found
        known.update(found)
        return known
