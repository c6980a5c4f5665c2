"""Photographs of a gallery: faces found in them, and whether they compare with its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.enrolment.embedding_check import EmbeddingCheck
from engine.photos.network_files import are_photographs_readable
from engine.photos.photo_workers import Outcome, PhotoWorkers
from engine.photos.photograph_rows import all_faces
from engine.progress import SILENT, Reporter
from engine.records.detections import DetectionMode, PhotographFaces
from engine.records.types import FaceBatch


class Photographs:
    """Finds faces in photographs that are to be held against a gallery."""

    def __init__(self, network: EmbeddingCheck, workers: PhotoWorkers) -> None:
        self._network = network
        self._workers = workers

    @property
    def readable(self) -> bool:
        """Whether what finds faces is installed."""
        return are_photographs_readable()

    def read(
        self,
        file: str | Path,
        *,
        mode: DetectionMode = "thorough",
        reporter: Reporter = SILENT,
    ) -> PhotographFaces:
        """Find the faces of a photograph; there may be none.

        Raises:
            PhotoError: it cannot be used. PhotographsMissingError.
            MismatchError: the gallery's faces were made by another network.
            WorkerError, CancelledError.
        """
        self._network.check_photographs()
        return self._workers.read(file, mode, reporter)

    def read_all(
        self,
        files: Iterable[str | Path],
        *,
        mode: DetectionMode = "thorough",
        reporter: Reporter = SILENT,
    ) -> Iterator[tuple[str, Outcome]]:
        """Find the faces of photographs, in the order given, several at once.

        Yields:
            each file with its faces, or with what is wrong with it.

        Raises:
            PhotographsMissingError, MismatchError, WorkerError, CancelledError.
        """
        self._network.check_photographs()
        return self._workers.read_all(files, mode, reporter)

    def read_queries(
        self,
        file: str | Path,
        *,
        mode: DetectionMode = "thorough",
        reporter: Reporter = SILENT,
    ) -> FaceBatch:
        """Read all faces of a photograph as queries, from left to right.

        Raises:
            NoFaceError: there is none. As :meth:`read` besides.
        """
        return all_faces(self.read(file, mode=mode, reporter=reporter))
