"""Databases that SQLCipher encrypts: keys, and its library, imported only where one is opened."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import sqlite3
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import EncryptionMissingError, InputError, WrongPassphraseError, install_words
from engine.store.column_domains import CheckedCursor
from engine.store.failures import primary_code, refusals
from engine.utils.files import open_regular

_log = logging.getLogger(__name__)

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
    """Key of an encrypted database; it is never shown.

    Attributes:
        secret: 32 bytes.
        salt: the first 16 bytes of the file.
    """

    secret: bytes
    salt: bytes

    @property
    def literal(self) -> str:
        """Return it as SQLCipher takes it in SQL, so that no connection stretches it again."""
        return f"\"x'{self.secret.hex()}{self.salt.hex()}'\""


def missing_library() -> str:
    """Return why nothing can be encrypted here, one sentence; "" where it can. Import nothing."""
    if importlib.util.find_spec("sqlcipher3") is None:
        return f"Encryption needs SQLCipher, which is not installed. {install_words('sqlcipher3')}"
    return ""


def looks_encrypted(path: Path) -> bool:
    """Tell whether a database file is noise from its first byte on; False where it cannot be
    read: whoever opens it says why.
    """
    try:
        with open_regular(path) as stream:
            start = stream.read(_PAGE * _LOOKED_AT)
    except OSError:
        _log.debug("The start of a database cannot be read", exc_info=True)
        return False
    if len(start) < _PAGE or start.startswith(_PLAIN):
        return False
    # damaged or not: the first pages of a plain one hold the roots of its tables, no noise
    pages = np.frombuffer(start[: len(start) // _PAGE * _PAGE], np.uint8).reshape(-1, _PAGE)
    noise = sum(int(np.bincount(page).max() < _MOST_ALIKE) for page in pages)
    return noise > len(pages) / 2


def may_be_encrypted(path: Path) -> bool:
    """Tell whether a file of any name may be an encrypted database: whole pages of noise.

    Raises:
        OSError: it cannot be read.
    """
    return path.stat().st_size % _PAGE == 0 and looks_encrypted(path)


def key_for(path: Path, passphrase: str) -> Key:
    """Return the key that a passphrase gives for an encrypted file (0.2 s), right or wrong."""
    with open_regular(path) as stream:
        return _stretched(passphrase, stream.read(_SALT))


def opened_with(path: Path, passphrase: str | Key) -> Key:
    """Return a key itself, or the key that a passphrase gives for an encrypted file."""
    return passphrase if isinstance(passphrase, Key) else key_for(path, passphrase)


def new_key(passphrase: str) -> Key:
    """Return a key for a new file.

    Raises:
        InputError: the passphrase is too easy to guess.
    """
    require_strong(passphrase)
    return _stretched(passphrase, os.urandom(_SALT))


def require_strong(passphrase: str) -> None:
    """Raise InputError where a passphrase is too short, or too easy to guess."""
    if len(passphrase) < SHORTEST:
        raise InputError(
            f"The passphrase is too short: {len(passphrase)} characters of at least {SHORTEST}",
            remedy="Choose four or five unrelated words.",
        )
    if len(set(passphrase)) < _FEWEST:
        raise InputError(
            "The passphrase is too easy to guess: it repeats itself",
            remedy="Choose four or five unrelated words.",
        )


def library() -> Any:
    """Import SQLCipher's module, which has the interface of sqlite3.

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
                "Another library's SQLite replaces SQLCipher in this process",
                remedy="Import sqlcipher3 before that library (TensorFlow, as a rule).",
            )
    return dbapi2


@cache
def connection_class() -> Any:
    """Return SQLCipher's connection class, with the attributes of the plain connection."""

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
    """Give a fresh connection its key, and read: only that shows whether it is the right one.

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
                "The passphrase is wrong, or this is not a gallery",
                file=path,
                remedy="Try again. A forgotten passphrase cannot be recovered.",
            ) from error
        raise


def key_of(connection: sqlite3.Connection) -> Key | None:
    """Return the key of a connection's database; None for a plain one."""
    key: Key | None = getattr(connection, "key", None)
    return key


def _stretched(passphrase: str, salt: bytes) -> Key:
    words = unicodedata.normalize("NFC", passphrase).encode()
    return Key(hashlib.pbkdf2_hmac("sha512", words, salt, ITERATIONS, 32), salt)
