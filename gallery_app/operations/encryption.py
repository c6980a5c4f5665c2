"""Encrypt the open gallery, decrypt it, or give it another passphrase; it is closed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.progress import Reporter
from engine.store import encryption
from gallery_app.operations import galleries
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query


def check_passphrase(context: Context, words: str, done: Callable[[bool], None]) -> None:
    """Whether these words open the gallery that is open."""
    Query("Checking passphrase", lambda gallery, _: gallery.is_passphrase(words), "passphrase").run(
        context, done
    )


def encrypt(context: Context, words: str, done: Callable[[], None]) -> None:
    """Encrypt it with these words; ``done`` is called once it is open again."""
    _convert(
        context,
        "Encrypting",
        lambda folder, reporter: encryption.encrypt(folder, words, reporter=reporter),
        (None, words),
        done,
    )


def decrypt(context: Context, words: str, done: Callable[[], None]) -> None:
    """Remove its encryption; ``done`` is called once it is open again."""
    _convert(
        context,
        "Decrypting",
        lambda folder, reporter: encryption.decrypt(folder, words, reporter=reporter),
        (words, None),
        done,
    )


def change_passphrase(context: Context, words: str, new: str, done: Callable[[], None]) -> None:
    """Give it another passphrase; ``done`` is called once it is open again."""
    _convert(
        context,
        "Re-encrypting",
        lambda folder, reporter: encryption.change_passphrase(
            folder, words, new, reporter=reporter
        ),
        (words, new),
        done,
    )


def _convert(
    context: Context,
    title: str,
    convert: Callable[[Path, Reporter], None],
    opens: tuple[str | None, str | None],
    done: Callable[[], None],
) -> None:
    """Args:
    opens: what the gallery is opened again with where that failed, and where it is done.
    """
    folder, person = context.gallery.folder, context.state.identity
    galleries.close_gallery(context)  # in the lane of changes, before the conversion

    def open_again(words: str | None, then: Callable[[], None] = lambda: None) -> None:
        def opened() -> None:
            context.state.choose_identity(person)
            then()

        galleries.open_gallery(context, folder, passphrase=words, opened=opened)

    Change(
        f"{title} {folder.name}",
        lambda _, reporter: convert(folder, reporter),
        "converting",
        changes=lambda _: None,  # it is opened anew
    ).run(context, lambda _: open_again(opens[1], done), stopped=lambda: open_again(opens[0]))
