"""Erasing people for good: from the database, and from every file of a gallery beside it.

The database comes first, in one transaction that also notes what is to be done outside it; then
the files; then the note goes. Killed before the commit, the gallery is as it was; killed after it,
whoever opens the gallery for writing finishes the rest, which can be done twice without harm.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.errors import (
    ExportError,
    FaceGalleryError,
    GalleryReadOnlyError,
    GalleryWriteError,
    ModelError,
)
from engine.export.parquet_file import MAGIC, unpacked_parts
from engine.formats.input_file import printable
from engine.models.version_files import load_faces
from engine.models.versions import delete_version, remove_unfinished
from engine.progress import SILENT, Progress, Reporter
from engine.records.exports import CONFIG
from engine.records.receipts import ErasurePlan, Receipt, hash_of
from engine.store import Store
from engine.store.backup.archive import Archive
from engine.store.cipher import may_be_encrypted
from engine.store.erasure.personal_data import Subject
from engine.store.history_table import actor
from engine.store.settings_table import EVALUATION
from engine.utils import clock
from engine.utils.files import open_regular, remove_dead_scratch
from engine.utils.gallery_folder import ASIDE, BACKUPS, INDEX, MODELS, GalleryFolder, is_main
from engine.utils.person_search import PersonSearch, UnreadableError

_AUTO = "auto.json"
_DERIVED = (INDEX, EVALUATION)
_STAGE = "Erasing"
_STEPS = 5


def plan(store: Store, names: Sequence[str], reporter: Reporter = SILENT) -> ErasurePlan:
    """What erasing would do, with every file of the gallery looked at.

    Raises:
        UnknownIdentityError: nobody of a name is enrolled, or kept for undo. CancelledError.
    """
    return _looked_at(store, names, reporter)[1]


def erase(
    store: Store, names: Sequence[str], *, keep_files: bool = False, reporter: Reporter = SILENT
) -> Receipt:
    """Erases people; nobody may use index or models meanwhile.

    Args:
        keep_files: backups and other files that hold them stay, and are listed.

    Raises:
        UnknownIdentityError, GalleryReadOnlyError, CancelledError: nothing was changed.
        GalleryWriteError, GalleryBusyError: where :meth:`Store.erasure_under_way` tells of it,
            they are gone from the database, and the next opening goes on; else nothing was
            changed.
    """
    if not store.writable:
        raise GalleryReadOnlyError(
            "Nobody can be erased: the gallery is open for reading only",
            file=store.folder,
            remedy="Close it where it is being written, then open it again.",
        )
    finish(store)
    subject, foreseen = _looked_at(store, names, reporter)
    gone = () if keep_files else foreseen.inside
    kept = foreseen.inside if keep_files else ()
    files = [str(_inside(store, path)) for path in gone]
    salt = secrets.token_hex(16)
    receipt = Receipt(
        at=clock.now(),
        by=actor(),
        gallery=store.folder.absolute().name,
        salt=salt,
        hashes=tuple(hash_of(name, salt) for name in subject.names),
        removed=foreseen.removed,
        models=foreseen.models,
        deleted=tuple(printable(subject.mentions.struck(name)) for name in files),
        holding=tuple(printable(str(path)) for path in (*kept, *foreseen.outside)),
    )
    under_way = {
        "names": receipt.hashes,
        "receipt": receipt.to_json(),
        "files": files,
    }
    reporter.progress(_STAGE, 0, _STEPS)
    store.erasure.erase(subject, foreseen.models, under_way)
    finish(store, reporter)
    return receipt


def is_under_way(store: Store) -> bool:
    """Whether one was begun and is not finished."""
    return store.erasure.unfinished() is not None


def finish(store: Store, reporter: Reporter = SILENT) -> Receipt | None:
    """Does what is left of an erasure under way; None where there is none.

    It cannot be cancelled. Raises as :func:`erase`.
    """
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
        raise _unfinished("the database could not be written anew", error) from error
    reporter.tell(Progress(_STAGE, _STEPS, _STEPS))
    return receipt


# -- looking -----------------------------------------------------------------------------------


def _looked_at(
    store: Store, names: Sequence[str], reporter: Reporter
) -> tuple[Subject, ErasurePlan]:
    subject, removed, steps = store.erasure.foresee(names)
    models = _that_saw(store, subject)
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
    files = list(_further(folder))
    for at, path in enumerate(files):
        reporter.progress("Looking through files", at, len(files))
        if any(folder_found in path.parents for folder_found in inside):
            continue
        named = path.name != BACKUPS and subject.mentions.found(path.name)
        if named or _holds(store, path, subject, models, search, reporter):
            inside.append(_export_of(path, folder))
    for path in _backups_beside(store.folder.absolute(), subject.gallery):
        reporter.check()
        if store.erasure.found_in_backup(path, subject, models):
            outside.append(path)
    found = ErasurePlan(tuple(names), removed, steps, models, tuple(inside), tuple(outside))
    return subject, found


def _that_saw(store: Store, subject: Subject) -> tuple[str, ...]:
    """Ids of models that were trained on their faces, or on a decision about their vectors."""
    theirs = np.array([*subject.faces, *subject.elsewhere, *subject.dead], dtype=np.int64)
    identities = np.array(sorted(subject.identities), dtype=np.int64)
    saw = []
    for version in store.models.all():
        try:
            faces, owners = load_faces(store.models.version_folder(version.id))
        except ModelError:
            saw.append(version.id)  # nobody can tell any more
            continue
        known = np.isin(faces, theirs).any() or np.isin(owners, identities).any()
        if known or store.erasure.seen_by_model(subject, version.id):
            saw.append(version.id)
    return tuple(sorted(saw))


def _further(folder: Path) -> Iterator[Path]:
    """Files and folders in the gallery's folder beside its own, a folder before what is in it; a
    damaged database kept aside as a whole.
    """
    for path in sorted(folder.iterdir()):
        if is_main(path.name) or path.is_symlink():
            continue
        some = [path]
        if path.is_dir() and not path.name.startswith(ASIDE):
            some += sorted(one for one in path.rglob("*") if not one.is_symlink())
        yield from (one for one in some if one.is_dir() or one.is_file())


def _export_of(path: Path, folder: Path) -> Path:
    """The export for TensorBoard that a file is a part of, whose picture has everybody's faces;
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
        return store.erasure.found_in_backup(path, subject, models)
    try:
        if may_be_encrypted(path):
            return True  # nobody can tell either
        if search.found_in_file(path, reporter.check):
            return True
        with open_regular(path) as stream:
            is_parquet = stream.read(len(MAGIC)) == MAGIC
        return is_parquet and any(search.found_in(part) for part in unpacked_parts(path))
    except (OSError, ValueError, ExportError, UnreadableError):
        return True


def _is_backup(path: Path, gallery: str | None = None) -> bool:
    """Whether it can be read as one, and is of the gallery of this uuid."""
    try:
        with Archive(path) as archive:
            return gallery in (None, archive.backup.uuid)
    except FaceGalleryError:
        return False


def _backups_beside(folder: Path, gallery: str) -> Iterator[Path]:
    """Backups of the gallery in the folder that it lies in."""
    yield from (path for path in sorted(folder.parent.glob("*.zip")) if _is_backup(path, gallery))


# -- removing ----------------------------------------------------------------------------------


def _inside(store: Store, path: Path) -> Path:
    return path.relative_to(store.folder.absolute())


def _clear(place: Path) -> None:
    """What processes that were killed left there."""
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
        f"The person is out of the gallery, but {what} ({reason})",
        file=file,
        remedy="See to it that it can be, then open the gallery again: that finishes the erasure.",
    )
