"""Commands that encrypt a gallery: encrypt, decrypt, passphrase."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import EncryptionMissingError
from engine.store import encryption
from gallery_app.cli.output import echo
from gallery_app.cli.passphrases import (
    first_passphrase,
    new_passphrase,
    new_passphrase_option,
    passphrase_of,
)
from gallery_app.cli.shared import Bar, chosen, gallery_and_json, put_json, say

_WARNING = (
    "Nobody can open it without the passphrase: write it down and keep it somewhere else. Backups "
    "that lie elsewhere are as they were."
)


@click.command()
@gallery_and_json
def encrypt(gallery: Path | None, as_json: bool) -> None:
    """Encrypt a gallery in place with a passphrase.

    What was in clear is overwritten and removed, the automatic backups with it; an SSD may keep
    the old blocks.
    """
    folder = _chosen(gallery, encrypted=False)
    passphrase = first_passphrase(folder)
    with Bar() as bar:
        encryption.encrypt(folder, passphrase, reporter=bar.reporter())
    _tell(folder, True, as_json, f"Encrypted {folder}.")
    say(_WARNING)


@click.command()
@gallery_and_json
def decrypt(gallery: Path | None, as_json: bool) -> None:
    """Take the encryption off: everything in clear again."""
    folder = _chosen(gallery, encrypted=True)
    with Bar() as bar:
        encryption.decrypt(folder, passphrase_of(folder), reporter=bar.reporter())
    _tell(folder, False, as_json, f"Decrypted {folder}: everything in it is in clear now.")


@click.command()
@new_passphrase_option
@gallery_and_json
def passphrase(gallery: Path | None, as_json: bool) -> None:
    """Give an encrypted gallery another passphrase; backups keep theirs."""
    folder = _chosen(gallery, encrypted=True)
    present, new = passphrase_of(folder), new_passphrase(folder)
    with Bar() as bar:
        encryption.change_passphrase(folder, present, new, reporter=bar.reporter())
    _tell(folder, True, as_json, f"{folder} has another passphrase.")


def require_library() -> None:
    """Before anybody thinks of a passphrase. Raises EncryptionMissingError."""
    lacking = encryption.missing_library()
    if lacking:
        raise EncryptionMissingError(lacking)


def _chosen(gallery: Path | None, *, encrypted: bool) -> Path:
    """The gallery meant, where it is of the kind that can be converted."""
    require_library()
    folder = chosen(gallery, changing=True)
    encryption.require_kind(folder, encrypted=encrypted)
    return folder


def _tell(folder: Path, encrypted: bool, as_json: bool, sentence: str) -> None:
    put_json({"gallery": str(folder), "encrypted": encrypted}) if as_json else echo(sentence)


COMMANDS = (encrypt, decrypt, passphrase)
