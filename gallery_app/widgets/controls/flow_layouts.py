"""Layouts that go on in the next line where the width is not enough."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLayout, QLayoutItem, QSizePolicy, QWidget

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


_NOTHING = QSize(0, 0)


class WrappingRow(QLayout):
    """Widgets keep the size they ask for, and their order; hidden ones take no place."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max((place.bottom() + 1 for place in self._places(width)), default=0)

    def minimumSize(self) -> QSize:
        """Of the widest widget alone."""
        size = _NOTHING
        for item in self._shown():
            size = size.expandedTo(item.minimumSize())
        return size

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._shown()]
        width = sum(size.width() + self.spacing() for size in sizes) - self.spacing()
        return QSize(max(width, 0), max((size.height() for size in sizes), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        for item, place in zip(self._shown(), self._places(rect.width()), strict=True):
            item.setGeometry(place.translated(rect.topLeft()))

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _places(self, width: int) -> list[QRect]:
        """Where each goes, from the upper left corner."""
        places: list[QRect] = []
        left = top = below = 0
        for item in self._shown():
            size = item.sizeHint()
            if left and left + size.width() > width:
                left, top = 0, below + self.spacing()
            places.append(QRect(left, top, size.width(), size.height()))
            left += size.width() + self.spacing()
            below = max(below, top + size.height())
        return places
