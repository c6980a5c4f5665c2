"""A person's hand: clicks, keys and drops as Qt delivers them, where they can be made now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QWidget

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def can_click(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and not widget.size().isEmpty()


def click(widget: QWidget, at: QPoint | None = None) -> None:
    if can_click(widget):
        QTest.mouseClick(widget, _LEFT, _NONE, at or widget.rect().center())


def press(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
    QTest.keyClick(widget, key, modifiers)


def type_in(widget: QWidget, letter: str) -> None:
    if widget.isVisible() and widget.isEnabled():
        QTest.keyClick(widget, letter)


def click_row(
    view: QAbstractItemView,
    index: QModelIndex,
    modifiers: Qt.KeyboardModifier = _NONE,
    *,
    twice: bool = False,
) -> None:
    """Scrolls to a row and clicks on it; nothing where the view is not seen."""
    if not view.isVisible() or not index.isValid():
        return
    view.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
    at = view.visualRect(index).center()
    QTest.mouseClick(view.viewport(), _LEFT, modifiers, at)
    if twice:
        QTest.mouseDClick(view.viewport(), _LEFT, modifiers, at)


def mouse(
    widget: QWidget, kind: QEvent.Type, at: QPointF, modifiers: Qt.KeyboardModifier = _NONE
) -> None:
    """The left button pressed or let go, or the mouse dragged, where the widget is seen."""
    none = Qt.MouseButton.NoButton
    changed = none if kind == QEvent.Type.MouseMove else _LEFT
    _mouse(widget, kind, at, changed, none if kind == QEvent.Type.MouseButtonRelease else _LEFT,
           modifiers)  # fmt: skip


def hover(widget: QWidget, at: QPointF) -> None:
    none = Qt.MouseButton.NoButton
    _mouse(widget, QEvent.Type.MouseMove, at, none, none, _NONE)


def _mouse(
    widget: QWidget,
    kind: QEvent.Type,
    at: QPointF,
    changed: Qt.MouseButton,
    held: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier,
) -> None:
    if can_click(widget):
        event = QMouseEvent(kind, at, widget.mapToGlobal(at), changed, held, modifiers)
        QApplication.sendEvent(widget, event)


def wheel(view: QWidget, notches: int) -> None:
    """Over the middle of a view, where it is seen."""
    target = view.viewport() if isinstance(view, QAbstractItemView) else view
    if not can_click(target):
        return
    at = QPointF(target.rect().center())
    there = QPointF(target.mapToGlobal(at.toPoint()))
    turned = QPoint(0, -120 * notches)
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        at, there, QPoint(), turned, Qt.MouseButton.NoButton, _NONE, phase, False
    )  # fmt: skip
    QApplication.sendEvent(target, event)


def context_menu(view: QAbstractItemView) -> None:
    """Over a random place of the view, which may be none of its rows."""
    at = view.viewport().rect().center()
    there = view.viewport().mapToGlobal(at)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, there)
    QApplication.sendEvent(view.viewport(), event)


def choose_in(menu: QMenu, number: int) -> None:
    """Clicks on an entry that can be chosen, counted from the top."""
    entries = [one for one in menu.actions() if one.isEnabled() and not one.isSeparator()]
    if entries:
        entry = entries[number % len(entries)]
        QTest.mouseClick(menu, _LEFT, _NONE, menu.actionGeometry(entry).center())


def drop_files(target: QWidget, paths: Sequence[Path], *, really: bool = True) -> None:
    """Drags files over a widget and lets go there, or goes away again."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    drop(target, mime, target.rect().center(), Qt.DropAction.CopyAction, really=really)


def drop(
    target: QWidget, mime: QMimeData, at: QPoint, action: Qt.DropAction, *, really: bool = True
) -> None:
    if not can_click(target):
        return
    QApplication.sendEvent(target, QDragEnterEvent(at, action, mime, _LEFT, _NONE))
    QApplication.sendEvent(target, QDragMoveEvent(at, action, mime, _LEFT, _NONE))
    if really:
        QApplication.sendEvent(target, QDropEvent(QPointF(at), action, mime, _LEFT, _NONE))
    else:
        QApplication.sendEvent(target, QDragLeaveEvent())
