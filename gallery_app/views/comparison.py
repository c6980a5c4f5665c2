"""The query and one enrolled face, side by side at the same size."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.types import Evidence
from gallery_app.pictures import Pictures
from gallery_app.widgets.elided_label import ElidedLabel
from gallery_app.widgets.picture import PictureLabel

_SIDE = 132


class Comparison(QWidget):
    """Left the query, right the face that it is compared with."""

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._face: Evidence | None = None
        self.query = PictureLabel(_SIDE)
        self.query.setAccessibleName("The query")
        self.enrolled = PictureLabel(_SIDE)
        self.enrolled.setAccessibleName("The enrolled face it is compared with")
        self.query_caption = QLabel("query")
        self.enrolled_caption = ElidedLabel()
        for caption in (self.query_caption, self.enrolled_caption):
            caption.setProperty("textRole", "small")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(4)
        layout.addWidget(self.query, 0, 0)
        layout.addWidget(self.enrolled, 0, 1)
        layout.addWidget(self.query_caption, 1, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.enrolled_caption, 1, 1)
        layout.setColumnStretch(2, 1)
        self.enrolled_caption.setFixedWidth(_SIDE)
        pictures.ready.connect(self._pictures_ready)

    def show_query(self, picture: QPixmap | None) -> None:
        self.query.set_picture(picture)

    def show_face(self, face: Evidence | None) -> None:
        """The enrolled face to compare with; None leaves the place empty."""
        self._face = face
        self.enrolled.setVisible(face is not None)
        self.enrolled_caption.setVisible(face is not None)
        if face is None:
            self.enrolled.set_picture(None)
            self.enrolled_caption.setText("")
        else:
            self.enrolled.set_picture(self._pictures.get(face.face))
            self.enrolled_caption.setText(f"{face.name} · {face.distance:.3f}")

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._face is not None and self._face.face in faces:
            self.enrolled.set_picture(self._pictures.get(self._face.face))
