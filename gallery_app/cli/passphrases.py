"""Where a passphrase comes from: a file, the environment, or the terminal, unseen.

Never from the command line itself: other people on the computer can read that, and the shell
remembers it.
"""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.errors import InputError, PassphraseNeededError, WrongPassphraseError
from engine.gallery import Gallery
from engine.records.domains import harmless
from engine.store import encryption
from engine.utils.text_files import MARK, decode_text
from engine.utils.worker_process import SECRETS
from gallery_app.cli.output import echo

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE, NEW_VARIABLE = SECRETS
_FILE = "passphrase file"
_NEW_FILE = "new passphrase file"


def _option(name: str, kept: str, help_: str) -> Callable[[F], F]:
    def keep(context: click.Context, _: click.Parameter, path: Path | None) -> None:
        if path is not None:  # else a command says nothing against the group that it is in
            context.meta[kept] = path

    return click.option(
        name,
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        callback=keep,
        expose_value=False,
        help=help_,
    )


passphrase_option = _option(
    "--passphrase-file",
    _FILE,
    f"Its first line is the passphrase of an encrypted gallery; or set {VARIABLE}.",
)
new_passphrase_option = _option(
    "--new-passphrase-file",
    _NEW_FILE,
    f"Its first line is the new passphrase; or set {NEW_VARIABLE}.",
)


def passphrase_of(folder: Path) -> str | None:
    """What opens the gallery there; None for one that is not encrypted.

    Raises:
        PassphraseNeededError: none was given, and there is no terminal to ask on.
    """
    if not encryption.is_encrypted(folder) or encryption.missing_library():
        return None  # opening it says that the library is missing
    given = given_passphrase()
    if given is not None and _is_marked(click.get_current_context().meta.get(_FILE)):
        try:
            Gallery.open(folder, write=False, passphrase=given).close()
        except WrongPassphraseError:  # ordinary: once the mark was its first letter
            return MARK + given
    return given or _asked(f"Passphrase of {folder.name}", folder, VARIABLE)


def passphrase_of_backup(source: Path) -> str:
    """What opens a backup that needs another one than the gallery has now."""
    return _asked(f"Passphrase the gallery had when {source.name} was made", source, VARIABLE)


def first_passphrase(folder: Path) -> str:
    """One for a gallery that is to be encrypted; asked for twice."""
    return given_passphrase() or _asked_twice("Passphrase", folder, VARIABLE)


def new_passphrase(folder: Path) -> str:
    """One in place of the present one; asked for twice."""
    return _given(_NEW_FILE, NEW_VARIABLE) or _asked_twice("New passphrase", folder, NEW_VARIABLE)


def given_passphrase() -> str | None:
    """What a file or the environment says, whatever it is for."""
    return _given(_FILE, VARIABLE)


def at_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _given(kept: str, variable: str) -> str | None:
    path: Path | None = click.get_current_context().meta.get(kept)
    if path is None:
        return os.environ.get(variable)
    try:
        first, *_ = decode_text(path.read_bytes()).split("\n")
    except UnicodeDecodeError:
        first = ""
    if not first:
        raise InputError(
            "It contains no passphrase", file=path, remedy="Put it on the first line, as text."
        )
    return first


def _is_marked(path: Path | None) -> bool:
    return path is not None and path.is_file() and path.read_bytes().startswith(BOM_UTF8)


def _asked(question: str, about: Path, variable: str) -> str:
    _require_terminal(about, variable)
    return str(click.prompt(harmless(question), hide_input=True, err=True))


def _asked_twice(question: str, about: Path, variable: str) -> str:
    _require_terminal(about, variable)
    while True:
        said = str(
            click.prompt(harmless(question), hide_input=True, err=True, confirmation_prompt=True)
        )
        try:
            encryption.require_strong(said)
            return said
        except InputError as error:
            echo(error.reason, err=True)


def _require_terminal(about: Path, variable: str) -> None:
    if not at_terminal():
        raise PassphraseNeededError(
            "A passphrase is needed, and there is no terminal to ask for it",
            file=about,
            remedy=f"Set {variable} or give a file that contains it.",
        )
