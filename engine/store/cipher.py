"""Databases that SQLCipher encrypts. Its library is imported where one is opened, never before."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sqlite3
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import EncryptionMissingError, InputError, WrongPassphraseError
from engine.store.columns import CheckedCursor
from engine.store.failures import primary_code, refusals
from engine.tools.files import open_regular
from engine.tools.installing import install_words

SHORTEST = 12
"""Characters that a passphrase has at least."""
ITERATIONS = 256_000
"""Of PBKDF2 with HMAC-SHA-512: SQLCipher 4's own number, so that the passphrase opens the file
in its tools too."""
_FEWEST = 5  # different characters
_PLAIN = b"SQLite format 3\0"
_PAGE = 4_096
_LOOKED_AT = 64  # pages
_MOST_ALIKE = 64  # of 4,096 random bytes some 16 have the same value, by no chance so many
_SALT = 16


@dataclass(frozen=True, repr=False)
class Key:
    """What a database is encrypted with; it is never shown.

    Attributes:
        secret: 32 bytes.
        salt: the first 16 bytes of the file.
    """

    secret: bytes
    salt: bytes

    @property
    def literal(self) -> str:
        """As SQLCipher takes it in SQL, without stretching it once more at each connection."""
        return f"\"x'{self.secret.hex()}{self.salt.hex()}'\""


def missing_library() -> str:
    """Why nothing can be encrypted here, one sentence; "" where it can. Imports nothing."""
    if importlib.util.find_spec("sqlcipher3") is None:
        return f"Encryption needs SQLCipher, which is not installed. {install_words('sqlcipher3')}"
    return ""


def is_encrypted(path: Path) -> bool:
    """Whether a database file looks encrypted: noise from its first byte on.

    A file that cannot be read is not; whoever opens it says why.
    """
    try:
        with open_regular(path) as stream:
            start = stream.read(_PAGE * _LOOKED_AT)
    except OSError:
        return False
    if len(start) < _PAGE or start.startswith(_PLAIN):
        return False
    # damaged or not: the first pages of a plain one hold the roots of its tables, no noise
    pages = np.frombuffer(start[: len(start) // _PAGE * _PAGE], np.uint8).reshape(-1, _PAGE)
    noise = sum(int(np.bincount(page).max() < _MOST_ALIKE) for page in pages)
    return noise > len(pages) / 2


def may_be_encrypted(path: Path) -> bool:
    """Whether any file, whatever its name, may be a database that is: whole pages of noise.

    Raises:
        OSError: it cannot be read.
    """
    return path.stat().st_size % _PAGE == 0 and is_encrypted(path)


def key_for(path: Path, passphrase: str) -> Key:
    """The key that a passphrase opens an encrypted file with, if it is the right one (0.2 s)."""
    with open_regular(path) as stream:
        return _stretched(passphrase, stream.read(_SALT))


def opened_with(path: Path, passphrase: str | Key) -> Key:
    """The same of a passphrase or of a key."""
    return passphrase if isinstance(passphrase, Key) else key_for(path, passphrase)


def new_key(passphrase: str) -> Key:
    """A key for a new file.

    Raises:
        InputError: the passphrase is too easy to guess.
    """
    require_strong(passphrase)
    return _stretched(passphrase, os.urandom(_SALT))


def require_strong(passphrase: str) -> None:
    """Raises InputError: it is too short, or too easy to guess."""
    if len(passphrase) < SHORTEST:
        raise InputError(
            f"The passphrase is too short: {len(passphrase)} characters of at least {SHORTEST}",
            remedy="Take four or five words that nobody would guess together.",
        )
    if len(set(passphrase)) < _FEWEST:
        raise InputError(
            "The passphrase is too easy to guess: it repeats itself",
            remedy="Take four or five words that nobody would guess together.",
        )


def random_key() -> Key:
    """A key that no passphrase gives."""
    return Key(os.urandom(32), os.urandom(_SALT))


def library() -> Any:
    """SQLCipher's module, in the manner of sqlite3.

    Raises:
        EncryptionMissingError: it is not installed, or the SQLite of another library answers in
            its place, as TensorFlow's does where that was imported first: it heeds no key.
    """
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise EncryptionMissingError(
            "The gallery is encrypted, and SQLCipher is not installed",
            remedy=install_words("sqlcipher3"),
        ) from error
    with closing(dbapi2.connect(":memory:")) as connection:
        if connection.execute("PRAGMA cipher_version").fetchone() is None:
            raise EncryptionMissingError(
                "The SQLite of another library stands in for SQLCipher in this process",
                remedy="Import sqlcipher3 before that library (TensorFlow, as a rule).",
            )
    return dbapi2


@cache
def connection_class() -> Any:
    """SQLCipher's connection, with the attributes that every connection of ours has."""

    module = library()

    class CipherCursor(CheckedCursor, module.Cursor):  # type: ignore[misc,name-defined]
        pass

    class CipherConnection(module.Connection):  # type: ignore[misc,name-defined]
        reusable = True
        key: Key | None = None
        path: Path

        def execute(self, query: str, values: Any = ()) -> Any:
            return self.cursor(CipherCursor).execute(query, values)

    return CipherConnection


def unlock(connection: Any, key: Key, path: Path) -> None:
    """Gives a fresh connection its key, and reads: only that shows whether it is the right one.

    Raises:
        WrongPassphraseError: it is not.
    """
    connection.execute("PRAGMA cipher_log_level = NONE")  # else it tells the terminal about it
    connection.execute(f"PRAGMA key = {key.literal}")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except refusals() as error:
        if primary_code(error) == sqlite3.SQLITE_NOTADB:
            raise WrongPassphraseError(
                "The passphrase is wrong, or this is no gallery",
                file=path,
                remedy="Try again; nobody can help with a passphrase that is forgotten.",
            ) from error
        raise


def key_of(connection: sqlite3.Connection) -> Key | None:
    """What the database of a connection is encrypted with; None for a plain one."""
    key: Key | None = getattr(connection, "key", None)
    return key


def _stretched(passphrase: str, salt: bytes) -> Key:
    words = unicodedata.normalize("NFC", passphrase).encode()
    return Key(hashlib.pbkdf2_hmac("sha512", words, salt, ITERATIONS, 32), salt)
