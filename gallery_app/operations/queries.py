"""Load queries, identify them, and act on the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from engine.errors import FaceGalleryError, InputError, UnknownIdentityError
from engine.gallery import Gallery, QueriesRead
from engine.progress import Reporter
from engine.records.detections import DetectedFace
from engine.records.types import Face, FaceBatch, Identification, Method, Rejection, Strangers
from gallery_app import settings
from gallery_app.face_queries import FaceQuery, QueryList
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.state import ContentsChange

_T = TypeVar("_T")


def open_queries(context: Context, paths: Sequence[Path]) -> None:
    """Read every face of the files (folders: all in them) and identify them."""

    def work(gallery: Gallery, reporter: Reporter) -> tuple[QueriesRead, list[FaceQuery]]:
        read = gallery.queries.read_all(paths, reporter=reporter)
        return read, as_queries(read.batch)

    Query("Looking for faces", work, "read", shown=True).run(
        context, lambda found: show_read(context, *found)
    )


def show_read(context: Context, read: QueriesRead, queries: Sequence[FaceQuery]) -> None:
    """Ask about the faces that were read, and tell what could not be.

    Args:
        queries: made of the batch that was read; of a long one that takes a while.
    """
    if queries:
        context.state.set_queries(queries, [*map(_rejection, read.errors)])
        identify_all(context)
    if read.errors:
        context.failed(read.errors[0] if len(read.errors) == 1 else _several(read.errors))
    elif read.remarks:
        context.state.notice.emit(read.remarks[0])


def _rejection(error: FaceGalleryError) -> Rejection:
    return Rejection(error.file or "", error.reason)


def as_queries(batch: FaceBatch) -> list[FaceQuery]:
    """The faces of a batch as queries, each with a label that a person can tell it by."""
    faces = Counter(batch.files)
    return [
        FaceQuery(vector, _place(file, row, photo, faces[file]), file, int(row), photo)
        for vector, file, row, photo in zip(
            batch.vectors[:], batch.files, batch.rows, batch.photos, strict=True
        )
    ]


def _place(file: str, row: int, photo: object, faces: int) -> str:
    name = Path(file).name
    if faces == 1:
        return name
    what = "face" if isinstance(photo, DetectedFace) else "row"
    return f"{name} · {what} {row + 1}"


def ask_about_face(context: Context, face: int) -> None:
    """Identify an enrolled face as if it were not enrolled."""

    def work(gallery: Gallery, _: Reporter) -> FaceQuery:
        found = _enrolled(gallery, face)
        return FaceQuery(gallery.faces.vector(face), _label(found), found.file, face=face)

    def done(query: FaceQuery) -> None:
        context.state.set_queries([query])
        identify_all(context)

    Query("Identifying", work, "read", shown=True).run(context, done)


def _enrolled(gallery: Gallery, face: int) -> Face:
    listed = gallery.faces.by_ids([face])
    if not listed:
        raise UnknownIdentityError("This face is no longer enrolled", remedy="Choose another face.")
    return listed[0]


def _label(face: Face) -> str:
    return f"{Path(face.file).name}, enrolled as {face.name}"


def identify_all(context: Context) -> None:
    """Answer every query of the list by the gallery as it is now; what is shown stays until
    then.
    """
    state = context.state
    queries, asked = state.queries, state.method
    fpir, strangers = state.fpir, state.strangers
    if not len(queries):
        return

    def ask(gallery: Gallery, method: Method) -> Sequence[Identification]:
        if queries.asked[0].face is not None:
            return [
                gallery.recogniser.identify_enrolled(
                    queries.asked[0].face, method=method, fpir=fpir, strangers=strangers
                )
            ]
        return gallery.identify(queries.batch(), method=method, fpir=fpir, strangers=strangers)

    def work(gallery: Gallery, reporter: Reporter) -> tuple[Method, QueryList]:
        method, answers = by_method(gallery, asked, lambda to: ask(gallery, to))
        records, known = gallery.faces.records(queries.vectors()), None
        if queries.asked[0].face is not None:
            face = _enrolled(gallery, queries.asked[0].face)
            known = [replace(queries.asked[0], label=_label(face), enrolled_as=face.name)]
        return method, queries.answered(answers, records, known, reporter)

    def done(outcome: tuple[Method, QueryList]) -> None:
        method, answered = outcome
        if answered.same_as(state.queries):
            state.set_answers(answered)
        follow_method(context, asked, method)

    unanswered = queries.table is None
    Query("Identifying", work, "identify", shown=unanswered).run(
        context, done, stale=lambda: clear_queries(context)
    )


def by_method(gallery: Gallery, method: Method, ask: Callable[[Method], _T]) -> tuple[Method, _T]:
    """Ask by a method, or by ``auto`` where its model was put out of use since it was chosen, also
    while it is asked.

    Returns:
        the method that answered, and the answer.
    """
    if method in gallery.recogniser.methods():
        try:
            return method, ask(method)
        except InputError:
            if method in gallery.recogniser.methods():
                raise
    return "auto", ask("auto")


def follow_method(context: Context, asked: Method, answered: Method) -> None:
    """Read the methods again where the one that was asked is no longer there."""
    if answered != asked == context.state.method:
        context.state.contents_changed.emit(ContentsChange(models=True))


def clear_queries(context: Context) -> None:
    """Empty the query panel."""
    context.state.set_queries([])


def set_strictness(context: Context, fpir: float) -> None:
    """Another FPIR: all answers are given anew."""
    context.state.set_fpir(fpir)
    if context.state.gallery is not None:
        identify_all(context)


def set_strangers(context: Context, strangers: Strangers) -> None:
    """The limit is for other people: all answers are given anew."""
    context.state.set_strangers(strangers)
    if context.state.gallery is not None:
        identify_all(context)


def choose_method(context: Context, method: Method) -> None:
    """Another method, for this gallery and the next ones: all answers are given anew."""
    context.settings.set(settings.METHOD, method)
    use_method(context, method)


def use_method(context: Context, method: Method) -> None:
    """Another method, without remembering it; nothing where it is the one in force."""
    if method != context.state.method:
        context.state.set_method(method)
        identify_all(context)


def _several(errors: Sequence[FaceGalleryError]) -> FaceGalleryError:
    listed = "\n".join(str(error) for error in errors)
    return FaceGalleryError(f"{len(errors)} files could not be read", remedy=listed)
