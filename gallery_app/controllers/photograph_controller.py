"""The photograph that the shown query is a face of: its boxes, and the strip of all of them."""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage

from engine.records.detections import DetectedFace, Photograph
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs.photograph_dialog import PhotographDialog
from gallery_app.face_queries import FaceQuery
from gallery_app.operations.context import Context
from gallery_app.operations.photographs import load_whole
from gallery_app.widgets.faces.photograph_view import NO_PHOTOGRAPH, FaceMark, MarkedPhotograph
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.face_box_words import box_words, is_known, label_text


class PhotographController(Controller):
    """Joins the picture in the query panel, and the large one, to the queries."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._image: tuple[Photograph, QImage] | None = None
        self._dialog: PhotographDialog | None = None
        self._panel = panel = window.query
        self._strip, self._model = panel.strip, panel.photographs
        self._state.queries_changed.connect(self._queries_changed)
        self._state.query_changed.connect(self.show)
        panel.photograph.chosen.connect(self._go_to_face)
        panel.photograph.opened.connect(self._open)
        panel.stepper.enlarge.clicked.connect(self._open)
        self._strip.photograph_chosen.connect(self._go_to_photograph)

    @property
    def dialog(self) -> PhotographDialog | None:
        """The large picture where it is open."""
        return self._dialog if self._dialog is not None and self._dialog.isVisible() else None

    def _queries_changed(self) -> None:
        self._model.set_queries(self._state.queries.asked)
        self._strip.setVisible(self._model.rowCount() > 1)
        self.show()

    def show(self) -> None:
        """The photograph of the shown query with all its faces, or none."""
        row = self._model.row_of(self._state.position)
        shown = self._marked(row) if row >= 0 else NO_PHOTOGRAPH
        self._panel.show_photograph(shown)
        if row >= 0:
            self._strip.follow(row)
        else:
            self._image = None
        if self._dialog is not None:
            self._dialog.show_photograph(shown)
            if row < 0:
                self._dialog.reject()

    def _marked(self, row: int) -> MarkedPhotograph:
        photograph, positions = self._model.photograph(row), self._model.positions(row)
        return MarkedPhotograph(
            PurePath(photograph.file).name,
            QSize(photograph.width, photograph.height),
            self._picture(photograph),
            [face_mark(self._state.queries[at]) for at in positions],
            self._state.position - positions.start,
        )

    # -- its picture -------------------------------------------------------------------------

    def _picture(self, photograph: Photograph) -> QImage:
        """The thumbnail at once; a larger picture follows where one would be seen."""
        if self._image is None or self._image[0] is not photograph:
            self._image = photograph, QImage.fromData(photograph.thumbnail)
            if self.dialog is not None or self._panel.devicePixelRatioF() > 1:
                self._sharpen(photograph)
        return self._image[1]

    def _sharpen(self, photograph: Photograph) -> None:
        if self._image is not None and self._image[1].width() < photograph.width:
            load_whole(self._context, photograph, self._show_whole)

    def _show_whole(self, photograph: Photograph, image: QImage) -> None:
        same = self._image is not None and self._image[0] is photograph
        if same and _alike(photograph, image):
            self._image = photograph, image
            self.show()

    def _open(self) -> None:
        """Show it large, beside the answer."""
        row = self._model.row_of(self._state.position)
        if row < 0:
            return
        if self._dialog is None:
            self._dialog = PhotographDialog(self._window)
            self._dialog.view.chosen.connect(self._go_to_face)
        if not self._dialog.isVisible():
            self._window.place_beside_query(self._dialog)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        self._dialog.view.setFocus()
        self.show()
        self._sharpen(self._model.photograph(row))

    # -- where to ----------------------------------------------------------------------------

    def _go_to_face(self, place: int) -> None:
        row = self._model.row_of(self._state.position)
        if row >= 0:
            self._state.go_to(self._model.positions(row)[place])

    def _go_to_photograph(self, row: int) -> None:
        self._state.go_to(self._model.positions(row).start)


def _alike(photograph: Photograph, image: QImage) -> bool:
    """Whether a file still has the shape that it had when its faces were found."""
    return abs(image.width() * photograph.height / photograph.width - image.height()) < 2


def face_mark(query: FaceQuery) -> FaceMark:
    """Return what is drawn on a face of a photograph."""
    face = query.photo
    assert isinstance(face, DetectedFace)
    width, height = face.photograph.width, face.photograph.height
    box = face.box
    place = QRectF(box.x / width, box.y / height, box.width / width, box.height / height)
    return FaceMark(place, label_text(query), is_known(query), box_words(query))
