"""Undo, redo and the history: what the Edit menu calls its next step, and the way to any other."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.records.changes import Changed
from gallery_app.dialogs.history import HistoryDialog
from gallery_app.dialogs.late import while_open
from gallery_app.operations import correcting
from gallery_app.operations.context import Context
from gallery_app.views.main_window import MainWindow

_SHOWN = 5_000  # entries of the history at most


class Undoing(QObject):
    """Joins the menu and the history dialog to the gallery."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._history: HistoryDialog | None = None
        actions, state = window.menus.actions, context.state
        actions["undo"].triggered.connect(lambda: self._go("Undoing", "undo"))
        actions["redo"].triggered.connect(lambda: self._go("Redoing", "redo"))
        actions["history"].triggered.connect(lambda: self.history())
        state.gallery_changed.connect(self._gallery_changed)
        state.contents_changed.connect(self._look)
        state.writable_changed.connect(self._look)
        self._look()

    def _go(self, title: str, way: str) -> None:
        correcting.correct(
            self._context, title, lambda to: to.undo() if way == "undo" else to.redo(), self._show
        )

    def _show(self, changed: Changed) -> None:
        """An identity that the change touched comes into view, where the chosen one was not."""
        state = self._context.state
        if changed.identities and state.identity not in changed.identities:
            state.identity = changed.identities[0]

    # -- the next step -----------------------------------------------------------------------

    def _look(self) -> None:
        """What undo and redo stand for now."""
        self._show_steps(None, None)
        if self._context.state.gallery is not None:
            correcting.load_steps(self._context, self._show_steps)
            self._load_history()

    def _show_steps(self, undo: str | None, redo: str | None) -> None:
        for name, word, step in (("undo", "&Undo", undo), ("redo", "&Redo", redo)):
            action = self._window.menus.actions[name]
            shown = (step or "").replace("&", "&&")
            action.setText(f"{word}: {shown}" if step else word)
            action.setEnabled(step is not None and self._writable)

    @property
    def _writable(self) -> bool:
        gallery = self._context.state.gallery
        return gallery is not None and gallery.writable

    # -- history -----------------------------------------------------------------------------

    def history(self) -> None:
        """The dialog stays open beside the window, and follows what is done there."""
        if self._history is None:
            self._history = HistoryDialog(self._go_to, writable=self._writable, parent=self._window)
            self._history.finished.connect(self._forget)
        self._load_history()
        self._history.show()
        self._history.raise_()

    def _go_to(self, change: int) -> None:
        correcting.correct(self._context, "Going there", lambda to: to.go_to(change), self._show)

    def _load_history(self) -> None:
        if self._history is not None:
            show = while_open(self._history, self._history.show_entries)
            correcting.load_history(self._context, _SHOWN, show)

    def _gallery_changed(self) -> None:
        if self._history is not None:
            self._history.close()
        self._look()

    def _forget(self) -> None:
        self._history = None
