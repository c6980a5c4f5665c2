"""Files of trained models of an encrypted gallery: sealed on disk, in clear in memory alone.

On disk the files of a version lie in one encrypted file, written once: a database of SQLCipher
with a random key, which lies in the gallery's database; so another passphrase for the gallery
leaves it as it is. While the gallery is open they lie in a folder in memory.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import ExitStack, closing
from pathlib import Path

from engine.errors import FaceGalleryError, ModelError, WrongPassphraseError
from engine.store.cipher import Key
from engine.store.database import connect, opened
from engine.store.schema import schema_of
from engine.utils.files import remove_dead_scratch, scratch_folder, sync_folder
from engine.utils.gallery_folder import FILE_NAME
from engine.utils.ignoring import ignored

SEALED = "sealed.db"
_TABLE = "CREATE TABLE files (name TEXT PRIMARY KEY, content BLOB NOT NULL)"
_KEY = "models_key"  # the setting
_UNFINISHED = ".unfinished-"
_SHARED = Path("/dev/shm")
_MOUNTS = Path("/proc/self/mounts")


def missing_memory() -> str:
    """Return why nothing can be kept in memory here, one sentence; "" where it can."""
    with ignored(OSError):
        for line in _MOUNTS.read_text(encoding="utf-8").splitlines():
            kind = line.split()[1:3]
            if kind == [str(_SHARED), "tmpfs"] and os.access(_SHARED, os.W_OK):
                return ""
    return (
        "Trained models of an encrypted gallery are kept in memory while it is open, and this "
        "system has no folder for that (Linux has /dev/shm)."
    )


class MemoryFolder:
    """A folder in memory that only its owner may read, made when it is first asked for and removed
    when it is closed; whatever a killed process left is removed by the next one. Safe to use from
    several threads.
    """

    def __init__(self) -> None:
        with ignored(OSError):
            if not missing_memory() and _place().is_dir():
                remove_dead_scratch(_own_place())
        self._stack = ExitStack()
        self._made: Path | None = None
        self._guard = threading.Lock()

    def path(self) -> Path:
        """Return the folder. Raise ModelError where there can be none."""
        with self._guard:
            if self._made is None:
                lacking = missing_memory()
                if lacking:
                    raise ModelError(lacking.rstrip("."), remedy="Use k-NN, which needs no model.")
                try:
                    self._made = self._stack.enter_context(scratch_folder(_own_place()))
                except OSError as error:
                    raise ModelError(
                        f"No folder can be made in memory ({error.strerror or error})",
                        file=error.filename,
                        remedy="Free some of /dev/shm, then open the gallery again.",
                    ) from error
            return self._made

    def close(self) -> None:
        with self._guard:
            self._stack.close()
            self._made = None


def _place() -> Path:
    return _SHARED / f"face-gallery-{os.getuid()}"


def _own_place() -> Path:
    """Return the folder for all processes of this user. Raise OSError where it is another's."""
    place = _place()
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(1, "it belongs to another user", str(place))
    return place


# -- sealing -------------------------------------------------------------------------------------


def sealing_key(connection: sqlite3.Connection) -> Key:
    """Return the key that model versions are sealed with; it is made where there is none yet.

    Args:
        connection: in a transaction.
    """
    connection.execute(
        "INSERT OR IGNORE INTO settings (key, value) VALUES (?, ?)", (_KEY, os.urandom(48).hex())
    )
    key = kept_key(connection)
    assert key is not None
    return key


def kept_key(connection: sqlite3.Connection) -> Key | None:
    """Return the key that model versions are sealed with; None where there is none yet."""
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (_KEY,)).fetchone()
    if row is None:
        return None
    secret_and_salt = bytes.fromhex(row[0])
    return Key(secret_and_salt[:32], secret_and_salt[32:])


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
        with opened(sealed, "mode=ro&immutable=1", key) as connection:
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
