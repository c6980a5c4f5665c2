"""A table of figures with their intervals, what it is compared with set apart below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from gallery_app.shortcuts import keys_of
from gallery_app.theme.colours import current_theme, tabular, text_font
from gallery_app.theme.icons import paint_icon
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.widgets.faces.painting import paint_words

_CellRole = Qt.ItemDataRole.UserRole
_PAD = 8
_SIGN = 14
_SIGN_GAP = 5
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Cell:
    """``detail`` stands small below, as a warning where it ``warns``; ``order`` sorts."""

    text: str
    detail: str = ""
    order: float | str = ""
    best: bool = False
    warns: bool = False
    tip: str = ""


@dataclass(frozen=True)
class Column:
    """A heading; ``number`` stands at the right."""

    name: str
    tip: str = ""
    number: bool = True


@dataclass(frozen=True)
class Row:
    """``apart`` puts it below the others, under a heading of its own."""

    cells: tuple[Cell, ...]
    apart: bool = False


class FiguresTable(QTableWidget):
    """Table as high as its rows. A click on a heading sorts; rows set apart stay apart."""

    def __init__(
        self, columns: Sequence[Column], apart: str, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(0, len(columns), parent)
        self._columns, self._apart = columns, apart
        self._rows: list[Row] = []
        self._sorted: tuple[int, bool] | None = None
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels([column.name for column in columns])
        for place, column in enumerate(columns):
            self.horizontalHeaderItem(place).setTextAlignment(_align(column))
            self.horizontalHeaderItem(place).setToolTip(column.tip)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(_FigureDelegate(self))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._sort)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Replace all rows."""
        self._rows = list(rows)
        self._fill()
        self._fit()

    def as_text(self) -> str:
        """All of it for a spreadsheet, in the order shown."""
        lines = [[column.name for column in self._columns]]
        for row in self._ordered():
            lines.append(
                [f"{cell.text} ({cell.detail})" if cell.detail else cell.text for cell in row.cells]
            )
        return "\n".join("\t".join(line) for line in lines)

    def _ordered(self) -> list[Row]:
        rows = list(self._rows)
        if self._sorted is not None:
            place, falling = self._sorted
            rows.sort(key=lambda row: _key(row.cells[place]), reverse=falling)
        return [row for row in rows if not row.apart] + [row for row in rows if row.apart]

    def _fill(self) -> None:
        ordered = self._ordered()
        first_apart = next((at for at, row in enumerate(ordered) if row.apart), None)
        self.clearSpans()
        self.setRowCount(len(ordered) + (first_apart is not None))
        for at, row in enumerate(ordered):
            place = at + (first_apart is not None and at >= first_apart)
            for column, cell in enumerate(row.cells):
                self.setItem(place, column, _item(cell, self._columns[column]))
        if first_apart is not None:
            heading = QTableWidgetItem(self._apart)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            self.setItem(first_apart, 0, heading)
            self.setSpan(first_apart, 0, 1, len(self._columns))
        self.resizeRowsToContents()

    def _sort(self, place: int) -> None:
        falling = self._columns[place].number
        if self._sorted is not None and self._sorted[0] == place:
            falling = not self._sorted[1]
        self._sorted = place, falling
        order = Qt.SortOrder.DescendingOrder if falling else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicatorShown(True)
        self.horizontalHeader().setSortIndicator(place, order)
        self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._widen()

    def _widen(self) -> None:
        """Columns as wide as what is in them; the last one takes what is left."""
        self.horizontalHeader().setStretchLastSection(False)
        self.resizeColumnsToContents()
        used = sum(self.columnWidth(column) for column in range(self.columnCount()))
        self.horizontalHeader().setStretchLastSection(used <= self.viewport().width())

    def _fit(self) -> None:
        self._widen()
        rows = sum(self.rowHeight(row) for row in range(self.rowCount()))
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(rows + self.horizontalHeader().sizeHint().height() + bar + 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if QKeySequence(event.keyCombination()) in keys_of("copy"):
            QGuiApplication.clipboard().setText(self.as_text())
        else:
            super().keyPressEvent(event)


def _key(cell: Cell) -> tuple[bool, float | str]:
    """Numbers by size, words by letter, what is not known first of all."""
    return cell.order != "", cell.order if cell.order != "" else 0.0


def _item(cell: Cell, column: Column) -> QTableWidgetItem:
    item = QTableWidgetItem(cell.text)
    item.setData(_CellRole, cell)
    item.setTextAlignment(_align(column))
    words = f"{cell.text}, {cell.detail}" if cell.detail else cell.text
    best = ", best of its column" if cell.best else ""
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{words}{best}")
    item.setToolTip(plain_tip(cell.tip))
    return item


def _align(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class _FigureDelegate(QStyledItemDelegate):
    """The figure, bold where it is the best, and its interval small below."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell, theme = index.data(_CellRole), current_theme()
        rect = option.rect.adjusted(_PAD, 0, -_PAD, 0)
        painter.save()
        if cell is None:
            words = str(index.data() or "").upper()
            painter.fillRect(option.rect, theme.window)
            paint_words(painter, rect, words, text_font("section"), theme.muted)
        else:
            if option.state & QStyle.StateFlag.State_Selected:
                painter.fillRect(option.rect, theme.selection)
            self._paint_cell(painter, rect, cell, index)
        painter.restore()

    def _paint_cell(self, painter: QPainter, rect: QRect, cell: Cell, index: Index) -> None:
        theme = current_theme()
        align = Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole))
        side = align & Qt.AlignmentFlag.AlignHorizontal_Mask
        above = QRect(rect)
        if cell.detail:
            upper = QFontMetrics(_font(cell)).height()
            lower = QFontMetrics(_small()).height()
            above.setTop(rect.center().y() - (upper + lower) // 2)
            above.setHeight(upper)
            below = QRect(rect.left(), above.bottom() + 1, rect.width(), lower)
            if cell.warns:
                square = QRect(below.left(), below.top(), _SIGN, below.height())
                square.setTop(square.center().y() - _SIGN // 2)
                square.setHeight(_SIGN)
                paint_icon(painter, square.toRectF(), "alert", theme.warning)
                below.setLeft(square.right() + _SIGN_GAP)
            color = theme.warning if cell.warns else theme.muted
            paint_words(painter, below, cell.detail, _small(), color, side)
        paint_words(painter, above, cell.text, _font(cell), theme.text, side)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        cell = index.data(_CellRole)
        if cell is None:
            return QSize(0, QFontMetrics(text_font("section")).height() + 12)
        upper, lower = QFontMetrics(_font(cell)), QFontMetrics(_small())
        width = max(upper.horizontalAdvance(cell.text), lower.horizontalAdvance(cell.detail))
        sign = _SIGN + _SIGN_GAP if cell.warns else 0
        height = upper.height() + (lower.height() if cell.detail else 0)
        return QSize(width + sign + 2 * _PAD + 4, height + 10)


def _font(cell: Cell) -> QFont:
    font = tabular(text_font("body"))
    font.setBold(cell.best)
    return font


def _small() -> QFont:
    return tabular(text_font("small"))
