"""Where equal cells are: rows in lines of some columns, computed and not kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractItemView

_Move = QAbstractItemView.CursorAction


@dataclass(frozen=True)
class Cells:
    """Points and rectangles are in pixels from the top left of the first cell.

    Attributes:
        count: rows in all.
        columns: cells in a line.
        width, height: of a cell.
    """

    count: int = 0
    columns: int = 1
    width: int = 1
    height: int = 1

    @property
    def total_height(self) -> int:
        return -(-self.count // self.columns) * self.height

    def rect(self, row: int) -> QRect:
        line, column = divmod(row, self.columns)
        return QRect(column * self.width, line * self.height, self.width, self.height)

    def row_at(self, point: QPoint) -> int:
        """The row there, or the nearest one in reading order; -1 where there are none."""
        column = min(self.columns - 1, max(0, point.x() // self.width))
        row = point.y() // self.height * self.columns + column
        return max(0, min(self.count - 1, row)) if self.count else -1

    def rows_in(self, rect: QRect) -> range:
        """Rows of the lines that a rectangle touches."""
        first = max(0, rect.top() // self.height) * self.columns
        last = (rect.bottom() // self.height + 1) * self.columns
        return range(first, min(last, self.count))

    def between(self, one: QPoint, other: QPoint) -> Iterator[tuple[int, int]]:
        """First and last row from one point to another in reading order, if any cell is near."""
        ends = sorted((self.row_at(one), self.row_at(other)))
        touched = self.rect(ends[0]).intersects(QRect(one, other).normalized())
        if self.count and (ends[0] != ends[1] or touched):
            yield ends[0], ends[1]

    def touched(self, rect: QRect) -> Iterator[tuple[int, int]]:
        """First and last row, line by line, of the cells that a rectangle touches."""
        left = max(0, rect.left() // self.width)
        right = min(self.columns - 1, rect.right() // self.width)
        rows = self.rows_in(rect)
        for start in range(rows.start, rows.stop, self.columns):
            if left <= right and start + left < rows.stop:
                yield start + left, min(start + right, rows.stop - 1)

    def moved(self, row: int, action: QAbstractItemView.CursorAction, lines: int) -> int:
        """Where a key leads from a row, or from nowhere (-1).

        Args:
            lines: that a page has.
        """
        if row < 0:
            return self.count - 1 if action == _Move.MoveEnd else 0
        line, page, aside = self.columns, lines * self.columns, int(self.columns > 1)
        to = {
            _Move.MoveUp: row - line if row >= line else row,
            _Move.MoveDown: row + line,
            _Move.MoveLeft: row - aside,
            _Move.MoveRight: row + aside,
            _Move.MovePrevious: row - 1,
            _Move.MoveNext: row + 1,
            _Move.MovePageUp: row - page,
            _Move.MovePageDown: row + page,
            _Move.MoveHome: 0,
            _Move.MoveEnd: self.count - 1,
        }[action]
        return max(0, min(self.count - 1, to))
