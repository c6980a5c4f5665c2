"""Processes that look at photographs: kept warm, watched, and replaced when one dies."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

from engine.errors import CancelledError, PhotoError, WorkerError
from engine.photos.network_files import require_readable_photographs
from engine.photos.worker_lines import read_answer, request_line
from engine.progress import SILENT, Reporter
from engine.records.detections import DetectionMode, PhotographFaces
from engine.utils.worker_process import Process, end_process, last_lines, start_process

_log = logging.getLogger(__name__)

TIME_LIMIT = 60.0
"""Seconds for one photograph."""
_MOST = 4
_AHEAD = 4  # photographs that wait for each process
_POLL = 0.1  # seconds between two looks at the cancel token

Outcome = PhotographFaces | PhotoError


class PhotoWorkers:
    """Some processes that look at photographs; they start when they are needed.

    May be used from several threads. One that dies or takes too long costs the photograph that it
    was looking at.
    """

    def __init__(self, count: int | None = None, *, time_limit: float = TIME_LIMIT) -> None:
        """
        Args:
            count: of processes; by default one for each processor, and four at most.
            time_limit: seconds for one photograph.
        """
        self._count = count or min(os.cpu_count() or 1, _MOST)
        self._time_limit = time_limit
        self._idle: deque[_PhotoWorker] = deque()
        self._all: set[_PhotoWorker] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="photographs")

    def read(
        self, file: str | Path, mode: DetectionMode = "thorough", reporter: Reporter = SILENT
    ) -> PhotographFaces:
        """Find the faces of a photograph.

        Raises:
            PhotoError: it cannot be used, or its process died of it.
            PhotographsMissingError: what finds faces is not installed.
            WorkerError: processes cannot be started, or a network is damaged. CancelledError.
        """
        ((_, outcome),) = self.read_all([file], mode, reporter)
        if isinstance(outcome, PhotoError):
            raise outcome
        return outcome

    def read_all(
        self,
        files: Iterable[str | Path],
        mode: DetectionMode = "thorough",
        reporter: Reporter = SILENT,
    ) -> Iterator[tuple[str, Outcome]]:
        """Find the faces of photographs, in the order given, several at once.

        Yields:
            each file with its faces, or with what is wrong with it.

        Raises:
            PhotographsMissingError, WorkerError, CancelledError: as for :meth:`read`.
        """
        waiting: deque[tuple[str, Future[Outcome]]] = deque()
        todo = iter(files)
        try:
            while True:
                for file in todo:
                    require_readable_photographs()
                    path = os.fspath(file)
                    waiting.append((path, self._threads.submit(self._outcome, path, mode)))
                    if len(waiting) >= self._count * _AHEAD:
                        break
                if not waiting:
                    return
                file, future = waiting.popleft()
                yield file, _awaited(future, reporter)
        finally:
            for _, future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the processes. May be called twice."""
        with self._lock:
            self._closed = True
            workers, self._all = self._all, set()
            self._idle.clear()
        for worker in workers:
            worker.close()
        self._threads.shutdown(cancel_futures=True)

    def _outcome(self, file: str, mode: DetectionMode) -> Outcome:
        worker = self._taken(mode)
        try:
            read = worker.read(file, self._time_limit)
        except _DiedError as death:
            self._forget(worker)
            _log.info("A process that looked at a photograph ended: %s", death)
            return PhotoError(death.problem, file=file, remedy=death.remedy)
        except PhotoError as error:
            self._give_back(worker)
            return error
        except WorkerError:
            self._forget(worker)
            raise
        self._give_back(worker)
        return read

    def _taken(self, mode: DetectionMode) -> _PhotoWorker:
        """Return an idle process of this mode, or a new one in place of one of the other mode."""
        spare = None
        with self._lock:
            if self._closed:
                raise CancelledError()
            for worker in self._idle:
                if worker.mode == mode:
                    self._idle.remove(worker)
                    return worker
            if self._idle:
                spare = self._idle.popleft()
                self._all.discard(spare)
        if spare is not None:
            spare.close()
        worker = _PhotoWorker(mode)
        with self._lock:
            if not self._closed:
                self._all.add(worker)
                return worker
        worker.close()
        raise CancelledError()

    def _give_back(self, worker: _PhotoWorker) -> None:
        with self._lock:
            self._idle.append(worker)

    def _forget(self, worker: _PhotoWorker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.close()


def _awaited(future: Future[Outcome], reporter: Reporter) -> Outcome:
    while True:
        reporter.check()
        try:
            return future.result(_POLL)
        except TimeoutError:  # ordinary: it is not done yet
            continue


class _DiedError(PhotoError):
    """The process ended, or was ended, while it looked at a photograph."""


class _PhotoWorker:
    """One process."""

    def __init__(self, mode: DetectionMode) -> None:
        """
        Raises:
            WorkerError: it cannot be started.
        """
        self.mode = mode
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process: Process = start_process("engine.photos", mode, self._log)
        except OSError as error:
            self._log.close()
            raise WorkerError(
                f"Photographs cannot be looked at ({error.strerror or error})",
                remedy="Close other programs and try again.",
            ) from error

    def read(self, file: str, time_limit: float) -> PhotographFaces:
        """
        Raises:
            PhotoError: the photograph cannot be used.
            _DiedError: nor can this process any more. WorkerError: nor could another one.
        """
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(time_limit, end)
        timer.start()
        try:
            line = self._asked(file)
        finally:
            timer.cancel()
            timer.join()
        if not line.endswith("\n"):
            raise self._death(late.is_set(), time_limit)
        try:
            return read_answer(line, file)
        except ValueError as error:
            problem = f"The answer about it cannot be understood ({error})"
            raise _DiedError(problem, remedy="Try again.") from error

    def _asked(self, file: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(request_line(file), file=self._process.stdin, flush=True)
            return self._process.stdout.readline()
        except (OSError, ValueError):  # the process is gone, or was closed meanwhile
            _log.debug("A process that looks at photographs cannot be reached", exc_info=True)
            return ""

    def _death(self, late: bool, time_limit: float) -> _DiedError:
        code = self._process.wait()
        if late:
            return _DiedError(
                f"It took longer than {time_limit:.0f} seconds",
                remedy="Save it again smaller, or as JPEG.",
            )
        if code < 0:
            return _DiedError(
                f"The process that looked at it was killed (signal {-code}), possibly because "
                "memory ran out",
                remedy="Close other programs and try again.",
            )
        self._log.seek(0)
        said = last_lines(self._log.read())
        problem = f"The process that looked at it died. {said}".rstrip(". ")
        return _DiedError(problem, remedy="Save it again as JPEG or PNG.")

    def close(self) -> None:
        """End the process. May be called twice."""
        end_process(self._process, self._log)
