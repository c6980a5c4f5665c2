"""Add faces to the gallery, and take that back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from engine.errors import FaceGalleryError
from engine.progress import Reporter
from engine.records.advice import Advice
from engine.records.types import EnrolmentReport, FaceBatch, Rejection
from gallery_app.operations.context import Context
from gallery_app.operations.queries import query_files
from gallery_app.operations.rejections import take_back_rejection
from gallery_app.operations.stale_target import unless_gone
from gallery_app.state import Query


def confirm(context: Context, name: str) -> None:
    """The shown query is this person: its face joins the identity."""
    query = context.state.query
    if query is not None:
        enroll_query(context, query, name)


def enroll_query(context: Context, query: Query, name: str) -> None:
    """Enrols one query under a new or known name."""
    batch = FaceBatch(query.vector[None, :], [name], [query.file], [query.row], [query.photo])
    key = f"enroll query {id(query.vector)}"
    if not context.tasks.is_running(key):  # a double click enrolls once
        enroll(context, name, batch, lambda report: mark_added(context, query, report), key=key)


def mark_added(context: Context, query: Query, report: EnrolmentReport) -> None:
    """This query is enrolled now; the rest is read anew from the gallery."""
    made = tuple((face, report.name) for face in report.face_ids)
    record = replace(query.record, faces=(*query.record.faces, *made))
    context.state.update_query(query, made=(*query.made, *report.face_ids), record=record)


def enroll(
    context: Context,
    name: str,
    batch: FaceBatch,
    enrolled: Callable[[EnrolmentReport], None],
    refused: Callable[[], None] | None = None,
    key: str = "",
    elsewhere: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Adds faces to a new or known identity; ``refused`` is called where nothing was added.

    Args:
        elsewhere: names of other identities for some of the rows.
    """
    gallery = context.gallery

    def failed(error: BaseException) -> None:
        context.failed(error)
        if refused is not None:
            refused()

    def done(report: EnrolmentReport) -> None:
        enrolled(report)
        context.state.contents_changed.emit()

    task = context.tasks.run(
        f"Enrolling {name}",
        lambda reporter: gallery.enroll(name, batch, elsewhere=elsewhere, reporter=reporter),
        done=done,
        failed=failed,
        lane="change",
        key=key,
    )
    if refused is not None:
        task.cancelled.connect(refused)


def take_back(context: Context) -> None:
    """Takes back what was last said of the shown query: who it is, or who it is not."""
    query = context.state.query
    if query is not None and query.added_faces:
        _take_out(context, query)
    else:
        take_back_rejection(context)


def _take_out(context: Context, query: Query) -> None:
    """Removes the faces that a confirmation or enrolment of the query added."""
    gallery = context.gallery

    def done(_: int) -> None:
        if context.state.gallery is gallery:
            context.state.contents_changed.emit()

    context.tasks.run(
        f"Taking back from {query.added_to}",
        lambda _: gallery.remove_faces(query.added_faces),
        done=done,
        failed=unless_gone(context),
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
        files = query_files(paths, reporter)
        for number, path in enumerate(files):
            reporter.progress("Reading faces", number, len(files))
            try:
                batches.append(gallery.read_queries(path))
            except FaceGalleryError as error:
                rejected.append(Rejection(str(path), error.reason))
        return batches, rejected

    context.tasks.run("Reading faces", work, done=lambda read: done(*read), failed=context.failed)


def check_enrolment(
    context: Context,
    name: str,
    batch: FaceBatch,
    elsewhere: Mapping[int, str],
    done: Callable[[tuple[Advice, ...]], None],
    refused: Callable[[FaceGalleryError], None],
) -> None:
    """What the person should know before these faces get these names; only the last arrives."""
    gallery = context.gallery

    def failed(error: BaseException) -> None:
        if isinstance(error, FaceGalleryError):
            refused(error)
        else:
            context.failed(error)

    context.tasks.run(
        "Checking the faces",
        lambda reporter: gallery.check_enrolment(
            name, batch, elsewhere=elsewhere, reporter=reporter
        ),
        done=done,
        failed=failed,
        key="check-enrolment",
    )
