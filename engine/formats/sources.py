"""One file of queries read strictly, or many sources of faces with the bad ones left out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from engine.errors import EmbeddingError, InputError, NameColumnError
from engine.formats.batch_pieces import Piece, join, of_one_dimension, with_names
from engine.formats.csv_file import read_csv
from engine.formats.folder_tree import (
    VectorFile,
    folder_identity,
    read_single,
    read_tree,
    read_vector_file,
)
from engine.formats.input_file import printable, unreadable
from engine.formats.npz_file import read_npz
from engine.formats.photo_files import (
    PhotographEmbedder,
    PhotographFile,
    has_faces_to_find,
    photo_beside,
)
from engine.progress import SILENT, Reporter
from engine.records.names import lookalikes, shown_name
from engine.records.types import FaceBatch, Rejection, Rows
from engine.utils.packed_columns import Coded

_NAMED = 3  # errors told in one message
_Read = tuple[list[Piece], list[InputError]]


@dataclass(frozen=True)
class SourcesRead:
    """What came out of the sources.

    Attributes:
        batch: every usable face, in the order of the sources.
        rejected: files and rows that were left out, and why.
        notices: sentences for the person, such as names that look alike.
        columns: columns and arrays that can hold the names, as a person calls them.
        column: the one of these that does; None where none does, or not the same in all sources.
        one_person: files of many faces that all get the name of their folder.
    """

    batch: FaceBatch
    rejected: tuple[Rejection, ...]
    notices: tuple[str, ...]
    columns: tuple[str, ...] = ()
    column: str | None = None
    one_person: tuple[tuple[str, Rows], ...] = ()


def read_file(
    path: str | Path, *, dimension: int | None = None, name_column: str | None = None
) -> FaceBatch:
    """The embeddings of one ``.npy``, ``.npz`` or ``.csv`` file, all of them or none.

    Names are None where the file gives none (always for ``.npy``); they are not checked. A
    ``.npy`` of a single embedding has the photo beside it.

    Args:
        dimension: the dimension needed, None for any.
        name_column: column or array of the names, None to recognise it.

    Raises:
        NameColumnError: it is in doubt which column or array holds the names.
        EmbeddingError: naming the file, what is wrong and the remedy.
        MismatchError: embeddings of another dimension.
    """
    file = os.fspath(path)
    piece, refused = _read_file(file, dimension, SILENT, name_column)
    piece.names = Coded.of(piece.names).mapped(lambda name: name and shown_name(name))
    kept, mismatched = of_one_dimension([piece], dimension)
    batch, unusable = join(kept, dimension)
    if errors := [*mismatched, *refused, *unusable]:
        raise _as_one(errors, file)
    return replace(batch, vectors=batch.vectors[:])  # all of them are asked for at once


def _as_one(errors: Sequence[InputError], file: str) -> InputError:
    if len(errors) == 1:
        return errors[0]
    problems = [error.problem for error in errors[:_NAMED]]
    rest = len(errors) - len(problems)
    if rest:
        problems.append(f"and {rest} more")
    return EmbeddingError("; ".join(problems), file=file, remedy=errors[0].remedy)


def read_sources(
    sources: Sequence[str | Path],
    *,
    dimension: int | None = None,
    name_column: str | None = None,
    reporter: Reporter = SILENT,
    embed: PhotographEmbedder | None = None,
) -> SourcesRead:
    """The faces of folder trees, ``.npz``, ``.csv`` and single ``.npy`` files, and photographs.

    A face's identity is the folder that directly holds its ``.npy`` (the source folder itself
    included), its name in the table, or in an array beside one of many faces. What cannot be used
    is left out and listed: a file, or a row of a table.

    Args:
        dimension: the dimension needed; None takes that of most faces.
        name_column: column or array of the names, None to recognise it.
        embed: makes vectors of photographs; without it they are no sources.

    Raises:
        EmbeddingError: a source does not exist, or is a folder without any ``.npy`` or photograph.
        CancelledError: asked for through the reporter.
    """
    pieces: list[Piece] = []
    errors: list[InputError] = []
    for source in sources:
        found, refused = _read_source(os.fspath(source), dimension, reporter, name_column, embed)
        pieces += found
        errors += refused
    kept, mismatched = of_one_dimension(pieces, dimension)
    batch, unusable = join(kept, dimension, reporter)
    errors += [*mismatched, *unusable]
    rejected = tuple(Rejection(printable(error.file or ""), error.reason) for error in errors)
    doubts = [error.columns for error in errors if isinstance(error, NameColumnError)]
    columns = chain.from_iterable((*(piece.columns for piece in pieces), *doubts))
    used = {piece.column for piece in pieces} if not doubts else set()
    return SourcesRead(
        batch,
        rejected,
        _notices(batch.names),
        tuple(dict.fromkeys(columns)),
        used.pop() if len(used) == 1 else None,
        tuple((piece.path, piece.vectors) for piece in kept if piece.one_person),
    )


def _read_source(
    source: str,
    dimension: int | None,
    reporter: Reporter,
    name_column: str | None,
    embed: PhotographEmbedder | None,
) -> _Read:
    if os.path.isdir(source):
        return read_tree(source, reporter, name_column, embed)
    try:
        os.stat(source)
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from None
    try:
        if _suffix(source) == ".npy":
            return read_single(source, name_column)
        if embed is not None and has_faces_to_find(source):
            folder = os.path.dirname(os.path.abspath(source))
            return embed([PhotographFile(source, folder_identity(folder))], reporter)
        piece, refused = _read_file(source, dimension, reporter, name_column)
        named, nameless = with_names(piece)
    except InputError as error:
        return [], [error]
    return [named], [*refused, *nameless]


def _read_file(
    path: str, dimension: int | None, reporter: Reporter, name_column: str | None
) -> tuple[Piece, list[InputError]]:
    suffix = _suffix(path)
    if suffix == ".npy":
        return read_vector_file(VectorFile(path, None, photo_beside(path))), []
    if suffix == ".npz":
        return read_npz(path, dimension, reporter, name_column), []
    if suffix == ".csv":
        return read_csv(path, dimension, reporter, name_column)
    raise EmbeddingError(
        "Not an embeddings file",
        file=path,
        remedy="Use .npy, .npz, .csv or a folder of .npy files.",
    )


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _notices(names: Sequence[str | None]) -> tuple[str, ...]:
    distinct = names.values if isinstance(names, Coded) else set(names)
    if len(distinct) < 2:
        return ()
    groups = lookalikes(name for name in distinct if name is not None)
    return tuple(
        f"{' and '.join(f'“{name}”' for name in group)} look alike. If they are one person, "
        "merge them."
        for group in groups
    )
