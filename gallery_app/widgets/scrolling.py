"""A page that scrolls up and down where it is higher than its place."""

from __future__ import annotations

from PySide6.QtCore import Qt
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
