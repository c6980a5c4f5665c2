"""What does not fit its place: a page that scrolls, a dialog that stays inside its window."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QScrollArea, QWidget


def scrolling(page: QWidget) -> QScrollArea:
    """The page in a frameless scroll area on the ground of the window."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.viewport().setBackgroundRole(QPalette.ColorRole.NoRole)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def fitting(size: QSize, window: QWidget | None) -> QSize:
    """The size of a dialog, cut to what leaves a margin of the window around it."""
    return size if window is None else size.boundedTo(window.size() - QSize(48, 48))
