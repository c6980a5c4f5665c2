"""A new gallery of what can still be read in a damaged one, and what was lost, told exactly."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from engine.errors import GalleryDamagedError, GalleryNotFoundError
from engine.progress import SILENT, Reporter
from engine.records.safety import Salvaged
from engine.records.wording import counted
from engine.store import adding
from engine.store.backup import on_disk
from engine.store.cipher import is_encrypted
from engine.store.failures import RESTORE
from engine.store.leftovers import Found, placeholder, read_rows, tell_lost, told_apart
from engine.store.recording import record_beginning
from engine.store.store import Store
from engine.tools.files import copy_private, scratch_folder
from engine.tools.gallery_folder import DATABASE, GalleryFolder


def salvage(
    folder: Path,
    target: Path,
    *,
    key_of: Callable[[str], str],
    reporter: Reporter = SILENT,
) -> Salvaged:
    """Reads row by row what a damaged gallery's database still holds; it stays as it is.

    Every vector is held against the digest that it was enrolled with, so a face is saved as it was
    or not at all. Ids stay the same. Trained models are not taken along.

    Args:
        target: a new folder.
        key_of: the look-alike key of a name.

    Raises:
        GalleryNotFoundError: there is nothing to read. GalleryExistsError: something is at
        ``target``. GalleryDamagedError: no face can be read. GalleryWriteError, CancelledError:
        nothing is left.
    """
    folder, target = folder.absolute(), target.absolute()
    GalleryFolder(folder).require_sound()
    if not (folder / DATABASE).is_file():
        raise GalleryNotFoundError(
            "There is no gallery here", file=folder, remedy="Choose the damaged gallery."
        )
    if is_encrypted(folder / DATABASE):
        raise GalleryDamagedError(
            "Of an encrypted gallery that is damaged nothing can be read",
            file=folder,
            remedy=RESTORE,
        )
    with on_disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with on_disk(target), scratch_folder(target.parent) as scratch:
        copy_private(folder / DATABASE, scratch / DATABASE)
        lost = _fold_log(folder, scratch)
        found = read_rows(scratch / DATABASE, reporter)
        vectors, photos, fixed = told_apart(found, lost)
        if not vectors:
            raise GalleryDamagedError(
                "No face can be read any more", file=folder / DATABASE, remedy=RESTORE
            )
        tell_lost(found, vectors, lost)
        Store.create(target, dimension=fixed[1], distance=fixed[2]).close()
        try:
            _fill(target, fixed[0], found, vectors, photos, key_of, reporter)
            with Store.open(target) as store:
                identities, faces = store.counts()
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
    return Salvaged(target, identities, faces, tuple(lost))


def _fold_log(folder: Path, scratch: Path) -> list[str]:
    """The newest changes may be in the log beside the file: SQLite writes them into the copy."""
    log = folder / f"{DATABASE}-wal"
    if not log.is_file() or not log.stat().st_size:
        return []
    copy_private(log, scratch / log.name)
    try:
        with closing(sqlite3.connect(scratch / DATABASE)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        return ["The newest changes, which were in the database's log, cannot be read."]
    return []


def _fill(
    target: Path,
    uuid: str | None,
    found: Found,
    vectors: Mapping[int, bytes],
    photos: Mapping[int, bytes],
    key_of: Callable[[str], str],
    reporter: Reporter,
) -> None:
    """One transaction into the new, empty gallery."""
    owners = sorted({found.faces[face][0] for face in vectors})
    names = {one: found.identities[one][0] for one in owners if one in found.identities}
    held = Counter(names.values())
    names = {one: name for one, name in names.items() if held[name] == 1}
    names |= {one: placeholder(one) for one in owners if one not in names}
    faces = sorted(vectors)
    with Store.open(target) as store, store.changing() as connection:
        if uuid is not None:
            connection.execute("UPDATE gallery SET uuid = ?", (uuid,))
        connection.executemany(
            "INSERT OR IGNORE INTO settings (key, value) VALUES (?, ?)", found.settings.items()
        )
        connection.executemany(
            "INSERT INTO identities (id, name, key, note) VALUES (?, ?, ?, ?)",
            [(one, name, key_of(name), found.notes.get(one, "")) for one, name in names.items()],
        )
        for done, face in enumerate(faces):
            if done % 1_000 == 0:
                reporter.progress("Saving faces", done, len(faces))
            connection.execute(
                "INSERT INTO faces (id, identity_id, file, row, digest, added) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (face, *found.faces[face]),
            )
        connection.executemany(
            "INSERT INTO embeddings (face_id, vector) VALUES (?, ?)",
            [(face, vectors[face]) for face in faces],
        )
        connection.executemany(
            "INSERT INTO photos (face_id, thumbnail) VALUES (?, ?)",
            [(face, photos[face]) for face in faces if face in photos],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO decisions (digest, identity_id, kind, vector, at, actor) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [one for one in found.decisions if one[1] is None or one[1] in names],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO apart (one, other, at, actor) VALUES (?, ?, ?, ?)",
            [one for one in found.apart if one[0] in names and one[1] in names],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO unknowns (digest, file, row, vector, thumbnail, at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            found.unknowns,
        )
        adding.refresh(connection, owners)
        summary = f"{counted(len(faces), 'face')} salvaged from a damaged gallery"
        record_beginning(connection, "salvage", summary, {"faces": len(faces)})
        reporter.check()
