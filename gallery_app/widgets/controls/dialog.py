"""Windows and dialogs that fit their screen, and pages that scroll where there is no room."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QDialog, QScrollArea, QWidget

from gallery_app.widgets.controls.boxes import vbox


def scrolling(page: QWidget) -> QScrollArea:
    """The page in a frameless scroll area on the ground of the window."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.viewport().setBackgroundRole(QPalette.ColorRole.NoRole)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def fitting(size: QSize, window: QWidget | None) -> QSize:
    """The size of a dialog, cut to what leaves a margin of the window around it."""
    return size if window is None else size.boundedTo(window.size() - QSize(48, 48))


_P = ParamSpec("_P")
_FRAME = QSize(4, 40)  # px that a desktop's frame takes where it is not known yet
_UNLIMITED = 16_777_215


class Dialog(QDialog):
    """A dialog that stays on its screen: where it cannot be so small, its contents scroll.

    Args:
        kept: whether it is still there after it was closed.
    """

    _scrolls = False

    def __init__(
        self, title: str = "", parent: QWidget | None = None, *, kept: bool = False
    ) -> None:
        super().__init__(parent, windowTitle=title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, not kept)

    def while_open(self, call: Callable[_P, object]) -> Callable[_P, None]:
        """Guard a callback: what arrives when the dialog is closed is dropped."""
        open_ = [True]
        self.finished.connect(open_.clear)

        def guarded(*values: _P.args, **named: _P.kwargs) -> None:
            if open_:
                call(*values, **named)

        return guarded

    def showEvent(self, event: QShowEvent) -> None:
        self._fit()
        super().showEvent(event)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._fit()  # it has grown since it was opened
        return done

    def _fit(self) -> None:
        room = free_room(self)
        if not self._scrolls and not _fits(self._least(room), room):
            self._scroll()
        fit_to_screen(self)

    def _least(self, room: QSize) -> QSize:
        """The size that it needs at least."""
        layout = self.layout()
        if layout is None:
            return self.minimumSize()
        least = layout.totalMinimumSize()
        if layout.hasHeightForWidth():
            width = min(self.width(), room.width())
            least.setHeight(max(least.height(), layout.totalMinimumHeightForWidth(width)))
        return least.expandedTo(self.minimumSize())

    def _scroll(self) -> None:
        self._scrolls = True
        page = QWidget()
        page.setLayout(self.layout())
        area = scrolling(page)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setMinimumSize(0, 0)
        self.setMaximumSize(_UNLIMITED, _UNLIMITED)
        vbox(area, parent=self, margins=0)
        bar = area.verticalScrollBar().sizeHint().width()
        self.resize(max(self.width(), page.minimumSizeHint().width()) + bar, self.height())


def free_room(window: QWidget) -> QSize:
    """The largest size that a window can have on its screen, without its frame."""
    frame = window.frameGeometry().size() - window.size()
    if not window.isVisible():
        frame = frame.expandedTo(_FRAME)
    return window.screen().availableGeometry().size() - frame


def fit_to_screen(window: QWidget) -> None:
    """Cut a window, and the size that it may have at least, to what is free on its screen, and
    move it there.
    """
    room = free_room(window)
    window.setMinimumSize(window.minimumSize().boundedTo(room))
    if not _fits(window.size(), room):
        window.resize(window.size().boundedTo(room))
    free, frame = window.screen().availableGeometry(), QRect(window.frameGeometry())
    placed = window.isVisible() or window.testAttribute(Qt.WidgetAttribute.WA_Moved)
    if placed and not free.contains(frame):
        frame.moveRight(min(frame.right(), free.right()))
        frame.moveBottom(min(frame.bottom(), free.bottom()))
        frame.moveLeft(max(frame.left(), free.left()))
        frame.moveTop(max(frame.top(), free.top()))
        window.move(frame.topLeft())


def _fits(size: QSize, room: QSize) -> bool:
    return size.width() <= room.width() and size.height() <= room.height()
