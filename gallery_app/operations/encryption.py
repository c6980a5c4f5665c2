"""Encrypt the open gallery, decrypt it, or give it another passphrase; it is closed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.progress import Reporter
from engine.store import encryption
from gallery_app.operations import galleries
from gallery_app.operations.context import Context

Convert = Callable[[Path, Reporter], None]


def check_passphrase(context: Context, words: str, done: Callable[[bool], None]) -> None:
    """Whether these words open the gallery that is open."""
    gallery = context.gallery
    context.tasks.run(
        "Trying the passphrase",
        lambda _: gallery.is_passphrase(words),
        done=done,
        failed=context.failed,
        key="passphrase",
        shown=False,
    )


def encrypt(context: Context, words: str, done: Callable[[], None]) -> None:
    """With these words from now on; ``done`` once it is open again."""
    _convert(
        context,
        "Encrypting",
        lambda folder, reporter: encryption.encrypt(folder, words, reporter=reporter),
        (None, words),
        done,
    )


def decrypt(context: Context, words: str, done: Callable[[], None]) -> None:
    """Back to a plain one."""
    _convert(
        context,
        "Decrypting",
        lambda folder, reporter: encryption.decrypt(folder, words, reporter=reporter),
        (words, None),
        done,
    )


def change_passphrase(context: Context, words: str, new: str, done: Callable[[], None]) -> None:
    """Other words from now on."""
    _convert(
        context,
        "Encrypting anew",
        lambda folder, reporter: encryption.change_passphrase(
            folder, words, new, reporter=reporter
        ),
        (words, new),
        done,
    )


def _convert(
    context: Context,
    title: str,
    convert: Convert,
    opens: tuple[str | None, str | None],
    done: Callable[[], None],
) -> None:
    """Args:
    opens: what the gallery is opened again with where that failed, and where it is done.
    """
    folder, person = context.gallery.folder, context.state.identity
    galleries.close_gallery(context)  # in the lane of changes, before the task below

    def again(words: str | None, then: Callable[[], None] | None = None) -> None:
        def opened() -> None:
            context.state.choose_identity(person)
            if then is not None:
                then()

        galleries.open_gallery(context, folder, passphrase=words, opened=opened)

    def failed(error: BaseException) -> None:
        again(opens[0])
        context.failed(error)

    task = context.tasks.run(
        f"{title} {folder.name}",
        lambda reporter: convert(folder, reporter),
        done=lambda _: again(opens[1], done),
        failed=failed,
        lane="change",
        key="converting",
    )
    task.cancelled.connect(lambda: again(opens[0]))
