"""The people of an open gallery, to look up and to list."""

from __future__ import annotations

from collections.abc import Collection

from engine.recognition.recogniser import Recogniser
from engine.records.roster import Roster
from engine.records.types import Identity
from engine.store import Store


class People:
    """Identities of a gallery. :attr:`engine.gallery.Gallery.corrections` changes them."""

    def __init__(self, store: Store, recogniser: Recogniser) -> None:
        self._table = store.people
        self._recogniser = recogniser

    def all(self, sort: str = "name") -> list[Identity]:
        """Return all identities, by ``name`` or by number of ``faces`` (most first)."""
        identities = self._table.all()
        if sort == "faces":
            return sorted(identities, key=lambda identity: (-identity.faces, identity.name))
        return identities

    def roster(self, known: Roster | None = None) -> Roster:
        """Return all identities in columns, for lists of any length.

        Args:
            known: what was read before; then only what has changed since is read.
        """
        return self._table.roster(known)

    def counts(self) -> tuple[int, int]:
        """Return the number of identities and of faces."""
        return self._table.counts()

    def find(self, name: str) -> Identity | None:
        """Return the identity that a name means, or None for nobody.

        It is the one that has exactly this name, else the only one whose name differs in case,
        Unicode form, blanks or invisible characters alone.

        Raises:
            AmbiguousNameError: several names differ so.
        """
        return self._table.find(name)

    def require(self, name: str) -> Identity:
        """Return the identity that a name means.

        Raises:
            UnknownIdentityError: nobody is meant; it suggests names that are spelled alike.
            AmbiguousNameError: several names differ in case, Unicode form or blanks alone.
        """
        return self._table.require(name)

    def lookalikes(self, names: Collection[str]) -> dict[str, str]:
        """Return, for each name that nobody has and that looks like an enrolled one, that one."""
        return self._table.lookalikes(names)

    def nearest(self, identity: int) -> Identity | None:
        """Return the identity whose faces, on average, look most like those of another one."""
        return self._recogniser.nearest_identity(identity)
