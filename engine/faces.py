"""The enrolled faces of an open gallery: whose they are, their pictures and vectors."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.avatars.appearance import Lens
from engine.errors import PhotoError, UnknownIdentityError
from engine.formats.photo_files import has_faces_to_find, photo_beside, read_photo
from engine.photos.photo_reader import as_jpeg, read_photo_file
from engine.records.long_lists import FaceColumns
from engine.records.types import Face, VectorRecord, Vectors
from engine.store import Store
from engine.utils.ignoring import ignored


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

    def original(self, file: str, row: int = 0) -> Path:
        """Return the photograph that a face was made of, where it is still there: the file itself,
        or the one of the same name beside its vector.

        Args:
            file, row: as a gallery or a query has them. They may come from somebody else, so no
                other computer is asked for them, and nothing but a photograph is returned; what
                is in it is for :meth:`read_original` to say.

        Raises:
            PhotoError: it is gone, or it is not known where it was.
        """
        path = local_file(file)
        if has_faces_to_find(path.name):
            photo: Path | None = path
        elif path.suffix.lower() != ".npy" or row:
            raise PhotoError("No photograph is known for this face", file=file)
        else:
            photo = photo_beside(path)
        if photo is None:
            raise PhotoError("There is no photograph beside its vector", file=file)
        if not _is_file(photo):
            raise PhotoError("The photograph is not where it was", file=file)
        return photo

    def read_original(self, photo: Path, *, side: int) -> bytes:
        """Return a photograph as JPEG of at most ``side`` pixels a side, upright.

        Raises:
            PhotoError: it is no photograph, whatever its name says, or it is too large.
        """
        with ignored(PhotoError):  # what this reader refuses, the other one may read; it takes more
            return read_photo(photo, side=side)
        pixels = read_photo_file(photo).pixels
        from PIL import Image  # 40 ms, and few ask

        picture = Image.fromarray(pixels)
        picture.thumbnail((side, side), reducing_gap=2.0)
        return as_jpeg(picture)

    def source(self, file: str) -> Path:
        """Return the file that a face came from, where it is still there.

        Raises:
            PhotoError: it is not.
        """
        path = local_file(file)
        if not _is_file(path):
            raise PhotoError("The file is not where it was", file=file)
        return path

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


def local_file(file: str, platform: str = sys.platform) -> Path:
    """Return a path of this computer that a gallery names.

    Args:
        platform: as ``sys.platform`` names it.

    Raises:
        PhotoError: it is relative to a folder that is not known; it names another computer, which
            would be told who asks; or it is no path at all.
    """
    path = Path(file)
    if file.replace("\\", "/").startswith("//"):
        raise PhotoError("The file is on another computer", file=file)
    if "\0" in file or (platform == "win32" and ":" in file[2:]):  # a stream beside a file
        raise PhotoError("This is not the path of a file", file=file)
    if not path.is_absolute():
        raise PhotoError("The folder that the file was in is not known", file=file)
    return path


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):  # ordinary: gone, or not to be reached
        return False
