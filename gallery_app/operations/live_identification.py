"""Look through a camera, and identify the faces of each frame."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtGui import QImage

from engine.gallery import Gallery, SteadyAnswers
from engine.progress import Reporter
from engine.records.detections import CameraFrame, DetectedFace
from engine.records.types import FaceBatch
from gallery_app.face_queries import FaceQuery
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.operations.queries import as_queries, by_method, identify_all
from gallery_app.tasks import Task

_KEY = "camera"
_POLL = 0.05  # seconds between two looks at whether to go on


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """What a camera saw at one moment, and who that is.

    Attributes:
        image: what is shown.
        queries: its faces, answered, from left to right.
    """

    image: QImage
    queries: tuple[FaceQuery, ...]


def watch_camera(
    context: Context,
    source: str,
    turn: threading.Semaphore,
    *,
    told: Callable[[LiveFrame], None],
    failed: Callable[[BaseException], None],
) -> Task:
    """Show what a camera sees until the task is cancelled or another gallery is opened.

    Args:
        source: as for ``Gallery.camera``.
        turn: acquired for each frame; who shows it releases it, so that none waits to be shown.
        told: called from another thread with each frame.
        failed: called where there is no picture any more.
    """
    state = context.state

    def work(gallery: Gallery, reporter: Reporter) -> None:
        steady = SteadyAnswers()
        with gallery.camera(source) as camera:
            while True:
                while not turn.acquire(timeout=_POLL):
                    reporter.check()
                told(answered(gallery, camera.read(reporter), steady))

    def answered(gallery: Gallery, frame: CameraFrame, steady: SteadyAnswers) -> LiveFrame:
        image, faces = QImage.fromData(frame.picture), frame.found.faces
        if not faces:
            steady.update((), ())
            return LiveFrame(image, ())
        batch = _batch_of(faces)
        fpir, strangers = state.fpir, state.strangers
        _, answers = by_method(
            gallery,
            state.method,
            lambda to: gallery.identify(batch, method=to, fpir=fpir, strangers=strangers),
        )
        shown = zip(as_queries(batch), steady.update(faces, answers), strict=True)
        return LiveFrame(image, tuple(replace(query, answer=answer) for query, answer in shown))

    query = Query("Looking through the camera", work, _KEY, _KEY)
    return query.run(context, failed=failed)


def _batch_of(faces: Sequence[DetectedFace]) -> FaceBatch:
    count, file = len(faces), faces[0].photograph.file
    numbers = [face.number for face in faces]
    vectors = np.stack([face.vector for face in faces])
    return FaceBatch(vectors, [None] * count, [file] * count, numbers, list(faces))


def ask_about_frame(context: Context, frame: LiveFrame, place: int) -> None:
    """Make queries of the faces of a frame, as of those of a photograph.

    Args:
        place: of the face that is shown first.
    """
    context.state.set_queries([replace(query, answer=None) for query in frame.queries])
    context.state.go_to(place)
    identify_all(context)
