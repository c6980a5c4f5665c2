"""Load queries, identify them, and act on the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from engine.errors import EmbeddingError, FaceGalleryError, InputError, UnknownIdentityError
from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.types import Face, FaceBatch, Identification, Method, Rejection, Strangers
from gallery_app import settings
from gallery_app.face_queries import FaceQuery, QueryList
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.state import ContentsChange

_SUFFIXES = {".npy", ".npz", ".csv"}
_T = TypeVar("_T")
_Read = tuple[list[FaceQuery], list[FaceGalleryError]]


def open_queries(context: Context, paths: Sequence[Path]) -> None:
    """Read every vector of the files (folders: all in them) and identify them."""

    def work(gallery: Gallery, reporter: Reporter) -> _Read:
        queries: list[FaceQuery] = []
        errors: list[FaceGalleryError] = []
        files = query_files(paths, reporter)
        for number, path in enumerate(files):
            reporter.progress("Reading queries", number, len(files))
            try:
                batch = gallery.read_queries(path)
            except FaceGalleryError as error:
                errors.append(error)
                continue
            for row in range(len(batch)):
                label = path.name if len(batch) == 1 else f"{path.name} · row {row + 1}"
                queries.append(_query(batch, row, label))
        return queries, errors

    def done(read: _Read) -> None:
        queries, errors = read
        if queries:
            context.state.set_queries(queries, [*map(_rejection, errors)])
            identify_all(context)
        if errors:
            context.failed(errors[0] if len(errors) == 1 else _several(errors))

    Query("Reading queries", work, "read", shown=True).run(context, done)


def _rejection(error: FaceGalleryError) -> Rejection:
    return Rejection(error.file or "", error.reason)


def _query(batch: FaceBatch, row: int, label: str) -> FaceQuery:
    photo = batch.photos[row]
    return FaceQuery(batch.vectors[row], label, batch.files[row], batch.rows[row], photo)


def query_files(paths: Sequence[Path], reporter: Reporter) -> list[Path]:
    """The files themselves, and for folders every vector file in them."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir() and path.suffix.lower() not in _SUFFIXES:
            files.extend(sorted(_vector_files(path, reporter)))
        else:
            files.append(path)
    if not files:
        raise EmbeddingError(
            "This folder contains no embeddings",
            file=paths[0],
            remedy="Choose .npy, .npz or .csv files, or a folder that contains some.",
        )
    return files


def _vector_files(folder: Path, reporter: Reporter) -> Iterator[Path]:
    for seen, inner in enumerate(folder.rglob("*")):
        if seen % 200 == 0:
            reporter.progress("Looking for embeddings", seen, 0)
        if inner.suffix.lower() in _SUFFIXES:
            yield inner


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
        return gallery.identify(queries.vectors(), method=method, fpir=fpir, strangers=strangers)

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
