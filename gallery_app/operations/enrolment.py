"""Say who a query is or is not, take that back, and add other faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from engine.errors import FaceGalleryError
from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.advice import Advice
from engine.records.detections import ENROLLED_SIDE, DetectedFace
from engine.records.types import EnrolmentReport, FaceBatch, Rejection
from gallery_app.face_queries import FaceQuery
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query
from gallery_app.state import ContentsChange
from gallery_app.wording.photo_enrolment_words import LeftOut

_DECISION = ContentsChange(decisions=True)


def confirm(context: Context, name: str) -> None:
    """The shown query is this person: its face joins the identity."""
    query = context.state.query
    if query is not None:
        enroll_query(context, query, name)


def enroll_query(context: Context, query: FaceQuery, name: str) -> None:
    """Enrol one query under a new or known name."""
    batch = FaceBatch(query.vector[None, :], [name], [query.file], [query.row], [query.photo])
    key = f"enroll query {id(query.vector)}"
    if not context.tasks.is_running(key):  # a double click enrolls once
        enroll(context, name, batch, lambda report: mark_added(context, query, report), key=key)


def mark_added(context: Context, query: FaceQuery, report: EnrolmentReport) -> None:
    """This query is enrolled now; the rest is read anew from the gallery."""
    made = tuple((face, report.name) for face in report.face_ids)
    record = replace(query.record, faces=(*query.record.faces, *made))
    context.state.update_query(query, made=(*query.made, *report.face_ids), record=record)


def enroll(
    context: Context,
    name: str,
    batch: FaceBatch,
    enrolled: Callable[[EnrolmentReport], None],
    stopped: Callable[[], None] = lambda: None,
    key: str = "",
    elsewhere: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Add faces to a new or known identity; ``stopped`` is called where nothing was added.

    Args:
        elsewhere: names of other identities for some of the rows.
    """
    Change(
        f"Enrolling {name}",
        lambda gallery, reporter: gallery.enroll(
            name, batch, elsewhere=elsewhere, reporter=reporter
        ),
        key,
    ).run(context, enrolled, stopped=stopped)


def reject(context: Context) -> None:
    """The shown query is not the chosen candidate; the next one comes forward."""
    query = context.state.query
    candidate = query.candidate if query is not None and query.is_rejectable else None
    if query is None or candidate is None:
        return
    key = f"reject {id(query.vector)}"
    if not context.tasks.is_running(key):
        Change(
            f"Saving “not {candidate.name}”",
            lambda gallery, _: gallery.corrections.reject(query.vector, candidate.identity_id),
            key,
            changes=lambda _: _DECISION,
        ).run(context)


def take_back(context: Context) -> None:
    """Take back what was last said of the shown query: who it is, or who it is not."""
    query = context.state.query
    if query is not None and query.added_faces:
        Change(
            f"Undoing the addition to {query.added_to}",
            lambda gallery, _: gallery.corrections.remove(query.added_faces),
        ).run(context)
    elif query is not None and query.rejected:
        identity, name = query.rejected[-1]
        Change(
            f"Undoing “not {name}”",
            lambda gallery, _: gallery.corrections.unreject(query.vector, identity),
            changes=lambda _: _DECISION,
        ).run(context)


@dataclass(frozen=True)
class FacesRead:
    """Faces that may be enrolled.

    Attributes:
        batch: all of them.
        rejected: files that cannot be used, with the reason.
        left: why rows are left out until the person takes them in.
    """

    batch: FaceBatch
    rejected: tuple[Rejection, ...] = ()
    left: Mapping[int, LeftOut] = field(default_factory=dict)


def read_faces(context: Context, paths: Sequence[Path], done: Callable[[FacesRead], None]) -> None:
    """Read the files of an enrolment; those that cannot be read come back with the reason."""

    def work(gallery: Gallery, reporter: Reporter) -> FacesRead:
        read = gallery.queries.read_all(paths, reporter=reporter)
        rejected = tuple(Rejection(error.file or "", error.reason) for error in read.errors)
        main = set(gallery.queries.main_rows(read.batch))
        left = {
            row: reason
            for row, photo in enumerate(read.batch.photos)
            if (reason := _left_out(photo, main=row in main)) is not None
        }
        return FacesRead(read.batch, rejected, left)

    Query("Reading faces", work, shown=True).run(context, done)


def _left_out(photo: Path | DetectedFace | None, *, main: bool) -> LeftOut | None:
    if not isinstance(photo, DetectedFace):
        return None
    if not main:
        return "not-main"
    return "small" if photo.quality.size < ENROLLED_SIDE else None


def check_enrolment(
    context: Context,
    name: str,
    batch: FaceBatch,
    elsewhere: Mapping[int, str],
    done: Callable[[tuple[Advice, ...]], None],
    refused: Callable[[FaceGalleryError], None],
) -> None:
    """What the person should know before these faces get these names."""

    def failed(error: BaseException) -> None:
        if isinstance(error, FaceGalleryError):
            refused(error)
        else:
            context.failed(error)

    Query(
        "Checking faces",
        lambda gallery, reporter: gallery.enrolment.check(
            name, batch, elsewhere=elsewhere, reporter=reporter
        ),
        "check-enrolment",
        shown=True,
    ).run(context, done, failed=failed)
