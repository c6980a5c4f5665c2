"""Looking around in a gallery: its identities, their faces, pictures and vectors."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from engine.avatars.appearance import Lens
from engine.errors import UnknownIdentityError
from engine.recognition.recogniser import Recogniser
from engine.records.long_lists import FaceColumns
from engine.records.roster import Roster
from engine.records.types import Face, Identity, VectorRecord, Vectors
from engine.store import Store


class Browsing:
    """The questions of a :class:`engine.gallery.Gallery` that change and decide nothing."""

    _store: Store
    _recogniser: Recogniser
    _lens: Lens

    def people(self, sort: str = "name") -> list[Identity]:
        """All identities, by ``name`` or by number of ``faces`` (most first)."""
        identities = self._store.people.all()
        if sort == "faces":
            return sorted(identities, key=lambda identity: (-identity.faces, identity.name))
        return identities

    def roster(self, known: Roster | None = None) -> Roster:
        """All identities in columns, for lists of any length.

        Args:
            known: what was read before; then only what has changed since is read.
        """
        return self._store.people.roster(known)

    def face_columns(self, identity: int) -> FaceColumns:
        """The faces of an identity in columns, in order of enrolment; none for no such id."""
        return self._store.faces.columns(identity)

    def counts(self) -> tuple[int, int]:
        """How many identities and faces."""
        return self._store.people.counts()

    def identity(self, name: str) -> Identity | None:
        """The identity that a name means: the one that has exactly it, else the only one whose
        name differs in case, Unicode form, blanks or invisible characters alone; None for nobody.

        Raises:
            AmbiguousNameError: several names differ so.
        """
        return self._store.people.find(name)

    def require_identity(self, name: str) -> Identity:
        """The identity that a name means.

        Raises:
            UnknownIdentityError: nobody is meant; it suggests names that are spelled alike.
            AmbiguousNameError: several names differ in case, Unicode form or blanks alone.
        """
        return self._store.people.require(name)

    def find_lookalikes(self, names: Collection[str]) -> dict[str, str]:
        """For each name that nobody has, and that looks like another one's, that one's."""
        return self._store.people.lookalikes(names)

    def faces(self, identity: str | int) -> list[Face]:
        """The faces of an identity, by name or id, in order of enrolment.

        Raises:
            UnknownIdentityError, AmbiguousNameError: see :meth:`require_identity`.
        """
        if isinstance(identity, int):
            return self._store.faces.of_identity(identity)
        return self._store.faces.of_identity(self._store.people.require(identity).id)

    def faces_by_id(self, ids: Sequence[int]) -> list[Face]:
        """Faces in the order asked; ids that do not exist are left out."""
        return self._store.faces.by_ids(ids)

    def faces_from(self, file: str) -> list[Face]:
        """Faces that came from a file, given as it was enrolled or by its last parts; ``:3`` at
        the end is its third row.
        """
        return self._store.faces.from_file(file)

    def vector_records(self, vectors: Vectors) -> list[VectorRecord]:
        """What is known of each row of ``(m, d)`` itself: which faces have exactly this vector,
        and who it was said not to be.
        """
        return self._store.decisions.records(vectors)

    def photo(self, face: int) -> bytes | None:
        """JPEG of the face, or None where it came without a photograph."""
        return self._store.faces.thumbnail(face)

    def traits(self, faces: Sequence[int]) -> Vectors:
        """Numbers to draw the portraits of faces with, ``(n, 16)``, in the order asked."""
        return self.traits_of(self._store.faces.vectors(np.array(faces, dtype=np.int64))[2])

    def traits_of(self, vectors: Vectors) -> Vectors:
        """Portrait numbers of vectors ``(n, d)`` that are not enrolled."""
        return self._lens.traits(vectors)

    def vector(self, face: int) -> Vectors:
        """The embedding of an enrolled face as it came, ``(d,)``.

        Raises:
            UnknownIdentityError: no such face.
        """
        _, _, vectors = self._store.faces.vectors(np.array([face], dtype=np.int64))
        if not len(vectors):
            raise UnknownIdentityError(f"Face {face} is not enrolled")
        return np.asarray(vectors[0])

    def nearest_identity(self, identity: int) -> Identity | None:
        """The identity whose faces, on average, look most like those of another one."""
        return self._recogniser.nearest_identity(identity)
