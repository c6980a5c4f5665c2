"""The nouns of the field, as small records shared by all of the engine.

They are frozen, but for those that an answer is made of: a query makes a dozen, and freezing them
takes three times as long (1.2 against 0.4 µs each). Nobody changes them all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from engine.records.advice import Advice

if TYPE_CHECKING:
    from engine.records.detections import DetectedFace

LARGEST_DIMENSION = 65_536
"""Of the embeddings that a gallery can hold."""
Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


class Rows(Protocol):
    """Float32 vectors ``(n, d)``: an array, or a file that is read when rows are asked for."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: int | slice | list[int] | Ids, /) -> Vectors: ...


Distance = Literal["cosine", "euclidean"]
Strangers = Literal["at-large", "alike"]
"""For whom a share of wrongly named strangers is promised: people at large, or people who are like
those enrolled, such as colleagues."""
Method = Literal["auto", "knn", "mlp", "triplet"]
METHOD_NAMES: Mapping[str, str] = {
    "auto": "auto", "knn": "k-NN", "mlp": "MLP", "triplet": "triplet",
}  # fmt: skip
"""As people read them."""
Verdict = Literal["known", "unknown"]


@dataclass(frozen=True)
class FaceBatch:
    """Embeddings on their way in, one row a face.

    Attributes:
        vectors: float32, shape ``(n, d)``, as they came (not normalised), all finite. Those of a
            large file stay there; asking for rows then raises EmbeddingError where it was changed.
        names: ``n`` identity names; None where the source gives none (a bare query file).
        files: ``n`` labels of where each row came from (a path, or the table's own label).
        rows: ``n`` row numbers inside that file, from 0.
        photos: ``n`` paths of the photograph beside the vector, or the faces in photographs that
            the vectors were made of; None where there is neither.
    """

    vectors: Rows
    names: Sequence[str | None]
    files: Sequence[str]
    rows: Sequence[int]
    photos: Sequence[Path | DetectedFace | None]

    def __len__(self) -> int:
        return len(self.vectors)

    @classmethod
    def joined(cls, batches: Sequence[FaceBatch], dimension: int) -> FaceBatch:
        """Join batches, in their order.

        Args:
            dimension: of the vectors where there is no batch.
        """
        none = np.empty((0, dimension), dtype=np.float32)
        return cls(
            np.concatenate([none, *(batch.vectors[:] for batch in batches)]),
            [name for batch in batches for name in batch.names],
            [file for batch in batches for file in batch.files],
            [row for batch in batches for row in batch.rows],
            [photo for batch in batches for photo in batch.photos],
        )

    def take(self, rows: Sequence[int]) -> FaceBatch:
        """Some of the rows, in the order given."""
        return FaceBatch(
            self.vectors[list(rows)],
            [self.names[row] for row in rows],
            [self.files[row] for row in rows],
            [self.rows[row] for row in rows],
            [self.photos[row] for row in rows],
        )


@dataclass(frozen=True)
class Rejection:
    """One file (or row) that was left out, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Identity:
    """An enrolled person.

    Attributes:
        portrait: id of the face that stands for it.
        note: a person's words about it, "" where there are none.
        chosen: whether a person chose the portrait.
    """

    id: int
    name: str
    faces: int
    portrait: int | None
    note: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Face:
    """One enrolled sample. ``added`` is in seconds since the epoch (UTC)."""

    id: int
    identity_id: int
    name: str
    file: str
    row: int
    added: float
    has_photo: bool


@dataclass(frozen=True)
class Neighbours:
    """Nearest faces for ``m`` queries, nearest first.

    Attributes:
        ids: int64 ``(m, k)``, face ids.
        distances: float32 ``(m, k)``, in the gallery's distance.
    """

    ids: Ids
    distances: Vectors


@dataclass(slots=True, unsafe_hash=True)
class Evidence:
    """An enrolled face that voted, and its distance to the query."""

    face: int
    identity_id: int
    name: str
    distance: float


@dataclass(slots=True, unsafe_hash=True)
class Candidate:
    """An identity offered for a query.

    Attributes:
        score: similarity used for ranking, higher is nearer; comparable within one gallery.
        confidence: calibrated probability in [0, 1] that the query is this person, or None
            where the gallery is too small to calibrate one.
        distance: from the query to the nearest face of this identity among the evidence,
            else to the mean of its faces, in the gallery's distance.
    """

    identity_id: int
    name: str
    score: float
    confidence: float | None
    distance: float


@dataclass(frozen=True)
class Opinion:
    """What one method alone says to a query: its first candidate and its verdict."""

    method: str
    name: str | None
    verdict: Verdict
    confidence: float | None


@dataclass(slots=True, unsafe_hash=True)
class Identification:
    """The answer to one query.

    Attributes:
        verdict: "known" when the first candidate passes the threshold for the asked FPIR.
        name: the first candidate's name when known, else None.
        confidence: that of the first candidate (also when unknown), None when not calibrated.
        candidates: best first.
        evidence: the k nearest enrolled faces, nearest first.
        fpir: the FPIR that the verdict stands for: the asked one, or the smallest this gallery
            can promise where that is larger.
        method: what gave the answer; for ``auto`` what it stands for, such as ``knn + triplet``.
        note: one sentence where the answer needs a caveat (gallery too small ...), else "".
        opinions: what each method alone says, when there are several.
    """

    verdict: Verdict
    name: str | None
    confidence: float | None
    method: str
    candidates: tuple[Candidate, ...]
    evidence: tuple[Evidence, ...]
    fpir: float
    note: str = ""
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True)
class VectorRecord:
    """What a gallery holds about exactly one vector, bit by bit.

    Attributes:
        faces: id and identity name of the faces enrolled with it, by face id.
        rejected: id and name of the identities that it was said not to be, in that order.
    """

    faces: tuple[tuple[int, str], ...] = ()
    rejected: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Duplicate:
    """A face that is already enrolled as the same name, and was left out."""

    file: str
    name: str


@dataclass(frozen=True)
class Conflict:
    """One vector under two names; both are kept and the person is told."""

    file: str
    name: str
    other_name: str


@dataclass(frozen=True)
class Added:
    """What a store change added. Ids run in the order of the batch's rows that were kept."""

    face_ids: Ids
    identity_ids: Ids
    rows: Ids
    new_identities: tuple[str, ...] = ()
    duplicates: Sequence[Duplicate] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do when ``dry_run``."""

    faces_added: int
    identities_added: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    notices: tuple[str, ...]
    seconds: float
    dry_run: bool = False


@dataclass(frozen=True)
class EnrolmentReport:
    """What an enrolment did.

    Attributes:
        warnings: sentences on photographs that were refused, and on how the name was written.
        face_ids: let the caller undo it.
        advice: on the faces, summed up.
    """

    name: str
    faces_added: int
    duplicates: int
    warnings: tuple[str, ...]
    face_ids: tuple[int, ...] = field(default=())
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """What ``check`` found wrong, one sentence a problem; ``repaired`` names what was mended.

    Attributes:
        in_index: those of the problems that a repair mends without any loss.
        in_database: those of people and faces: some may be lost.
        altered: a sentence on each face, decision or unknown query whose stored numbers are not
            those that were kept; a repair takes them out.
        taken_out: such sentences on what it took out.
    """

    problems: tuple[str, ...]
    repaired: tuple[str, ...] = ()
    in_index: tuple[str, ...] = ()
    in_database: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    taken_out: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems
