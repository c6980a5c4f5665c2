"""The table of answers: picture, verdict, name, confidence, file and row of each query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.records.types import Ids
from gallery_app.item_models.answer_model import (
    CONFIDENCE,
    PERSON,
    PICTURE,
    PLACE,
    ROW,
    VERDICT,
    AnswerListModel,
    ConfidenceRole,
)
from gallery_app.item_models.roles import PictureRole, ToneRole
from gallery_app.theme.colours import current_theme, tabular, text_font
from gallery_app.theme.icons import paint_icon
from gallery_app.widgets.faces.painting import paint_picture, paint_ring, paint_words
from gallery_app.widgets.lists.check_boxes import Index, tone_color

_PICTURE = 36
_PAD = 8
_SIGN, _SIGN_GAP = 14, 6
_BAR, _BAR_HEIGHT = 56, 4
_MARK = 3  # px: width of the bar at the left of the current row
_WIDTHS = {PICTURE: 56, VERDICT: 150, PERSON: 190, CONFIDENCE: 122, PLACE: 190, ROW: 72}
_NARROW = 680  # px
_NARROW_WIDTHS = {VERDICT: 142, PERSON: 136, CONFIDENCE: 88, ROW: 52}
_LEAST, _MOST = 48, 2_000  # px of a column
_SIGNS = {"good": "check", "warning": "alert"}
_MOST_RUNS = 2_000  # of selected rows that are found again after sorting
_Select = QItemSelectionModel.SelectionFlag


class AnswerView(QTableView):
    """Sorts by a click on a heading. What is selected stays so as far as it is shown.

    Signals: ``current_changed`` (position of a query), ``selection_changed``, ``typed`` (letters,
    to be looked for).
    """

    current_changed = Signal(int)
    selection_changed = Signal()
    typed = Signal(str)

    def __init__(self, model: AnswerListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answers = model
        self._following = False
        self.setModel(model)
        self.setItemDelegate(_AnswerDelegate(self))
        self.setAccessibleName("Answers")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self._is_narrow, self._wide = False, dict(_WIDTHS)
        self._set_headers()
        self.selectionModel().currentRowChanged.connect(lambda now, _: self._current(now.row()))
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())

    def _set_headers(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        height = max(_PICTURE, QFontMetrics(text_font()).height()) + 8
        rows.setMinimumSectionSize(height)
        rows.setDefaultSectionSize(height)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._set_widths(_WIDTHS)
        header.setSectionResizeMode(PLACE, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(PICTURE, QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(_LEAST)
        header.setSortIndicator(PLACE, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self._sort)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)
        for bar in (header, rows):  # else it asks every cell whether all of a column are selected
            bar.setSelectionModel(QItemSelectionModel(self._answers, bar))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Without room for all columns those that are wide are less so."""
        super().resizeEvent(event)
        narrow = self.viewport().width() < _NARROW
        if narrow != self._is_narrow:
            self._wide = self.widths()
            self._is_narrow = narrow
            self._set_widths(_NARROW_WIDTHS if narrow else self._wide)

    def widths(self) -> dict[int, int]:
        """Of the columns, where there is room for them, in pixels."""
        if self._is_narrow:
            return self._wide
        return {column: self.columnWidth(column) for column in _WIDTHS}

    def restore_widths(self, widths: Sequence[int]) -> None:
        """Set widths as they were remembered; others than there are columns count as none."""
        if len(widths) == len(_WIDTHS) and all(_LEAST <= width <= _MOST for width in widths):
            self._wide = dict(zip(_WIDTHS, widths, strict=True))
            if not self._is_narrow:
                self._set_widths(self._wide)

    def _set_widths(self, widths: Mapping[int, int]) -> None:
        for column, width in widths.items():
            self.setColumnWidth(column, width)

    # -- what is shown -----------------------------------------------------------------------

    def arrange(self, change: Callable[[], object], *, advances: bool = False) -> None:
        """Do something to the model that moves rows; current and selected queries stay so.

        Args:
            advances: where the current query is no longer shown, the next one is chosen.
        """
        row = max(0, self.currentIndex().row())
        before = self._answers.position_at(self.currentIndex().row())
        selected = self.selected_positions()
        everything = 0 < len(selected) == self._answers.rowCount()
        self._following = True
        change()
        rows = self._answers.rows_of(np.sort(selected))
        if everything:
            rows = np.arange(self._answers.rowCount())
        if len(selected) and not np.array_equal(rows, self.selected_rows()):
            self._select(rows)
        self._following = False
        self.show_current(before)
        if advances and self._answers.row_of(before) < 0 and self._answers.rowCount():
            row = min(row, self._answers.rowCount() - 1)
            self.setCurrentIndex(self._answers.index(row, PERSON))
        self.selection_changed.emit()

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self.arrange(lambda: self._answers.sort(PLACE if column == PICTURE else column, order))

    def show_current(self, position: int) -> None:
        """Another query is looked at elsewhere; without a selection of several its row is selected
        too.
        """
        row = self._answers.row_of(position)
        if row < 0 or row == self.currentIndex().row():
            return
        flags = _Select.NoUpdate
        if self.selected_count() <= 1:
            flags = _Select.ClearAndSelect | _Select.Rows
        self._following = True
        self.selectionModel().setCurrentIndex(self._answers.index(row, PERSON), flags)
        self._following = False
        self.scrollTo(self._answers.index(row, PICTURE))

    def _current(self, row: int) -> None:
        self.viewport().update()  # the mark at the left
        position = self._answers.position_at(row)
        if position >= 0 and not self._following:
            self.current_changed.emit(position)

    # -- selection ---------------------------------------------------------------------------

    def selected_rows(self) -> Ids:
        """Ascending; quick for a hundred thousand."""
        blocks = [np.arange(block.top(), block.bottom() + 1) for block in self._blocks()]
        return np.sort(np.concatenate([np.empty(0, dtype=np.int64), *blocks]))

    def selected_count(self) -> int:
        return len(self.selected_rows())

    def selected_positions(self) -> Ids:
        """Positions of the queries in the selected rows, from the top."""
        return self._answers.positions_at(self.selected_rows())

    def _blocks(self) -> list:  # type: ignore[type-arg]
        return list(self.selectionModel().selection())

    def _select(self, rows: Ids) -> None:
        runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1) if len(rows) else []
        selection, last = QItemSelection(), self._answers.columnCount() - 1
        for run in runs if len(runs) <= _MOST_RUNS else ():
            first, end = int(run[0]), int(run[-1])
            selection.select(self._answers.index(first, 0), self._answers.index(end, last))
        self.selectionModel().select(selection, _Select.ClearAndSelect)

    # -- keyboard ----------------------------------------------------------------------------

    def keyboardSearch(self, search: str) -> None:
        """Leave it to the field for it: QTableView would look at each row."""
        self.typed.emit(search)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the first and last row, as in a list."""
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._answers.rowCount() - 1}
        if event.key() in ends and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.setCurrentIndex(self._answers.index(ends[Qt.Key(event.key())], PERSON))
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(sum(_WIDTHS.values()) + 24, 480)


class _AnswerDelegate(QStyledItemDelegate):
    """Every cell on one ground; a verdict has a sign, a confidence a thin bar."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect = option.rect
        painter.save()
        self._paint_ground(painter, option, index)
        inner = rect.adjusted(_PAD, 0, -_PAD, 0)
        if index.column() == PICTURE:
            top = rect.top() + (rect.height() - _PICTURE) / 2
            square = QRectF(rect.left() + _MARK + _PAD, top, _PICTURE, _PICTURE)
            paint_picture(painter, square, index.data(PictureRole), 5)
        elif index.column() == CONFIDENCE:
            self._paint_confidence(painter, inner, index)
        else:
            self._paint_words(painter, inner, index)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect, view = current_theme(), option.rect, self.parent()
        assert isinstance(view, QTableView)
        current = index.row() == view.currentIndex().row()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.selection)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        if current and index.column() == PICTURE:
            painter.fillRect(QRect(rect.left(), rect.top(), _MARK, rect.height()), theme.accent)
        focus = QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_KeyboardFocusChange
        if option.state & focus == focus:
            paint_ring(painter, QRectF(rect), theme.accent, 2, 2)

    def _paint_confidence(self, painter: QPainter, rect: QRect, index: Index) -> None:
        theme, sure = current_theme(), index.data(ConfidenceRole)
        font = tabular(text_font())
        has_bar = rect.width() >= 2 * _BAR - _PAD
        if has_bar:
            top = rect.center().y() - _BAR_HEIGHT / 2 + 0.5
            _paint_bar(painter, QRectF(rect.left(), top, _BAR, _BAR_HEIGHT), sure)
        words = rect.adjusted(_BAR + _PAD, 0, 0, 0) if has_bar else rect
        side = Qt.AlignmentFlag.AlignRight
        paint_words(painter, words, index.data() or "", font, theme.text, side)

    def _paint_words(self, painter: QPainter, rect: QRect, index: Index) -> None:
        tone, words = index.data(ToneRole) or "", index.data() or ""
        if index.column() == VERDICT:
            if tone in _SIGNS:
                top = rect.center().y() - _SIGN / 2 + 0.5
                square = QRectF(rect.left(), top, _SIGN, _SIGN)
                paint_icon(painter, square, _SIGNS[tone], tone_color(tone))
            rect = rect.adjusted(_SIGN + _SIGN_GAP, 0, 0, 0)
        right = index.column() == ROW
        font = tabular(text_font()) if right else text_font()
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        color = current_theme().text if tone == "good" else tone_color(tone)
        paint_words(painter, rect, words, font, color, side)


def _paint_bar(painter: QPainter, bar: QRectF, sure: float | None) -> None:
    theme, round_ = current_theme(), _BAR_HEIGHT / 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.track)
    painter.drawRoundedRect(bar, round_, round_)
    if sure is not None:
        bar.setWidth(max(_BAR_HEIGHT, bar.width() * min(max(sure, 0.0), 1.0)))
        painter.setBrush(theme.accent)
        painter.drawRoundedRect(bar, round_, round_)
