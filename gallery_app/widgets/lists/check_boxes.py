"""The box with the tick as delegates paint it, and how mouse and keyboard turn it."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    Qt,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

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


def turned(event: QEvent, model: QAbstractItemModel, index: Index, box: QRectF) -> bool:
    """Turn the tick of an item where the event asks for it; for ``editorEvent`` of a delegate."""
    if not is_checkable(index):
        return False
    if isinstance(event, QMouseEvent):
        reach = box.adjusted(-_REACH, -_REACH, _REACH, _REACH)
        if event.button() != Qt.MouseButton.LeftButton or not reach.contains(event.position()):
            return False
        if event.type() != QEvent.Type.MouseButtonRelease:
            return True  # a press on the box does not select
    elif not (isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space):
        return False
    state = Qt.CheckState.Unchecked if is_checked(index) else Qt.CheckState.Checked
    return model.setData(index, state, Qt.ItemDataRole.CheckStateRole)
