"""One face of the evidence: its picture, and its distance to the query under it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from gallery_app.theme import tabular
from gallery_app.widgets.clickable import Clickable
from gallery_app.widgets.elided_label import plain_tip
from gallery_app.widgets.picture import PictureLabel

_SIDE = 60


class FaceTile(Clickable):
    """Signals: ``activated`` (face id)."""

    activated = Signal(int)

    def __init__(
        self, face_id: int, name: str, distance: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.face_id = face_id
        self.picture = PictureLabel(_SIDE, 6)
        self.distance = QLabel(f"{distance:.2f}")
        self.distance.setFont(tabular(self.distance.font()))
        self.distance.setProperty("textRole", "small")
        words = f"{name}, distance {distance:.3f}"
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(words))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.activated.emit(self.face_id))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(2)
        layout.addWidget(self.picture)
        layout.addWidget(self.distance, 0, Qt.AlignmentFlag.AlignLeft)

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self.picture.set_picture(picture)
