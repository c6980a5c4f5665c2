"""Every error the engine declares. Each says what is wrong, where, and what to do."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


class FaceGalleryError(Exception):
    """Base of all declared errors.

    Attributes:
        problem: what is wrong, one sentence without a full stop.
        file: the file or folder it is about, if there is one.
        remedy: what the person can do about it, one sentence.
    """

    def __init__(self, problem: str, *, file: str | Path | None = None, remedy: str = "") -> None:
        self.problem = problem
        self.file = str(file) if file is not None else None
        self.remedy = remedy
        super().__init__(str(self))

    @property
    def reason(self) -> str:
        """Problem and remedy without the file, for lists that already name it."""
        return f"{self.problem}. {self.remedy}".strip() if self.remedy else self.problem

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}" if self.file else self.reason


class InputError(FaceGalleryError):
    """A file that was handed in cannot be used."""


class EmbeddingError(InputError):
    """A file or row does not hold a usable embedding."""


class NameColumnError(EmbeddingError):
    """A file in which it is in doubt which column or array holds the names.

    Attributes:
        columns: those that may, as a person calls them.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        remedy: str = "",
        columns: tuple[str, ...] = (),
    ) -> None:
        self.columns = columns
        super().__init__(problem, file=file, remedy=remedy)


class PhotoError(InputError):
    """A photograph cannot be used; the face beside it still can."""


class NoFaceError(PhotoError):
    """A photograph in which no face was found."""


class PhotographsMissingError(InputError):
    """What finds faces in photographs is not installed."""


class IdentityNameError(InputError):
    """A name that no identity can have."""


class NameTakenError(InputError):
    """A name that another identity has."""


class AmbiguousNameError(InputError):
    """A name that several identities can be meant by."""


class HistoryError(InputError):
    """A change that cannot be gone to."""


class MismatchError(InputError):
    """Embeddings of another dimension or network than the gallery's."""


class BackupError(InputError):
    """A file that is no sound backup, or not one of this gallery."""


class GalleryError(FaceGalleryError):
    """Something about the gallery folder itself."""


class GalleryNotFoundError(GalleryError):
    """No gallery there."""


class GalleryExistsError(GalleryError):
    """A gallery, or something else, is already there."""


class GalleryReadOnlyError(GalleryError):
    """A change was asked of a gallery that is open for reading only."""


class GalleryBusyError(GalleryReadOnlyError):
    """Another process is writing to this gallery."""


class GalleryTooNewError(GalleryError):
    """Written by a newer version of the application."""


class GalleryDamagedError(GalleryError):
    """The database cannot be read."""


class PassphraseError(GalleryError):
    """An encrypted gallery, or a backup of one, that cannot be opened with what was given."""


class PassphraseNeededError(PassphraseError):
    """It is encrypted, and no passphrase was given."""


class WrongPassphraseError(PassphraseError):
    """The passphrase is wrong, or the file is no gallery at all: nobody can tell which."""


class EncryptionMissingError(PassphraseError):
    """SQLCipher, which encrypts galleries, is not installed."""


class ForeignFileError(GalleryError):
    """Among the gallery's files is a link, a pipe, a socket or a device."""


class GalleryWriteError(GalleryError):
    """The disk refused a change; the gallery is as it was before."""


class UnknownIdentityError(GalleryError):
    """No identity or face of that name or number."""


class ModelError(GalleryError):
    """A trained model that is absent, damaged or does not fit this gallery."""


class ExportError(FaceGalleryError):
    """What was to be written out cannot be; nothing of it is left."""


class WorkerError(FaceGalleryError):
    """Work that cannot be done, or whose process died; nothing was changed."""


class TrainingError(WorkerError):
    """A training or an evaluation that cannot be done, or whose process died."""


class MapError(WorkerError):
    """A map that cannot be drawn, or whose process died."""


class SnapshotError(FaceGalleryError):
    """An index snapshot that must not be loaded; the index is rebuilt from the store."""


class CancelledError(FaceGalleryError):
    """The person asked for it to stop; nothing was changed."""

    def __init__(self, problem: str = "Cancelled; nothing was changed") -> None:
        super().__init__(problem)


def install_words(library: str) -> str:
    """A sentence that names the library itself and this Python's own pip: under another name, or
    for another Python, something else would be installed, or nothing.
    """
    if getattr(sys, "frozen", False):
        return "This edition of the program does not include it."
    return f"Install it with `{shlex.quote(sys.executable)} -m pip install {library}`."
