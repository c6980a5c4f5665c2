"""Starts the training process, passes on what it reports, and ends it whatever happens."""

from __future__ import annotations

import importlib.util
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import engine
from engine.errors import TrainingError
from engine.progress import Reporter
from engine.training.protocol import decoded

LOG = "log.txt"
_LOOK = 0.05  # seconds between two looks at the cancel token
_LAST_LINES = 3
_INSTALL = 'Install it with pip install "face-gallery[train]" (Python 3.11 to 3.13).'


def missing_library() -> str:
    """Why nothing can be trained here, one sentence; "" where it can. Imports nothing."""
    if importlib.util.find_spec("tensorflow") is None:
        return f"Training needs TensorFlow, which is not installed. {_INSTALL}"
    return ""


def run(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
    """Has the job in a folder done by a process of its own, and returns its result.

    The process ends with this call: also when it is cancelled, and when this process dies.

    Raises:
        TrainingError: TensorFlow is not installed, the job failed, or its process died.
        CancelledError: through the reporter.
    """
    lacking = missing_library()
    if lacking:
        raise TrainingError(lacking.split(". ")[0], remedy=_INSTALL)
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.training", str(folder)],
            stdin=subprocess.PIPE,  # closed when this process ends, which ends the other
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | {"PYTHONPATH": _path()},
            encoding="utf-8",
        )
        assert process.stdout is not None
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        reader = threading.Thread(
            target=_read, args=(process.stdout, lines), name="training-reader", daemon=True
        )
        reader.start()
        try:
            return _follow(lines, reporter, folder)
        finally:
            process.kill()
            process.wait()
            reader.join()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()


def _follow(
    lines: queue.SimpleQueue[str | None], reporter: Reporter, folder: Path
) -> Mapping[str, Any]:
    while True:
        reporter.check()
        try:
            line = lines.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if line is None:
            raise TrainingError(
                f"The training process died. {_last_words(folder / LOG)}".strip(),
                remedy="Try again; nothing was changed.",
            )
        told = decoded(line)
        if isinstance(told, Mapping):
            return told
        reporter.tell(told)


def _read(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _last_words(log: Path) -> str:
    """The end of what the process wrote for nobody in particular."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return " ".join(line.strip() for line in text.splitlines()[-_LAST_LINES:])


def _path() -> str:
    """Where the process finds this engine, however this one came by it."""
    home = str(Path(engine.__file__).parent.parent)
    return os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
