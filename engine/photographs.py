"""Photographs of a gallery: folders are scanned for faces, and what was found is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.enrolment.embedding_check import EmbeddingCheck
from engine.enrolment.unknown_faces import UnknownFaces
from engine.errors import EmbeddingError, InputError, PhotoError
from engine.formats.input_file import printable
from engine.photos.folder_watch import FolderWatch
from engine.photos.photo_workers import PhotoWorkers
from engine.photos.photograph_rows import READING
from engine.progress import SILENT, EtaReporter, Reporter, Step
from engine.queries import photograph_files
from engine.recognition.recogniser import Recogniser
from engine.records.changes import Changed
from engine.records.detections import (
    LEAST_SIDE,
    DetectedFace,
    DetectionMode,
    PhotographFaces,
)
from engine.records.scans import PhotographRecord, RescanPreview, ScanReport
from engine.records.types import FaceBatch, Rejection
from engine.store import Store
from engine.store.photographs_table import Unreadable

_AT_ONCE = 32  # photographs kept in one transaction
_SECONDS = 2.0  # between two transactions, so that what was found is seen soon
_FIRST = 0.5  # before the first one

Told = Callable[[ScanReport], None]


def _ignore(_: ScanReport) -> None:
    """Heed no report."""


class Photographs:
    """Scans folders for faces, and tells in which photographs people are."""

    def __init__(
        self,
        store: Store,
        recogniser: Recogniser,
        unknowns: UnknownFaces,
        network: EmbeddingCheck,
        workers: PhotoWorkers,
    ) -> None:
        self._store = store
        self._recogniser = recogniser
        self._unknowns = unknowns
        self._network = network
        self._workers = workers

    # -- what is known -------------------------------------------------------------------------

    def of(self, identity_id: int) -> list[PhotographRecord]:
        """Return the photographs in which a person's enrolled faces were found, the oldest first;
        those without a date last.
        """
        return self._store.photographs.of_identity(identity_id)

    def together(self, one: int, other: int) -> list[PhotographRecord]:
        """Return the photographs that two people are in, the oldest first."""
        return self._store.photographs.together(one, other)

    def faces_of(self, photograph: int) -> PhotographFaces:
        """Return a photograph that was looked at, with its faces from left to right."""
        return self._store.photographs.faces_of(photograph)

    def thumbnail(self, photograph: int) -> bytes | None:
        """Return the whole of a photograph as a small JPEG; None where none is kept."""
        return self._store.photographs.thumbnail(photograph)

    def detected(self, face_ids: Sequence[int]) -> dict[int, DetectedFace]:
        """Return where enrolled faces were found, by the id of the face; others are left out."""
        return self._store.photographs.detected(face_ids)

    def waiting(self) -> tuple[list[int], FaceBatch]:
        """Return ids and faces from scans about which nothing is decided yet."""
        return self._store.photographs.open()

    def count_waiting(self) -> int:
        """Return how many faces from scans nothing is decided about."""
        return self._store.photographs.count_open()

    def settle(self, ids: Sequence[int]) -> None:
        """Ask nothing about these faces any more.

        Raises:
            GalleryReadOnlyError.
        """
        self._store.photographs.settle(ids)

    # -- scanning ------------------------------------------------------------------------------

    def scan(
        self,
        folders: Sequence[str | Path],
        *,
        mode: DetectionMode = "thorough",
        reporter: Reporter = SILENT,
        told: Told = _ignore,
    ) -> ScanReport:
        """Look for faces in the photographs of folders that are new or have changed.

        What is found is kept every few seconds: after a cancellation or a crash the next scan goes
        on where this one was. Faces in whom nobody is recognised join the unknown faces; those of
        known people wait to be confirmed, see :meth:`waiting`. A file that cannot be used is not
        tried again until it changes.

        Args:
            mode: how faces are looked for. Photographs that were looked at in another mode are
                left as they are; see :meth:`prepare_rescan`.
            told: called with what was found so far, each time that some of it was kept.

        Raises:
            EmbeddingError: there is no photograph in the folders. MismatchError: the gallery's
            faces are of another network. PhotographsMissingError, GalleryReadOnlyError,
            WorkerError, CancelledError.
        """
        self._network.check_photographs()
        refused: list[InputError] = []
        files = _files(folders, reporter, refused.append)
        known = self._store.photographs.scanned()
        todo, report = self._changed(files, known, mode, reporter)
        report = replace(
            report, rejected=tuple(Rejection(each.file or "", each.reason) for each in refused)
        )
        reporter = EtaReporter(reporter, (Step(READING, 1.0),))
        for chunk in self._chunks(todo, mode, reporter):
            report = self._keep(chunk, known, mode, report)
            told(report)
        if report.faces:
            self._network.remember_photographs()
        return report

    def _changed(
        self,
        files: Sequence[str],
        known: dict[str, PhotographRecord],
        mode: DetectionMode,
        reporter: Reporter,
    ) -> tuple[list[str], ScanReport]:
        """Return the files to look at, and the report so far."""
        todo, other_mode = [], 0
        for done, file in enumerate(files):
            if done % 256 == 0:
                reporter.progress("Looking for new photographs", done, len(files))
            record = known.get(printable(file))
            if record is None or not _is_as_it_was(file, record):
                todo.append(file)
            elif record.mode != mode and not record.problem:
                other_mode += 1
        return todo, ScanReport(len(files), other_mode=other_mode)

    def _chunks(
        self, files: Sequence[str], mode: DetectionMode, reporter: Reporter
    ) -> Iterator[list[tuple[str, PhotographFaces | PhotoError]]]:
        """Yield what was found a few photographs, or seconds, at a time."""
        chunk: list[tuple[str, PhotographFaces | PhotoError]] = []
        began = time.monotonic() - _SECONDS + _FIRST
        for done, found in enumerate(self._workers.read_all(files, mode, reporter)):
            reporter.progress(READING, done, len(files))
            chunk.append(found)
            if len(chunk) >= _AT_ONCE or time.monotonic() - began > _SECONDS:
                yield chunk
                chunk, began = [], time.monotonic()
        if chunk:
            yield chunk
        reporter.progress(READING, len(files), len(files))

    def _keep(
        self,
        chunk: Sequence[tuple[str, PhotographFaces | PhotoError]],
        known: dict[str, PhotographRecord],
        mode: DetectionMode,
        report: ScanReport,
    ) -> ScanReport:
        """Keep what was found, and sort its faces: known, unknown, too small."""
        found = [outcome for _, outcome in chunk if isinstance(outcome, PhotographFaces)]
        failed = [(file, outcome) for file, outcome in chunk if isinstance(outcome, PhotoError)]
        new = [read for read in found if not _is_same(read, known)]
        for read in found:
            if _is_same(read, known):
                photograph = read.photograph
                self._store.photographs.touch(photograph.file, photograph.size, photograph.modified)
        unreadable = [_unreadable(file, error) for file, error in failed]
        self._store.photographs.add_scanned([*new, *unreadable], mode)
        known_faces, unknown, small = self._sorted(new)
        faces = sum(len(read.faces) for read in new)
        return replace(
            report,
            looked_at=report.looked_at + len(chunk),
            faces=report.faces + faces,
            known=report.known + known_faces,
            unknown=report.unknown + unknown,
            small=report.small + small,
            enrolled=report.enrolled + faces - known_faces - unknown - small,
            rejected=(
                *report.rejected,
                *(Rejection(printable(file), error.reason) for file, error in failed),
            ),
            remarks=(
                *report.remarks,
                *(
                    f"{read.photograph.file}: {remark}"
                    for read in new
                    for remark in read.photograph.remarks
                ),
            ),
        )

    def _sorted(self, new: Sequence[PhotographFaces]) -> tuple[int, int, int]:
        """Put unknown faces on the shelf and settle small ones; return how many are known, unknown
        and small.
        """
        ids, batch = self._store.photographs.open([read.photograph.file for read in new])
        if not ids:
            return 0, 0, 0
        small = [row for row in range(len(ids)) if _side(batch, row) < LEAST_SIDE]
        large = [row for row in range(len(ids)) if row not in set(small)]
        answers = self._identified(batch.take(large)) if large else []
        unknown = [row for row, named in zip(large, answers, strict=True) if not named]
        if unknown:
            self._unknowns.add(batch.take(unknown))
        settled = [ids[row] for row in (*small, *unknown)]
        if settled:
            self._store.photographs.settle(settled)
        return len(large) - len(unknown), len(unknown), len(small)

    def _identified(self, batch: FaceBatch) -> list[bool]:
        """Return of each face whether somebody is recognised in it."""
        photographs = [batch.files[row] for row in range(len(batch))]
        answers = self._recogniser.identify(batch.vectors[:], photographs=photographs)
        return [answer.verdict == "known" for answer in answers]

    def looked_at(
        self, folders: Sequence[str | Path], *, reporter: Reporter = SILENT
    ) -> Iterator[tuple[str, PhotographFaces | PhotoError]]:
        """Yield the photographs of folders with their faces, as they were scanned; those that were
        not, or have changed since, are looked at now, and nothing of that is kept.

        Raises:
            EmbeddingError: there is no photograph. As :meth:`scan` besides.
        """
        self._network.check_photographs()
        files = _files(folders, reporter)
        known = self._store.photographs.scanned()
        kept = {
            file: record
            for file in files
            if (record := known.get(printable(file))) is not None and _is_as_it_was(file, record)
        }
        others = [file for file in files if file not in kept]
        found = self._workers.read_all(others, "thorough", reporter)
        for done, file in enumerate(files):
            reporter.progress(READING, done, len(files))
            if file not in kept:
                yield next(found)
            elif kept[file].problem:
                yield file, PhotoError(kept[file].problem, file=file)
            else:
                yield file, self._store.photographs.faces_of(kept[file].id)

    def watch(self, folders: Sequence[str | Path], changed: Callable[[], object]) -> FolderWatch:
        """Watch folders; call a function, from another thread, after photographs changed.

        Raises:
            InputError: a folder cannot be watched. PhotographsMissingError.
        """
        return FolderWatch(folders, changed)

    # -- looking again -------------------------------------------------------------------------

    def prepare_rescan(
        self,
        folders: Sequence[str | Path],
        mode: DetectionMode,
        *,
        reporter: Reporter = SILENT,
    ) -> RescanPreview:
        """Look in another mode at photographs that were scanned, and return what would differ;
        nothing differs yet. What was found is kept: a second call goes on where this one was.

        Raises:
            As :meth:`scan`.
        """
        self._network.check_photographs()
        known = self._store.photographs.scanned()
        todo = [
            file
            for file in _files(folders, reporter)
            if (record := known.get(printable(file))) is not None
            and mode not in (record.mode, record.prepared)
            and not record.problem
        ]
        for chunk in self._chunks(todo, mode, EtaReporter(reporter, (Step(READING, 1.0),))):
            found = [outcome for _, outcome in chunk if isinstance(outcome, PhotographFaces)]
            self._store.photographs.prepare_again(found, mode)
        return self._store.photographs.prepared(mode)

    def rescan(self, mode: DetectionMode) -> Changed | None:
        """Let what :meth:`prepare_rescan` found count, as one step that can be undone. Faces that
        are enrolled, or were decided about, keep that. None where there is nothing.

        Raises:
            GalleryReadOnlyError.
        """
        changed = self._recogniser.apply(lambda: self._store.photographs.apply_prepared(mode))
        if changed is not None:
            self._sort_waiting()
        return changed

    def _sort_waiting(self) -> None:
        ids, batch = self._store.photographs.open()
        small = [face for row, face in enumerate(ids) if _side(batch, row) < LEAST_SIDE]
        if small:
            self._store.photographs.settle(small)


def _files(
    folders: Sequence[str | Path],
    reporter: Reporter,
    refuse: Callable[[InputError], None] = lambda _: None,
) -> list[str]:
    """Return the photographs of folders, each once.

    Args:
        refuse: called with what is wrong with a folder that cannot be read.
    """
    refused: list[InputError] = []
    files = [
        file for folder in folders for file in photograph_files(folder, reporter, refused.append)
    ]
    for error in refused:
        refuse(error)
    if not files:
        raise next(iter(refused), None) or EmbeddingError(
            "There are no photographs in this folder",
            file=folders[0] if folders else None,
            remedy="Choose a folder with JPEG, PNG, HEIC, TIFF, WebP or AVIF files.",
        )
    return list(dict.fromkeys(files))


def _is_as_it_was(file: str, record: PhotographRecord) -> bool:
    """Whether a file has the size and date that it had when it was looked at."""
    try:
        status = os.stat(file)
    except OSError:  # ordinary: what is wrong with it is told when it is read
        return False
    photograph = record.photograph
    return (status.st_size, status.st_mtime_ns) == (photograph.size, photograph.modified)


def _is_same(read: PhotographFaces, known: dict[str, PhotographRecord]) -> bool:
    """Whether a photograph has the content that it had when it was looked at, in any mode."""
    record = known.get(read.photograph.file)
    return record is not None and record.photograph.digest == read.photograph.digest


def _unreadable(file: str, error: PhotoError) -> Unreadable:
    try:
        status = os.stat(file)
    except OSError:  # ordinary: it is gone, and is looked for again next time
        return Unreadable(printable(file), 0, 0, error.reason)
    return Unreadable(printable(file), status.st_size, status.st_mtime_ns, error.reason)


def _side(batch: FaceBatch, row: int) -> float:
    face = batch.photos[row]
    assert isinstance(face, DetectedFace)
    return face.quality.size
