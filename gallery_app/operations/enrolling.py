"""Add faces to the gallery, and take that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import FaceGalleryError
from engine.progress import Reporter
from engine.types import EnrolmentReport, FaceBatch, Rejection
from gallery_app.operations.context import Context
from gallery_app.operations.queries import identify_all, query_files
from gallery_app.state import Query


def confirm(context: Context, name: str) -> None:
    """The shown query is this person: its face joins the identity."""
    query = context.state.query
    if query is not None:
        enroll_query(context, query, name)


def enroll_query(context: Context, query: Query, name: str) -> None:
    """Enrols one query under a new or known name."""
    batch = FaceBatch(query.vector[None, :], [name], [query.file], [query.row], [query.photo])
    position = context.state.position

    enroll(context, name, batch, lambda report: mark_added(context, position, report))


def mark_added(context: Context, position: int, report: EnrolmentReport) -> None:
    """The query at this place of the list is enrolled now."""
    if position < len(context.state.queries):
        context.state.update_query(position, added_to=report.name, added_faces=report.face_ids)


def enroll(
    context: Context,
    name: str,
    batch: FaceBatch,
    enrolled: Callable[[EnrolmentReport], None],
    refused: Callable[[], None] | None = None,
) -> None:
    """Adds faces to a new or known identity; ``refused`` is called after an error was told."""
    gallery = context.gallery

    def failed(error: BaseException) -> None:
        context.failed(error)
        if refused is not None:
            refused()

    def done(report: EnrolmentReport) -> None:
        enrolled(report)
        context.state.contents_changed.emit()

    context.tasks.run(
        f"Enrolling {name}",
        lambda reporter: gallery.enroll(name, batch, reporter=reporter),
        done=done,
        failed=failed,
        lane="change",
    )


def take_back(context: Context) -> None:
    """Removes the faces that a confirmation or enrolment of the shown query added."""
    gallery, query, position = context.gallery, context.state.query, context.state.position
    if query is None:
        return

    def done(_: int) -> None:
        context.state.update_query(position, added_to="", added_faces=())
        context.state.contents_changed.emit()
        identify_all(context)

    context.tasks.run(
        f"Taking back from {query.added_to}",
        lambda _: gallery.remove_faces(query.added_faces),
        done=done,
        failed=context.failed,
        lane="change",
    )


def read_faces(
    context: Context,
    paths: Sequence[Path],
    done: Callable[[list[FaceBatch], list[Rejection]], None],
) -> None:
    """Reads the files of an enrolment; those that cannot be read come back with the reason."""
    gallery = context.gallery

    def work(reporter: Reporter) -> tuple[list[FaceBatch], list[Rejection]]:
        batches, rejected = [], []
        files = query_files(paths)
        for number, path in enumerate(files):
            reporter.progress("Reading faces", number, len(files))
            try:
                batches.append(gallery.read_queries(path))
            except FaceGalleryError as error:
                rejected.append(Rejection(str(path), error.reason))
        return batches, rejected

    context.tasks.run("Reading faces", work, done=lambda read: done(*read), failed=context.failed)


def check_enrolment(
    context: Context, name: str, batch: FaceBatch, done: Callable[[tuple[str, ...]], None]
) -> None:
    """What the person should know before these faces get this name; only the last arrives."""
    gallery = context.gallery
    context.tasks.run(
        "Checking the faces",
        lambda _: gallery.check_enrolment(name, batch),
        done=done,
        failed=context.failed,
        key="check-enrolment",
    )
