"""Commands that keep faces private: encrypt, decrypt, passphrase, erase."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import EncryptionMissingError, GalleryExistsError
from engine.records.receipts import ErasurePlan
from engine.store import encryption
from engine.utils.files import write_atomically
from engine.utils.number_text import counted
from gallery_app.cli.command_tools import Bar, chosen, gallery_and_json, opened, put_json, say
from gallery_app.cli.output import ask, echo
from gallery_app.cli.passphrases import (
    first_passphrase,
    new_passphrase,
    new_passphrase_option,
    passphrase_of,
)

_WARNING = (
    "No one can open it without the passphrase: store the passphrase somewhere safe. Backups "
    "stored elsewhere are unchanged."
)


@click.command()
@gallery_and_json
def encrypt(gallery: Path | None, as_json: bool) -> None:
    """Encrypt a gallery in place with a passphrase.

    Unencrypted files, including automatic backups, are overwritten and removed; an SSD may keep
    old blocks.
    """
    folder = _chosen(gallery, encrypted=False)
    passphrase = first_passphrase(folder)
    with Bar() as bar:
        encryption.encrypt(folder, passphrase, reporter=bar.reporter())
    _report_encryption(folder, True, as_json, f"Encrypted {folder}.")
    say(_WARNING)


@click.command()
@gallery_and_json
def decrypt(gallery: Path | None, as_json: bool) -> None:
    """Remove the encryption from a gallery."""
    folder = _chosen(gallery, encrypted=True)
    with Bar() as bar:
        encryption.decrypt(folder, passphrase_of(folder), reporter=bar.reporter())
    _report_encryption(
        folder, False, as_json, f"Decrypted {folder}: nothing in it is encrypted any more."
    )


@click.command()
@new_passphrase_option
@gallery_and_json
def passphrase(gallery: Path | None, as_json: bool) -> None:
    """Change the passphrase of an encrypted gallery; backups keep the old one."""
    folder = _chosen(gallery, encrypted=True)
    present, new = passphrase_of(folder), new_passphrase(folder)
    with Bar() as bar:
        encryption.change_passphrase(folder, present, new, reporter=bar.reporter())
    _report_encryption(folder, True, as_json, f"Changed the passphrase of {folder}.")


def require_library() -> None:
    """Before anybody thinks of a passphrase. Raise EncryptionMissingError."""
    lacking = encryption.missing_library()
    if lacking:
        raise EncryptionMissingError(lacking)


def _chosen(gallery: Path | None, *, encrypted: bool) -> Path:
    """The gallery meant, where it is of the kind that can be converted."""
    require_library()
    folder = chosen(gallery, changing=True)
    encryption.require_kind(folder, encrypted=encrypted)
    return folder


def _report_encryption(folder: Path, encrypted: bool, as_json: bool, sentence: str) -> None:
    put_json({"gallery": str(folder), "encrypted": encrypted}) if as_json else echo(sentence)


COMMANDS = (encrypt, decrypt, passphrase)


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. This cannot be undone.")
@click.option(
    "--receipt",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the receipt to this new text file.",
)
@click.option(
    "--keep-files", is_flag=True, help="Keep backups in the gallery's folder; they are listed."
)
@gallery_and_json
def erase(
    name: str,
    yes: bool,
    receipt: Path | None,
    keep_files: bool,
    gallery: Path | None,
    as_json: bool,
) -> None:
    """Permanently remove NAME from every file in the gallery's folder.

    This covers faces, notes, decisions, undo data, models trained on the person, and backups in
    the gallery's folder. The receipt lists what was removed and what the program cannot reach.
    """
    if receipt is not None and receipt.exists():
        raise GalleryExistsError("It already exists", file=receipt, remedy="Choose another name.")
    with opened(gallery, write=True) as target:
        if not yes:
            known = target.people.find(name)  # else somebody who is only kept for undo
            name = name if known is None else known.name
            with Bar() as bar:
                foreseen = target.erasure.foresee([name], reporter=bar.reporter())
            _preview_erasure(foreseen, keep_files=keep_files)
            if not ask(f"Erase {name} permanently?"):
                raise click.Abort()
        with Bar() as bar:
            done = target.erasure.erase([name], keep_files=keep_files, reporter=bar.reporter())
    if receipt is not None:
        write_atomically(receipt, done.text().encode())
    put_json(done.to_json()) if as_json else echo(done.text().rstrip("\n"), lines=True)
    if done.models:
        say("Models trained on the person were deleted; train again with `face-gallery train`.")


def _preview_erasure(foreseen: ErasurePlan, *, keep_files: bool) -> None:
    say(f"This would remove {', '.join(foreseen.removed.words())}.")
    if foreseen.models:
        say(f"Models trained on the person that would be deleted: {', '.join(foreseen.models)}.")
    if foreseen.steps:
        say(f"{counted(foreseen.steps, 'change')} could no longer be undone.")
    for path in foreseen.inside:
        say(f"Holds the person and {'stays' if keep_files else 'goes'}: {path}")
    for path in foreseen.outside:
        say(f"Contains the person and is left untouched: {path}")
