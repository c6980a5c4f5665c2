"""Rows that can still be read in a damaged database, put together again, and what is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from engine.progress import Reporter
from engine.records.wording import counted
from engine.store import encoding
from engine.store.columns import misfit
from engine.store.recovery.sqlite_pages import Row, rows_of
from engine.types import Distance

_LISTED = 20  # sentences about single identities
_SETTINGS = ("appearance", "fingerprint", "backups_kept")
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
    """

    fixed: Fixed | None = None
    identities: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    faces: dict[int, tuple[int, str, int, bytes, float]] = field(default_factory=dict)
    blobs: dict[int, list[bytes]] = field(default_factory=dict)
    decisions: list[tuple[bytes, int | None, str, bytes, float, str]] = field(default_factory=list)
    apart: list[tuple[int, int, float, str]] = field(default_factory=list)
    unknowns: list[tuple[bytes, str, int, bytes, bytes | None, float]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    models: int = 0
    last_face: int = 0


def read_rows(database: Path, reporter: Reporter) -> SalvagedRows:
    """Read all rows of the tables that a new gallery is made of, recognised by their values.

    Raises:
        OSError: the file cannot be read. CancelledError.
    """
    found = SalvagedRows()
    for row in rows_of(database, lambda done, of: reporter.progress("Reading pages", done, of)):
        for take in _TAKES:
            if take(row, found):
                break
    return found


def _gallery(row: Row, found: SalvagedRows) -> bool:
    match row.values:
        case (None, str(uuid), int(dimension), str(distance), float() | int(), int(), *_):
            if not (misfit("uuid", [uuid]) or misfit("dimension", [dimension])) and (
                distance in get_args(Distance)
            ):
                found.fixed = (uuid, dimension, "cosine" if distance == "cosine" else "euclidean")
                return True
    return False


def _identity(row: Row, found: SalvagedRows) -> bool:
    match row:
        case Row(int(rowid), (None, str(name), str(key), int(faces), int() | None, *rest)):
            if misfit("name", [name]):
                return True  # lost: whose faces these are is told by number
            found.identities[rowid] = (name, key, max(0, faces))
            if rest and isinstance(rest[0], str) and not misfit("note", [rest[0]]):
                found.notes[rowid] = rest[0]
            return True
    return False


def _face(row: Row, found: SalvagedRows) -> bool:
    match row:
        case Row(
            int(rowid),
            (None, int(owner), str(file), int(place), bytes(digest), float() | int() as at, *_),
        ) if len(digest) == 16 and not misfit("id", [rowid, owner]):
            if wrong := misfit("file", [file]) or misfit("row", [place]) or misfit("added", [at]):
                found.odd.append(f"Where face {rowid} came from, and when: {wrong}.")
                file, place, at = "", 0, 0.0
            found.faces[rowid] = (owner, file, place, digest, float(at))
            return True
    return False


def _blob(row: Row, found: SalvagedRows) -> bool:
    match row:
        case Row(int(rowid), (None, bytes(blob))):
            found.blobs.setdefault(rowid, []).append(blob)
            return True
    return False


def _decision(row: Row, found: SalvagedRows) -> bool:
    match row.values:
        case (None, bytes(digest), int() | None as owner, "is" | "is-not" | "ignore" as kind,
              bytes(vector), float() | int() as at, str(actor), *_) if (
                  digest == encoding.digest_of(vector) and (owner is None) == (kind == "ignore")
                  and not (misfit("at", [at]) or misfit("actor", [actor]))
              ):  # fmt: skip
            found.decisions.append((digest, owner, kind, vector, float(at), actor))
            return True
    return False


def _setting(row: Row, found: SalvagedRows) -> bool:
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


def _apart(row: Row, found: SalvagedRows) -> bool:
    match row.values:
        case (None, int(one), int(other), float() | int() as at, str(actor)) if (
            one < other and not (misfit("at", [at]) or misfit("actor", [actor]))
        ):
            found.apart.append((one, other, float(at), actor))
            return True
    return False


def _unknown(row: Row, found: SalvagedRows) -> bool:
    match row.values:
        case (None, bytes(digest), str(file), int(place), bytes(vector), bytes() | None as photo,
              float() | int() as at) if (
                  digest == encoding.digest_of(vector) and not misfit("file", [file])
                  and not (misfit("row", [place]) or misfit("at", [at]))
                  and not misfit("thumbnail", [photo])
              ):  # fmt: skip
            found.unknowns.append((digest, file, place, vector, photo, float(at)))
            return True
    return False


def _counter(row: Row, found: SalvagedRows) -> bool:
    match row:
        case Row(int(), ("faces", int(last))) if not misfit("seq", [last]):
            found.last_face = max(found.last_face, last)
            return True
    return False


_TAKES = (
    _gallery, _identity, _face, _blob, _decision, _apart, _unknown, _setting, _counter,
)  # fmt: skip


def sort_blobs(
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
    lost.append("Which distance the gallery compares with; cosine is taken.")
    sizes = Counter(map(len, vectors.values())).most_common(1)
    size = sizes[0][0] if sizes else 4
    vectors = {face: blob for face, blob in vectors.items() if len(blob) == size}
    return vectors, photos, (None, size // encoding.size_of(1), "cosine")


def losses(found: SalvagedRows, vectors: Mapping[int, bytes]) -> list[str]:
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
            f"The name of somebody with {counted(saved[owner], 'face')}: “{placeholder(owner)}”."
        )
    if len(nameless) > _LISTED:
        lost.append(f"… and the names of {len(nameless) - _LISTED:,} more.")
    orphans = sum(face not in found.faces for face in found.blobs)
    if orphans:
        lost.append(f"Whose {counted(orphans, 'face')} were whose embedding or picture is there.")
    seen = found.faces.keys() | found.blobs.keys()
    unseen = max(found.last_face, *seen) - len(seen) - missing
    if unseen > 0:
        lost.append(
            f"Perhaps up to {counted(unseen, 'face')} more of which nothing is left to read; faces "
            "that were removed before look the same."
        )
    if found.models:
        lost.append("The trained models are not taken along: train them again.")
    return lost


def placeholder(owner: int) -> str:
    """Return what to call somebody whose name is lost."""
    return f"Name lost {owner}"
