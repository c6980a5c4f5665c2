"""A gallery that another process writes: its changes are shown, and its place is taken in time."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from gallery_app.controllers.controller import Controller
from gallery_app.errors import readable
from gallery_app.operations import galleries
from gallery_app.operations.context import Context
from gallery_app.state import EVERYTHING
from gallery_app.window.main_window import MainWindow

EVERY = 1_000  # milliseconds between two looks of some 0.2 ms


class ExternalChangesController(Controller):
    """Looks at the open gallery while this window may only read it.

    Whoever writes is alone: then there is nothing to look for.
    """

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._change = -1
        self.timer = QTimer(self, interval=EVERY, timeout=self._look)
        context.state.gallery_changed.connect(self._gallery_changed)

    def _gallery_changed(self) -> None:
        gallery = self._state.gallery
        self._change = -1
        if gallery is not None and not gallery.writable:
            self.timer.start()
            self._look()
        else:
            self.timer.stop()

    def _look(self) -> None:
        if self._state.gallery is not None:
            galleries.look_for_changes(self._context, self._seen, self._failed)

    def _seen(self, change: int, writable: bool) -> None:
        before, self._change = self._change, change
        if writable:
            self.timer.stop()
            self._context.state.writable_changed.emit()
            self._context.state.notice.emit(
                "The other process has closed this gallery. You can edit it here now."
            )
        if before not in (-1, change):
            self._state.contents_changed.emit(EVERYTHING)

    def _failed(self, error: BaseException) -> None:
        """Once: what is shown stays, and stays as it is."""
        self.timer.stop()
        told = readable(error)
        self._window.message.show_warning(f"{told.headline}. {told.text}".strip())
