"""Starts TensorBoard on an export, waits until it answers, and ends it whatever happens."""

from __future__ import annotations

import importlib.util
import json
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from engine.errors import ExportError, install_words
from engine.progress import SILENT, Reporter
from engine.records.exports import CONFIG
from engine.utils.worker_process import Process, last_lines, start_process

_log = logging.getLogger(__name__)

_LOOK = 0.05  # seconds between two looks at the cancel token
_PATIENCE = 120.0  # seconds; it reads all vectors before its first answer
_PLUGINS = "data/plugins_listing"


def missing_library() -> str:
    """Why it cannot be started, one sentence; "" where it can. Imports nothing."""
    if importlib.util.find_spec("tensorboard") is None:
        return f"TensorBoard is not installed. {install_words('tensorboard')}"
    return ""


class Projector:
    """A running TensorBoard. It ends with :meth:`stop`, or when this process ends or is killed.

    Attributes:
        address: of its page, on this computer alone.
    """

    def __init__(self, folder: Path, *, reporter: Reporter = SILENT) -> None:
        """Start it on a folder and return when its page can be opened.

        Raises:
            ExportError: it is not installed, or does not start. CancelledError.
        """
        if missing_library():
            raise ExportError("TensorBoard is not installed", remedy=install_words("tensorboard"))
        if not (folder / CONFIG).is_file():
            raise ExportError(
                "It is not a TensorBoard export",
                file=folder,
                remedy="Create one with `face-gallery export tensorboard DEST`.",
            )
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by stop)
        try:
            self._process = _started(folder, self._log)
        except BaseException:
            self._log.close()
            raise
        try:
            base = self._wait(self._first_line(), reporter)
            self._wait(_in_thread(lambda: _until_active(base)), reporter)
        except BaseException:
            self.stop()
            raise
        self.address = f"{base}#projector"

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End it; may be called twice."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            assert stream is not None
            stream.close()

    def _first_line(self) -> queue.SimpleQueue[str]:
        assert self._process.stdout is not None
        return _in_thread(self._process.stdout.readline)

    def _wait(self, answers: queue.SimpleQueue[str], reporter: Reporter) -> str:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            reporter.progress("Starting TensorBoard", 0, 0)
            try:
                answer = answers.get(timeout=_LOOK).strip()
            except queue.Empty:
                continue
            if answer:
                return answer
            break
        raise ExportError(
            f"TensorBoard does not start. {self._last_words()}".rstrip(". "),
            remedy="Try again, or start it by hand: tensorboard --logdir FOLDER.",
        )

    def _last_words(self) -> str:
        self._log.seek(0)
        return last_lines(self._log.read())


def _started(folder: Path, log: IO[bytes]) -> Process:
    try:
        return start_process("engine.export.tensorboard", folder.resolve(), log)
    except OSError as error:
        raise ExportError(
            f"TensorBoard could not be started ({error.strerror or error})",
            remedy="Close other programs and try again.",
        ) from error


def _in_thread(call: Callable[[], str]) -> queue.SimpleQueue[str]:
    """Where its answer will be; "" where it fails."""
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(call())
        except (OSError, ValueError):  # it was stopped meanwhile
            _log.debug("The projector was stopped while it started", exc_info=True)
            answers.put("")

    threading.Thread(target=work, name="projector-start", daemon=True).start()
    return answers


def _until_active(base: str) -> str:
    """Ask until it has found the vectors: it looks for them once somebody asks."""
    from http.client import HTTPConnection, HTTPException  # late: the window starts without

    place = urlsplit(base)
    assert place.hostname
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        # straight to it: no proxy comes between
        with closing(HTTPConnection(place.hostname, place.port, timeout=_PATIENCE)) as connection:
            try:
                connection.request("GET", f"{place.path}{_PLUGINS}")
                plugins = json.loads(connection.getresponse().read())
            except HTTPException:
                _log.debug("The projector does not answer yet", exc_info=True)
                return ""
        if plugins["projector"]["enabled"]:
            return base
        time.sleep(_LOOK)
    return ""
