"""How an identity looks in its list and a face in its grid."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from gallery_app.item_models.roles import CaptionRole, CountRole, NameRole, PictureRole
from gallery_app.theme.colours import current_theme, tabular, text_font
from gallery_app.theme.icons import paint_icon
from gallery_app.widgets.faces.painting import paint_picture, paint_ring, paint_words

Index = QModelIndex | QPersistentModelIndex
_State = QStyle.StateFlag


class IdentityDelegate(QStyledItemDelegate):
    """A row: round portrait, name, number of faces. The name is plain text, whatever it holds."""

    SIDE = 40
    _MARGIN = 16
    _GAP = 12

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        words = QFontMetrics(text_font()).height() + 24
        return QSize(200, max(56, words))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, state = option.rect, option.state
        painter.save()
        self._paint_ground(painter, rect, state)
        top = rect.top() + (rect.height() - self.SIDE) / 2
        portrait = QRectF(rect.left() + self._MARGIN, top, self.SIDE, self.SIDE)
        paint_picture(painter, portrait, index.data(PictureRole), self.SIDE / 2)
        self._paint_words(painter, rect.adjusted(self._MARGIN, 0, -self._MARGIN, 0), index)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        theme = current_theme()
        if state & _State.State_Selected:
            painter.fillRect(rect, theme.selection)
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), theme.accent)
        elif state & _State.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        if _focused(state):
            paint_ring(painter, QRectF(rect), theme.accent, 2, 2)

    def _paint_words(self, painter: QPainter, inner: QRect, index: Index) -> None:
        theme = current_theme()
        figures = tabular(text_font())
        count = f"{index.data(CountRole) or 0:,}"
        width = QFontMetrics(figures).horizontalAdvance(count) + 1
        right = QRect(inner.right() - width + 1, inner.top(), width, inner.height())
        paint_words(painter, right, count, figures, theme.muted, Qt.AlignmentFlag.AlignRight)
        left = inner.left() + self.SIDE + self._GAP
        middle = QRect(left, inner.top(), right.left() - self._GAP - left, inner.height())
        paint_words(painter, middle, index.data(NameRole) or "", text_font(), theme.text)


class FaceDelegate(QStyledItemDelegate):
    """A cell: rounded picture with a caption under it; a ring and a tick where selected."""

    _PAD = 6

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.side = 96  # px of the picture

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        caption = QFontMetrics(text_font("small")).height()
        return QSize(self.side + 2 * self._PAD, self.side + 2 * self._PAD + caption + 9)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect, state = current_theme(), option.rect, option.state
        picture = QRectF(rect.left() + self._PAD, rect.top() + self._PAD, self.side, self.side)
        selected = bool(state & _State.State_Selected)
        painter.save()
        paint_picture(painter, picture, index.data(PictureRole), 6)
        if selected:
            _paint_tick(painter, picture)
        self._paint_ring(painter, picture, state)
        caption = QRect(
            int(picture.left()), int(picture.bottom()) + 5, self.side, self._caption_height()
        )
        color = theme.text if selected else theme.muted
        font: QFont = tabular(text_font("small"))
        paint_words(painter, caption, index.data(CaptionRole) or "", font, color)
        painter.restore()

    def _caption_height(self) -> int:
        return QFontMetrics(text_font("small")).height()

    def _paint_ring(self, painter: QPainter, picture: QRectF, state: QStyle.StateFlag) -> None:
        theme = current_theme()
        around = picture.adjusted(-4, -4, 4, 4)
        if state & _State.State_Selected:
            paint_ring(painter, around, theme.accent, 9, 2)
        elif state & _State.State_MouseOver:
            paint_ring(painter, around, theme.border, 9, 2)
        if _focused(state):
            paint_ring(painter, picture.adjusted(-6, -6, 6, 6), theme.text, 11, 1)


def _paint_tick(painter: QPainter, picture: QRectF) -> None:
    """A tick in the corner, so that a selection does not hang on a colour alone."""
    theme = current_theme()
    disc = QRectF(picture.right() - 26, picture.top() + 6, 20, 20)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.accent)
    painter.drawEllipse(disc)
    paint_icon(painter, disc.adjusted(3, 3, -3, -3), "check", theme.on_accent)


def _focused(state: QStyle.StateFlag) -> bool:
    """Whether the keyboard stands here; a mouse does not need the ring."""
    return bool(state & _State.State_HasFocus and state & _State.State_KeyboardFocusChange)


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


def finding_list(model: QAbstractItemModel, name: str, accessible_name: str) -> QListView:
    """Return a list of findings, which takes the height that is left."""
    view = QListView(objectName=name)
    view.setModel(model)
    view.setItemDelegate(FindingDelegate(view))
    view.setUniformItemSizes(True)
    view.setMouseTracking(True)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    view.setAccessibleName(accessible_name)
    view.setMinimumHeight(88)
    view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
    return view
