"""Frames of a camera, of a video, or of a folder of pictures in the place of a camera."""

from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.errors import WorkerError, install_words
from engine.photos.photo_reader import Pixels, is_picture, read_photo_file

_RATE = 25.0  # frames a second where a source does not say
_FASTEST = 120.0  # frames a second that are believed of a video


class FrameSource(Protocol):
    """Where frames come from, no faster than they are to be seen."""

    def read(self) -> Pixels | None:
        """Return the next frame, red, green and blue ``(height, width, 3)``; None after the last.

        Raises:
            FaceGalleryError: it cannot be read.
        """

    def close(self) -> None:
        """Let the camera go."""


def require_source(source: str) -> None:
    """
    Args:
        source: the number of a camera from 0, its device file, a video, or a folder of pictures.

    Raises:
        WorkerError: there is no such thing, or OpenCV, which reads it, is not installed.
    """
    if not source.isdecimal() and not os.path.exists(source):
        raise WorkerError(
            "There is no camera and no video of this name", file=source, remedy="Connect a camera."
        )
    if not os.path.isdir(source) and importlib.util.find_spec("cv2") is None:
        raise WorkerError(
            "Cameras need OpenCV, which is not installed",
            remedy=install_words("opencv-python-headless"),
        )


def open_source(source: str) -> FrameSource:
    """Open what :func:`require_source` describes.

    Raises:
        WorkerError: it cannot be opened.
    """
    require_source(source)
    return FolderFrames(Path(source)) if os.path.isdir(source) else VideoFrames(source)


class FolderFrames:
    """The pictures of a folder by name, round and round."""

    def __init__(self, folder: Path, rate: float = _RATE) -> None:
        self._files = sorted(file for file in folder.iterdir() if is_picture(file))
        self._next = 0
        self._turn = _Turn(rate)

    def read(self) -> Pixels | None:
        """Return the next picture; None where the folder has none."""
        if not self._files:
            return None
        self._turn.wait()
        file = self._files[self._next % len(self._files)]
        self._next += 1
        return read_photo_file(file).pixels

    def close(self) -> None:
        """Do nothing: no file is held open."""


class VideoFrames:
    """A camera or a video, read by OpenCV."""

    def __init__(self, source: str) -> None:
        """
        Raises:
            WorkerError: it cannot be opened.
        """
        import cv2

        cv2.setNumThreads(1)
        self._video: Any = cv2.VideoCapture(int(source) if source.isdecimal() else source)
        if not self._video.isOpened():
            self._video.release()
            raise _unusable(source)
        self._video.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # what waits in a buffer is late
        rate = self._video.get(cv2.CAP_PROP_FPS)
        of_file = os.path.isfile(source)  # a camera takes its time by itself
        self._turn = _Turn(rate if 0 < rate <= _FASTEST else _RATE) if of_file else None

    def read(self) -> Pixels | None:
        if self._turn is not None:
            self._turn.wait()
        there, frame = self._video.read()
        return np.ascontiguousarray(frame[:, :, ::-1]) if there else None

    def close(self) -> None:
        self._video.release()


class _Turn:
    """Waits until the next frame is due."""

    def __init__(self, rate: float) -> None:
        self._seconds = 1 / rate
        self._due = time.monotonic()

    def wait(self) -> None:
        """Sleep until then; a frame that is late is due at once, and the next one a turn later."""
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due = max(self._due, time.monotonic()) + self._seconds


def _unusable(source: str) -> WorkerError:
    if os.path.isfile(source):
        return WorkerError("This video cannot be read", file=source, remedy="Save it again as MP4.")
    return WorkerError(
        "There is no camera here, or another program uses it",
        file=None if source.isdecimal() else source,
        remedy="Connect a camera, close other programs that use it, and allow this one to use it.",
    )
