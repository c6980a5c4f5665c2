"""Open, make, import into and close galleries."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import (
    FaceGalleryError,
    GalleryDamagedError,
    GalleryNotFoundError,
    PassphraseNeededError,
    WrongPassphraseError,
)
from engine.gallery import Gallery, PhotographFolder, look_into_folder
from engine.progress import Event, Message, Reporter
from engine.records.plans import ImportPlan
from engine.records.types import CheckReport, ImportReport
from engine.store.encryption import Key
from engine.utils.trim_heap import give_back
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query
from gallery_app.recent import forget, remember, sample_faces, sample_gallery

_OPENING = "opening"  # one at a time: a second would find the first one's lock
_WATCHING = "watching"


def open_gallery(
    context: Context,
    folder: Path,
    *,
    passphrase: str | Key | None = None,
    opened: Callable[[], None] | None = None,
) -> None:
    """Open a gallery in place of the one that is open; nothing where that is the same.

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
            context.state.passphrase_requested.emit(folder, error)
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
    opened: Callable[[], None] = lambda: None,
) -> None:
    """Make a gallery, fill it where sources are given, and open it.

    Args:
        imported: called with what came of the sources.
        opened: called when the gallery is shown.
    """
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
        opened()
        if report is not None and imported is not None:
            imported(report)

    title = f"Importing into {folder.name}" if sources else f"Creating {folder.name}"
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
    """Redo what was undone as far as it brings faces, so that nothing that a person did is cut
    off; only where that brings none the faces are imported.
    """

    def redo(gallery: Gallery, _: Reporter) -> bool:
        if gallery.people.counts()[1] or not gallery.writable:
            return False
        while not gallery.people.counts()[1] and gallery.history.redo():
            pass
        return True

    def import_faces(gallery: Gallery, reporter: Reporter) -> None:
        if not gallery.people.counts()[1]:
            gallery.import_([sample_faces()], reporter=reporter)

    def fill(was_empty: bool) -> None:
        if was_empty:
            Change("Restoring the sample", import_faces).run(context, filled)

    def filled(_: None) -> None:
        if context.state.gallery is opened:
            context.state.notice.emit("The sample was empty. Its faces have been restored.")

    opened = context.gallery
    Change("Checking the sample", redo, shown=False, changes=lambda _: None).run(context, fill)


def plan_import(
    context: Context,
    sources: Sequence[Path],
    planned: Callable[[ImportPlan], None],
    name_column: str | None = None,
    stopped: Callable[[], None] = lambda: None,
) -> None:
    """What would become of every face of folders and tables.

    Args:
        name_column: column or array of the names, None to recognise it.
        stopped: called where no plan comes, after the person was told why.
    """
    more = f" and {len(sources) - 1} more" * (len(sources) > 1)
    Query(
        f"Scanning {sources[0].name}{more}",
        lambda gallery, reporter: gallery.enrolment.plan_import(
            sources, name_column=name_column, reporter=reporter
        ),
        "plan-import",
        shown=True,
    ).run(context, planned, stopped=stopped)


def import_plan(
    context: Context, plan: ImportPlan, imported: Callable[[ImportReport], None]
) -> None:
    """Add the faces that come in by a plan to the open gallery."""
    Change(
        "Importing",
        lambda gallery, reporter: gallery.enrolment.import_plan(plan, reporter=reporter),
    ).run(context, imported)


def check_gallery(context: Context, checked: Callable[[CheckReport], None]) -> None:
    """Hold store and index against one another."""
    Query(
        "Checking the gallery",
        lambda gallery, reporter: gallery.check(reporter=reporter),
        shown=True,
    ).run(context, checked)


def look_for_changes(
    context: Context,
    seen: Callable[[int, bool], None],
    failed: Callable[[BaseException], None],
) -> None:
    """Take over writing the open gallery if nobody has it any more, and read how far it is.

    In the lane of changes: a gallery that is being closed must not be taken over.

    Args:
        seen: gets the change counter, and whether the gallery can be written now.
    """
    state, opened = context.state, context.gallery
    if context.tasks.is_running(_WATCHING):
        return

    def work(gallery: Gallery, _: Reporter) -> tuple[int, bool] | None:
        try:
            writable = gallery.try_to_write()
            return gallery.history.last_change(), writable
        except FaceGalleryError:
            if state.gallery is gallery:
                raise
            return None  # closed meanwhile

    Query("Looking for changes", work, _WATCHING, "change").run(
        context,
        lambda found: found is not None and state.gallery is opened and seen(*found),
        failed=lambda error: state.gallery is opened and failed(error),
    )


def look_at_photographs(
    context: Context,
    folder: Path,
    looked: Callable[[PhotographFolder], None],
    failed: Callable[[BaseException], None] | None = None,
) -> None:
    """Tell what a folder of photographs is like; no gallery need be open.

    Args:
        failed: called where there are none; by default the person is told.
    """
    context.tasks.run(
        f"Looking into {folder.name}",
        lambda _: look_into_folder(folder),
        done=looked,
        failed=failed or context.failed,
        lane="list",
    )


def close_gallery(context: Context) -> None:
    """Back to the welcome page."""
    _let_go(context)
    context.state.set_gallery(None)


def _show(context: Context, gallery: Gallery) -> None:
    _let_go(context)
    remember(gallery.folder)
    for pictures in context.all_pictures:
        pictures.set_gallery(gallery)
    context.state.set_gallery(gallery)
    for notice in gallery.notices:
        context.state.notice.emit(notice)


def _let_go(context: Context) -> None:
    """Close the open gallery after everything that was asked of it."""
    old = context.state.gallery
    context.tasks.drop_answers()
    for pictures in context.all_pictures:
        pictures.set_gallery(None)
    if old is not None:
        context.state.gallery = None
        context.tasks.run(
            "Closing the gallery",
            lambda _: old.close(),
            lane="change",
            shown=False,
            certain=True,  # its index may have to be saved
        )
        context.tasks.run("Releasing memory", lambda _: give_back(), lane="change", shown=False)
