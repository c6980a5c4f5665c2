"""Encrypting a gallery's folder with a passphrase, and taking that back.

Done to a folder and not to an open :class:`engine.gallery.Gallery`, whose methods of the same
names are this with closing and opening around it.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import InputError
from engine.progress import SILENT, Reporter
from engine.store import cipher, converting
from engine.store.cipher import SHORTEST, Key
from engine.store.opening import key_in
from engine.tools.gallery_folder import DATABASE

__all__ = [
    "SHORTEST",
    "Key",
    "change_passphrase",
    "decrypt",
    "encrypt",
    "is_encrypted",
    "missing",
    "require",
    "require_strong",
]


def is_encrypted(folder: str | Path) -> bool:
    """Whether a passphrase is needed to open the gallery there. False where there is none."""
    return cipher.is_encrypted(Path(folder) / DATABASE)


def missing() -> str:
    """Why nothing can be encrypted here, one sentence with the command that helps; "" where it
    can be. Imports nothing.
    """
    return cipher.missing_library()


def require_strong(passphrase: str) -> None:
    """Raises InputError: too short, or too easy to guess."""
    cipher.require_strong(passphrase)


def require(folder: str | Path, *, encrypted: bool) -> None:
    """Before anybody thinks of a passphrase. Raises InputError: the gallery is the other kind."""
    there = (Path(folder) / DATABASE).exists()  # where it is not, opening it says so
    if not there or is_encrypted(folder) == encrypted:
        return
    raise InputError(
        "The gallery is not encrypted" if encrypted else "The gallery is encrypted already",
        file=folder,
        remedy="Encrypt it first." if encrypted else "Change its passphrase instead.",
    )


def encrypt(folder: str | Path, passphrase: str, *, reporter: Reporter = SILENT) -> None:
    """Encrypts a plain gallery in place; killed at any moment it is the one or the other.

    What was in clear is overwritten and removed, automatic backups with it. An SSD may keep the
    old blocks, and backups elsewhere are not known here.

    Raises:
        InputError: the passphrase is too easy to guess, or it is encrypted already.
        EncryptionMissingError. GalleryBusyError, GalleryReadOnlyError, GalleryWriteError,
        GalleryDamagedError, CancelledError: it is as it was.
    """
    folder = Path(folder)
    require(folder, encrypted=False)
    require_strong(passphrase)
    key_in(folder, None)  # there is a gallery
    converting.convert(folder, None, cipher.new_key(passphrase), reporter)


def decrypt(
    folder: str | Path, passphrase: str | Key | None, *, reporter: Reporter = SILENT
) -> None:
    """The way back: everything in clear again. Raises as :func:`encrypt`; PassphraseError."""
    folder = Path(folder)
    converting.convert(folder, _present(folder, passphrase), None, reporter)


def change_passphrase(
    folder: str | Path,
    passphrase: str | Key | None,
    new: str,
    *,
    reporter: Reporter = SILENT,
) -> None:
    """Another passphrase from now on; backups keep the one that they were made with.

    Raises as :func:`encrypt`; PassphraseError.
    """
    folder = Path(folder)
    present = _present(folder, passphrase)
    converting.convert(folder, present, cipher.new_key(new), reporter)


def _present(folder: Path, passphrase: str | Key | None) -> Key:
    require(folder, encrypted=True)
    key = key_in(folder, passphrase)
    assert key is not None
    return key
