"""How a face that is not enrolled yet looks: tick, portrait, file, and what to know of it."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QRect, QRectF, QSize
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gallery_app.icons import paint_icon
from gallery_app.item_models.roles import PictureRole, ToneRole, WordsRole
from gallery_app.theme import current_theme, text_font
from gallery_app.widgets.checks import (
    SIDE,
    Index,
    is_checkable,
    is_checked,
    paint_check,
    tone_color,
    turned,
)
from gallery_app.widgets.painting import paint_picture, paint_ring, paint_words

_State = QStyle.StateFlag
_PICTURE = 48
_MARGIN = 12
_GAP = 12
_SIGN = 14
_FADED = 0.4
_SIGNS = {"warning": "alert", "bad": "alert", "good": "check", "sent": "chevron-right"}


class NewFaceDelegate(QStyledItemDelegate):
    """A row of the list of an enrolment; a face that is left out is faded."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        words = QFontMetrics(text_font()).height() + QFontMetrics(text_font("small")).height()
        return QSize(240, max(_PICTURE, words) + 16)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, state = option.rect, option.state
        checkable = is_checkable(index)
        taken = checkable and is_checked(index)
        painter.save()
        self._paint_ground(painter, rect, state)
        if checkable:
            paint_check(painter, _box(rect), taken)
        picture = _picture_place(rect)
        painter.setOpacity(1.0 if taken or not checkable else _FADED)
        if checkable:
            paint_picture(painter, picture, index.data(PictureRole), 6)
        else:
            paint_icon(painter, picture.adjusted(12, 12, -12, -12), "file", current_theme().muted)
        painter.setOpacity(1.0)
        self._paint_words(painter, rect, index, taken)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        theme = current_theme()
        if state & _State.State_Selected:
            painter.fillRect(rect, theme.selection)
        elif state & _State.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        if state & _State.State_HasFocus and state & _State.State_KeyboardFocusChange:
            paint_ring(painter, QRectF(rect), theme.accent, 4, 2)

    def _paint_words(self, painter: QPainter, rect: QRect, index: Index, taken: bool) -> None:
        theme, font, small = current_theme(), text_font(), text_font("small")
        upper, lower = QFontMetrics(font).height(), QFontMetrics(small).height()
        left = int(_picture_place(rect).right()) + _GAP
        top = rect.top() + (rect.height() - upper - lower - 2) // 2
        width = rect.right() - _MARGIN - left
        color = theme.text if taken else theme.muted
        paint_words(painter, QRect(left, top, width, upper), index.data() or "", font, color)
        below = QRect(left, top + upper + 2, width, lower)
        tone = index.data(ToneRole) or "muted"
        if tone in _SIGNS:
            square = QRectF(left, below.center().y() - _SIGN / 2 + 0.5, _SIGN, _SIGN)
            paint_icon(painter, square, _SIGNS[tone], tone_color(tone))
            below.setLeft(left + _SIGN + 6)
        tint = theme.muted if tone == "good" else tone_color(tone)
        paint_words(painter, below, index.data(WordsRole) or "", small, tint)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        return turned(event, model, index, _box(option.rect))


def _box(rect: QRect) -> QRectF:
    return QRectF(rect.left() + _MARGIN, rect.center().y() - SIDE / 2 + 0.5, SIDE, SIDE)


def _picture_place(rect: QRect) -> QRectF:
    left = rect.left() + _MARGIN + SIDE + _GAP
    return QRectF(left, rect.top() + (rect.height() - _PICTURE) / 2, _PICTURE, _PICTURE)
