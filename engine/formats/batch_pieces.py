"""Rows read from one file on their way into a batch, with the words to name each of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import EmbeddingError, IdentityNameError, InputError, NameColumnError
from engine.formats import checks
from engine.formats.lazy_rows import AT_ONCE, chosen_faces, chosen_rows, joined, parts
from engine.formats.name_column import REMEDY as _NAMES_REMEDY
from engine.progress import SILENT, Reporter
from engine.records.detections import DetectedFace
from engine.records.names import check_name, shown_name
from engine.records.types import FaceBatch, Ids, Rows
from engine.utils.packed_columns import Coded, chained, chosen

READING = "Reading"
CHECKING = "Checking embeddings"
_NO_NAMES_REMEDY = "Give each row the name of a person."


@dataclass(slots=True)
class Piece:
    """The rows of one file.

    Attributes:
        path: the file.
        vectors: float32 ``(n, d)``, values not checked.
        names, files, rows, photos: ``n`` of each, as in FaceBatch.
        unit: what a row is called in this file: "Row", "Line", or "" where it is all there is.
        numbers: the ``n`` numbers of the rows in that unit.
        columns: what can hold the names, as a person calls it; none where there is no choice.
        column: the one of these that does.
        one_person: all of its rows get the name of their folder.
    """

    path: str
    vectors: Rows
    names: Sequence[str | None]
    files: Sequence[str]
    rows: Sequence[int]
    photos: Sequence[Path | DetectedFace | None]
    unit: str
    numbers: Sequence[int]
    columns: tuple[str, ...] = ()
    column: str | None = None
    one_person: bool = False

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dimension(self) -> int:
        return int(self.vectors.shape[1])

    def take(self, kept: Ids) -> Piece:
        """The rows at these positions ``(m,)``."""
        return Piece(
            self.path,
            chosen_rows(self.vectors, kept),
            chosen(self.names, kept),
            chosen(self.files, kept),
            chosen(self.rows, kept),
            chosen(self.photos, kept),
            self.unit,
            chosen(self.numbers, kept),
            self.columns,
            self.column,
            self.one_person,
        )

    def refusal(self, position: int, problem: str, remedy: str) -> EmbeddingError:
        """Why the row at this position is left out."""
        if not self.unit:
            return EmbeddingError(problem, file=self.path, remedy=remedy)
        return row_refusal(self.path, self.unit, self.numbers[position], problem, remedy)


def row_refusal(path: str, unit: str, number: int, problem: str, remedy: str) -> EmbeddingError:
    """Why one row of a file is left out."""
    problem = f"{unit} {number}: {problem[0].lower()}{problem[1:]}"
    return EmbeddingError(problem, file=path, remedy=remedy)


def bare_piece(path: str, label: str, vectors: Rows, name: str | None) -> Piece:
    """The rows ``(n, d)`` of a ``.npy`` file, all of one name and without photographs."""
    count = len(vectors)
    unit = "Row" if count > 1 else ""
    rows = range(count)
    return Piece(path, vectors, [name] * count, [label] * count, rows, [None] * count, unit, rows)


def with_names(piece: Piece) -> tuple[Piece, list[InputError]]:
    """The rows of a table that have a name to enrol under, as it will be shown.

    Raises:
        NameColumnError: no row has a name at all.
    """
    piece.names = names = Coded.of(piece.names)
    if all(name is None for name in names.values):
        raise NameColumnError(
            "It has no names",
            file=piece.path,
            remedy=_NAMES_REMEDY if piece.columns else _NO_NAMES_REMEDY,
            columns=piece.columns,
        )
    checked = [_checked(name) for name in names.values]
    wrong = np.array([not isinstance(name, str) for name in checked])[names.codes]
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


def of_one_dimension(
    pieces: Sequence[Piece], dimension: int | None
) -> tuple[list[Piece], list[InputError]]:
    """Separate pieces of the dimension (None: that of most faces) from all others."""
    if dimension is None:
        counts: Counter[int] = Counter()
        for piece in pieces:
            counts[piece.dimension] += len(piece)
        dimension = counts.most_common(1)[0][0] if counts else 0
    kept = [piece for piece in pieces if piece.dimension == dimension]
    others = (piece for piece in pieces if piece.dimension != dimension)
    return kept, [checks.mismatch(piece.dimension, dimension, piece.path) for piece in others]


def join(
    pieces: Sequence[Piece], dimension: int | None, reporter: Reporter = SILENT
) -> tuple[FaceBatch, list[InputError]]:
    """All rows of pieces of one dimension in one batch; those that are no faces are left out.

    Raises:
        EmbeddingError: a file was changed after it was opened. CancelledError.
    """
    if not pieces:
        return FaceBatch(np.empty((0, dimension or 0), dtype=np.float32), [], [], [], []), []
    batch = FaceBatch(
        joined([piece.vectors for piece in pieces]),
        chained([piece.names for piece in pieces]),
        chained([piece.files for piece in pieces]),
        chained([piece.rows for piece in pieces]),
        chained([piece.photos for piece in pieces]),
    )
    good = _usable(batch.vectors, reporter)
    if good.all():
        return batch, []
    ends = list(accumulate(len(piece) for piece in pieces))
    refused: list[InputError] = []
    for row in np.flatnonzero(~good).tolist():
        owner = bisect_right(ends, row)
        position = row - ends[owner] + len(pieces[owner])
        vector = batch.vectors[row]
        if checks.usable(vector[None])[0]:
            refused.append(pieces[owner].refusal(position, checks.WHOLE, checks.WHOLE_REMEDY))
        else:
            refused.append(pieces[owner].refusal(position, checks.fault(vector), checks.REMEDY))
    return chosen_faces(batch, np.flatnonzero(good)), refused


def _usable(vectors: Rows, reporter: Reporter) -> npt.NDArray[np.bool_]:
    good = [np.ones(0, dtype=np.bool_)]  # of no rows at all
    for done, part in enumerate(parts(vectors)):
        reporter.progress(CHECKING, done * AT_ONCE, len(vectors))
        good.append(checks.usable(part) & ~checks.whole(part))
    reporter.progress(CHECKING, len(vectors), len(vectors))
    return np.concatenate(good)
