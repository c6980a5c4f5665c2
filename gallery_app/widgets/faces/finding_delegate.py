"""How a finding looks in the list of the review."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gallery_app.item_models.roles import CaptionRole, NameRole, PictureRole
from gallery_app.theme.colours import current_theme, text_font
from gallery_app.widgets.faces.painting import paint_picture, paint_ring, paint_words

Index = QModelIndex | QPersistentModelIndex
_SIDE, _MARGIN, _GAP = 28, 8, 12


class FindingDelegate(QStyledItemDelegate):
    """A row: small picture, who it is about, and at the right what is wrong."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, max(40, QFontMetrics(text_font()).height() + 16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect, state = current_theme(), option.rect, option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.selection)
            painter.drawRoundedRect(rect, 6, 6)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.hover)
            painter.drawRoundedRect(rect, 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            paint_ring(painter, QRectF(rect), theme.accent, 6, 2)
        top = rect.top() + (rect.height() - _SIDE) / 2
        square = QRectF(rect.left() + _MARGIN, top, _SIDE, _SIDE)
        paint_picture(painter, square, index.data(PictureRole), 5)
        self._paint_words(painter, rect.adjusted(_MARGIN + _SIDE + _GAP, 0, -_MARGIN, 0), index)
        painter.restore()

    def _paint_words(self, painter: QPainter, inner: QRect, index: Index) -> None:
        theme, small = current_theme(), text_font("small")
        caption = index.data(CaptionRole) or ""
        width = min(QFontMetrics(small).horizontalAdvance(caption) + 1, inner.width() * 2 // 5)
        right = QRect(inner.right() - width + 1, inner.top(), width, inner.height())
        paint_words(painter, right, caption, small, theme.muted, Qt.AlignmentFlag.AlignRight)
        left = inner.adjusted(0, 0, -width - _GAP, 0)
        paint_words(painter, left, index.data(NameRole) or "", text_font(), theme.text)
