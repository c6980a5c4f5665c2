"""The readers of backups and of encrypted files, which open what they hold only where all of it is
as it must be: so the damage is done inside, and sums and seals are made anew.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import random
import sqlite3
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from engine.errors import FaceGalleryError, ModelError
from engine.store import Store, cipher, recovery
from engine.store.cipher import Key
from engine.store.encryption import model_files
from engine.store.encryption.model_files import SEALED
from tests.fuzz.databases import compact, edit_database
from tests.fuzz.forms import edit_json, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.mutating import Mutate, edit_bytes
from tests.fuzz.reading_store import ask_everything, made_up_galleries
from tests.fuzz.typed import require_typed

_MANIFEST = "manifest.json"
_DATABASE = "gallery.db"
_KEY = Key(bytes(range(32)), bytes(range(16)))
_NAMES = (
    *("", ".", "..", "/tmp/made", "../made", "models/../../made", "C:\\made", "gallery.db-wal"),
    *("models/a/b/c", "models/a/.b", "index/faces.json", "models/\0/a", "é\u202e", "A" * 300),
    *("models/mlp-20260101-000000-abcd/network.npz", "gallery.db/", "GALLERY.DB", "manifest.json"),
)


# -- backups -------------------------------------------------------------------------------------


def _read_backup(data: bytes, folder: Path) -> None:
    """Looked at, and restored; what is refused leaves nothing, what is restored can be opened."""
    path, restored = folder / "backup.zip", folder / "restored"
    path.write_bytes(data)
    try:
        require_typed(recovery.preview_backup(path, None).backup)
        require_typed(recovery.restore_backup(path, restored).backup)
        ask_everything(restored)
    finally:
        left = {one.name for one in folder.iterdir()} - {path.name, restored.name}
        require(not left, "something beside the gallery that it was restored to")
        for one in restored.rglob("*") if restored.exists() else ():
            require(not one.is_symlink(), "a link in what was restored")


def _edit_backup(data: bytes, rng: random.Random) -> bytes:
    """What is in it, or its manifest, made odd; whatever is not the manifest's is sealed anew."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
        manifest = json.loads(dict(members)[_MANIFEST])
        kept = [(name, piece) for name, piece in members if name != _MANIFEST]
        match rng.randrange(6):
            case 0:
                return _zipped(kept, edit_json(json.dumps(manifest).encode(), rng), rng)
            case 1:
                described = json.dumps(manifest["backup"]).encode()
                manifest["backup"] = json.loads(edit_json(described, rng))
            case 2:
                at = rng.randrange(len(kept))
                kept[at] = (rng.choice(_NAMES), kept[at][1])
            case 3:
                kept.append((rng.choice(_NAMES), rng.randbytes(8)))
            case _:
                edits = {_DATABASE: edit_database}
                kept = [(name, edits.get(name, edit_bytes)(piece, rng)) for name, piece in kept]
        manifest["members"] = {
            name: {"size": len(piece), "sha256": hashlib.sha256(piece).hexdigest()}
            for name, piece in kept
        }
        return _zipped(kept, json.dumps(manifest).encode(), rng)
    except (*(zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, IndexError),
            AttributeError,
            *(NotImplementedError, RuntimeError, EOFError, OverflowError, OSError)):  # fmt: skip
        return edit_bytes(data, rng)


def _zipped(kept: list[tuple[str, bytes]], manifest: bytes, rng: random.Random) -> bytes:
    made = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if rng.random() < 0.05 else zipfile.ZIP_STORED
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(made, "w", method) as archive:
        for name, piece in [*kept, (_MANIFEST, manifest)]:
            entry = zipfile.ZipInfo("a")
            entry.filename, entry.compress_type = name, method
            entry.external_attr = rng.choice((0o600, 0o600, 0o120777, 0o040755)) << 16
            archive.writestr(entry, piece)
    return made.getvalue()


def _backups() -> Iterable[bytes]:
    """On small pages, and the same each time."""
    with tempfile.TemporaryDirectory() as place:
        for number, folder in enumerate(made_up_galleries(Path(place))):
            path = Path(place) / f"{number}.zip"
            with Store.open(folder, write=False) as store:
                store.backups.write(path)
            with zipfile.ZipFile(path) as archive:
                manifest = json.loads(archive.read(_MANIFEST))
            database = compact(folder / _DATABASE)
            seal = {"size": len(database), "sha256": hashlib.sha256(database).hexdigest()}
            manifest["backup"] |= {"created": 1.5, "uuid": "one of many"}
            manifest["members"] = {_DATABASE: seal}
            yield _zipped([(_DATABASE, database)], json.dumps(manifest).encode(), random.Random(0))


# -- encrypted files -----------------------------------------------------------------------------


def _read_encrypted(data: bytes, folder: Path) -> None:
    (folder / _DATABASE).write_bytes(data)
    ask_everything(folder, _KEY)


def _read_sealed(data: bytes, folder: Path) -> None:
    """Files of a model, taken out."""
    version, to = folder / "version", folder / "taken-out"
    version.mkdir()
    (version / SEALED).write_bytes(data)
    model_files.unseal(version, to, _KEY)
    found = list(to.rglob("*"))
    require(all(one.is_file() and one.parent == to for one in found), "more than files")
    require(sum(one.stat().st_size for one in found) <= len(data), "more than it holds")
    require({one.name for one in folder.iterdir()} == {"version", "taken-out"}, "a file outside")


def _inside(edit: Mutate) -> Mutate:
    """Damage to what is encrypted, as whoever has the passphrase can do it."""

    def edited(data: bytes, rng: random.Random) -> bytes:
        plain = _converted(data, _KEY, None)
        if plain is None:
            return edit_bytes(data, rng)
        return _converted(edit(plain, rng), None, _KEY) or edit_bytes(data, rng)

    return edited


def _converted(data: bytes, old: Key | None, new: Key | None) -> bytes | None:
    """The same database with another key, None is none; None where it is damaged."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        path, made = Path(place) / "old", Path(place) / "new"
        path.write_bytes(data)
        literal = f"\"x'{new.secret.hex()}{new.salt.hex()}'\"" if new is not None else "''"
        module = cipher.library()
        try:
            with closing(module.connect(path, isolation_level=None)) as connection:
                if old is not None:
                    connection.execute(f"PRAGMA key = {old.literal}")
                connection.execute("PRAGMA writable_schema = ON")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                (application,) = connection.execute("PRAGMA application_id").fetchone()
                connection.execute(f"ATTACH DATABASE ? AS made KEY {literal}", (str(made),))
                connection.execute("SELECT sqlcipher_export('made')").fetchone()
                connection.execute(f"PRAGMA made.user_version = {version}")
                connection.execute(f"PRAGMA made.application_id = {application}")
        except (module.Error, sqlite3.Error, UnicodeError, MemoryError):
            return None
        return made.read_bytes()


def _edit_files(data: bytes, rng: random.Random) -> bytes:
    """The table that the files of a model lie in."""
    try:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            connection.deserialize(data)
            value = rng.choice((*_NAMES, None, 0, b"\xff", "a.npz", SEALED))
            connection.execute(rng.choice(_STATEMENTS), (value,))
            return connection.serialize()
    except sqlite3.Error:
        return edit_database(data, rng)


_STATEMENTS = (
    "UPDATE OR IGNORE files SET name = ?",
    "UPDATE OR IGNORE files SET content = ?",
    "INSERT OR IGNORE INTO files VALUES (?, zeroblob(100))",
    "INSERT OR IGNORE INTO files VALUES (?, x'00')",
    "INSERT OR IGNORE INTO files SELECT coalesce(?, '') || name, content FROM files",
)


def _encrypted() -> Iterable[bytes]:
    with tempfile.TemporaryDirectory() as place:
        for folder in made_up_galleries(Path(place)):
            made = _converted(compact(folder / _DATABASE), None, _KEY)
            assert made is not None
            yield made


def _sealed() -> Iterable[bytes]:
    with tempfile.TemporaryDirectory() as place:
        files, version = Path(place) / "files", Path(place) / "version"
        files.mkdir()
        (files / "network.npz").write_bytes(b"weights")
        (files / "version.json").write_bytes(b"{}")
        model_files.seal(files, version, _KEY)
        yield (version / SEALED).read_bytes()


READERS = (
    Reader(
        "backup",
        _read_backup,
        (FaceGalleryError,),
        mixed(_edit_backup, _edit_backup, edit_bytes),
        _backups,
        largest=1 << 17,
        weight=0.2,
    ),
)
if importlib.util.find_spec("sqlcipher3") is not None:
    READERS += (
        Reader(
            "encrypted",
            _read_encrypted,
            (FaceGalleryError,),
            mixed(_inside(edit_database), _inside(edit_database), edit_bytes),
            _encrypted,
            largest=1 << 18,
            weight=0.1,
        ),
        Reader(
            "sealed",
            _read_sealed,
            (ModelError,),
            mixed(_inside(_edit_files), _inside(edit_database), edit_bytes),
            _sealed,
            largest=1 << 16,
            weight=0.2,
        ),
    )
