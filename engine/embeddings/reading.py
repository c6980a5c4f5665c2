"""One file of queries read strictly, or many sources of faces with the bad ones left out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.embeddings.csv_table import read_csv
from engine.embeddings.npz import read_npz
from engine.embeddings.opening import printable, unreadable
from engine.embeddings.photos import photo_beside
from engine.embeddings.pieces import Piece, join, of_one_dimension
from engine.embeddings.tree import (
    VectorFile,
    folder_identity,
    read_tree,
    read_vector_file,
)
from engine.errors import EmbeddingError, IdentityNameError, InputError
from engine.progress import SILENT, Reporter
from engine.records.names import check_name, lookalikes, shown_name
from engine.tools.columns import Coded
from engine.types import FaceBatch, Rejection

_NAMES_REMEDY = "Give every row the name of its person."
_NAMED = 3  # errors told in one message
_Read = tuple[list[Piece], list[InputError]]


@dataclass(frozen=True)
class Reading:
    """What came out of the sources.

    Attributes:
        batch: every usable face, in the order of the sources.
        rejected: files and rows that were left out, and why.
        notices: sentences for the person, such as names that look alike.
    """

    batch: FaceBatch
    rejected: tuple[Rejection, ...]
    notices: tuple[str, ...]


def read_file(path: str | Path, *, dimension: int | None = None) -> FaceBatch:
    """The embeddings of one ``.npy``, ``.npz`` or ``.csv`` file, all of them or none.

    Names are None where the file gives none (always for ``.npy``); they are not checked. A
    ``.npy`` of a single embedding has the photo beside it.

    Args:
        dimension: the dimension needed, None for any.

    Raises:
        EmbeddingError: naming the file, what is wrong and the remedy.
        MismatchError: embeddings of another dimension.
    """
    file = os.fspath(path)
    piece, refused = _read_file(file, dimension, SILENT)
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
    sources: Sequence[str | Path], *, dimension: int | None = None, reporter: Reporter = SILENT
) -> Reading:
    """The faces of folder trees, ``.npz``, ``.csv`` and single ``.npy`` files.

    A face's identity is the folder that directly holds its ``.npy`` (the source folder itself
    included), or its name in the table. What cannot be used is left out and listed: a file, or
    a row of a table.

    Args:
        dimension: the dimension needed; None takes that of most faces.

    Raises:
        EmbeddingError: a source does not exist, or is a folder without any ``.npy``.
        CancelledError: asked for through the reporter.
    """
    pieces: list[Piece] = []
    errors: list[InputError] = []
    for source in sources:
        found, refused = _read_source(os.fspath(source), dimension, reporter)
        pieces += found
        errors += refused
    kept, mismatched = of_one_dimension(pieces, dimension)
    batch, unusable = join(kept, dimension, reporter)
    errors += [*mismatched, *unusable]
    rejected = tuple(Rejection(printable(error.file or ""), error.reason) for error in errors)
    return Reading(batch, rejected, _notices(batch.names))


def _read_source(source: str, dimension: int | None, reporter: Reporter) -> _Read:
    if os.path.isdir(source):
        return read_tree(source, reporter)
    try:
        os.stat(source)
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from None
    try:
        if _suffix(source) == ".npy":
            return [_read_single(source)], []
        piece, refused = _read_file(source, dimension, reporter)
        named, nameless = _with_names(piece)
    except InputError as error:
        return [], [error]
    return [named], [*refused, *nameless]


def _read_single(path: str) -> Piece:
    name = folder_identity(os.path.dirname(os.path.abspath(path)))
    return read_vector_file(VectorFile(path, name, photo_beside(path)))


def _read_file(
    path: str, dimension: int | None, reporter: Reporter
) -> tuple[Piece, list[InputError]]:
    suffix = _suffix(path)
    if suffix == ".npy":
        return read_vector_file(VectorFile(path, None, photo_beside(path))), []
    if suffix == ".npz":
        return read_npz(path, reporter), []
    if suffix == ".csv":
        return read_csv(path, dimension, reporter)
    raise EmbeddingError(
        "It is no file of embeddings",
        file=path,
        remedy="Hand in a .npy, .npz or .csv file, or a folder of .npy files.",
    )


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _with_names(piece: Piece) -> tuple[Piece, list[InputError]]:
    """The rows of a table that have a name to enrol under, as it will be shown.

    Raises:
        EmbeddingError: no row has a name at all.
    """
    piece.names = names = Coded.of(piece.names)
    if all(name is None for name in names.values):
        raise EmbeddingError("It has no names", file=piece.path, remedy=_NAMES_REMEDY)
    checked = [_checked(name) for name in names.values]
    wrong = np.array([not isinstance(one, str) for one in checked])[names.codes]
    refused: list[InputError] = []
    for row in np.flatnonzero(wrong).tolist():
        error = checked[names.codes[row]]
        assert isinstance(error, IdentityNameError)
        refused.append(piece.refusal(row, error.problem, error.remedy))
    named = piece.take(np.flatnonzero(~wrong)) if refused else piece
    named.names = Coded.of(named.names).mapped(lambda name: shown_name(name or ""))
    return named, refused


def _checked(name: str | None) -> str | IdentityNameError:
    try:
        return check_name(shown_name(name or ""))
    except IdentityNameError as error:
        return error


def _notices(names: Sequence[str | None]) -> tuple[str, ...]:
    distinct = names.values if isinstance(names, Coded) else set(names)
    groups = lookalikes(name for name in distinct if name is not None)
    return tuple(
        f"{' and '.join(f'“{name}”' for name in group)} differ only in upper and lower case or "
        "in Unicode form. If they are one person, merge them."
        for group in groups
    )
