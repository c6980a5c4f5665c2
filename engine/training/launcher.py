"""Starts the training process, passes on what it reports, and ends it whatever happens."""

from __future__ import annotations

import importlib.util
import platform
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from engine.errors import TrainingError
from engine.progress import Reporter
from engine.training.protocol import decoded
from engine.utils.installing import install_words
from engine.utils.processes import environment

Process = subprocess.Popen[str]

LOG = "log.txt"
_LOOK = 0.05  # seconds between two looks at the cancel token
_LAST_LINES = 3


_LACKING = "Training needs TensorFlow, which is not installed"


def _remedy() -> str:
    plain = sys.platform == "linux" and platform.machine() == "x86_64"
    words = install_words("tensorflow-cpu" if plain else "tensorflow")
    return f"{words} It needs Python 3.11 to 3.13."


def missing_library() -> str:
    """Why nothing can be trained here, one sentence; "" where it can. Imports nothing."""
    if importlib.util.find_spec("tensorflow") is None:
        return f"{_LACKING}. {_remedy()}"
    return ""


def run(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
    """Has the training job in a folder done. Raises as :func:`work`, and TrainingError where
    TensorFlow is not installed.
    """
    if missing_library():
        raise TrainingError(_LACKING, remedy=_remedy())
    return work("training", "engine.training.worker", folder, reporter)


def work(name: str, module: str, folder: Path, reporter: Reporter) -> Mapping[str, Any]:
    """Has the job in a folder done by a process of its own, and returns its result.

    The process ends with this call: also when it is cancelled, and when this process dies.

    Args:
        name: of the process, for a person.
        module: what it runs.

    Raises:
        TrainingError: the job failed, or its process died.
        CancelledError: through the reporter.
    """
    (folder / LOG).touch(mode=0o600)
    with (folder / LOG).open("wb") as log:
        process = _started(name, module, folder, log)
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        reader = threading.Thread(
            target=_read, args=(process, lines), name=f"{name}-reader", daemon=True
        )
        reader.start()
        try:
            return _follow(name, process, lines, reporter, folder)
        finally:
            process.kill()
            process.wait()
            reader.join()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()


def _started(name: str, module: str, folder: Path, log: IO[bytes]) -> Process:
    try:
        return subprocess.Popen(
            # -P: files that lie about in the current folder are none of its modules
            [sys.executable, "-P", "-m", module, str(folder)],
            stdin=subprocess.PIPE,  # closed when this process ends, which ends the other
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl+C reaches this process alone, and it ends the other
        )
    except OSError as error:
        raise TrainingError(
            f"The {name} process could not be started ({error.strerror or error})",
            remedy="Close other programs and try again; nothing was changed.",
        ) from error


def _follow(
    name: str,
    process: Process,
    lines: queue.SimpleQueue[str | None],
    reporter: Reporter,
    folder: Path,
) -> Mapping[str, Any]:
    while True:
        reporter.check()
        try:
            line = lines.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if line is None:
            raise TrainingError(
                _cause(name, process.wait(), folder / LOG), remedy="Try again; nothing was changed."
            )
        try:
            told = decoded(line)
        except ValueError as error:
            raise TrainingError(
                f"The {name} process cannot be understood ({error})",
                remedy="Install Face Gallery again if that is always so; nothing was changed.",
            ) from error
        if isinstance(told, Mapping):
            return told
        reporter.tell(told)


def _read(process: Process, lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.endswith("\n"):  # else it died while it was writing
            lines.put(line)
    lines.put(None)


def _cause(name: str, exit_code: int, log: Path) -> str:
    """Why it ended without a last line."""
    if exit_code < 0:
        return (
            f"The {name} process was killed (signal {-exit_code}), by somebody or because the "
            "memory ran out"
        )
    return f"The {name} process died. {_last_words(log)}".rstrip(". ")


def _last_words(log: Path) -> str:
    """The end of what the process wrote for nobody in particular."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return " ".join(line.strip() for line in text.splitlines()[-_LAST_LINES:])
