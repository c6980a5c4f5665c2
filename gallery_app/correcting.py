"""The Edit menu: corrections of people and faces, undo and history, joined to the dialogs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from engine.changes import Changed
from engine.types import Face, Identity
from gallery_app.dialogs.history import HistoryDialog
from gallery_app.dialogs.merge import MergeDialog
from gallery_app.dialogs.naming import NameDialog
from gallery_app.dialogs.note import note_dialog
from gallery_app.dialogs.split import SplitDialog
from gallery_app.item_models.identities import faces_text
from gallery_app.operations import correcting
from gallery_app.operations.context import Context
from gallery_app.operations.correcting import Correction
from gallery_app.views.main_window import MainWindow

_HISTORY = 5_000  # entries shown at most
_OF_PEOPLE = ("rename", "merge", "split", "note", "", "delete", "erase")
_OF_FACES = ("move", "portrait", "confirm_faces", "", "remove")


class Correcting(QObject):
    """One method a menu entry, and what becomes of a drop."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._history: HistoryDialog | None = None
        self._connect()
        self._enable()

    def _connect(self) -> None:
        window, state = self._window, self._context.state
        handlers = {
            "undo": lambda: self._correct("Undoing", lambda to: to.undo(), self._show_touched),
            "redo": lambda: self._correct("Redoing", lambda to: to.redo(), self._show_touched),
            "history": self.history, "rename": self.rename, "merge": self.merge,
            "split": self.split, "note": self.note, "delete": self.delete, "move": self.move,
            "portrait": self.portrait, "confirm_faces": self.confirm, "remove": self.remove,
        }  # fmt: skip
        for name, handler in handlers.items():
            window.menus.actions[name].triggered.connect(lambda _=False, do=handler: do())
        window.identities.selection_changed.connect(self._enable)
        window.faces.selection_changed.connect(self._enable)
        window.identities.menu_wanted.connect(self._people_menu)
        window.faces.menu_wanted.connect(self._faces_menu)
        window.identities.model.faces_dropped.connect(self._faces_dropped)
        window.identities.model.people_dropped.connect(self._people_dropped)
        state.gallery_changed.connect(self._look)
        state.contents_changed.connect(self._look)
        state.corrected.connect(self._tell)
        deleting = {window.identities.list: self.delete, window.faces.grid: self.remove}
        for view, handler in deleting.items():
            key = QShortcut(QKeySequence.StandardKey.Delete, view)
            key.setContext(Qt.ShortcutContext.WidgetShortcut)
            key.activated.connect(handler)

    # -- what can be done --------------------------------------------------------------------

    def _look(self) -> None:
        """What undo and redo stand for now."""
        self._show_steps(None, None)
        if self._context.state.gallery is not None:
            correcting.load_steps(self._context, self._show_steps)
            if self._history is not None:
                self._load_history()

    def _show_steps(self, undo: str | None, redo: str | None) -> None:
        for name, word, step in (("undo", "&Undo", undo), ("redo", "&Redo", redo)):
            action = self._window.menus.actions[name]
            shown = (step or "").replace("&", "&&")
            action.setText(f"{word}: {shown}" if step else word)
            action.setEnabled(step is not None and self._writable)

    def _enable(self) -> None:
        people, faces = len(self._people()), len(self._faces())
        can = {
            "rename": people == 1, "note": people == 1, "split": people == 1,
            "merge": people > 1, "delete": people > 0,
            "move": faces > 0, "confirm_faces": faces > 0, "remove": faces > 0,
            "portrait": faces == 1,
        }  # fmt: skip
        for name, enabled in can.items():
            self._window.menus.actions[name].setEnabled(enabled and self._writable)

    @property
    def _writable(self) -> bool:
        gallery = self._context.state.gallery
        return gallery is not None and gallery.writable

    def _people(self) -> list[Identity]:
        return self._window.identities.selected()

    def _faces(self) -> list[Face]:
        return self._window.faces.selected_faces()

    def _tell(self, summary: str) -> None:
        self._window.statusBar().showMessage(summary, 6000)

    # -- people ------------------------------------------------------------------------------

    def rename(self) -> None:
        """A name that somebody has already leads to the merge."""
        (identity,) = self._people()

        def says(name: str, there: bool) -> str:
            return f"{name} is enrolled already: this asks whether to merge" if there else ""

        def taken(name: str) -> None:
            if name in self._window.identities.model.names():
                self.merge_names(identity.name, name)
            else:
                self._correct(
                    f"Renaming {identity.name}", lambda to: to.rename(identity.name, name)
                )

        self._ask_name(f"Rename {identity.name}", says, "Rename", taken, name=identity.name)

    def merge(self) -> None:
        """The one with most faces is proposed to keep its name."""
        people = sorted(self._people(), key=lambda one: -one.faces)
        if len(people) > 1:
            self._open_merge(people)

    def merge_names(self, name: str, into: str) -> None:
        """Asks whether one identity is to go into another."""
        listed = {one.name: one for one in self._window.identities.model.people()}
        if name in listed and into in listed:
            self._open_merge([listed[into], listed[name]])

    def _open_merge(self, people: Sequence[Identity]) -> None:
        def merged(names: list[str], into: str) -> None:
            self._context.state.identity = next(one.id for one in people if one.name == into)
            self._correct(f"Merging into {into}", lambda to: to.merge(names, into))

        MergeDialog(self._context, people, merged, self._window).open()

    def split(self) -> None:
        (identity,) = self._people()

        def taken(parts: dict[str, list[int]]) -> None:
            self._correct(f"Splitting {identity.name}", lambda to: to.split(identity.name, parts))

        names = self._window.identities.model.names()
        SplitDialog(self._context, identity, names, taken, self._window).open()

    def note(self) -> None:
        (identity,) = self._people()

        def taken(text: str) -> None:
            self._correct("Keeping the note", lambda to: to.note(identity.name, text))

        note_dialog(identity.name, identity.note, taken, self._window).open()

    def delete(self) -> None:
        """Without a question: undo brings everything back."""
        names = [one.name for one in self._people()]
        if names and self._writable:
            self._correct("Deleting people", lambda to: to.delete(names))

    # -- faces -------------------------------------------------------------------------------

    def move(self) -> None:
        faces = [face.id for face in self._faces()]
        self._ask_move(faces)

    def _ask_move(self, faces: list[int]) -> None:
        def says(name: str, there: bool) -> str:
            return f"{faces_text(len(faces))} to {name}" + ("" if there else ", a new person")

        self._ask_name(
            f"Move {faces_text(len(faces))}", says, "Move", lambda name: self._move(faces, name)
        )

    def _move(self, faces: Sequence[int], name: str) -> None:
        self._correct(f"Moving {faces_text(len(faces))}", lambda to: to.move(faces, name))

    def portrait(self) -> None:
        (face,) = self._faces()
        self._correct("Setting the portrait", lambda to: to.choose_portrait(face.name, face.id))

    def confirm(self) -> None:
        faces = [face.id for face in self._faces()]
        self._correct("Confirming faces", lambda to: to.confirm(faces))

    def remove(self) -> None:
        """Without a question: undo brings them back."""
        faces = [face.id for face in self._faces()]
        if faces and self._writable:
            self._correct("Removing faces", lambda to: to.remove(faces))

    # -- drops -------------------------------------------------------------------------------

    def _faces_dropped(self, faces: list[int], identity: int) -> None:
        """On a person: moved there; beside all of them: a name is asked for."""
        if not self._writable:
            return
        target = self._window.identities.model.identity(identity)
        if target is None:
            self._ask_move(faces)
        else:
            self._move(faces, target.name)

    def _people_dropped(self, people: list[int], identity: int) -> None:
        model = self._window.identities.model
        listed = [model.identity(one) for one in (identity, *people)]
        if self._writable and all(listed):
            self._open_merge([one for one in listed if one is not None])

    # -- history -----------------------------------------------------------------------------

    def history(self) -> None:
        if self._history is None:
            self._history = HistoryDialog(
                lambda change: self._correct("Going there", lambda to: to.go_to(change)),
                writable=self._writable,
                parent=self._window,
            )
            self._history.destroyed.connect(self._forget_history)
        self._load_history()
        self._history.show()
        self._history.raise_()

    def _forget_history(self) -> None:
        self._history = None

    def _load_history(self) -> None:
        dialog = self._history
        if dialog is not None:
            correcting.load_history(
                self._context,
                _HISTORY,
                lambda entries: dialog is self._history and dialog.show_entries(entries),
            )

    # -- helpers -----------------------------------------------------------------------------

    def _correct(self, title: str, correction: Correction, done=None) -> None:  # type: ignore[no-untyped-def]
        correcting.correct(self._context, title, correction, done)

    def _show_touched(self, changed: Changed) -> None:
        """An identity that the change touched comes into view, where the chosen one was not."""
        state = self._context.state
        if changed.identities and state.identity not in changed.identities:
            state.identity = changed.identities[0]

    def _ask_name(self, title: str, says, text: str, taken, name: str = "") -> None:  # type: ignore[no-untyped-def]
        names = self._window.identities.model.names()
        NameDialog(title, names, says, text, taken, name=name, parent=self._window).open()

    def _people_menu(self, at: QPoint) -> None:
        self._popup(_OF_PEOPLE, at)

    def _faces_menu(self, at: QPoint) -> None:
        self._popup(_OF_FACES, at, [self._window.faces.ask, self._window.faces.copy])

    def _popup(self, names: Sequence[str], at: QPoint, first=()) -> None:  # type: ignore[no-untyped-def]
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(first))
        if first:
            menu.addSeparator()
        for name in names:
            menu.addAction(self._window.menus.actions[name]) if name else menu.addSeparator()
        menu.popup(at)
