"""Load queries, identify them, and act on the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import EmbeddingError, FaceGalleryError, UnknownIdentityError
from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.types import Face, FaceBatch, Identification, Method
from gallery_app import settings
from gallery_app.operations.context import Context
from gallery_app.operations.stale_target import by_method, follow_method, unless_gone
from gallery_app.state import Query


def open_queries(context: Context, paths: Sequence[Path]) -> None:
    """Reads every vector of the files (folders: all in them) and identifies them."""
    gallery = context.gallery

    def work(reporter: Reporter) -> tuple[list[Query], list[FaceGalleryError]]:
        queries: list[Query] = []
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

    def done(read: tuple[list[Query], list[FaceGalleryError]]) -> None:
        queries, errors = read
        if queries:
            context.state.set_queries(queries)
            identify_all(context)
        if errors:
            context.failed(errors[0] if len(errors) == 1 else _several(errors))

    context.tasks.run("Reading queries", work, done=done, failed=context.failed, key="read")


def _query(batch: FaceBatch, row: int, label: str) -> Query:
    photo = batch.photos[row]
    return Query(batch.vectors[row], label, batch.files[row], batch.rows[row], photo)


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
            "There are no vectors in this folder",
            file=paths[0],
            remedy="Choose .npy, .npz or .csv files, or a folder that has some.",
        )
    return files


def _vector_files(folder: Path, reporter: Reporter) -> Iterator[Path]:
    for seen, inner in enumerate(folder.rglob("*")):
        if seen % 200 == 0:
            reporter.progress("Looking for vectors", seen, 0)
        if inner.suffix.lower() in _SUFFIXES:
            yield inner


_SUFFIXES = {".npy", ".npz", ".csv"}


def ask_about_face(context: Context, face: int) -> None:
    """Identifies an enrolled face as if it were not enrolled."""
    gallery = context.gallery

    def work(_: Reporter) -> Query:
        found = _enrolled(gallery, face)
        return Query(gallery.vector(face), _label(found), found.file, face=face)

    def done(query: Query) -> None:
        context.state.set_queries([query])
        identify_all(context)

    context.tasks.run("Identifying", work, done=done, failed=unless_gone(context), key="read")


def _enrolled(gallery: Gallery, face: int) -> Face:
    listed = gallery.faces_by_id([face])
    if not listed:
        raise UnknownIdentityError("This face is no longer enrolled", remedy="Choose another.")
    return listed[0]


def _label(face: Face) -> str:
    return f"{Path(face.file).name}, enrolled as {face.name}"


def identify_all(context: Context) -> None:
    """Answers every query of the list by the gallery as it is now; what is shown stays until
    then.
    """
    state, gallery = context.state, context.gallery
    queries, fpir, asked = list(state.queries), state.fpir, state.method
    if not queries:
        return

    def ask(method: Method) -> Sequence[Identification]:
        if queries[0].face is not None:
            return [gallery.identify_enrolled(queries[0].face, method=method, fpir=fpir)]
        vectors = np.stack([query.vector for query in queries])
        return gallery.identify(vectors, method=method, fpir=fpir)

    def work(_: Reporter) -> tuple[Method, list[Query]]:
        method, answers = by_method(gallery, asked, ask)
        records = gallery.vector_records(np.stack([query.vector for query in queries]))
        rows = zip(queries, answers, records, strict=True)
        answered = [replace(query, answer=one, record=record) for query, one, record in rows]
        if queries[0].face is not None:
            face = _enrolled(gallery, queries[0].face)
            answered = [replace(answered[0], label=_label(face), enrolled_as=face.name)]
        return method, answered

    def done(outcome: tuple[Method, list[Query]]) -> None:
        method, answered = outcome
        if [id(one.vector) for one in answered] == [id(one.vector) for one in state.queries]:
            state.set_answers(answered)
        follow_method(context, asked, method)

    context.tasks.run(
        "Identifying",
        work,
        done=done,
        failed=unless_gone(context, lambda: clear_queries(context)),
        key="identify",
        shown=any(query.answer is None for query in queries),
    )


def clear_queries(context: Context) -> None:
    """Empties the query panel."""
    context.state.set_queries([])


def set_strictness(context: Context, fpir: float) -> None:
    """Another FPIR: all answers are given anew."""
    context.state.set_fpir(fpir)
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
