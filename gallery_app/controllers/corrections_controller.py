"""The Edit menu: corrections of people and faces, joined to the dialogs, and drops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from engine.records.receipts import ErasurePlan, Receipt
from engine.records.roster import Roster
from engine.records.types import Identity
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.erase_dialog import EraseDialog, ReceiptDialog
from gallery_app.dialogs.merge_dialog import MergeDialog
from gallery_app.dialogs.prompts import NameDialog, Says, note_dialog
from gallery_app.dialogs.split_dialog import SplitDialog
from gallery_app.operations import corrections, erasure
from gallery_app.operations import people as people_operations
from gallery_app.operations.context import Context
from gallery_app.operations.corrections import Correction
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.number_words import faces_text

OF_PEOPLE = (
    "rename",
    "merge",
    "split",
    "note",
    "",
    "photographs",
    "compare",
    "",
    "delete",
    "erase",
)
_MERGED = 100  # people at once: each has a row in the dialog, to be looked at
OF_FACES = ("compare_faces", "", "move", "portrait", "confirm_faces", "", "remove")


class CorrectionsController(Controller):
    """One method a menu entry, and what becomes of a drop."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._connect()
        self._enable()

    def _connect(self) -> None:
        window, state = self._window, self._state
        self._on_actions(
            rename=self.rename, merge=self.merge, split=self.split, note=self.note,
            delete=self.delete, erase=self.erase, move=self.move, portrait=self.portrait,
            confirm_faces=self.confirm, remove=self.remove,
        )  # fmt: skip
        for panel in (window.identities, window.faces):
            panel.selection_changed.connect(self._enable)
            panel.model.modelReset.connect(self._enable)  # a selection that it empties tells nobody
        window.identities.menu_requested.connect(lambda at: self._popup(OF_PEOPLE, at))
        window.faces.menu_requested.connect(
            lambda at: self._popup(OF_FACES, at, window.faces.own_actions())
        )
        window.identities.model.faces_dropped.connect(self._faces_dropped)
        window.identities.model.people_dropped.connect(self._people_dropped)
        for changed in (state.gallery_changed, state.writable_changed):
            changed.connect(self._enable)
            changed.connect(self._show_receipt)
        state.corrected.connect(self._tell)
        deleting = {"delete": window.identities.list, "remove": window.faces.grid}
        for name, view in deleting.items():  # one key, two actions: by which view has the focus
            window.menus.actions[name].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            view.addAction(window.menus.actions[name])

    # -- what can be done --------------------------------------------------------------------

    def _enable(self) -> None:
        people = self._window.identities.list.selected_count()
        faces = self._window.faces.grid.selected_count()
        can = {
            "rename": people == 1, "note": people == 1, "split": people == 1,
            "merge": people > 1, "delete": people > 0, "erase": people == 1,
            "move": faces > 0, "confirm_faces": faces > 0, "remove": faces > 0,
            "portrait": faces == 1,
        }  # fmt: skip
        for name, enabled in can.items():
            self._window.menus.actions[name].setEnabled(enabled and self._state.writable)

    def _people(self) -> list[Identity]:
        return self._window.identities.selected()

    def _faces(self) -> list[int]:
        return self._window.faces.selected_ids()

    @property
    def _roster(self) -> Roster:
        return self._window.identities.model.roster

    def _tell(self, summary: str) -> None:
        self._window.statusBar().showMessage(summary, 6000)

    # -- people ------------------------------------------------------------------------------

    def rename(self) -> None:
        """A name that somebody has already leads to the merge."""
        (identity,) = self._people()

        def says(name: str, there: bool) -> str:
            return (
                (f"{name} is already enrolled: you will be asked whether to merge") if there else ""
            )

        def taken(name: str) -> None:
            known = self._roster.named(name)
            if known is not None and known.name != identity.name:
                self.merge_names(identity.name, name)
            else:
                self._correct(
                    f"Renaming {identity.name}",
                    lambda gallery: gallery.corrections.rename(identity.name, name),
                )

        self._ask_name(f"Rename {identity.name}", says, "Rename", taken, name=identity.name)

    def merge(self) -> None:
        """The one with most faces is proposed to keep its name."""
        if self._window.identities.list.selected_count() > _MERGED:
            self._context.state.notice.emit(f"Select up to {_MERGED} people to merge.")
            return
        people = sorted(self._people(), key=lambda person: -person.faces)
        if len(people) > 1:
            self._open_merge(people)

    def merge_names(self, name: str, into: str) -> None:
        """Ask whether one identity is to go into another."""
        goes, stays = self._roster.named(name), self._roster.named(into)
        if goes is not None and stays is not None:
            self._open_merge([stays, goes])

    def _open_merge(self, people: Sequence[Identity]) -> None:
        ids = {person.name: person.id for person in people}

        def merged(names: list[str], into: str) -> None:
            corrections.correct(
                self._context,
                f"Merging into {into}",
                lambda gallery: gallery.corrections.merge(names, into),
                lambda _: setattr(self._state, "identity", ids[into]),
            )

        MergeDialog(self._context, people, merged, self._window).open()

    def split(self) -> None:
        (identity,) = self._people()

        def taken(parts: dict[str, list[int]]) -> None:
            self._correct(
                f"Splitting {identity.name}",
                lambda gallery: gallery.corrections.split(identity.name, parts),
            )

        SplitDialog(self._context, identity, self._roster, taken, self._window).open()

    def note(self) -> None:
        (identity,) = self._people()

        def taken(text: str) -> None:
            self._correct(
                "Saving note",
                lambda gallery: gallery.corrections.set_note(identity.name, text),
            )

        note_dialog(identity.name, identity.note, taken, self._window).open()

    def delete(self) -> None:
        """Without a question: undo brings everything back."""
        names = [person.name for person in self._people()]
        if names and self._state.writable:
            self._correct("Deleting people", lambda gallery: gallery.corrections.delete(names))

    # -- erasing -----------------------------------------------------------------------------

    def erase(self) -> None:
        """Look at what would go, then ask."""
        (identity,) = self._people()
        erasure.foresee(self._context, identity.name, self._foreseen)

    def _foreseen(self, plan: ErasurePlan) -> None:
        def erase(keep: bool) -> None:
            erasure.erase(self._context, plan, keep_files=keep, done=self._erased)

        EraseDialog(plan, erase, self._window).open()

    def _erased(self, receipt: Receipt) -> None:
        self._window.message.hide()  # whatever it says is of models and people of before
        self._open_receipt(receipt)

    def _show_receipt(self) -> None:
        """The receipt of an erasure that a killed process began, where opening finished it."""
        gallery = self._state.gallery
        if gallery is not None and gallery.erasure.receipt is not None:
            self._open_receipt(gallery.erasure.receipt)

    def _open_receipt(self, receipt: Receipt) -> None:
        retrain = self._window.menus.actions["retrain"].trigger
        ReceiptDialog(receipt, lambda: self._save(receipt), retrain, self._window).open()

    def _save(self, receipt: Receipt) -> None:
        path = file_choosers.choose_receipt(self._window, self._context.settings)
        if path is not None:
            erasure.save_receipt(self._context, receipt, path)

    # -- faces -------------------------------------------------------------------------------

    def move(self) -> None:
        self.ask_move(self._faces())

    def ask_move(self, faces: list[int]) -> None:
        """Ask whose these faces are."""

        def says(name: str, there: bool) -> str:
            return f"{faces_text(len(faces))} to {name}" + ("" if there else ", a new person")

        self._ask_name(
            f"Move {faces_text(len(faces))}", says, "Move", lambda name: self._move(faces, name)
        )

    def _move(self, faces: Sequence[int], name: str) -> None:
        self._correct(
            f"Moving {faces_text(len(faces))}",
            lambda gallery: gallery.corrections.move(faces, name),
        )

    def portrait(self) -> None:
        (face,) = self._window.faces.selected_faces()
        self._correct(
            "Setting portrait",
            lambda gallery: gallery.corrections.choose_portrait(face.name, face.id),
        )

    def confirm(self) -> None:
        faces = self._faces()
        self._correct("Confirming faces", lambda gallery: gallery.corrections.confirm(faces))

    def remove(self) -> None:
        """Without a question: undo brings them back."""
        faces = self._faces()
        if faces and self._state.writable:
            self._correct("Removing faces", lambda gallery: gallery.corrections.remove(faces))

    # -- drops -------------------------------------------------------------------------------

    def _faces_dropped(self, faces: list[int], identity: int) -> None:
        """On a person: moved there; beside all of them: a name is asked for."""
        if not self._state.writable:
            return
        target = self._roster.identity(identity)
        if target is None:
            self.ask_move(faces)
        else:
            self._move(faces, target.name)

    def _people_dropped(self, people: list[int], identity: int) -> None:
        listed = [self._roster.identity(person) for person in (identity, *people)]
        if self._state.writable and all(listed):
            self._open_merge([item for item in listed if item is not None])

    # -- helpers -----------------------------------------------------------------------------

    def _correct(self, title: str, correction: Correction) -> None:
        corrections.correct(self._context, title, correction)

    def _ask_name(
        self, title: str, says: Says, text: str, taken: Callable[[str], None], name: str = ""
    ) -> None:
        dialog = NameDialog(title, self._roster, says, text, taken, name=name, parent=self._window)
        told = dialog.while_open(dialog.show_lookalike)
        dialog.new_name.connect(
            lambda new: people_operations.find_lookalike(self._context, new, told)
        )
        dialog.open()

    def _popup(self, names: Sequence[str], at: QPoint, first: Sequence[QAction] = ()) -> None:
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(first))
        for name in names:
            menu.addAction(self._window.menus.actions[name]) if name else menu.addSeparator()
        menu.popup(at)
