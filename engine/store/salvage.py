"""A new gallery of what can still be read in a damaged one, and what was lost, told exactly."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from engine.errors import GalleryDamagedError, GalleryNotFoundError
from engine.files import copy_private, scratch_folder
from engine.progress import SILENT, Reporter
from engine.safety import Salvaged
from engine.store import adding, encoding
from engine.store.archive import DATABASE
from engine.store.backup import on_disk
from engine.store.failures import RESTORE
from engine.store.pages import Row, rows_of
from engine.store.recording import number, record
from engine.store.store import Store
from engine.types import Distance

_LISTED = 20  # sentences about single identities
_SETTINGS = ("appearance", "fingerprint", "backups_kept")


@dataclass
class _Found:
    """Rows by id, as they were.

    Attributes:
        fixed: uuid, dimension and distance.
        identities: name, key, and how many faces were noted for it.
        faces: identity, file, row, digest, time.
        last_face: the highest id that was ever given to a face, as far as that is known.
        blobs: of embeddings and of thumbnails; only the size of a vector tells them apart.
    """

    fixed: tuple[str, int, Distance] | None = None
    identities: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    faces: dict[int, tuple[int, str, int, bytes, float]] = field(default_factory=dict)
    blobs: dict[int, list[bytes]] = field(default_factory=dict)
    decisions: list[tuple[bytes, int, bytes, float, str]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    models: int = 0
    last_face: int = 0


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
    if not (folder / DATABASE).is_file():
        raise GalleryNotFoundError(
            "There is no gallery here", file=folder, remedy="Choose the damaged gallery."
        )
    with on_disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with on_disk(target), scratch_folder(target.parent) as scratch:
        copy_private(folder / DATABASE, scratch / DATABASE)
        lost = _fold_log(folder, scratch)
        found = _read(scratch / DATABASE, reporter)
        vectors, photos, fixed = _told_apart(found, lost)
        if not vectors:
            raise GalleryDamagedError(
                "No face can be read any more", file=folder / DATABASE, remedy=RESTORE
            )
        _tell_lost(found, vectors, lost)
        Store.create(target, dimension=fixed[1], distance=fixed[2]).close()
        try:
            _fill(target, fixed[0], found, vectors, photos, key_of, reporter)
            with Store.open(target) as store:
                identities, faces = store.counts()
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
    return Salvaged(target, identities, faces, tuple(lost))


# -- reading -----------------------------------------------------------------------------------


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


def _read(database: Path, reporter: Reporter) -> _Found:
    found = _Found()
    for row in rows_of(database, lambda done, of: reporter.progress("Reading pages", done, of)):
        for take in (_gallery, _identity, _face, _blob, _decision, _setting, _counter):
            if take(row, found):
                break
    return found


def _gallery(row: Row, found: _Found) -> bool:
    match row.values:
        case (None, str(uuid), int(dimension), str(distance), float() | int(), int(), *_):
            if dimension > 0 and distance in get_args(Distance):
                found.fixed = (uuid, dimension, "cosine" if distance == "cosine" else "euclidean")
                return True
    return False


def _identity(row: Row, found: _Found) -> bool:
    match row:
        case Row(int(rowid), (None, str(name), str(key), int(faces), int() | None, *_)) if name:
            found.identities[rowid] = (name, key, faces)
            return True
    return False


def _face(row: Row, found: _Found) -> bool:
    match row:
        case Row(
            int(rowid),
            (None, int(owner), str(file), int(place), bytes(digest), float() | int() as at, *_),
        ) if len(digest) == 16:
            found.faces[rowid] = (owner, file, place, digest, float(at))
            return True
    return False


def _blob(row: Row, found: _Found) -> bool:
    match row:
        case Row(int(rowid), (None, bytes(blob))):
            found.blobs.setdefault(rowid, []).append(blob)
            return True
    return False


def _decision(row: Row, found: _Found) -> bool:
    match row.values:
        case (None, bytes(digest), int(owner), "is-not", bytes(vector), float() | int() as at,
              str(actor), *_) if digest == encoding.digest_of(vector):  # fmt: skip
            found.decisions.append((digest, owner, vector, float(at), actor))
            return True
    return False


def _setting(row: Row, found: _Found) -> bool:
    match row:
        case Row(None, (str(key), str(value))) if key in _SETTINGS:
            with suppress(ValueError):
                json.loads(value)  # else it is damaged, and made anew
                found.settings[key] = value
            return True
        case Row(None, (str(), "mlp" | "triplet", *_)):
            found.models += 1
            return True
    return False


def _counter(row: Row, found: _Found) -> bool:
    match row:
        case Row(int(), ("faces", int(last))):
            found.last_face = max(found.last_face, last)
            return True
    return False


def _told_apart(
    found: _Found, lost: list[str]
) -> tuple[dict[int, bytes], dict[int, bytes], tuple[str | None, int, Distance]]:
    """Vectors and thumbnails by face, and what the gallery is, as far as anything says so."""
    vectors, photos = {}, {}
    twice = set()
    for face, (owner, _, _, digest, _) in sorted(found.faces.items()):
        if (owner, digest) in twice:
            continue  # a page that had been given up
        twice.add((owner, digest))
        for blob in found.blobs.get(face, ()):
            if encoding.digest_of(blob) == digest:
                vectors[face] = blob
            elif blob[:2] == b"\xff\xd8":
                photos[face] = blob
    if found.fixed is not None:
        size = encoding.size_of(found.fixed[1])
        vectors = {face: blob for face, blob in vectors.items() if len(blob) == size}
        return vectors, photos, found.fixed
    lost.append("Which distance the gallery compares with; cosine is taken.")
    sizes = Counter(map(len, vectors.values())).most_common(1)
    size = sizes[0][0] if sizes else 4
    vectors = {face: blob for face, blob in vectors.items() if len(blob) == size}
    return vectors, photos, (None, size // encoding.size_of(1), "cosine")


def _tell_lost(found: _Found, vectors: Mapping[int, bytes], lost: list[str]) -> None:
    saved = Counter(found.faces[face][0] for face in vectors)
    short = {
        name: (saved[owner], faces)
        for owner, (name, _, faces) in sorted(found.identities.items())
        if saved[owner] < faces
    }
    missing = sum(faces - have for have, faces in short.values())
    if missing:
        lost.append(f"{number(missing, 'face')} of people whose names are known:")
    for name, (have, faces) in list(short.items())[:_LISTED]:
        lost.append(f"{name}: {faces - have:,} of {number(faces, 'face')}.")
    if len(short) > _LISTED:
        lost.append(f"… and some of {len(short) - _LISTED:,} more people.")
    nameless = sorted(owner for owner in saved if owner not in found.identities)
    for owner in nameless[:_LISTED]:
        lost.append(
            f"The name of somebody with {number(saved[owner], 'face')}: “{_placeholder(owner)}”."
        )
    if len(nameless) > _LISTED:
        lost.append(f"… and the names of {len(nameless) - _LISTED:,} more.")
    orphans = sum(face not in found.faces for face in found.blobs)
    if orphans:
        lost.append(f"Whose {number(orphans, 'face')} were whose embedding or picture is there.")
    seen = found.faces.keys() | found.blobs.keys()
    unseen = max(found.last_face, *seen) - len(seen) - missing
    if unseen > 0:
        lost.append(
            f"Perhaps up to {number(unseen, 'face')} more of which nothing is left to read; faces "
            "that were removed before look the same."
        )
    if found.models:
        lost.append("The trained models are not taken along: train them again.")


def _placeholder(owner: int) -> str:
    return f"Name lost {owner}"


# -- writing -----------------------------------------------------------------------------------


def _fill(
    target: Path,
    uuid: str | None,
    found: _Found,
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
    names |= {one: _placeholder(one) for one in owners if one not in names}
    faces = sorted(vectors)
    with Store.open(target) as store, store.changing() as connection:
        if uuid is not None:
            connection.execute("UPDATE gallery SET uuid = ?", (uuid,))
        connection.executemany(
            "INSERT OR IGNORE INTO settings (key, value) VALUES (?, ?)", found.settings.items()
        )
        connection.executemany(
            "INSERT INTO identities (id, name, key) VALUES (?, ?, ?)",
            [(one, name, key_of(name)) for one, name in names.items()],
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
            "VALUES (?, ?, 'is-not', ?, ?, ?)",
            [one for one in found.decisions if one[1] in names],
        )
        adding.refresh(connection, owners)
        summary = f"{number(len(faces), 'face')} salvaged from a damaged gallery"
        record(connection, "salvage", summary, {"faces": len(faces)})
        reporter.check()
