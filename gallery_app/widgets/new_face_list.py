"""The list of the faces of an enrolment; while it is empty it says what it is for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QListView, QWidget

from gallery_app.item_models.new_faces import NewFacesModel
from gallery_app.theme import current_theme
from gallery_app.widgets.new_face_delegate import NewFaceDelegate

_EMPTY = "Each face is looked at here before it is kept."
_LEAST_HEIGHT = 150


class NewFaceList(QListView):
    """A click on the box, or Space, leaves a face out or takes it in."""

    def __init__(self, model: NewFacesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(NewFaceDelegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Faces to enroll")
        self.setMinimumHeight(_LEAST_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(current_theme().muted)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(16, 0, -16, 0), flags, _EMPTY)
            painter.end()
