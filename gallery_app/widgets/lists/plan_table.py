"""The table of what an import would do: tick and portrait, file, name, what happens, why."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gallery_app.item_models.import_plan_model import FILE, NAME, OUTCOME, PORTRAIT, WHY, PlanModel
from gallery_app.item_models.roles import PictureRole, ToneRole
from gallery_app.theme.icons import paint_icon
from gallery_app.theme.theme import current_theme, text_font
from gallery_app.widgets.faces.painting import paint_picture, paint_ring, paint_words
from gallery_app.widgets.lists.check_boxes import (
    SIDE,
    Index,
    is_checkable,
    is_checked,
    paint_check,
    tone_color,
    turned,
)

_PICTURE = 32
_PAD = 8
_SIGN = 14
_FADED = 0.4
_WIDTHS = {PORTRAIT: 84, FILE: 220, NAME: 170, OUTCOME: 150}
_SIGNS = {"good": "check", "bad": "alert", "warning": "alert", "sent": "chevron-right"}


class PlanTable(QTableView):
    """Sorts by a click on a heading; Space turns the tick of the current row.

    Signals: ``leave_pressed`` (Delete), ``selection_changed``.
    """

    leave_pressed = Signal()
    selection_changed = Signal()

    def __init__(self, model: PlanModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(_PlanDelegate(self))
        self.setAccessibleName("Result for each file")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height())
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(FILE, Qt.SortOrder.AscendingOrder)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        self.setSortingEnabled(True)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        model.modelReset.connect(self.selection_changed)

    def selected_rows(self) -> list[int]:
        """Rows of the table, from the top."""
        ranges = self.selectionModel().selection()  # one for all rows, where indexes were many
        return sorted({row for one in ranges for row in range(one.top(), one.bottom() + 1)})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.leave_pressed.emit()
        elif event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self._turn(self.currentIndex().siblingAtColumn(PORTRAIT))
        else:
            super().keyPressEvent(event)

    def _turn(self, index: Index) -> None:
        if is_checkable(index):
            state = Qt.CheckState.Unchecked if is_checked(index) else Qt.CheckState.Checked
            self.model().setData(index, state, Qt.ItemDataRole.CheckStateRole)


def row_height() -> int:
    return max(_PICTURE, QFontMetrics(text_font()).height()) + 10


class _PlanDelegate(QStyledItemDelegate):
    """Every cell on one ground; what happens and why have a sign before the words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        words = QFontMetrics(text_font()).horizontalAdvance(index.data() or "")
        sign = _SIGN + 6 if index.column() in (OUTCOME, WHY) else 0
        return QSize(words + sign + 2 * _PAD, row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect, state = current_theme(), option.rect, option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.selection)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        if index.column() == PORTRAIT:
            self._paint_face(painter, rect, index)
        else:
            self._paint_words(painter, rect.adjusted(_PAD, 0, -_PAD, 0), index)
        focus = QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_KeyboardFocusChange
        if state & focus == focus:
            paint_ring(painter, QRectF(rect), theme.accent, 2, 2)
        painter.restore()

    def _paint_face(self, painter: QPainter, rect: QRect, index: Index) -> None:
        if is_checkable(index):
            paint_check(painter, _box(rect), is_checked(index))
        left = rect.left() + _PAD + SIDE + 12
        place = QRectF(left, rect.top() + (rect.height() - _PICTURE) / 2, _PICTURE, _PICTURE)
        if index.data(ToneRole) == "muted":
            painter.setOpacity(_FADED)
        if index.siblingAtColumn(OUTCOME).data(ToneRole) == "bad":
            painter.setOpacity(1.0)
            paint_icon(painter, place.adjusted(6, 6, -6, -6), "file", current_theme().muted)
        else:
            paint_picture(painter, place, index.data(PictureRole), 5)
        painter.setOpacity(1.0)

    def _paint_words(self, painter: QPainter, rect: QRect, index: Index) -> None:
        tone = index.data(ToneRole) or ""
        words = index.data() or ""
        if tone in _SIGNS and words:
            top = rect.center().y() - _SIGN / 2 + 0.5
            paint_icon(
                painter,
                QRectF(rect.left(), top, _SIGN, _SIGN),
                _SIGNS[tone],
                tone_color(tone),
            )
            rect = rect.adjusted(_SIGN + 6, 0, 0, 0)
        plain = tone == "good"  # the sign says it
        color = current_theme().text if plain else tone_color(tone)
        paint_words(painter, rect, words, text_font(), color)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        return turned(event, model, index, _box(option.rect))


def _box(rect: QRect) -> QRectF:
    return QRectF(rect.left() + _PAD, rect.center().y() - SIDE / 2 + 0.5, SIDE, SIDE)
