"""A list or grid of equal cells that needs no layout: a million rows show as quickly as ten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QCursor,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QRubberBand,
    QStyle,
    QStyleOptionRubberBand,
    QStyleOptionViewItem,
    QWidget,
)

from engine.records.types import Ids

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


Index = QModelIndex | QPersistentModelIndex
_Drop = QAbstractItemView.DropIndicatorPosition
_State = QStyle.StateFlag


class UniformView(QListView):
    """Args:
    grid: cells of the delegate's size in lines; else one a line, as wide as the view.

    Signals: ``typed`` (the letters typed so far, in quick succession).
    """

    typed = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, grid: bool = False) -> None:
        super().__init__(parent)
        self._grid = grid
        self._cell = QSize(1, 1)
        self._pressed = QPoint()
        self._band = QRect()
        self._target = -1
        self._letters = ""
        self._pause = QTimer(self, singleShot=True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setMouseTracking(True)

    # -- where rows are ----------------------------------------------------------------------

    @property
    def _cells(self) -> Cells:
        model, wide = self.model(), self.viewport().width()
        count = model.rowCount() if model is not None else 0
        if not self._grid:
            return Cells(count, 1, max(1, wide), self._cell.height())
        columns = max(1, wide // self._cell.width())
        return Cells(count, columns, self._cell.width(), self._cell.height())

    def _down(self) -> QPoint:
        """From the first cell to the viewport."""
        return QPoint(0, self.verticalOffset())

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        return self._cells.rect(index.row()).translated(-self._down())

    def indexAt(self, point: QPoint) -> QModelIndex:
        cells, at = self._cells, point + self._down()
        row = cells.row_at(at)
        found = row >= 0 and cells.rect(row).contains(at)
        return self.model().index(row, 0) if found else QModelIndex()

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        return False

    # -- geometry and scrolling --------------------------------------------------------------

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)

    def updateGeometries(self) -> None:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        self._cell = self.itemDelegate().sizeHint(option, QModelIndex()).expandedTo(QSize(1, 1))
        height, bar = self.viewport().height(), self.verticalScrollBar()
        bar.setRange(0, max(0, self._cells.total_height - height))
        bar.setPageStep(height)
        bar.setSingleStep(self._cell.height())
        self.horizontalScrollBar().setRange(0, 0)
        QAbstractItemView.updateGeometries(self)

    def resize_cells(self) -> None:
        """The delegate makes cells of another size: what stands at the top stays there."""
        old, down = self._cells, self._down()
        row = max(0, old.row_at(down))
        hidden = (down.y() - old.rect(row).top()) / old.height
        self.updateGeometries()
        new = self._cells
        self.verticalScrollBar().setValue(new.rect(row).top() + round(hidden * new.height))
        self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.scrollDirtyRegion(dx, dy)
        self.viewport().scroll(dx, dy)

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        self.executeDelayedItemsLayout()
        rect, height = self.visualRect(index), self.viewport().height()
        bar = self.verticalScrollBar()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif rect.top() < 0 or hint == QAbstractItemView.ScrollHint.PositionAtTop:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() >= height or hint == QAbstractItemView.ScrollHint.PositionAtBottom:
            bar.setValue(bar.value() + rect.bottom() + 1 - height)

    def dataChanged(self, first: Index, last: Index, roles: list[int] | None = None) -> None:
        QAbstractItemView.dataChanged(self, first, last, roles or [])

    # -- keyboard and selection --------------------------------------------------------------

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        cells = self._cells
        if not cells.count:
            return QModelIndex()
        lines = max(1, self.viewport().height() // cells.height)
        return self.model().index(cells.moved(self.currentIndex().row(), action, lines), 0)

    def event(self, event: QEvent) -> bool:
        """A letter goes to the search by letters, as in a text field, not to a shortcut of that
        letter elsewhere in the window; a digit only where a name is being typed.
        """
        if event.type() == QEvent.Type.ShortcutOverride:
            text = _typed(event)
            if text.isalpha() or (self._pause.isActive() and text.isprintable() and text):
                event.accept()
                return True
        return super().event(event)

    def keyboardSearch(self, search: str) -> None:
        """Ask whoever knows the rows: QListView would look at each of them."""
        self._letters = self._letters + search if self._pause.isActive() else search
        self._pause.start(QApplication.keyboardInputInterval())
        self.typed.emit(self._letters)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Between two cells, as with Shift; or those that a rubber band touches."""
        cells, selection = self._cells, QItemSelection()
        one, other = rect.topLeft() + self._down(), rect.bottomRight() + self._down()
        by_band = self.state() == QAbstractItemView.State.DragSelectingState
        band = QRect(one, other).normalized()
        for first, last in cells.touched(band) if by_band else cells.between(one, other):
            selection.select(self.model().index(first, 0), self.model().index(last, 0))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region, cells, down = QRegion(), self._cells, self._down()
        shown = cells.rows_in(self.viewport().rect().translated(down))
        for part in selection:
            for row in range(max(part.top(), shown.start), min(part.bottom() + 1, shown.stop)):
                region += cells.rect(row).translated(-down)
        return region

    def selected_rows(self) -> Ids:
        """Rows that are selected, ascending; quick for a hundred thousand."""
        parts = [np.arange(block.top(), block.bottom() + 1) for block in self._ranges()]
        return np.sort(np.concatenate([np.empty(0, dtype=np.int64), *parts]))

    def selected_count(self) -> int:
        return sum(block.height() for block in self._ranges())

    def _ranges(self) -> list:  # type: ignore[type-arg]
        return list(self.selectionModel().selection())

    def select_rows(self, rows: Ids) -> None:
        """Select rows besides those that are selected, in one go."""
        rows, selection, model = np.unique(rows), QItemSelection(), self.model()
        for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1) if len(rows) else ():
            selection.select(model.index(int(run[0]), 0), model.index(int(run[-1]), 0))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.Select)

    # -- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint() + self._down()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._grid and self.state() == QAbstractItemView.State.DragSelectingState:
            pressed = self._pressed - self._down()
            self._band = QRect(pressed, event.position().toPoint()).normalized()
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._band = QRect()
        self.viewport().update()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        on = event.isAccepted() and self.dropIndicatorPosition() == _Drop.OnItem
        self._aim(self.indexAt(event.position().toPoint()).row() if on else -1)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._aim(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        self._aim(-1)

    def _aim(self, row: int) -> None:
        """The row that a drop would fall on."""
        if row != self._target:
            self._target = row
            self.viewport().update()

    # -- painting ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        state, delegate, selected = option.state, self.itemDelegate(), self.selectionModel()
        current = self.currentIndex().row() if self.hasFocus() else -1
        cells, down, hovered = self._cells, self._down(), self._hovered()
        for row in cells.rows_in(event.rect().translated(down)):
            index = self.model().index(row, 0)
            option.rect = cells.rect(row).translated(-down)
            option.state = state
            if selected.isSelected(index):
                option.state |= _State.State_Selected
            if row == hovered:
                option.state |= _State.State_MouseOver
            if row == current:
                option.state |= _State.State_HasFocus
            delegate.paint(painter, option, index)
        self._paint_drag(painter, option)

    def _hovered(self) -> int:
        """The row under the mouse, or -1."""
        viewport = self.viewport()
        under = viewport.underMouse()
        return self.indexAt(viewport.mapFromGlobal(QCursor.pos())).row() if under else -1

    def _paint_drag(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """Where a drop would fall, and the rubber band."""
        if self._target >= 0:
            option.rect = self._cells.rect(self._target).translated(-self._down())
            element = QStyle.PrimitiveElement.PE_IndicatorItemViewItemDrop
            self.style().drawPrimitive(element, option, painter, self)
        if not self._band.isEmpty():
            band = QStyleOptionRubberBand()
            band.initFrom(self)
            band.shape = QRubberBand.Shape.Rectangle
            band.rect = self._band
            self.style().drawControl(QStyle.ControlElement.CE_RubberBand, band, painter)


def _typed(event: QEvent) -> str:
    """The character that a key gives; "" for none, and where it is held with Ctrl or the like."""
    assert isinstance(event, QKeyEvent)
    shift = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    return "" if event.modifiers() & ~shift else event.text()
