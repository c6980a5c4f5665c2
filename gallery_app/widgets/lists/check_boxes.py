"""The box with the tick as delegates paint it, and how mouse and keyboard turn it."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from gallery_app.theme.colours import current_theme
from gallery_app.theme.icons import paint_icon

Index = QModelIndex | QPersistentModelIndex
SIDE = 18
_REACH = 6  # pixels around the box that a click may miss it by


def paint_check(painter: QPainter, box: QRectF, checked: bool) -> None:
    """Draw a check box like every other one of the window."""
    theme = current_theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.accent if checked else theme.muted, 1))
    painter.setBrush(theme.accent if checked else theme.panel)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    if checked:
        paint_icon(painter, box.adjusted(2, 2, -2, -2), "check", theme.on_accent)
    painter.restore()


def tone_color(tone: str) -> QColor:
    """The colour of words of a tone: good, warning, bad, muted, sent, or of plain text."""
    theme = current_theme()
    tones = {"good": theme.good, "warning": theme.warning, "bad": theme.bad, "muted": theme.muted,
             "sent": theme.accent_text}  # fmt: skip
    return tones.get(tone, theme.text)


def is_checkable(index: Index) -> bool:
    return bool(index.flags() & Qt.ItemFlag.ItemIsUserCheckable)


def is_checked(index: Index) -> bool:
    return Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked


def turn(model: QAbstractItemModel, index: Index) -> bool:
    """Turn the tick of an item; tell whether it has one."""
    if not is_checkable(index):
        return False
    state = Qt.CheckState.Unchecked if is_checked(index) else Qt.CheckState.Checked
    return model.setData(index, state, Qt.ItemDataRole.CheckStateRole)


class CheckBoxDelegate(QStyledItemDelegate):
    """Base of delegates that paint a tick at the left: a click on it, or Space, turns it."""

    MARGIN = 12

    def box(self, rect: QRect) -> QRectF:
        """Return the place of the tick of an item."""
        return QRectF(rect.left() + self.MARGIN, rect.center().y() - SIDE / 2 + 0.5, SIDE, SIDE)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        if isinstance(event, QMouseEvent):
            reach = self.box(option.rect).adjusted(-_REACH, -_REACH, _REACH, _REACH)
            if event.button() != Qt.MouseButton.LeftButton or not reach.contains(event.position()):
                return False
            if event.type() != QEvent.Type.MouseButtonRelease:
                return is_checkable(index)  # a press on the box does not select
        elif not (isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space):
            return False
        return turn(model, index)
