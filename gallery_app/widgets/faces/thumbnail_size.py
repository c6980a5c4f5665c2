"""How large the faces of a grid are: a slider, and the wheel with Ctrl over the grid."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QSlider, QWidget

LEAST, MOST, USUAL = 64, 256, 96
"""Sides of a thumbnail in pixels."""
_STEP = 16
_NOTCH = 120  # of a wheel, in eighths of a degree


class ThumbnailSize(QSlider):
    """Its value is the side in pixels, in steps of 16."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._turned = 0
        self.setRange(LEAST // _STEP, MOST // _STEP)
        self.setPageStep(2)
        self.setFixedWidth(112)
        self.setAccessibleName("Size of the faces")
        self.setToolTip("Size of the faces (Ctrl and the wheel over them)")
        self.set_side(USUAL)

    @property
    def side(self) -> int:
        """Pixels."""
        return self.value() * _STEP

    def set_side(self, side: int) -> None:
        """Another size, as near as there is one."""
        self.setValue(round(side / _STEP))

    def serve(self, view: QAbstractItemView, resize: Callable[[int], object]) -> None:
        """Call ``resize`` with each new side, and heed the wheel over a view."""
        view.viewport().installEventFilter(self)
        self.valueChanged.connect(lambda _: resize(self.side))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel:
            return False
        assert isinstance(event, QWheelEvent)
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        self._turned += event.angleDelta().y()  # touchpads turn by less than a notch
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        self.setValue(self.value() + notches)
        event.accept()
        return True
