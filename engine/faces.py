"""The enrolled faces of an open gallery: whose they are, their pictures and vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.avatars.appearance import Lens
from engine.errors import UnknownIdentityError
from engine.records.long_lists import FaceColumns
from engine.records.types import Face, VectorRecord, Vectors
from engine.store import Store


class Faces:
    """Faces of a gallery. :attr:`engine.gallery.Gallery.corrections` moves and removes them."""

    def __init__(self, store: Store, lens: Lens) -> None:
        self._store = store
        self._lens = lens

    def of(self, identity: str | int) -> list[Face]:
        """Return the faces of an identity, by name or id, in order of enrolment.

        Raises:
            UnknownIdentityError, AmbiguousNameError: see :meth:`engine.people.People.require`.
        """
        if isinstance(identity, str):
            identity = self._store.people.require(identity).id
        return self._store.faces.of_identity(identity)

    def columns(self, identity: int) -> FaceColumns:
        """Return the faces of an identity in columns, in order of enrolment; none for no such
        id.
        """
        return self._store.faces.columns(identity)

    def by_ids(self, ids: Sequence[int]) -> list[Face]:
        """Return faces in the order asked; ids that do not exist are left out."""
        return self._store.faces.by_ids(ids)

    def from_file(self, file: str) -> list[Face]:
        """Return the faces that came from a file, given as it was enrolled or by its last parts.

        ``:3`` at the end is its third row.
        """
        return self._store.faces.from_file(file)

    def records(self, vectors: Vectors) -> list[VectorRecord]:
        """Return, for each row of ``(m, d)``, the faces that have exactly this vector and the
        identities that it was said not to be.
        """
        return self._store.decisions.records(vectors)

    def thumbnail(self, face: int) -> bytes | None:
        """Return a JPEG of the face, or None where it came without a photograph."""
        return self._store.faces.thumbnail(face)

    def traits(self, faces: Sequence[int]) -> Vectors:
        """Return numbers to draw portraits of faces with, ``(n, 16)``, in the order asked."""
        return self.traits_of(self._store.faces.vectors(np.array(faces, dtype=np.int64))[2])

    def traits_of(self, vectors: Vectors) -> Vectors:
        """Return numbers ``(n, 16)`` to draw portraits with for vectors ``(n, d)``, enrolled or
        not.
        """
        return self._lens.traits(vectors)

    def vector(self, face: int) -> Vectors:
        """Return the embedding of an enrolled face as it came, ``(d,)``.

        Raises:
            UnknownIdentityError: no such face.
        """
        _, _, vectors = self._store.faces.vectors(np.array([face], dtype=np.int64))
        if not len(vectors):
            raise UnknownIdentityError(f"Face {face} is not enrolled")
        return np.asarray(vectors[0])
