"""The process that looks at photographs, one line of standard input after another, until that ends.

python -m engine.photos MODE
"""

from __future__ import annotations

import os
import signal
import sys

from engine.errors import PhotoError
from engine.photos.face_pipeline import FacePipeline
from engine.photos.worker_lines import faces_line, read_request, refused_line
from engine.records.detections import DetectionMode
from engine.utils.worker_process import own_stdout

_MEMORY = 2 * 1024**3
"""Bytes that a photograph and its networks may take; the largest takes 1.2 GB."""


def main(mode: DetectionMode) -> None:
    """Answer each request by one line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this one
    lines = own_stdout()
    _limit_memory()
    if hasattr(os, "nice"):
        os.nice(5)  # the window goes first
    pipeline = FacePipeline(mode)
    for line in sys.stdin:
        print(_answer(pipeline, read_request(line)), file=lines, flush=True)


def _answer(pipeline: FacePipeline, file: str) -> str:
    try:
        return faces_line(pipeline.read(file))
    except PhotoError as error:
        return refused_line(error)
    except MemoryError:  # ordinary: a limit that this process set itself
        problem = "It takes more memory than a photograph may"
        return refused_line(PhotoError(problem, remedy="Save it again smaller."))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # ordinary: Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    main(sys.argv[1])  # type: ignore[arg-type]
