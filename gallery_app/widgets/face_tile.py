"""One face of the evidence: its picture, and its distance to the query under it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from gallery_app.theme import current_theme, tabular, text_font
from gallery_app.widgets.clickable import Clickable
from gallery_app.widgets.elided_label import plain_tip
from gallery_app.widgets.painting import paint_picture, paint_words

_SIDE = 60
_GAP = 3


class FaceTile(Clickable):
    """Signals: ``activated`` (face id)."""

    activated = Signal(int)

    def __init__(
        self,
        face_id: int,
        name: str,
        distance: float,
        parent: QWidget | None = None,
        *,
        learned: bool = False,
    ) -> None:
        """
        Args:
            learned: the distance is one in the learned space.
        """
        super().__init__(parent)
        self.face_id = face_id
        self.name = name
        self._distance = f"{distance:.2f}"
        self._picture: QPixmap | None = None
        words = f"{name}, distance {distance:.3f}" + " in the learned space" * learned
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(words))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.activated.emit(self.face_id))

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_SIDE, _SIDE + _GAP + QFontMetrics(text_font("small")).height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        paint_picture(painter, QRectF(0, 0, _SIDE, _SIDE), self._picture, 6)
        below = QRect(0, _SIDE + _GAP, _SIDE, self.height() - _SIDE - _GAP)
        color = theme.text if self.underMouse() else theme.muted
        paint_words(painter, below, self._distance, tabular(text_font("small")), color)
        self.paint_ring(painter, QRectF(0, 0, _SIDE, _SIDE))
        painter.end()
