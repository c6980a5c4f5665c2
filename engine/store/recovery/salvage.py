"""Salvage: a new gallery of what can still be read in a damaged one, and an account of the loss."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from engine.errors import GalleryDamagedError, GalleryNotFoundError
from engine.progress import SILENT, Reporter
from engine.records.names import name_key
from engine.records.safety import Salvaged
from engine.records.wording import counted
from engine.store.cipher import looks_encrypted
from engine.store.face_rows import refresh
from engine.store.failures import RESTORE, on_disk
from engine.store.history_table import record_beginning
from engine.store.recovery.salvaged_rows import (
    SalvagedRows,
    losses,
    placeholder,
    read_rows,
    sort_blobs,
)
from engine.store.store import Store
from engine.tools.files import copy_private, scratch_folder
from engine.tools.gallery_folder import DATABASE, GalleryFolder


def salvage_gallery(
    folder: str | Path,
    target: str | Path,
    *,
    reporter: Reporter = SILENT,
) -> Salvaged:
    """Make a new gallery of what a damaged one still holds, row by row; the old one stays as it is.

    Every vector is compared with the digest that it was enrolled with, so a face is saved as it was
    or not at all. Ids stay the same. Trained models are not taken along.

    Args:
        target: a new folder.

    Raises:
        GalleryNotFoundError: there is nothing to read. GalleryExistsError: something is at
        ``target``. GalleryDamagedError: no face can be read. GalleryWriteError, CancelledError:
        nothing is left.
    """
    folder, target = Path(folder).absolute(), Path(target).absolute()
    GalleryFolder(folder).require_sound()
    if not (folder / DATABASE).is_file():
        raise GalleryNotFoundError(
            "There is no gallery here", file=folder, remedy="Choose the damaged gallery."
        )
    if looks_encrypted(folder / DATABASE):
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
        vectors, photos, fixed = sort_blobs(found, lost)
        if not vectors:
            raise GalleryDamagedError(
                "No face can be read any more", file=folder / DATABASE, remedy=RESTORE
            )
        lost += losses(found, vectors)
        Store.create(target, dimension=fixed[1], distance=fixed[2]).close()
        try:
            _fill(target, fixed[0], found, vectors, photos, reporter)
            with Store.open(target) as store:
                identities, faces = store.people.counts()
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
    return Salvaged(target, identities, faces, tuple(lost))


def _fold_log(folder: Path, scratch: Path) -> list[str]:
    """Have SQLite write the newest changes, which may be in the log, into the copy of the file."""
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
    found: SalvagedRows,
    vectors: Mapping[int, bytes],
    photos: Mapping[int, bytes],
    reporter: Reporter,
) -> None:
    """Fill the new, empty gallery in one transaction."""
    owners = sorted({found.faces[face][0] for face in vectors})
    names = {owner: found.identities[owner][0] for owner in owners if owner in found.identities}
    occurrences = Counter(names.values())
    names = {owner: name for owner, name in names.items() if occurrences[name] == 1}
    names |= {owner: placeholder(owner) for owner in owners if owner not in names}
    faces = sorted(vectors)
    with Store.open(target) as store, store.database.transaction() as connection:
        if uuid is not None:
            connection.execute("UPDATE gallery SET uuid = ?", (uuid,))
        connection.executemany(
            "INSERT OR IGNORE INTO settings (key, value) VALUES (?, ?)", found.settings.items()
        )
        connection.executemany(
            "INSERT INTO identities (id, name, key, note) VALUES (?, ?, ?, ?)",
            [
                (owner, name, name_key(name), found.notes.get(owner, ""))
                for owner, name in names.items()
            ],
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
            [
                decision
                for decision in found.decisions
                if decision[1] is None or decision[1] in names
            ],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO apart (one, other, at, actor) VALUES (?, ?, ?, ?)",
            [pair for pair in found.apart if pair[0] in names and pair[1] in names],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO unknowns (digest, file, row, vector, thumbnail, at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            found.unknowns,
        )
        refresh(connection, owners)
        summary = f"{counted(len(faces), 'face')} salvaged from a damaged gallery"
        record_beginning(connection, "salvage", summary, {"faces": len(faces)})
        reporter.check()
