"""Erasure of people for good: from the database, and from every file of a gallery beside it.

The database comes first, in one transaction that also notes what is to be done outside it; then
the files; then the note goes. Killed before the commit, the gallery is as it was; killed after it,
whoever opens the gallery for writing finishes the rest, which can be done twice without harm.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.avatars.appearance import Lens
from engine.errors import (
    ExportError,
    FaceGalleryError,
    GalleryDamagedError,
    GalleryReadOnlyError,
    GalleryWriteError,
    ModelError,
)
from engine.formats.input_file import printable
from engine.formats.parquet_file import MAGIC, unpacked_parts
from engine.models.version_files import load_faces
from engine.models.versions import delete_version, remove_unfinished
from engine.progress import SILENT, Progress, Reporter
from engine.recognition.recogniser import Recogniser
from engine.records.domains import current_time
from engine.records.exports import CONFIG
from engine.records.receipts import ErasurePlan, Receipt, hash_of
from engine.store import Store
from engine.store.backup.archive import Archive
from engine.store.cipher import may_be_encrypted
from engine.store.erasure.backup_search import found_in_backup
from engine.store.erasure.personal_data import Subject
from engine.store.history_table import actor
from engine.store.settings_table import EVALUATION
from engine.training.training_service import TrainingService
from engine.utils.files import open_regular, remove_dead_scratch
from engine.utils.gallery_folder import ASIDE, BACKUPS, INDEX, MODELS, GalleryFolder, is_main
from engine.utils.person_search import PersonSearch, UnreadableError

_log = logging.getLogger(__name__)

_AUTO = "auto.json"
_DERIVED = (INDEX, EVALUATION)
_STAGE = "Erasing"
_STEPS = 5


class PersonErasure:
    """Erasure of people from an open gallery, with all that is derived from their faces.

    Attributes:
        receipt: of an erasure that a killed process began and that was finished here, else None.
    """

    def __init__(
        self, store: Store, recogniser: Recogniser, models: TrainingService, lens: Lens
    ) -> None:
        self._store = store
        self._recogniser = recogniser
        self._models = models
        self._lens = lens
        self.receipt: Receipt | None = None

    def foresee(self, names: Sequence[str], *, reporter: Reporter = SILENT) -> ErasurePlan:
        """Return what :meth:`erase` would do, after looking at every file of the gallery.

        Raises:
            UnknownIdentityError: nobody of a name is enrolled, or kept for undo. CancelledError.
        """
        return _foreseen(self._store, names, reporter)[1]

    def erase(
        self, names: Sequence[str], *, keep_files: bool = False, reporter: Reporter = SILENT
    ) -> Receipt:
        """Remove people for good, from every file in the gallery's folder. It cannot be undone.

        Their faces, names, notes and the decisions about them are deleted, faces with the very
        same vector under other names, what was kept for undo, models that were trained on them,
        and backups and other files in the gallery's folder that hold them. Index, calibration
        and the lens of the portraits are made anew. Changes that touched them, and those before,
        cannot be undone any more.

        Args:
            names: enrolled, or deleted before and kept for undo.
            keep_files: keep backups and other files; the receipt lists them.

        Raises:
            UnknownIdentityError, GalleryReadOnlyError, CancelledError: nothing was changed.
            TrainingError: a training is under way. GalleryWriteError, GalleryBusyError: nothing
            was changed, or the next opening of the gallery finishes it; the error says which.
        """
        try:
            with self._models.at_rest():
                return self._recogniser.renew(
                    lambda: _erase(self._store, names, keep_files, reporter)
                )
        finally:
            self._lens.forget()

    def finish_interrupted(self) -> str:
        """Finish what a killed process began; return a sentence about it, "" where nothing was."""
        if not self._store.writable:
            return ""
        try:
            if self._store.erasure.unfinished() is None:
                return ""
            self.receipt = self._recogniser.renew(lambda: _finish(self._store, SILENT))
            return "An interrupted erasure has been completed."
        except GalleryDamagedError:
            _log.warning("An interrupted erasure cannot be looked for", exc_info=True)
            return ""  # whatever the gallery is opened for will say so, and offer a backup
        except FaceGalleryError as error:
            return f"An erasure is not complete yet. {error}"


def _erase(store: Store, names: Sequence[str], keep_files: bool, reporter: Reporter) -> Receipt:
    if not store.writable:
        raise GalleryReadOnlyError(
            "No one can be erased: the gallery is open read-only",
            file=store.folder,
            remedy="Close the program that is writing to it, then reopen the gallery.",
        )
    _finish(store, SILENT)
    subject, foreseen = _foreseen(store, names, reporter)
    deleted, kept = ((), foreseen.inside) if keep_files else (foreseen.inside, ())
    files = [str(path.relative_to(store.folder.absolute())) for path in deleted]
    salt = secrets.token_hex(16)
    receipt = Receipt(
        at=current_time(),
        by=actor(),
        gallery=store.folder.absolute().name,
        salt=salt,
        hashes=tuple(hash_of(name, salt) for name in subject.names),
        removed=foreseen.removed,
        models=foreseen.models,
        deleted=tuple(printable(subject.mentions.struck(name)) for name in files),
        holding=tuple(printable(str(path)) for path in (*kept, *foreseen.outside)),
    )
    reporter.progress(_STAGE, 0, _STEPS)
    note = {"names": receipt.hashes, "receipt": receipt.to_json(), "files": files}
    store.erasure.erase(subject, foreseen.models, note)
    _finish(store, reporter)
    return receipt


def _finish(store: Store, reporter: Reporter) -> Receipt | None:
    """Do what is left of an unfinished erasure, if any. It cannot be cancelled."""
    left = store.erasure.unfinished()
    if left is None:
        return None
    receipt = left.receipt
    folder = GalleryFolder(store.folder)
    folder.require_sound()
    with _on_disk(store.folder):
        reporter.tell(Progress(_STAGE, 1, _STEPS))
        for place in store.models.folders():
            for model in receipt.models:
                delete_version(place / model)
            remove_unfinished(place)
            (place / _AUTO).unlink(missing_ok=True)
        for name in _DERIVED:
            folder.remove(name)
        reporter.tell(Progress(_STAGE, 2, _STEPS))
        for name in left.files:
            folder.remove(name)
        reporter.tell(Progress(_STAGE, 3, _STEPS))
        for name in ("", MODELS, BACKUPS):
            _clear(store.folder / name)
    reporter.tell(Progress(_STAGE, 4, _STEPS))
    try:
        store.erasure.finish()
    except GalleryWriteError as error:
        raise _unfinished("the database could not be rewritten", error) from error
    reporter.tell(Progress(_STAGE, _STEPS, _STEPS))
    return receipt


# -- looking -----------------------------------------------------------------------------------


def _foreseen(
    store: Store, names: Sequence[str], reporter: Reporter
) -> tuple[Subject, ErasurePlan]:
    subject, removed, steps = store.erasure.foresee(names)
    models = _trained_on(store, subject)
    search = PersonSearch(
        subject.mentions,
        subject.names,
        store.erasure.vectors(subject),
        store.erasure.thumbnails(subject),
        subject.digests,
    )
    folder = store.folder.absolute()
    inside: list[Path] = []
    outside = []
    files = list(_other_files(folder))
    for at, path in enumerate(files):
        reporter.progress("Searching files", at, len(files))
        if any(folder_found in path.parents for folder_found in inside):
            continue
        named = path.name != BACKUPS and subject.mentions.found(path.name)
        if named or _holds(store, path, subject, models, search, reporter):
            inside.append(_export_of(path, folder))
    for path in sorted(folder.parent.glob("*.zip")):
        reporter.check()
        if _is_backup(path, subject.gallery) and found_in_backup(
            path, subject, models, store.folder, store.key
        ):
            outside.append(path)
    found = ErasurePlan(tuple(names), removed, steps, models, tuple(inside), tuple(outside))
    return subject, found


def _trained_on(store: Store, subject: Subject) -> tuple[str, ...]:
    """Return ids of models trained on their faces, or on a decision about their vectors."""
    personal = np.array([*subject.faces, *subject.elsewhere, *subject.dead], dtype=np.int64)
    identities = np.array(sorted(subject.identities), dtype=np.int64)
    trained = []
    for version in store.models.all():
        try:
            faces, owners = load_faces(store.models.version_folder(version.id))
        except ModelError:
            _log.info("It cannot be told whom a model learned from", exc_info=True)
            trained.append(version.id)  # nobody can tell any more
            continue
        known = np.isin(faces, personal).any() or np.isin(owners, identities).any()
        if known or store.erasure.seen_by_model(subject, version.id):
            trained.append(version.id)
    return tuple(sorted(trained))


def _other_files(folder: Path) -> Iterator[Path]:
    """Yield files and folders in the gallery's folder that are not its own, a folder before its
    contents; a damaged database kept aside counts as a whole.
    """
    for path in sorted(folder.iterdir()):
        if is_main(path.name) or path.is_symlink():
            continue
        found = [path]
        if path.is_dir() and not path.name.startswith(ASIDE):
            found += sorted(inner for inner in path.rglob("*") if not inner.is_symlink())
        yield from (entry for entry in found if entry.is_dir() or entry.is_file())


def _export_of(path: Path, folder: Path) -> Path:
    """Return the export for TensorBoard that a file is part of, whose picture shows everybody;
    else the file.
    """
    exports = (above for above in path.parents if (above / CONFIG).is_file())
    return next((above for above in exports if folder in above.parents), path)


def _holds(
    store: Store,
    path: Path,
    subject: Subject,
    models: Sequence[str],
    search: PersonSearch,
    reporter: Reporter,
) -> bool:
    if path.is_dir():  # of a damaged database nobody can tell what is in it
        return path.name.startswith(ASIDE)
    if path.suffix == ".zip" and (path.parent.name == BACKUPS or _is_backup(path)):
        return found_in_backup(path, subject, models, store.folder, store.key)
    try:
        if may_be_encrypted(path):
            return True  # nobody can tell either
        if search.found_in_file(path, reporter.check):
            return True
        with open_regular(path) as stream:
            is_parquet = stream.read(len(MAGIC)) == MAGIC
        return is_parquet and any(search.found_in(part) for part in unpacked_parts(path))
    except (OSError, ValueError, ExportError, UnreadableError):
        _log.info("A file cannot be searched and counts as holding the person", exc_info=True)
        return True


def _is_backup(path: Path, gallery: str | None = None) -> bool:
    """Tell whether a file can be read as a backup, and is of the gallery of this uuid."""
    try:
        with Archive(path) as archive:
            return gallery in (None, archive.backup.uuid)
    except FaceGalleryError:
        _log.debug("A file is not a backup that can be read", exc_info=True)
        return False


# -- removing ----------------------------------------------------------------------------------


def _clear(place: Path) -> None:
    """Remove what killed processes left there."""
    remove_dead_scratch(place)
    for left in place.glob(".writing-*"):
        left.unlink(missing_ok=True)


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unfinished("a file could not be removed", error, error.filename or folder) from error


def _unfinished(what: str, error: Exception, file: str | Path | None = None) -> GalleryWriteError:
    reason = error.problem if isinstance(error, FaceGalleryError) else error
    return GalleryWriteError(
        f"The person was removed from the gallery, but {what} ({reason})",
        file=file,
        remedy="Remove the obstacle, then open the gallery again to finish the erasure.",
    )
