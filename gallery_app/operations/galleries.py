"""Open, make, import into and close galleries."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.errors import (
    GalleryDamagedError,
    GalleryNotFoundError,
    PassphraseNeededError,
    WrongPassphraseError,
)
from engine.gallery import Gallery
from engine.progress import Event, Message, Reporter
from engine.records.types import CheckReport, ImportReport
from engine.store.encryption import Key
from engine.utils.trim_heap import give_back
from gallery_app.operations.context import Context
from gallery_app.recent import forget, remember, sample_faces, sample_gallery

_OPENING = "opening"  # one at a time: a second would find the first one's lock


def open_gallery(
    context: Context,
    folder: Path,
    *,
    passphrase: str | Key | None = None,
    opened: Callable[[], None] | None = None,
) -> None:
    """Opens a gallery in place of the one that is open; nothing where that is the same.

    Args:
        passphrase: of an encrypted one, or its key.
        opened: called when it is shown.
    """
    folder = folder.resolve()
    current = context.state.gallery
    if context.tasks.is_running(_OPENING) or (current is not None and current.folder == folder):
        return

    def failed(error: BaseException) -> None:
        if isinstance(error, GalleryNotFoundError):
            forget(folder)
            if context.state.gallery is None:
                context.state.gallery_changed.emit()  # the welcome page lists it no longer
        if isinstance(error, PassphraseNeededError | WrongPassphraseError):
            context.state.passphrase_wanted.emit(folder, error)
        elif isinstance(error, GalleryDamagedError) and os.access(folder / "gallery.db", os.R_OK):
            context.state.damage_found.emit(folder, error)
        else:
            context.failed(error)

    def done(gallery: Gallery) -> None:
        _show(context, gallery)
        if opened is not None:
            opened()

    context.tasks.run(
        f"Opening {folder.name}",
        lambda _: Gallery.open(
            folder,
            listener=lambda event: _tell(context, event),
            background=True,
            passphrase=passphrase,
        ),
        done=done,
        failed=failed,
        lane="change",
        key=_OPENING,
    )


def _tell(context: Context, event: Event) -> None:
    """What the index says of itself while the gallery is open, from any thread."""
    if isinstance(event, Message):
        context.state.notice.emit(event.text)


def new_gallery(
    context: Context,
    folder: Path,
    sources: Sequence[Path] = (),
    imported: Callable[[ImportReport], None] | None = None,
) -> None:
    """Makes a gallery, fills it where sources are given, and opens it."""
    folder = folder.resolve()
    if context.tasks.is_running(_OPENING):
        return

    def work(reporter: Reporter) -> tuple[Gallery, ImportReport | None]:
        if not sources:
            return Gallery.create(folder), None
        return Gallery.create_from(folder, sources, reporter=reporter)

    def done(made: tuple[Gallery, ImportReport | None]) -> None:
        gallery, report = made
        _show(context, gallery)
        if report is not None and imported is not None:
            imported(report)

    title = f"Importing into {folder.name}" if sources else f"Making {folder.name}"
    context.tasks.run(title, work, done=done, failed=context.failed, lane="change", key=_OPENING)


def open_sample(context: Context) -> None:
    """The gallery of the sample faces; it is made on the first visit, and filled where it is
    empty.
    """
    folder, current = sample_gallery(), context.state.gallery
    if current is not None and current.folder == folder.resolve():
        _fill_sample(context)
    elif (folder / "gallery.db").is_file():
        open_gallery(context, folder, opened=lambda: _fill_sample(context))
    else:
        new_gallery(context, folder, [sample_faces()])


def _fill_sample(context: Context) -> None:
    """What was undone is made again as far as it brings faces, so that nothing that a person did
    is cut off; only where that brings none the faces are imported.
    """
    gallery = context.gallery

    def redo(_: Reporter) -> bool:
        if gallery.counts()[1] or not gallery.writable:
            return False
        while not gallery.counts()[1] and gallery.corrections.redo():
            pass
        return True

    def import_faces(reporter: Reporter) -> None:
        if not gallery.counts()[1]:
            gallery.import_([sample_faces()], reporter=reporter)

    def filled(_: None) -> None:
        if context.state.gallery is gallery:
            context.state.notice.emit("The sample was empty: its faces are back.")
            context.state.contents_changed.emit()

    def run(title: str, work: Callable[[Reporter], Any], done: Callable[[Any], None]) -> None:
        shown = work is import_faces
        context.tasks.run(title, work, done=done, failed=context.failed, lane="change", shown=shown)

    def fill(was_empty: bool) -> None:
        if was_empty:
            run("Filling the sample", import_faces, filled)

    run("Looking whether the sample is empty", redo, fill)


def check_gallery(context: Context, checked: Callable[[CheckReport], None]) -> None:
    """Holds store and index against one another."""
    gallery = context.gallery
    context.tasks.run(
        "Checking the gallery",
        lambda reporter: gallery.check(reporter=reporter),
        done=checked,
        failed=context.failed,
    )


def close_gallery(context: Context) -> None:
    """Back to the welcome page."""
    _let_go(context)
    context.state.set_gallery(None)


def _show(context: Context, gallery: Gallery) -> None:
    _let_go(context)
    remember(gallery.folder)
    context.pictures.set_gallery(gallery)
    context.shelf_pictures.set_gallery(gallery)
    context.state.set_gallery(gallery)
    for notice in gallery.notices:
        context.state.notice.emit(notice)


def _let_go(context: Context) -> None:
    """Closes the open gallery after everything that was asked of it."""
    old = context.state.gallery
    context.tasks.drop_answers()
    context.pictures.set_gallery(None)
    context.shelf_pictures.set_gallery(None)
    if old is not None:
        context.state.gallery = None
        context.tasks.run(
            "Closing the gallery",
            lambda _: old.close(),
            lane="change",
            shown=False,
            certain=True,  # its index may have to be saved
        )
        context.tasks.run("Giving back memory", lambda _: give_back(), lane="change", shown=False)
