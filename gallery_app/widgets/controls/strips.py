"""Strips of the window: what runs, with Cancel, and one sentence to be closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, SignalInstance
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QToolButton, QWidget

from engine.progress import Event, Message, Progress
from gallery_app.theme.icons import Role, icon
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel
from gallery_app.wording.number_words import left_text

_PATIENCE_MS = 300  # shorter work comes and goes without a strip
_STEPS = 1000
_SURE_AFTER = 2.0  # seconds until a time left means something


class Running(Protocol):
    """What can be watched."""

    title: str
    reported: SignalInstance
    ended: SignalInstance

    def cancel(self) -> None: ...


@dataclass
class _Watched:
    """Work that has not ended, and what it told last."""

    task: Running
    last: Event | None = None


class BusyStrip(QFrame):
    """Shows the work that began last; hides when none is left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="busyStrip")
        self._watched: list[_Watched] = []
        self._stage = ""
        self._began = 0.0
        self.title = text_label(role="heading", wrap=False)
        self.bar = QProgressBar(textVisible=False)
        self.detail = ElidedLabel(role="small")
        self.button = QPushButton("Cancel", clicked=self._cancel)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS, timeout=self._appear)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        hbox(
            (vbox(self.title, self.bar, self.detail, spacing=8), 1),
            (self.button, 0, Qt.AlignmentFlag.AlignVCenter),
            parent=self,
            margins=(24, 14, 24, 14),
            spacing=24,
        )

    def watch(self, task: Running) -> None:
        """Show this work until it ends, should it take a while."""
        watched = _Watched(task)
        self._watched.append(watched)
        task.reported.connect(lambda event: self._told(watched, event))
        task.ended.connect(lambda: self._ended(watched))
        self._show_newest()
        if not self.isVisible():
            self._patience.start()

    def _show_newest(self) -> None:
        newest = self._watched[-1]
        self._stage = ""
        self.title.setText(newest.task.title)
        self.setAccessibleName(newest.task.title)
        self.bar.setRange(0, 0)
        self.detail.setText("")
        self.button.setEnabled(True)
        self.button.setText("Cancel")
        if newest.last is not None:
            self._show(newest.last)

    def _told(self, watched: _Watched, event: Event) -> None:
        watched.last = event
        if self._watched and watched is self._watched[-1]:
            self._show(event)

    def _show(self, event: Event) -> None:
        if isinstance(event, Message):
            self.detail.setText(event.text)
            return
        if event.stage != self._stage:
            self._stage, self._began = event.stage, time.monotonic()
        share = event.share
        self.bar.setRange(0, 0 if share is None else _STEPS)
        if share is not None:
            self.bar.setValue(int(share * _STEPS))
        self.detail.setText(progress_text(event, time.monotonic() - self._began))

    def _ended(self, watched: _Watched) -> None:
        self._watched = [other for other in self._watched if other is not watched]
        if self._watched:
            self._show_newest()
        else:
            self._patience.stop()
            self.hide()

    def _appear(self) -> None:
        self.setVisible(bool(self._watched))

    def _cancel(self) -> None:
        if self._watched:
            self.button.setEnabled(False)
            self.button.setText("Cancelling…")
            self._watched[-1].task.cancel()


def progress_text(progress: Progress, seconds: float) -> str:
    """ "Reading · 1,200 of 4,324 · about 5 s left"; the time once it means something.

    Args:
        seconds: since the stage began; the time left is judged by it where the work itself does
            not foresee how long all of it takes.
    """
    counted = f"{progress.stage} · {progress.done:,} of {progress.total:,}"
    text = counted if progress.total else progress.stage
    left = progress.left
    if progress.overall is None and progress.done and progress.total and seconds >= _SURE_AFTER:
        left = seconds * (progress.total - progress.done) / progress.done
    return text if left is None else f"{text} · {left_text(left)}"


class MessageBar(QFrame):
    """Hidden until something is shown; a newer sentence takes the place of an older one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="messageBar")
        self._action: Callable[[], object] | None = None
        self.picture = IconLabel("info", "accent")
        self.words = text_label(selectable=True)
        self.button = QPushButton(clicked=self._act)
        self.cross = QToolButton(icon=icon("close", "muted"), toolTip="Close this message")
        self.cross.setAccessibleName("Close this message")
        self.cross.clicked.connect(self.hide)
        hbox(
            self.picture,
            (self.words, 1),
            self.button,
            self.cross,
            parent=self,
            margins=(16, 8, 8, 8),
            spacing=12,
        )
        self.hide()

    def show_info(
        self, text: str, action: str = "", call: Callable[[], object] | None = None
    ) -> None:
        """Something worth knowing, with a button where ``action`` names one."""
        self._show("info", "accent", text, action, call)

    def show_warning(
        self, text: str, action: str = "", call: Callable[[], object] | None = None
    ) -> None:
        """Something to look after."""
        self._show("alert", "warning", text, action, call)

    def _show(
        self, name: str, role: Role, text: str, action: str, call: Callable[[], object] | None
    ) -> None:
        self.picture.set_icon(name, role)
        self.words.setText(text)
        self.setAccessibleName(text)
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self._action = call
        self.show()

    def _act(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()
