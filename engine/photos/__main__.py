"""The process that looks at photographs, one line of standard input after another, until that ends.

python -m engine.photos MODE
"""

from __future__ import annotations

import logging
import os
import signal
import sys

from engine.errors import PhotoError, WorkerError
from engine.photos.face_pipeline import FacePipeline
from engine.photos.worker_lines import broken_line, faces_line, read_request, refused_line
from engine.records.detections import DetectionMode
from engine.utils.worker_process import limit_memory, own_stdout

_log = logging.getLogger(__name__)

_MEMORY = 3 * 1024**3
"""Bytes that a photograph and its networks may take; of 120 megapixels a JPEG takes 1.3 GB, a PNG
1.4 GB, with transparency 2.0 GB, and a WebP 2.3 GB."""


def main(mode: DetectionMode) -> None:
    """Answer each request by one line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this one
    lines = own_stdout()
    limit_memory(_MEMORY)
    if hasattr(os, "nice"):
        os.nice(5)  # the window goes first
    pipeline = _opened(mode)
    for line in sys.stdin:
        print(_answer(pipeline, read_request(line)), file=lines, flush=True)


def _opened(mode: DetectionMode) -> FacePipeline | WorkerError:
    try:
        return FacePipeline(mode)
    except WorkerError as error:  # ordinary: it is told for each photograph that is asked about
        return error


def _answer(pipeline: FacePipeline | WorkerError, file: str) -> str:
    if isinstance(pipeline, WorkerError):
        return broken_line(pipeline)
    try:
        return faces_line(pipeline.read(file))
    except PhotoError as error:
        return refused_line(error)
    except Exception as error:  # a library's, and none of them declares what it raises
        _log.warning("Faces could not be looked for", exc_info=True)
        if isinstance(error, MemoryError) or "alloc" in str(error):
            problem = "It takes more memory than a photograph may"
            return refused_line(PhotoError(problem, remedy="Save it again smaller."))
        problem = f"Faces could not be looked for in it ({type(error).__name__}: {error})"
        return refused_line(PhotoError(problem, remedy="Save it again as JPEG or PNG."))


if __name__ == "__main__":
    main(sys.argv[1])  # type: ignore[arg-type]
