"""Questions and messages of one sentence: a note, a name, an import, an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from engine.errors import IdentityNameError
from engine.gallery import PhotographFolder
from engine.records.advice import lookalike_words
from engine.records.domains import harmless
from engine.records.names import check_name
from engine.records.roster import Roster
from gallery_app.errors import readable
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.fields import NameField
from gallery_app.widgets.controls.labels import show_plainly
from gallery_app.wording.photo_enrolment_words import named_folders_text


def error_box(error: BaseException, parent: QWidget | None) -> QMessageBox:
    """The message box for an error; the caller opens it."""
    told = readable(error)
    box = QMessageBox(parent, iconPixmap=icon("alert", "accent").pixmap(40, 40))
    box.setWindowTitle("Face Gallery")
    box.setText(told.headline)
    box.setInformativeText(told.text)
    show_plainly(box)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    if told.details:
        box.setDetailedText(told.details)
        copy = QPushButton("Copy details", autoDefault=False)
        box.addButton(copy, QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # copying must not close the box
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(told.details))
    box.setDefaultButton(QMessageBox.StandardButton.Close)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box


def note_dialog(name: str, note: str, taken: Callable[[str], None], parent: QWidget) -> QDialog:
    """Show a note to be changed; ``taken`` is called with the new one."""
    dialog = Dialog(f"Note on {name}", parent)
    dialog.resize(480, 280)
    text = QPlainTextEdit(note, placeholderText="Stored only in this gallery")
    text.setAccessibleName("Note")
    text.setTabChangesFocus(True)
    standard = QDialogButtonBox.StandardButton
    box = QDialogButtonBox(standard.Save | standard.Cancel, accepted=dialog.accept)
    box.rejected.connect(dialog.reject)
    dialog.accepted.connect(lambda: taken(text.toPlainText().strip()))
    vbox((text, 1), box, parent=dialog, margins=24, spacing=16)
    return dialog


def offer_import(folder: Path, parent: QWidget, accepted: Callable[[], None]) -> QMessageBox:
    """Open the question; ``accepted`` is called when the answer is yes."""
    box = QMessageBox(parent, iconPixmap=icon("import", "accent").pixmap(40, 40))
    box.setWindowTitle("Import a folder")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"“{folder.resolve().name}” is not a gallery")
    box.setInformativeText(
        "Its faces can be imported into a new gallery: one folder per person, with photographs "
        "or .npy files. The folder itself is not changed."
    )
    box.setStandardButtons(QMessageBox.StandardButton.Cancel)
    import_ = box.addButton("Import", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(import_)
    import_.clicked.connect(accepted)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


def offer_people(
    found: PhotographFolder,
    parent: QWidget,
    people: Callable[[Path], None],
    mixed: Callable[[Path], None],
) -> QMessageBox:
    """Open the question whether folders are named after people.

    Args:
        people, mixed: called with the folder when they are, and when they are not.
    """
    box = QMessageBox(parent, iconPixmap=icon("people", "accent").pixmap(40, 40))
    box.setWindowTitle("Start with a folder of photographs")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Are the folders in “{harmless(found.folder.resolve().name)}” named after people?")
    box.setInformativeText(named_folders_text(found.subfolders))
    box.setStandardButtons(QMessageBox.StandardButton.Cancel)
    enroll = box.addButton("Enroll these people…", QMessageBox.ButtonRole.AcceptRole)
    look = box.addButton("No, look for faces", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(enroll)
    enroll.clicked.connect(lambda: people(found.folder))
    look.clicked.connect(lambda: mixed(found.folder))
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


Says = Callable[[str, bool], str]


class NameDialog(Dialog):
    """One field, and a line that says what the name typed so far would do.

    Signals: ``new_name`` (a name that nobody has, as it is typed).

    Args:
        roster: who is enrolled.
        says: of a good name and whether it is there already, what would be done with it.
        accept_text: of the button.
        taken: called with the name when it is accepted.
    """

    new_name = Signal(str)

    def __init__(
        self,
        title: str,
        roster: Roster,
        says: Says,
        accept_text: str,
        taken: Callable[[str], None],
        *,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, parent)
        self.setMinimumWidth(440)
        self._before = name
        self._says = says
        self.name = NameField(roster, self)
        self.name.textChanged.connect(self._changed)
        self.message = text_label(role="small")
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = box.addButton(accept_text, QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        self.accepted.connect(lambda: taken(self._meant()[0]))
        vbox(self.name, self.message, 8, box, parent=self, margins=24, spacing=8)
        self.name.setText(name)
        self.name.selectAll()
        self._changed()

    def _changed(self) -> None:
        name = self.name.text().strip()
        problem = ""
        try:
            check_name(name)
        except IdentityNameError as error:
            problem = error.problem if name else "Enter a name"
        same = bool(self._before) and name == self._before
        self.message.setText(problem or ("" if same else self._says(*self._meant())))
        self.ok.setEnabled(not problem and not same)
        if not problem and not same and self.name.identity() is None:
            self.new_name.emit(name)

    def show_lookalike(self, name: str, other: str) -> None:
        """The new name, where it still stands there, cannot be told from somebody else's."""
        if name == self.name.text().strip() and other != self._before:
            words = f"{lookalike_words(name, other)}."
            self.message.setText("\n".join(filter(None, (self.message.text(), words))))

    def _meant(self) -> tuple[str, bool]:
        """The name, and whether an enrolled person has it other than the one who is renamed."""
        known = self.name.identity()
        if known is None or known.name == self._before:
            return self.name.text().strip(), False
        return known.name, True
