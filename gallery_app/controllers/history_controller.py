"""Undo, redo and the history: what the Edit menu calls its next step, and the way to any other."""

from __future__ import annotations

from engine.records.changes import Changed
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs.history_dialog import HistoryDialog
from gallery_app.operations import corrections
from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.history_words import change_text

_LARGE = 25  # faces that a step touches, from which on undoing it offers the way back in a banner
_WIDE = 60  # letters of a step in the menu
_SHOWN = 5_000  # entries of the history at most


class HistoryController(Controller):
    """Joins the menu and the history dialog to the gallery."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._history: HistoryDialog | None = None
        self._undone = ""  # the large step that was undone last, until something else is done
        self._told = ""
        self._on_actions(undo=self._undo, redo=self._redo, history=self.history)
        state = context.state
        state.gallery_changed.connect(self._gallery_changed)
        state.contents_changed.connect(self._look)
        state.writable_changed.connect(self._look)
        self._look()

    def _undo(self) -> None:
        corrections.correct(
            self._context, "Undoing", lambda gallery: gallery.history.undo(), self._show_undone
        )

    def _redo(self) -> None:
        corrections.correct(
            self._context, "Redoing", lambda gallery: gallery.history.redo(), self._show
        )

    def _show_undone(self, changed: Changed) -> None:
        self._undone = change_text(changed.summary) if len(changed.faces) >= _LARGE else ""
        self._show(changed)

    def _show(self, changed: Changed) -> None:
        """An identity that the change touched comes into view, where the chosen one was not."""
        state = self._state
        if changed.identities and state.identity not in changed.identities:
            state.identity = changed.identities[0]

    # -- the next step -----------------------------------------------------------------------

    def _look(self) -> None:
        """What undo and redo stand for now."""
        if self._told and self._window.message.words.text() == self._told:
            self._window.message.hide()  # its button would redo another step by now
        self._told = ""
        self._show_steps(None, None)
        if self._state.gallery is not None:
            corrections.load_steps(self._context, self._show_steps)
            self._load_history()

    def _show_steps(self, undo: str | None, redo: str | None) -> None:
        for name, word, step in (("undo", "&Undo", undo), ("redo", "&Redo", redo)):
            action = self._window.menus.actions[name]
            shown = _short(change_text(step or "")).replace("&", "&&")
            action.setText(f"{word}: {shown}" if step else word)
            action.setEnabled(step is not None and self._state.writable)
        if self._undone and redo is not None:
            self._told, self._undone = f"{self._undone}.", ""
            self._window.message.show_info(self._told, "Redo", self._redo)

    # -- history -----------------------------------------------------------------------------

    def history(self) -> None:
        """The dialog stays open beside the window, and follows what is done there."""
        if self._history is None:
            self._history = HistoryDialog(
                self._go_to, writable=self._state.writable, parent=self._window
            )
            self._history.finished.connect(self._forget)
        self._load_history()
        self._history.show()
        self._history.raise_()

    def _go_to(self, change: int) -> None:
        corrections.correct(
            self._context,
            "Going to the change",
            lambda gallery: gallery.history.go_to(change),
            self._show,
        )

    def _load_history(self) -> None:
        if self._history is not None:
            show = self._history.while_open(self._history.show_entries)
            corrections.load_history(self._context, _SHOWN, show)

    def _gallery_changed(self) -> None:
        if self._history is not None:
            self._history.close()
        self._look()

    def _forget(self) -> None:
        self._history = None


def _short(step: str) -> str:
    """A menu is no wider than it need be; the history has the whole sentence."""
    return step if len(step) <= _WIDE else f"{step[: _WIDE - 1].rstrip()}…"
