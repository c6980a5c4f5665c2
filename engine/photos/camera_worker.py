"""The process that looks for faces in the frames of a camera, one for each line of standard input,
until that ends.

python -m engine.photos.camera_worker SOURCE
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import sys
import threading
from datetime import datetime

from engine.errors import FaceGalleryError, WorkerError
from engine.photos.face_pipeline import FacePipeline
from engine.photos.frame_source import FrameSource, open_source
from engine.photos.photo_reader import Pixels, as_jpeg
from engine.photos.worker_lines import broken_line, frame_line
from engine.records.detections import CAMERA, CameraFrame, Photograph
from engine.utils.worker_process import limit_memory, own_stdout

_log = logging.getLogger(__name__)

_MEMORY = 2 * 1024**3
_SHOWN, _THUMBNAIL = 640, 480  # pixels of the longer side
_PATIENCE = 10.0  # seconds for a frame


def main(source: str) -> None:
    """Answer each line by the newest frame and the faces in it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this one
    lines = own_stdout()
    limit_memory(_MEMORY)
    if hasattr(os, "nice"):
        os.nice(5)  # the window goes first
    try:
        frames = NewestFrame(open_source(source))
        pipeline = FacePipeline("thorough", live=True)
        for _ in sys.stdin:
            print(frame_line(_looked_at(frames.take(), pipeline)), file=lines, flush=True)
    except BrokenPipeError:  # ordinary: nobody looks any more
        pass
    except WorkerError as error:
        print(broken_line(error), file=lines, flush=True)
    except Exception as error:  # a library's, and none of them declares what it raises
        _log.warning("Frames could not be looked at", exc_info=True)
        problem = f"The camera's picture could not be looked at ({type(error).__name__}: {error})"
        print(broken_line(WorkerError(problem, remedy="Try again.")), file=lines, flush=True)
    os._exit(0)  # the thread may wait for a frame that never comes


class NewestFrame:
    """Reads frames all the time, and keeps the newest alone: an older one is late."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._ready = threading.Condition()
        self._newest: Pixels | None = None
        self._ended: FaceGalleryError | None = None
        threading.Thread(target=self._read, name="frames", daemon=True).start()

    def take(self, patience: float = _PATIENCE) -> Pixels:
        """Wait for a frame that was not taken yet.

        Raises:
            WorkerError: none comes.
        """
        with self._ready:
            self._ready.wait_for(lambda: self._newest is not None or self._ended, patience)
            pixels, self._newest = self._newest, None
        if pixels is not None:
            return pixels
        ended = self._ended
        raise WorkerError(
            ended.problem if ended is not None else "The camera sends no picture",
            file=ended.file if ended is not None else None,
            remedy="Connect it again, and close other programs that use it.",
        )

    def _read(self) -> None:
        try:
            while (pixels := self._source.read()) is not None:
                with self._ready:
                    self._newest = pixels
                    self._ready.notify()
            ended = FaceGalleryError("The camera sends no more pictures")
        except FaceGalleryError as error:  # ordinary: who takes the next frame is told
            ended = error
        self._source.close()
        with self._ready:
            self._ended = ended
            self._ready.notify()


def _looked_at(pixels: Pixels, pipeline: FacePipeline) -> CameraFrame:
    (picture, thumbnail), now = _pictures(pixels), datetime.now().replace(microsecond=0)
    photograph = Photograph(
        file=f"{CAMERA} {now.isoformat(' ')}",
        size=len(picture),
        modified=int(now.timestamp()) * 10**9,
        digest=hashlib.blake2b(picture, digest_size=16).digest(),
        width=pixels.shape[1],
        height=pixels.shape[0],
        taken=now.isoformat(),
        thumbnail=thumbnail,
    )
    return CameraFrame(picture, pipeline.find(pixels, photograph))


def _pictures(pixels: Pixels) -> tuple[bytes, bytes]:
    """Return the frame as it is shown, and smaller, as it is kept where one of its faces is."""
    from PIL import Image

    picture, jpegs = Image.fromarray(pixels), []
    for longest in (_SHOWN, _THUMBNAIL):  # each out of the one before, which is quicker
        picture.thumbnail((longest, longest), Image.Resampling.BILINEAR, reducing_gap=2.0)
        jpegs.append(as_jpeg(picture))
    return jpegs[0], jpegs[1]


if __name__ == "__main__":
    main(sys.argv[1])
