"""The camera: its live picture, and the faces of a picture that is taken as queries."""

from __future__ import annotations

import threading

from PySide6.QtCore import Signal

from gallery_app import settings
from gallery_app.controllers.controller import Controller
from gallery_app.controllers.photograph_controller import face_mark
from gallery_app.dialogs.camera_dialog import CameraDialog
from gallery_app.operations.context import Context
from gallery_app.operations.live_identification import LiveFrame, ask_about_frame, watch_camera
from gallery_app.tasks import Task
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.camera_words import problem_text


class CameraController(Controller):
    """Joins the dialog of the camera to the queries. No frame outlives the dialog."""

    _told = Signal(object, object)

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._dialog: CameraDialog | None = None
        self._task: Task | None = None
        self._turn = threading.Semaphore(0)
        self._frame: LiveFrame | None = None
        self._held = False
        self._on_actions(camera=self.show)
        self._told.connect(self._show_frame)
        self._state.gallery_changed.connect(self.close)
        self._state.queries_changed.connect(self._show_still)
        self._state.query_changed.connect(self._show_still)

    @property
    def dialog(self) -> CameraDialog | None:
        """The dialog where it is open."""
        return self._dialog

    def show(self) -> None:
        """Open the dialog and start the camera, or bring it to the front."""
        if self._state.gallery is None:
            return
        if self._dialog is None:
            source = str(self._context.settings.get(settings.CAMERA))
            self._dialog = CameraDialog(source, self._window)
            self._dialog.taken.connect(self._take)
            self._dialog.resumed.connect(self._resume)
            self._dialog.source_chosen.connect(self._choose_source)
            self._dialog.finished.connect(lambda _: self._closed())
            self._window.place_beside_query(self._dialog)
            self._start()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def close(self) -> None:
        """Close the dialog, and let the camera go."""
        if self._dialog is not None:
            self._dialog.reject()

    def _closed(self) -> None:
        self._stop()
        self._dialog = None

    # -- the camera --------------------------------------------------------------------------

    def _choose_source(self, source: str) -> None:
        self._context.settings.set(settings.CAMERA, source)
        self._start()

    def _start(self) -> None:
        self._stop()
        if self._dialog is None:
            return
        self._dialog.show_starting()
        turn = self._turn = threading.Semaphore(1)
        self._task = watch_camera(
            self._context,
            str(self._context.settings.get(settings.CAMERA)),
            turn,
            told=lambda frame: self._told.emit(turn, frame),
            failed=lambda error: self._failed(turn, error),
        )

    def _stop(self) -> None:
        """End the process; what it sent until now is not shown any more."""
        self._turn, self._frame, self._held = threading.Semaphore(0), None, False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def _failed(self, turn: threading.Semaphore, error: BaseException) -> None:
        if turn is self._turn and self._dialog is not None:
            self._task = None
            self._dialog.show_problem(problem_text(error))

    def _show_frame(self, turn: threading.Semaphore, frame: LiveFrame) -> None:
        if turn is not self._turn or self._dialog is None:
            return
        if self._dialog.still:  # it was on its way when the picture was taken
            self._held = True
            return
        self._frame = frame
        self._dialog.show_frame(frame.image, [face_mark(query) for query in frame.queries])
        turn.release()

    # -- a picture ---------------------------------------------------------------------------

    def _take(self, place: int) -> None:
        """Hold the frame that is shown, and ask about its faces; of one that is held already, go
        to another face.
        """
        frame, dialog = self._frame, self._dialog
        if frame is None or dialog is None:
            return
        if dialog.still and self._is_asked(frame):
            self._state.go_to(place)
            return
        marks = [face_mark(query) for query in frame.queries]
        dialog.show_still(frame.image, marks, place if marks else -1)
        if marks:
            ask_about_frame(self._context, frame, place)

    def _resume(self) -> None:
        if self._held:
            self._held = False
            self._turn.release()

    def _is_asked(self, frame: LiveFrame) -> bool:
        """Whether the faces of a frame are the queries now."""
        queries = self._state.queries
        if not frame.queries or len(queries) != len(frame.queries):
            return False
        return queries[0].photo is frame.queries[0].photo

    def _show_still(self) -> None:
        """Of a picture that was taken: what is answered by now, and who was enrolled."""
        frame, dialog, queries = self._frame, self._dialog, self._state.queries
        if frame is not None and dialog is not None and dialog.still and self._is_asked(frame):
            marks = [face_mark(queries[at]) for at in range(len(queries))]
            dialog.show_still(frame.image, marks, self._state.position)
