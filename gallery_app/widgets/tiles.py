"""Widgets of one size in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

_LEAST_WIDTH = 320
_LEAST_HEIGHT = 250
_SPACE = 16


class Tiles(QWidget):
    """Keeps the order; the last row may be shorter."""

    def __init__(
        self, tiles: Sequence[QWidget], height: int = _LEAST_HEIGHT, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tiles = list(tiles)
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_SPACE)
        # its own least width is one tile, or it could never become narrower again
        self._grid.setSizeConstraint(QGridLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumWidth(_LEAST_WIDTH)
        self._height = height
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for tile in self._tiles:
            tile.setMinimumSize(_LEAST_WIDTH, height)
            tile.setSizePolicy(policy)
        self._arrange(1)

    def columns(self) -> int:
        return self._columns

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fitting = (self.width() + _SPACE) // (_LEAST_WIDTH + _SPACE)
        self._arrange(min(max(fitting, 1), max(len(self._tiles), 1)))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 0)
        self._columns = columns
        for place, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, place // columns, place % columns)
        for column in range(columns):
            self._grid.setColumnStretch(column, 1)
        rows = -(-len(self._tiles) // columns)
        self.setMinimumHeight(rows * self._height + max(rows - 1, 0) * _SPACE)
