"""The files of a trained version in one encrypted file: written once, and unpacked again.

It is a database of SQLCipher with a random key, which lies in the gallery's database: so another
passphrase for the gallery leaves it as it is.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.errors import FaceGalleryError, ModelError, WrongPassphraseError
from engine.store.cipher import Key, random_key
from engine.store.database import connect
from engine.store.failures import declared
from engine.store.schema import schema_of
from engine.tools.files import sync_folder
from engine.tools.gallery_folder import FILE_NAME

SEALED = "sealed.db"
_TABLE = "CREATE TABLE files (name TEXT PRIMARY KEY, content BLOB NOT NULL)"
_KEY = "models_key"  # the setting
_UNFINISHED = ".unfinished-"


def sealing_key(connection: sqlite3.Connection) -> Key:
    """Return the key that model versions are sealed with; it is made where there is none yet.

    Args:
        connection: in a transaction.
    """
    made = random_key()
    connection.execute(
        "INSERT OR IGNORE INTO settings (key, value) VALUES (?, ?)",
        (_KEY, f"{made.secret.hex()}{made.salt.hex()}"),
    )
    key = kept_key(connection)
    assert key is not None
    return key


def kept_key(connection: sqlite3.Connection) -> Key | None:
    """Return the key that model versions are sealed with; None where there is none yet."""
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (_KEY,)).fetchone()
    if row is None:
        return None
    both = bytes.fromhex(row[0])
    return Key(both[:32], both[32:])


def forget_key(connection: sqlite3.Connection) -> None:
    """Delete the key from a database that is decrypted."""
    connection.execute("DELETE FROM settings WHERE key = ?", (_KEY,))


def seal(files: Path, version: Path, key: Key) -> None:
    """Pack the files of a folder into ``version``/sealed.db; it is whole under its name, or absent.

    Raises:
        OSError; what SQLCipher raises.
    """
    for place in (version.parent, version):  # mkdir's own parents would be for everybody
        place.mkdir(mode=0o700, exist_ok=True)
    written = version / f"{_UNFINISHED}{SEALED}"
    written.unlink(missing_ok=True)
    written.touch(mode=0o600)
    try:
        with closing(connect(written, "mode=rw", key)) as connection:
            connection.execute("PRAGMA journal_mode = MEMORY")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            for path in sorted(files.glob("[A-Za-z0-9]*")):
                if path.is_file() and path.name != SEALED:
                    connection.execute(
                        "INSERT INTO files VALUES (?, ?)", (path.name, path.read_bytes())
                    )
            connection.execute("COMMIT")
        os.replace(written, version / SEALED)
        sync_folder(version)
        sync_folder(version.parent)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def unseal(version: Path, to: Path, key: Key | None) -> None:
    """Unpack the files of a version into a folder, which may be there already.

    Raises:
        ModelError: it is damaged, or was sealed with another key.
    """
    sealed = version / SEALED
    try:
        if key is None:
            raise WrongPassphraseError("Its key is lost")
        with (
            declared(sealed),
            closing(connect(sealed, "mode=ro&immutable=1", key)) as connection,
        ):
            to.mkdir(mode=0o700, parents=True, exist_ok=True)
            if schema_of(connection) != {("table", "files", _TABLE)}:
                raise ValueError("no files of a model")
            for name, content in connection.execute("SELECT name, content FROM files"):
                if not FILE_NAME.fullmatch(name) or name == SEALED:
                    raise ValueError(f"a file called {name!r}")
                (to / name).touch(mode=0o600)
                (to / name).write_bytes(content)
    except (FaceGalleryError, OSError, ValueError, TypeError) as error:
        shutil.rmtree(to, ignore_errors=True)
        raise ModelError(
            "The encrypted files of this model cannot be read",
            file=sealed,
            remedy="Delete this version and train it again.",
        ) from error
