"""Salvage: a new gallery of what can still be read in a damaged one, and an account of the loss."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from engine.errors import GalleryDamagedError, GalleryNotFoundError
from engine.progress import SILENT, Reporter
from engine.records.changes import event
from engine.records.names import name_key
from engine.records.safety import Salvaged
from engine.records.types import Distance
from engine.store import encoding
from engine.store.cipher import looks_encrypted
from engine.store.column_domains import misfit
from engine.store.enrolled_rows import refresh
from engine.store.failures import RESTORE, on_disk
from engine.store.gallery_store import Store
from engine.store.history_table import record_beginning
from engine.store.recovery.sqlite_pages import Row, rows_of
from engine.utils.files import copy_private, scratch_folder
from engine.utils.gallery_folder import DATABASE, GalleryFolder
from engine.utils.number_text import counted

_log = logging.getLogger(__name__)

_LISTED = 20  # sentences about single identities
_SETTINGS = ("appearance", "fingerprint", "backups_kept")
_PHOTOGRAPH = (
    "file", "size", "modified", "digest", "width", "height", "taken", "mode", "prepared",
    "problem", "scanned", "thumbnail", "at",
)  # fmt: skip
_DETECTION = (
    "photograph_id", "mode", "number", "x", "y", "width", "height", "sharpness", "turn", "score",
    "settled", "digest", "vector", "thumbnail",
)  # fmt: skip
Fixed = tuple[str | None, int, Distance]
"""uuid (None where it is lost), dimension and distance."""


@dataclass
class SalvagedRows:
    """Rows by id, as they were.

    Attributes:
        fixed: uuid, dimension and distance.
        identities: name, key, and how many faces were noted for it.
        notes: a person's words about identities.
        faces: identity, file, row, digest, time.
        last_face: the highest id that was ever given to a face, as far as that is known.
        odd: a sentence on each face of which something made no sense.
        blobs: of embeddings and of thumbnails; only the size of a vector tells them apart.
        photographs, detections: all columns but the id, in their order.
    """

    fixed: Fixed | None = None
    identities: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    faces: dict[int, tuple[int, str, int, bytes, float]] = field(default_factory=dict)
    blobs: dict[int, list[bytes]] = field(default_factory=dict)
    decisions: list[tuple[bytes, int | None, str, bytes, float, str]] = field(default_factory=list)
    apart: list[tuple[int, int, float, str]] = field(default_factory=list)
    unknowns: list[tuple[bytes, str, int, bytes, bytes | None, float, int]] = field(
        default_factory=list
    )
    photographs: dict[int, tuple[object, ...]] = field(default_factory=dict)
    detections: list[tuple[object, ...]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    models: int = 0
    last_face: int = 0


def salvage_gallery(
    folder: str | Path, target: str | Path, *, reporter: Reporter = SILENT
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
            "A damaged encrypted gallery cannot be salvaged",
            file=folder,
            remedy=RESTORE,
        )
    with on_disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with on_disk(target), scratch_folder(target.parent) as scratch:
        copy_private(folder / DATABASE, scratch / DATABASE)
        lost = _fold_log(folder, scratch)
        found = _read_rows(scratch / DATABASE, reporter)
        vectors, photos, fixed = _sort_blobs(found, lost)
        if not vectors:
            raise GalleryDamagedError(
                "No face can be read any more", file=folder / DATABASE, remedy=RESTORE
            )
        lost += _losses(found, vectors)
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
        _log.warning("The write-ahead log cannot be read", exc_info=True)
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
    names |= {owner: _placeholder(owner) for owner in owners if owner not in names}
    faces = sorted(vectors)
    with Store.open(target) as store, store.database.transaction() as connection:
        if uuid is not None:
            connection.execute("UPDATE gallery SET uuid = ?", (uuid,))

        def insert(into: str, rows: Iterable[Sequence[object]], otherwise: str = "") -> None:
            marks = ", ".join("?" * (into.count(",") + 1))
            connection.executemany(f"INSERT {otherwise} INTO {into} VALUES ({marks})", rows)

        insert("settings (key, value)", found.settings.items(), "OR IGNORE")
        insert(
            "identities (id, name, key, note)",
            [
                (owner, name, name_key(name), found.notes.get(owner, ""))
                for owner, name in names.items()
            ],
        )
        insert(
            "faces (id, identity_id, file, row, digest, added)",
            ((face, *found.faces[face]) for face in _reported(faces, reporter)),
        )
        insert("embeddings (face_id, vector)", [(face, vectors[face]) for face in faces])
        insert(
            "photos (face_id, thumbnail)",
            [(face, photos[face]) for face in faces if face in photos],
        )
        insert(
            "decisions (digest, identity_id, kind, vector, at, actor)",
            [made for made in found.decisions if made[1] is None or made[1] in names],
            "OR IGNORE",
        )
        insert(
            "apart (one, other, at, actor)",
            [pair for pair in found.apart if pair[0] in names and pair[1] in names],
            "OR IGNORE",
        )
        insert(
            "unknowns (digest, file, row, vector, thumbnail, at, stranger)",
            found.unknowns,
            "OR IGNORE",
        )
        insert(
            f"photographs (id, {', '.join(_PHOTOGRAPH)})",
            [(photograph, *values) for photograph, values in found.photographs.items()],
        )
        insert(
            f"detections ({', '.join(_DETECTION)})",
            [values for values in found.detections if values[0] in found.photographs],
            "OR IGNORE",
        )
        connection.execute(  # numbers of people are ids, which are others now
            "UPDATE unknowns SET stranger = person.first FROM (SELECT stranger, min(id) AS first "
            "FROM unknowns WHERE stranger > 0 GROUP BY stranger) person "
            "WHERE person.stranger = unknowns.stranger"
        )
        refresh(connection, owners)
        summary = event("salvaged", len(faces))
        record_beginning(connection, "salvage", summary, {"faces": len(faces)})
        reporter.check()


def _reported(faces: Sequence[int], reporter: Reporter) -> Iterator[int]:
    for done, face in enumerate(faces):
        if done % 1_000 == 0:
            reporter.progress("Saving faces", done, len(faces))
        yield face


# -- reading rows --------------------------------------------------------------------------------


def _read_rows(database: Path, reporter: Reporter) -> SalvagedRows:
    """Read all rows of the tables that a new gallery is made of, recognised by their values.

    Raises:
        OSError: the file cannot be read. CancelledError.
    """
    found = SalvagedRows()
    for row in rows_of(database, lambda done, of: reporter.progress("Reading pages", done, of)):
        _take(row, found)
    return found


def _take(row: Row, found: SalvagedRows) -> None:
    """Add a row to those found, by the first table whose rows look like it."""
    match row:
        case Row(
            _, (None, str(uuid), int(dimension), str(distance), float() | int(), int(), *_)
        ) if distance in get_args(Distance) and _fits(uuid=uuid, dimension=dimension):
            found.fixed = (uuid, dimension, "cosine" if distance == "cosine" else "euclidean")
        case Row(int(rowid), (None, str(name), str(key), int(faces), int() | None, *rest)):
            if not _fits(name=name):
                return  # lost: whose faces these are is told by number
            found.identities[rowid] = (name, key, max(0, faces))
            if rest and isinstance(rest[0], str) and _fits(note=rest[0]):
                found.notes[rowid] = rest[0]
        case Row(
            int(rowid),
            (None, int(owner), str(file), int(place), bytes(digest), float() | int() as at, *_),
        ) if len(digest) == 16 and _fits(id=rowid, identity_id=owner):
            if wrong := misfit("file", [file]) or misfit("row", [place]) or misfit("added", [at]):
                found.odd.append(f"Where face {rowid} came from, and when: {wrong}.")
                file, place, at = "", 0, 0.0
            found.faces[rowid] = (owner, file, place, digest, float(at))
        case Row(int(rowid), (None, bytes(blob))):
            found.blobs.setdefault(rowid, []).append(blob)
        case Row(
            _,
            (None, bytes(digest), int() | None as owner, "is" | "is-not" | "ignore" as kind,
             bytes(vector), float() | int() as at, str(actor), *_),
        ) if (
            digest == encoding.digest_of(vector)
            and (owner is None) == (kind == "ignore")
            and _fits(at=at, actor=actor)
        ):  # fmt: skip
            found.decisions.append((digest, owner, kind, vector, float(at), actor))
        case Row(_, (None, int(one), int(other), float() | int() as at, str(actor))) if (
            one < other and _fits(at=at, actor=actor)
        ):
            found.apart.append((one, other, float(at), actor))
        case Row(
            _,
            (None, bytes(digest), str(file), int(place), bytes(vector), bytes() | None as photo,
             float() | int() as at, *rest),
        ) if (
            digest == encoding.digest_of(vector)
            and _fits(file=file, row=place, at=at, thumbnail=photo)
        ):  # fmt: skip
            stranger = rest[0] if rest and isinstance(rest[0], int) else 0
            if not _fits(stranger=stranger):
                stranger = 0
            found.unknowns.append((digest, file, place, vector, photo, float(at), stranger))
        case Row(int(rowid), (None, str(), int(), int(), bytes(), *_)) if len(
            row.values
        ) == 1 + len(_PHOTOGRAPH) and _fits(
            id=rowid, **dict(zip(_PHOTOGRAPH, row.values[1:], strict=True))
        ):
            found.photographs[rowid] = row.values[1:]
        case Row(
            _,
            (None, int(), "thorough" | "faithful", int(), *_, bytes(digest), bytes(vector),
             bytes() | None),
        ) if (
            len(row.values) == 1 + len(_DETECTION)
            and digest == encoding.digest_of(vector)
            and _fits(**dict(zip(_DETECTION, row.values[1:], strict=True)))
        ):  # fmt: skip
            found.detections.append(row.values[1:])
        case Row(None, (str(key), str(value))) if key in _SETTINGS:
            with suppress(ValueError):
                json.loads(value)  # else it is damaged, and made anew
                found.settings[key] = value
        case Row(None, (str(), "mlp" | "triplet", *_)):
            found.models += 1
        case Row(int(), ("faces", int(last))) if _fits(seq=last):
            found.last_face = max(found.last_face, last)


def _fits(**values: object) -> bool:
    """Tell whether values are in the domains of columns of these names."""
    return not any(misfit(column, [value]) for column, value in values.items())


def _sort_blobs(
    found: SalvagedRows, lost: list[str]
) -> tuple[dict[int, bytes], dict[int, bytes], Fixed]:
    """Return vectors and thumbnails by face, and what kind of gallery it is; add to ``lost`` what
    of that had to be guessed.
    """
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
    lost.append("The gallery's distance measure; cosine is assumed.")
    sizes = Counter(map(len, vectors.values())).most_common(1)
    size = sizes[0][0] if sizes else 4
    vectors = {face: blob for face, blob in vectors.items() if len(blob) == size}
    return vectors, photos, (None, size // encoding.size_of(1), "cosine")


def _losses(found: SalvagedRows, vectors: Mapping[int, bytes]) -> list[str]:
    """Return a sentence for whatever is missing beside these vectors by face."""
    lost: list[str] = []
    saved = Counter(found.faces[face][0] for face in vectors)
    short = {
        name: (saved[owner], faces)
        for owner, (name, _, faces) in sorted(found.identities.items())
        if saved[owner] < faces
    }
    missing = sum(faces - have for have, faces in short.values())
    if missing:
        lost.append(f"{counted(missing, 'face')} of people whose names are known:")
    for name, (have, faces) in list(short.items())[:_LISTED]:
        lost.append(f"{name}: {faces - have:,} of {counted(faces, 'face')}.")
    if len(short) > _LISTED:
        lost.append(f"… and some of {len(short) - _LISTED:,} more people.")
    lost += found.odd[:_LISTED]
    if len(found.odd) > _LISTED:
        lost.append(f"… and the same of {len(found.odd) - _LISTED:,} more faces.")
    nameless = sorted(owner for owner in saved if owner not in found.identities)
    for owner in nameless[:_LISTED]:
        lost.append(
            f"The name of a person with {counted(saved[owner], 'face')}: “{_placeholder(owner)}”."
        )
    if len(nameless) > _LISTED:
        lost.append(f"… and the names of {len(nameless) - _LISTED:,} more.")
    orphans = sum(face not in found.faces for face in found.blobs)
    if orphans:
        lost.append(f"The owners of {counted(orphans, 'face')} whose embedding or photo was saved.")
    seen = found.faces.keys() | found.blobs.keys()
    unseen = max(found.last_face, *seen) - len(seen) - missing
    if unseen > 0:
        lost.append(
            f"Perhaps up to {counted(unseen, 'face')} more that cannot be read; faces removed "
            "earlier look the same."
        )
    if found.models:
        lost.append("The trained models, which must be trained again.")
    return lost


def _placeholder(owner: int) -> str:
    """Return what to call somebody whose name is lost."""
    return f"Name lost {owner}"
