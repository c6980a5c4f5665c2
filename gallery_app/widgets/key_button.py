"""A button that shows the one key that presses it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QPushButton, QWidget

from gallery_app.theme import current_theme, text_font

_GAP = 8
_RIM = 9  # of the button, as in the style sheet


class KeyButton(QPushButton):
    """Its text stands at the left, its key in a small frame at the right."""

    def __init__(self, text: str, key: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._key = key
        self.setProperty("keyed", True)
        self.setToolTip(tip)
        shortcut = QShortcut(QKeySequence(key), self)  # a button's own waits for its animation
        shortcut.activated.connect(self.click)
        self.setAccessibleDescription(f"{tip}. Key {key}")

    def sizeHint(self) -> QSize:
        wanted = super().sizeHint()
        return QSize(wanted.width() + _GAP + self._side(), wanted.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = current_theme()
        primary = bool(self.property("primary")) and self.isEnabled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.9 if self.isEnabled() else 0.4)
        painter.setPen(QPen(theme.on_accent if primary else theme.muted, 1))
        side = self._side()
        frame = QRectF(self.width() - _RIM - side, (self.height() - side) / 2, side, side)
        painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(text_font("small"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._key)
        painter.end()

    def _side(self) -> int:
        return QFontMetrics(text_font("small")).height() + 4
