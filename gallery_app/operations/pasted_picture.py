"""A picture without a file, from the clipboard or dragged out of a browser, as a query."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QImage

from engine.errors import FaceGalleryError, PhotoError
from engine.gallery import Gallery, QueriesRead
from engine.progress import Reporter
from engine.records.detections import DetectedFace, Photograph
from engine.records.types import FaceBatch
from engine.utils.ignoring import ignored
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.operations.queries import as_queries, show_read
from gallery_app.wording.face_box_words import PASTED

_FOLDERS = ("/dev/shm", None)  # of memory on Linux, then the usual one
_PREFIX = "face-gallery-pasted-"
_LONG = 3600  # seconds after which nobody reads such a file any more


def open_picture(context: Context, image: QImage) -> None:
    """Identify the faces of a picture. It is in a file only while it is looked at."""

    def work(gallery: Gallery, reporter: Reporter) -> QueriesRead:
        with _private_file(image) as path:
            read = gallery.queries.read_all([path], reporter=reporter)
        errors = tuple(_renamed(error) for error in read.errors)
        remarks = tuple(remark.replace(str(path), PASTED) for remark in read.remarks)
        return QueriesRead(_relabelled(read.batch), errors, remarks)

    Query("Looking for faces", work, "read", shown=True).run(
        context, lambda read: show_read(context, read, as_queries(read.batch))
    )


@contextmanager
def _private_file(image: QImage) -> Iterator[Path]:
    """Keep a picture in a file that only this user can read, until the end of the block; in memory
    where the system has a folder for that and the picture fits.
    """
    _sweep()
    written = next(filter(None, (_write(image, folder) for folder in _FOLDERS)), None)
    if written is None:
        problem = "The picture cannot be written to a temporary file"
        raise PhotoError(problem, file=PASTED, remedy="Save it to a file, and open that.")
    try:
        yield written
    finally:
        written.unlink()


def _write(image: QImage, folder: str | None) -> Path | None:
    """Write a picture; nothing is left where that fails."""
    if folder is not None and not os.access(folder, os.W_OK):
        return None
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=".png", dir=folder)
    os.close(descriptor)
    if image.save(name, "PNG"):
        return Path(name)
    os.unlink(name)
    return None


def _sweep() -> None:
    """Remove what a process that was killed meanwhile left behind."""
    for folder in _FOLDERS:
        for old in Path(folder or tempfile.gettempdir()).glob(f"{_PREFIX}*.png"):
            with ignored(OSError):  # of somebody else, or gone by now
                if time.time() - old.lstat().st_mtime > _LONG:
                    old.unlink()


def _renamed(error: FaceGalleryError) -> FaceGalleryError:
    return type(error)(error.problem, file=PASTED, remedy=error.remedy)


def _relabelled(batch: FaceBatch) -> FaceBatch:
    """Name the picture instead of the file, which is gone by now."""
    if not len(batch):
        return batch
    first = batch.photos[0]
    assert isinstance(first, DetectedFace)
    photograph = replace(first.photograph, file=PASTED)
    photos = [_of(photo, photograph) for photo in batch.photos]
    return replace(batch, files=[PASTED] * len(batch), photos=photos)


def _of(photo: object, photograph: Photograph) -> DetectedFace:
    assert isinstance(photo, DetectedFace)
    return replace(photo, photograph=photograph)
