"""The photograph that the shown query is a face of: its boxes, and the strip of all of them."""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from engine.records.detections import DetectedFace, Photograph
from gallery_app.controllers.controller import Controller
from gallery_app.face_queries import FaceQuery
from gallery_app.operations.context import Context
from gallery_app.widgets.faces.photograph_view import FaceMark
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.face_box_words import box_words, is_known, label_text


class PhotographController(Controller):
    """Joins the picture in the query panel to the queries."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._image: tuple[Photograph, QImage] | None = None
        self._panel = panel = window.query
        self._strip, self._model = panel.strip, panel.photographs
        self._state.queries_changed.connect(self._queries_changed)
        self._state.query_changed.connect(self.show)
        panel.photograph.chosen.connect(self._go_to_face)
        self._strip.photograph_chosen.connect(self._go_to_photograph)

    def _queries_changed(self) -> None:
        self._model.set_queries(self._state.queries.asked)
        self._strip.setVisible(self._model.rowCount() > 1)
        self.show()

    def show(self) -> None:
        """The photograph of the shown query with all its faces, or none."""
        row = self._model.row_of(self._state.position)
        if row < 0:
            self._image = None
            self._panel.show_photograph(QImage(), "", (), -1)
            return
        photograph, positions = self._model.photograph(row), self._model.positions(row)
        marks = [_mark(self._state.queries[at]) for at in positions]
        name = PurePath(photograph.file).name
        current = self._state.position - positions.start
        self._panel.show_photograph(self._decoded(photograph), name, marks, current)
        self._strip.follow(row)

    def _decoded(self, photograph: Photograph) -> QImage:
        if self._image is None or self._image[0] is not photograph:
            self._image = photograph, QImage.fromData(photograph.thumbnail)
        return self._image[1]

    def _go_to_face(self, place: int) -> None:
        row = self._model.row_of(self._state.position)
        if row >= 0:
            self._state.go_to(self._model.positions(row)[place])

    def _go_to_photograph(self, row: int) -> None:
        self._state.go_to(self._model.positions(row).start)


def _mark(query: FaceQuery) -> FaceMark:
    face = query.photo
    assert isinstance(face, DetectedFace)
    width, height = face.photograph.width, face.photograph.height
    box = face.box
    place = QRectF(box.x / width, box.y / height, box.width / width, box.height / height)
    return FaceMark(place, label_text(query), is_known(query), box_words(query))
