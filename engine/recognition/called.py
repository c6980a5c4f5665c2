"""What people are called: asked of the store for the few that an answer speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from engine.store import Store

_MOST = 30_000
"""Names kept: some 4 MB, where those of 100,000 people would be read at every opening."""


class Names:
    """Names of identity ids, the latest asked for at hand. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, str] = {}

    def __call__(self, identities: Sequence[int]) -> list[str | None]:
        """The name of each; None for one that is gone."""
        known = self._known
        try:
            return [known[identity] for identity in identities]
        except KeyError:
            return self._looked_up(known, identities)

    def forget(self) -> None:
        """People may be called something else now."""
        self._known = {}  # a look-up under way writes into the old one

    def _looked_up(self, known: dict[int, str], identities: Sequence[int]) -> list[str | None]:
        held = {identity: known.get(identity) for identity in identities}
        found = self._store.names_of([one for one, name in held.items() if name is None])
        if len(known) + len(found) > _MOST:
            known.clear()
        known.update(found)
        return [found.get(identity, held[identity]) for identity in identities]
