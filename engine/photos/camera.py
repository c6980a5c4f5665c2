"""A camera: its frames with the faces in them, looked at in a process of its own."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

from engine.errors import WorkerError
from engine.photos.frame_source import require_source
from engine.photos.network_files import require_readable_photographs
from engine.photos.worker_lines import read_frame
from engine.progress import SILENT, Reporter
from engine.records.detections import CameraFrame
from engine.utils.worker_process import Process, end_process, last_lines, start_process

_POLL = 0.05  # seconds between two looks at the cancel token
_AGAIN = "Choose the camera again."


class Camera:
    """Hands out what a camera sees now, one frame each time it is asked: none waits, none is late.

    To be used from one thread. Frames are kept nowhere.
    """

    def __init__(self, source: str = "0") -> None:
        """
        Args:
            source: the number of a camera from 0, its device file, a video, or a folder of
                pictures, which are shown round and round.

        Raises:
            PhotographsMissingError: what finds faces is not installed.
            WorkerError: OpenCV is not installed, there is no such camera, or the process cannot be
                started.
        """
        require_readable_photographs()
        require_source(source)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process: Process = start_process("engine.photos.camera_worker", source, self._log)
        except OSError as error:
            self._log.close()
            raise WorkerError(
                f"The camera cannot be looked at ({error.strerror or error})",
                remedy="Close other programs and try again.",
            ) from error
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read_lines, name="camera-reader", daemon=True)
        self._reader.start()

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[CameraFrame]:
        """Yield frames until one cannot be had: raises as :meth:`read`."""
        while True:
            yield self.read()

    @property
    def process_id(self) -> int:
        """Of the process that looks for faces."""
        return self._process.pid

    def read(self, reporter: Reporter = SILENT) -> CameraFrame:
        """Wait for the next frame.

        Raises:
            WorkerError: there is no camera, it sends nothing, or its process died.
            CancelledError: through the reporter.
        """
        self._ask()
        while True:
            reporter.check()
            try:
                line = self._lines.get(timeout=_POLL)
            except queue.Empty:  # ordinary: it is not there yet
                continue
            if not line.endswith("\n"):
                raise self._death()
            try:
                return read_frame(line)
            except ValueError as error:
                problem = f"The camera's process cannot be understood ({error})"
                raise WorkerError(problem, remedy=_AGAIN) from error

    def close(self) -> None:
        """End the process and let the camera go. May be called twice."""
        self._process.kill()  # the reader ends by that, and then the pipe can be closed
        self._reader.join()
        end_process(self._process, self._log)

    def _ask(self) -> None:
        assert self._process.stdin is not None
        try:
            print(file=self._process.stdin, flush=True)
        except (OSError, ValueError):  # ordinary: it is gone, and its last line says why
            return

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _death(self) -> WorkerError:
        code = self._process.wait()
        if code < 0:
            return WorkerError(
                f"The process that looks at the camera was killed (signal {-code}), possibly "
                "because memory ran out",
                remedy=_AGAIN,
            )
        self._log.seek(0)
        said = last_lines(self._log.read())
        problem = f"The process that looks at the camera died. {said}".rstrip(". ")
        return WorkerError(problem, remedy=_AGAIN)
