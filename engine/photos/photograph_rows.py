"""Faces found in photographs as rows of a batch, as those of any other file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engine.errors import InputError, NoFaceError, PhotoError
from engine.formats.batch_pieces import Piece
from engine.formats.photo_files import PhotographFile
from engine.photos.network_files import DIMENSION
from engine.photos.photo_workers import PhotoWorkers
from engine.progress import Reporter
from engine.records.detections import (
    ENROLLED_SIDE,
    DetectedFace,
    DetectionMode,
    PhotographFaces,
    vectors_of,
)
from engine.records.types import FaceBatch

READING = "Looking for faces"
_NO_FACE = "Use a photograph in which the face is larger, or seen more from the front."


def as_batch_of(faces: Sequence[DetectedFace], name: str | None = None) -> FaceBatch:
    """Return faces as a batch, in their order; a row's number is that of the face."""
    return FaceBatch(
        vectors_of(faces, DIMENSION),
        [name] * len(faces),
        [face.photograph.file for face in faces],
        [face.number for face in faces],
        list(faces),
    )


def all_faces(read: PhotographFaces) -> FaceBatch:
    """Return all faces of a photograph as a batch.

    Raises:
        NoFaceError: there is none.
    """
    if not read.faces:
        raise no_face(read.photograph.file)
    return as_batch_of(read.faces)


def main_face(read: PhotographFaces) -> DetectedFace:
    """Return the face that a photograph is most likely of: large, and near the middle.

    Raises:
        NoFaceError: there is none.
    """
    if not read.faces:
        raise no_face(read.photograph.file)
    middle = np.array([read.photograph.width, read.photograph.height]) / 2

    def weight(face: DetectedFace) -> float:
        box = face.box
        centre = np.array([box.x + box.width / 2, box.y + box.height / 2])
        away = np.linalg.norm(centre - middle) / np.linalg.norm(middle)
        return float(box.side * (1 - away / 2))

    return max(read.faces, key=weight)


def no_face(file: str) -> NoFaceError:
    """Return what is wrong with a photograph without faces."""
    return NoFaceError("No face found", file=file, remedy=_NO_FACE)


class MainFaceEmbedder:
    """Makes vectors of photographs of one person each: of their main face.

    Attributes:
        crowded: the photographs with several faces, of which one was taken, and how many they have.
    """

    def __init__(
        self,
        workers: PhotoWorkers,
        mode: DetectionMode = "thorough",
        beforehand: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Args:
            beforehand: called before the first photograph is read; may refuse them all.
        """
        self._workers = workers
        self._mode = mode
        self._beforehand = beforehand
        self.crowded: list[tuple[str, int]] = []

    def __call__(
        self, files: Sequence[PhotographFile], reporter: Reporter
    ) -> tuple[list[Piece], list[InputError]]:
        """Return a row for each photograph with a face, and what is wrong with the others."""
        self._beforehand()
        pieces: list[Piece] = []
        refused: list[InputError] = []
        for result in self._pieces(files, reporter):
            if isinstance(result, Piece):
                pieces.append(result)
            else:
                refused.append(result)
        return pieces, refused

    def notices(self) -> tuple[str, ...]:
        """Return a sentence on the photographs with several faces."""
        if not self.crowded:
            return ()
        file, faces = self.crowded[0]
        if len(self.crowded) == 1:
            return (f"{file}: it shows {faces} faces; the largest one near the middle is taken.",)
        return (
            f"{len(self.crowded):,} photographs show several faces, such as {file}; of each the "
            "largest one near the middle is taken.",
        )

    def _pieces(
        self, files: Sequence[PhotographFile], reporter: Reporter
    ) -> Iterator[Piece | InputError]:
        read = self._workers.read_all([file.path for file in files], self._mode, reporter)
        for done, (file, (_, outcome)) in enumerate(zip(files, read, strict=True)):
            reporter.progress(READING, done, len(files))
            if isinstance(outcome, PhotoError):
                yield outcome
                continue
            try:
                face = main_face(outcome)
            except NoFaceError as error:
                yield error
                continue
            if face.quality.size < ENROLLED_SIDE:
                yield _too_small(face)
                continue
            if len(outcome.faces) > 1:
                self.crowded.append((face.photograph.file, len(outcome.faces)))
            yield _piece(face, file.name)


def _too_small(face: DetectedFace) -> PhotoError:
    return PhotoError(
        f"The face is only {face.quality.size:.0f} pixels large, and {ENROLLED_SIDE} are needed to "
        "be sure of it",
        file=face.photograph.file,
        remedy="Enroll it by itself if you want it all the same.",
    )


def _piece(face: DetectedFace, name: str | None) -> Piece:
    batch = as_batch_of([face], name)
    file = batch.files[0]
    return Piece(file, batch.vectors, batch.names, batch.files, batch.rows, batch.photos, "", [1])
