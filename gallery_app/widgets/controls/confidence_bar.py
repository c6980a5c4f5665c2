"""Thin bars: how sure an answer is, and recognition before and after a correction."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from engine.records.changes import Recognition
from engine.utils.number_text import confidence_text
from gallery_app.theme.colours import current_theme
from gallery_app.widgets.controls.boxes import section

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


_TIP = (
    "Each of these faces is identified by comparing it with all other faces: how many are "
    "recognised correctly."
)


class BeforeAfter(QWidget):
    """Two thin bars, one above the other, each with its figures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, toolTip=_TIP)
        self._bars = ConfidenceBar(), ConfidenceBar()
        self._figures = QLabel(), QLabel()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(8)
        layout.addWidget(section("RECOGNISED CORRECTLY"), 0, 0, 1, 3)
        for row, (text, bar, figure) in enumerate(
            zip(("Before", "After"), self._bars, self._figures, strict=True), 1
        ):
            figure.setProperty("textRole", "muted")
            layout.addWidget(QLabel(text), row, 0)
            layout.addWidget(bar, row, 1)
            layout.addWidget(figure, row, 2, Qt.AlignmentFlag.AlignRight)
        layout.setColumnStretch(1, 1)
        self.show_waiting()

    def show_waiting(self) -> None:
        """It is being counted."""
        for bar, figure in zip(self._bars, self._figures, strict=True):
            bar.set_value(0.0)
            figure.setText("counting…")

    def show_shares(self, before: Recognition, after: Recognition) -> None:
        for told, bar, figure in zip((before, after), self._bars, self._figures, strict=True):
            bar.set_value(told.share or 0.0)
            bar.setToolTip(_TIP)
            bar.setAccessibleName(recognition_text(told))
            figure.setText(recognition_text(told))


def recognition_text(told: Recognition) -> str:
    """ "96 % · 48 of 50"."""
    if told.share is None:
        return "too few faces"
    return f"{100 * told.share:.0f} % · {told.right:,} of {told.faces:,}"
