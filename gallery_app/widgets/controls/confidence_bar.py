"""Confidence as a thin bar, and as the words beside it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.utils.number_text import confidence_text
from gallery_app.theme.theme import current_theme

_HEIGHT = 4


def confidence_words(confidence: float | None) -> str:
    """The confidence for a screen reader or a tip."""
    if confidence is None:
        return "confidence not calibrated"
    text = confidence_text(confidence).replace("<", "below ").replace(">", "above ")
    return f"confidence {text}"


class ConfidenceBar(QWidget):
    """A bar for 0 to 1; without a value an empty track that says so when asked."""

    def __init__(self, value: float | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_value(value)

    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        """A probability, or None where none is calibrated."""
        self._value = None if value is None else min(max(value, 0.0), 1.0)
        self.setAccessibleName(confidence_words(value).capitalize())
        self.setToolTip(
            "Not calibrated: the gallery is too small" if value is None
            else f"Calibrated {confidence_words(value)}"
        )  # fmt: skip
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(0, (self.height() - _HEIGHT) / 2, self.width(), _HEIGHT)
        painter.setBrush(theme.track)
        painter.drawRoundedRect(whole, _HEIGHT / 2, _HEIGHT / 2)
        if self._value is not None:
            painter.setBrush(theme.accent)
            filled = QRectF(whole)
            filled.setWidth(max(_HEIGHT, self._value * whole.width()))
            painter.drawRoundedRect(filled, _HEIGHT / 2, _HEIGHT / 2)
        painter.end()
