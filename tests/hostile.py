"""Galleries as somebody else may send them: each plants one thing in a sound gallery.

To plant another kind, add it to :data:`FILES`, :data:`NOTES`, :data:`SCHEMAS`, :data:`VALUES` or
:data:`ARCHIVES`.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.gallery import Gallery
from tests.handmade import put_to_use

NAME = "Person 0"
_DIMENSION = 8
Plant = Callable[[Path, Path], None]
"""Puts something into a gallery's folder, aimed at another folder, of a person's own files."""


def make_gallery(place: Path) -> tuple[Path, Path]:
    """A gallery with a file under every name that it can have, closed; and a query of somebody."""
    folder = place / "some.gallery"
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.normal(size=(6, _DIMENSION)), 6, axis=0)
    rows = (rows + 0.1 * rng.normal(size=rows.shape)).astype(np.float32)
    names = [f"Person {one}" for one in range(6) for _ in range(6)]
    np.savez(place / "faces.npz", embeddings=rows, names=np.array(names))
    np.save(place / "query.npy", rows[0])
    with Gallery.create(folder, dimension=_DIMENSION) as gallery:
        gallery.import_([place / "faces.npz"])
        gallery.prepare()
    (folder / "backups").mkdir(exist_ok=True)
    put_to_use(folder, "triplet", fused=True)
    with Gallery.open(folder) as gallery:
        gallery.prepare()
        gallery.identify(rows[:1])
        gallery.backups.write(folder / "backups" / "20260101-000000-import.zip")
    (folder / "models" / "evaluation.json").write_text("{}")
    aside = folder / "damaged-20260101-000000"
    aside.mkdir()
    shutil.copy(folder / "gallery.db", aside)
    return folder, place / "query.npy"


def make_victims(place: Path) -> Path:
    """A folder of a person's own, with files under names that a gallery's files have too."""
    victims = place / "victims"
    (victims / "folder" / "models").mkdir(parents=True)
    for name in (
        *("file", "folder/keep.txt", "folder/calibration.json", "folder/gallery.db"),
        *("folder/faces.json", "folder/models/keep.txt", "folder/20260101-000000-import.zip"),
        *("folder/.writing-mine", "folder/faces-0123456789abcdef.bin", "folder/.faces-1.tmp"),
    ):
        (victims / name).write_text("mine\n" * 50)
    (victims / "folder" / "mlp-20260101-000000-abcd").mkdir()
    (victims / "folder" / "mlp-20260101-000000-abcd" / "network.npz").write_text("mine\n" * 50)
    (victims / "folder" / ".unfinished-999999999-x").mkdir()
    (victims / "folder" / ".unfinished-999999999-x" / "keep.txt").write_text("mine\n" * 50)
    return victims


def state_of(folder: Path) -> dict[str, str]:
    """All that is in a folder, with what each file holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file() and not path.is_symlink()
        else f"{path.lstat().st_mode:o}"
        for path in sorted(folder.rglob("*"))
    }


# -- in place of files and folders ---------------------------------------------------------------


def names_in(gallery: Path) -> list[str]:
    """Of all files and folders of a gallery, and of those that it has at times."""
    there = [str(path.relative_to(gallery)) for path in sorted(gallery.rglob("*"))]
    ends = ("", "-wal", "-shm", "-journal")
    at_times = [
        *(f"gallery.db{end}" for end in ends[1:]),
        *(f"gallery.db.new{end}" for end in ends),
        *(f"gallery.db.converting{end}" for end in ends),
        *(f"gallery.db{end}.before-conversion" for end in ends[:2]),
        *("gallery.lock", "gallery.lock.json", ".writing-1", ".unfinished-999999999-x"),
        *("index/.faces-1.tmp", "index/.writing-1", "index/mlp-20260101-000000-abcd"),
        *(
            "index/map-pca-2-0.npz",
            "models/.unfinished-x",
            "models/.deleted-x",
            "models/.writing-1",
        ),
        *("models/mlp-20260101-000000-abcd", "models/mlp-20260101-000000-abcd/sealed.db"),
        *("backups/20250101-000000-import.zip", "backups/.unfinished-999999999-x", "damaged-2"),
    ]
    return sorted({*there, *at_times})


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with closing(socket.socket(socket.AF_UNIX)) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path) -> None:
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # endless zeros


FILES: dict[str, Callable[[Path, Path], None]] = {
    "link": lambda path, victims: path.symlink_to(victims / "file"),
    "link to a folder": lambda path, victims: path.symlink_to(victims / "folder"),
    "relative link": lambda path, victims: path.symlink_to(
        os.path.relpath(victims / "folder", path.parent)
    ),
    "link to nothing": lambda path, victims: path.symlink_to(victims / "made"),
    "link to itself": lambda path, _: path.symlink_to(path),
    "named pipe": lambda path, _: os.mkfifo(path),
    "socket": lambda path, _: _socket(path),
    "device": lambda path, _: _device(path),
}
"""What is planted in place of a file or folder of the gallery."""


def can_plant(kind: str, place: Path) -> bool:
    """Whether the system and the rights of whoever runs this allow it."""
    trial = place / "trial"
    try:
        FILES[kind](trial, place)
    except (AttributeError, OSError, NotImplementedError):
        return False
    trial.unlink()
    return True


@contextmanager
def planted(kind: str, path: Path, victims: Path) -> Iterator[Path]:
    """Puts something in the place of what is at ``path``, for a while."""
    aside = victims.with_name("aside")
    there = os.path.lexists(path)
    if there:
        path.rename(aside)
    path.parent.mkdir(parents=True, exist_ok=True)
    FILES[kind](path, victims)
    try:
        yield path
    finally:
        path.unlink()
        if there:
            aside.rename(path)


# -- in the database -----------------------------------------------------------------------------


def _sql(script: str, *values: Any) -> Plant:
    def plant(gallery: Path, _: Path) -> None:
        with closing(sqlite3.connect(gallery / "gallery.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            if values:
                connection.execute(script, values)
            else:
                connection.executescript(script)

    return plant


def _note(made: Callable[[Path, Path], dict[str, Any]]) -> Plant:
    """The note of an erasure under way."""

    def plant(gallery: Path, victims: Path) -> None:
        receipt = {
            **{"at": 0.0, "by": "x", "gallery": "x", "salt": "00", "hashes": ["00"], "removed": {}},
            **{"models": [], "deleted": [], "holding": [], "rebuilt": [], "unreachable": []},
        }
        note: dict[str, Any] = {"names": ["00"], "receipt": receipt, "files": []}
        asked = made(gallery, victims)
        receipt |= asked.pop("receipt", {})
        _sql("REPLACE INTO settings (key, value) VALUES ('erasing', ?)", json.dumps(note | asked))(
            gallery, victims
        )

    return plant


def _up(gallery: Path, victims: Path, *more: str) -> str:
    return os.path.relpath(victims.joinpath(*more), gallery)


NOTES: dict[str, Plant] = {
    "absolute file": _note(lambda _, victims: {"files": [str(victims / "file")]}),
    "absolute folder": _note(lambda _, victims: {"files": [str(victims / "folder")]}),
    "file above": _note(lambda gallery, victims: {"files": [_up(gallery, victims, "file")]}),
    "file above, by way of a folder": _note(
        lambda gallery, victims: {"files": [f"backups/../{_up(gallery, victims, 'file')}"]}
    ),
    "the folder itself": _note(lambda *_: {"files": ["."]}),
    "the folder above": _note(lambda *_: {"files": [".."]}),
    "no name": _note(lambda *_: {"files": [""]}),
    "a zero byte": _note(lambda *_: {"files": ["backups/\0"]}),
    "the database": _note(lambda *_: {"files": ["gallery.db"]}),
    "the models": _note(lambda *_: {"files": ["models"]}),
    "a file of numbers": _note(lambda *_: {"files": [1]}),
    "no files": _note(lambda *_: {"files": None}),
    "absolute model": _note(lambda _, victims: {"receipt": {"models": [str(victims / "folder")]}}),
    "model above": _note(
        lambda gallery, victims: {
            "receipt": {"models": [_up(gallery / "models", victims, "folder")]}
        }
    ),
    "no model": _note(lambda *_: {"receipt": {"models": ["", ".", ".."]}}),
    "no receipt": _note(lambda *_: {"receipt": {"removed": {"other": 1}}}),
    "receipt of absurd numbers": _note(
        lambda *_: {"receipt": {"at": float("inf"), "removed": {"faces": 1e300}}}
    ),
    "nothing": _sql("REPLACE INTO settings (key, value) VALUES ('erasing', 'null')"),
    "deep": _sql("REPLACE INTO settings (key, value) VALUES ('erasing', ?)", "[" * 100_000),
}
"""Notes of an erasure under way, which whoever opens the gallery for writing finishes."""

_ENDLESS = "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT "
SCHEMAS: dict[str, Plant] = {
    "trigger": _sql("CREATE TRIGGER odd AFTER UPDATE ON identities BEGIN DELETE FROM faces; END"),
    "endless trigger": _sql(
        f"CREATE TRIGGER odd AFTER UPDATE ON gallery BEGIN DELETE FROM faces WHERE id IN "
        f"({_ENDLESS} n FROM more); END"
    ),
    "endless trigger of an older version": _sql(
        f"CREATE TRIGGER odd AFTER UPDATE ON gallery BEGIN DELETE FROM faces WHERE id IN "
        f"({_ENDLESS} n FROM more); END; PRAGMA user_version = 2"
    ),
    "view": _sql("CREATE VIEW odd AS SELECT * FROM identities"),
    "endless view of the settings": _sql(
        f"DROP TABLE settings; CREATE VIEW settings AS {_ENDLESS} 'x' AS key, n AS value FROM more"
    ),
    "endless view of an older version": _sql(
        f"DROP TABLE settings; CREATE VIEW settings AS {_ENDLESS} 'x' AS key, n AS value "
        "FROM more; PRAGMA user_version = 3"
    ),
    "virtual table": _sql("CREATE VIRTUAL TABLE odd USING fts5(name)"),
    "virtual table of the settings": _sql(
        "DROP TABLE settings; CREATE VIRTUAL TABLE settings USING fts5(key, value)"
    ),
    "computed column": _sql("ALTER TABLE photos ADD COLUMN odd AS (hex(zeroblob(400000000)))"),
}
"""What acts by itself in a database."""

VALUES: dict[str, Plant] = {
    "setting of bytes": _sql("REPLACE INTO settings (key, value) VALUES ('erasing', ?)", b"\xff"),
    **{
        f"{column} of {table}: {value!r:.20}": _sql(
            f"UPDATE OR IGNORE {table} SET {column} = ?", value
        )
        for table, column, value in (
            ("identities", "name", "\x1b]0;owned\x07\x1b[31mred\nFake line"),
            ("identities", "name", "A" * 999),
            ("identities", "face_count", 2**63 - 1),
            ("faces", "added", 1e300),
            ("faces", "row", -1),
            ("history", "at", 2.6e11),
            ("history", "summary", b"\xff"),
            ("history", "payload", "[" * 100_000),
            ("models", "created", float("inf")),
            ("gallery", "change", 2**63 - 1),
        )
    },
}
"""Values that no gallery of ours holds."""


# -- in a backup ---------------------------------------------------------------------------------

Members = dict[str, bytes]
Rewrite = Callable[[Members, dict[str, Any]], None]
"""Changes what is in a backup, and its manifest."""


def rewrite(backup: Path, change: Rewrite, *, sealed: bool = True) -> None:
    """Changes what is in a backup.

    Args:
        sealed: sizes and checksums in the manifest become those of what is in it then, as whoever
            sends one can make them.
    """
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(members, manifest)
    if sealed:
        manifest["members"] = {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in members.items()
        }
    with zipfile.ZipFile(backup, "w") as archive:
        for name, data in {**members, "manifest.json": json.dumps(manifest).encode()}.items():
            entry = zipfile.ZipInfo(name)
            entry.filename = name  # as it is
            archive.writestr(entry, data)


def _member(name: str) -> Callable[[Path], None]:
    return lambda backup: rewrite(backup, lambda members, _: members.update({name: b"hostile"}))


def _manifest(**changed: Any) -> Callable[[Path], None]:
    return lambda backup: rewrite(backup, lambda _, manifest: manifest["backup"].update(changed))


def with_database(backup: Path, plant: Plant, victims: Path) -> None:
    """Does to the database in a backup what is done to that of a gallery."""

    def change(members: Members, _: dict[str, Any]) -> None:
        place = backup.with_name("taken-out")
        place.mkdir()
        (place / "gallery.db").write_bytes(members["gallery.db"])
        plant(place, victims)
        members["gallery.db"] = (place / "gallery.db").read_bytes()
        shutil.rmtree(place)

    rewrite(backup, change)


def _linked(backup: Path) -> None:
    """A member that other programs would unpack as a link."""
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(backup, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o120777 << 16
            archive.writestr(entry, data)


def _packed(backup: Path) -> None:
    """Zeros, packed a thousandfold."""
    rewrite(backup, lambda members, _: members.update({"models/a/zeros": bytes(1 << 26)}))
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(backup, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _twice(backup: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(backup, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("gallery.db", b"another")


def _crowded(backup: Path) -> None:
    with zipfile.ZipFile(backup, "a") as archive:
        for number in range(20_000):
            archive.writestr(zipfile.ZipInfo(f"models/a/{number}"), b"")


def _overlapping(backup: Path) -> None:
    """Many entries that are the same bytes of the file."""
    with zipfile.ZipFile(backup, "a") as archive:
        entry = archive.getinfo("gallery.db")
        for number in range(500):
            other = copy.copy(entry)
            other.filename = other.orig_filename = f"models/a/{number}"
            archive.filelist.append(other)
            archive.NameToInfo[other.filename] = other
        archive._didModify = True  # type: ignore[attr-defined]


ARCHIVES: dict[str, Callable[[Path], None]] = {
    "file above": _member("../made"),
    "file above, by way of a folder": _member("models/../../made"),
    "absolute file": _member("/tmp/face-gallery-hostile"),
    "file on a drive": _member("C:\\made"),
    "backslashes": _member("models\\..\\..\\made"),
    "a lock": _member("gallery.lock.json"),
    "a log of the database": _member("gallery.db-wal"),
    "an index": _member("index/faces.json"),
    "control characters": _member("models/a/\x1b]0;owned\x07\n"),
    "no name": _member(""),
    "hidden file": _member("models/a/.writing-1"),
    "links": _linked,
    "packed zeros": _packed,
    "the database twice": _twice,
    "20,000 entries": _crowded,
    "entries that overlap": _overlapping,
    "another checksum": lambda backup: rewrite(
        backup, lambda members, _: members.update({"gallery.db": b"x" * 4096}), sealed=False
    ),
    "no database": lambda backup: rewrite(backup, lambda members, _: members.pop("gallery.db")),
    "a database that is none": lambda backup: rewrite(
        backup, lambda members, _: members.update({"gallery.db": b"x" * 8192})
    ),
    "absurd time": _manifest(created=1e300),
    "no time": _manifest(created="nan"),
    "absurd numbers": _manifest(change=2**80, identities=-1, faces=1e300, dimension=2**70),
    "models above": _manifest(models=["../../victims", "/tmp"]),
    "no models": _manifest(models=7),
    "a name of control characters": _manifest(gallery="\x1b]0;owned\x07\n", reason="\x1b[31m"),
    "encrypted, it says": _manifest(encrypted=True),
    "a newer version": _manifest(schema=2**40),
    "deep manifest": lambda backup: _with_manifest(backup, b"[" * 100_000),
    "manifest of another kind": lambda backup: _with_manifest(backup, b"[]"),
    "cut short": lambda backup: backup.write_bytes(backup.read_bytes()[:-2_000]),
}
"""What is done to a backup."""


def _with_manifest(backup: Path, manifest: bytes) -> None:
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(backup, "w") as archive:
        for name, data in {**members, "manifest.json": manifest}.items():
            archive.writestr(name, data)


def require_plain(folder: Path) -> None:
    """Nothing but regular files and real folders is in it."""
    odd = [path for path in folder.rglob("*") if path.is_symlink() or not path.exists()]
    assert odd == []
