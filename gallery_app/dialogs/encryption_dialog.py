"""Asks for the passphrase of an encrypted gallery, again until it is right or given up."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from engine.errors import InputError
from engine.store import encryption
from gallery_app.widgets.controls.boxes import Stretch, hbox, section, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.fields import PassphraseField
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel


class PassphraseDialog(Dialog):
    """It stays open while what was typed is tried; whoever opened it closes it.

    Signals: ``given`` (the words).
    """

    given = Signal(str)

    def __init__(
        self, headline: str, sentence: str, accept_text: str, parent: QWidget | None = None
    ) -> None:
        super().__init__("Passphrase", parent)
        self.setFixedWidth(440)
        self.headline = text_label(headline, "heading")
        self.sentence = text_label(sentence, "muted")
        self.field = PassphraseField("Passphrase")
        self.field.textEdited.connect(self._typed)
        self.message = text_label(" ", "bad")
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = box.addButton(accept_text, QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setDefault(True)
        self.ok.setEnabled(False)
        box.accepted.connect(self._give)
        box.rejected.connect(self.reject)
        self.finished.connect(lambda _: self.field.forget())
        words = vbox(self.headline, self.sentence, spacing=4)
        top = hbox(
            (IconLabel("lock", "accent", 32), 0, Qt.AlignmentFlag.AlignTop), (words, 1), spacing=16
        )
        vbox(top, 8, self.field, self.message, 8, box, parent=self, margins=24, spacing=8)
        self.field.setFocus()

    def show_wrong(self) -> None:
        """What was typed does not open it."""
        self.field.setReadOnly(False)
        self.field.forget()
        self.field.setFocus()
        self.message.setText("The passphrase is wrong. Try again.")

    def _typed(self) -> None:
        self.message.setText(" ")
        self.ok.setEnabled(bool(self.field.text()))

    def _give(self) -> None:
        self.field.setReadOnly(True)
        self.ok.setEnabled(False)
        self.given.emit(self.field.text())


_PROTECTS = (
    "Loss, theft or copying of the disk or computer while the gallery is closed or locked, and "
    "access by others to the gallery folder or its backups."
)
_PROTECTS_NOT = (
    "Anyone using this computer while the gallery is open, or able to read its memory.",
    "Anyone who finds the photos and tables that were imported.",
    "A forgotten passphrase: no one can open the gallery without it.",
)
_BEFORE = (
    "Unencrypted files, including automatic backups, are overwritten and removed. An SSD may "
    "keep old blocks, and backups elsewhere stay unencrypted."
)
_NEVER = "never"
_WIDE = 552  # pixels between the margins of the dialog
_INSIDE = _WIDE - 34  # and between those of the card


class EncryptionDialog(Dialog):
    """Shows what it is given and asks; never changes anything itself.

    Signals: ``encrypt_requested`` (passphrase), ``change_requested`` (present one, new one),
    ``decrypt_requested`` (present one), ``idle_minutes_changed`` (minutes, 0 is never).
    """

    encrypt_requested = Signal(str)
    change_requested = Signal(str, str)
    decrypt_requested = Signal(str)
    idle_minutes_changed = Signal(int)

    def __init__(
        self,
        gallery: str,
        *,
        encrypted: bool,
        obstacle: str = "",
        minutes: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            encrypted: whether it is now.
            obstacle: why nothing can be done here, one sentence.
            minutes: without input until it is locked.
        """
        super().__init__("Encryption", parent)
        self.setFixedWidth(_WIDE + 48)
        self._encrypted = encrypted
        self._possible = not obstacle
        is_now = "encrypted" if encrypted else "not encrypted"
        self.title = ElidedLabel(f"“{gallery}” is {is_now}", role="heading")
        self.present = PassphraseField("Current passphrase")
        self.new = PassphraseField(
            f"{'New passphrase' if encrypted else 'Passphrase'}, "
            f"at least {encryption.SHORTEST} characters"
        )
        self.again = PassphraseField("Repeat the passphrase")
        self.message = text_label(obstacle or " ", "bad" if obstacle else "small")
        self.message.setFixedHeight(2 * self.message.fontMetrics().lineSpacing())  # nothing moves
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.sure = QCheckBox("I have stored the passphrase somewhere safe", visible=not encrypted)
        self.minutes = QSpinBox()
        self.minutes.setRange(0, 240)
        self.minutes.setSuffix(" minutes")
        self.minutes.setSpecialValueText(_NEVER)
        self.minutes.setAccessibleName("Minutes without input before locking")
        self.minutes.setValue(minutes)
        self.minutes.valueChanged.connect(self.idle_minutes_changed)
        self.remove_button = QPushButton("&Remove encryption", clicked=self._decrypt)
        self.ok = QPushButton("&Change passphrase" if encrypted else "&Encrypt")
        self.ok.clicked.connect(self._accept)
        self.ok.setDefault(True)
        self.close_button = QPushButton("Close" if encrypted else "Cancel", clicked=self.reject)
        for field in self._fields():
            field.setEnabled(self._possible)
            field.textChanged.connect(self._look)
        self.sure.setEnabled(self._possible)
        self.sure.toggled.connect(self._look)
        self.finished.connect(lambda _: [field.forget() for field in self._fields()])
        self._lay_out()
        self._look()
        (self.present if encrypted else self.new).setFocus()

    def show_wrong(self) -> None:
        """The present passphrase is another one."""
        self.present.forget()
        self.present.setFocus()
        self._say("The current passphrase is wrong.", "bad")

    # -- inside ------------------------------------------------------------------------------

    def _fields(self) -> list[PassphraseField]:
        return [self.present, self.new, self.again]

    def _lay_out(self) -> None:
        box = QFrame(objectName="card")
        vbox(
            section("PROTECTS AGAINST"),
            _whole(text_label(_PROTECTS), _INSIDE),
            8,
            section("DOES NOT PROTECT AGAINST"),
            *(_whole(text_label(sentence), _INSIDE) for sentence in _PROTECTS_NOT),
            parent=box,
            margins=(16, 12, 16, 12),
            spacing=4,
        )
        idle = QWidget()
        hbox(
            QLabel("Lock after inactivity of"),
            self.minutes,
            Stretch(1),
            parent=idle,
            margins=0,
            spacing=8,
        )
        layout = vbox(
            self.title,
            4,
            box,
            8,
            *self._fields(),
            self.message,
            self.sure,
            4,
            idle if self._encrypted else _whole(text_label(_BEFORE, "small"), _WIDE),
            8,
            hbox(self.remove_button, Stretch(1), self.close_button, self.ok, spacing=8),
            parent=self,
            margins=24,
            spacing=8,
        )
        self.present.setVisible(self._encrypted)
        self.remove_button.setVisible(self._encrypted)
        for widget in (self, *self.findChildren(QWidget)):
            widget.ensurePolished()
        self.setFixedHeight(layout.totalHeightForWidth(self.width()))

    def _look(self) -> None:
        if not self._possible:
            self.ok.setEnabled(False)
            self.remove_button.setEnabled(False)
            return
        problem = self._problem()
        self._say(problem if self.new.text() else " ", "small")
        known = bool(self.present.text()) or not self._encrypted
        sure = self.sure.isChecked() or self._encrypted
        self.ok.setEnabled(known and sure and not problem)
        self.remove_button.setEnabled(bool(self.present.text()))

    def _problem(self) -> str:
        """What is still to be done with the new passphrase."""
        try:
            encryption.require_strong(self.new.text())
        except InputError as error:
            return error.reason
        if not self.again.text():
            return "Repeat the passphrase to rule out a typing mistake."
        return "" if self.again.text() == self.new.text() else "The passphrases do not match."

    def _say(self, text: str, role: str) -> None:
        self.message.setProperty("textRole", role)
        self.message.style().polish(self.message)
        self.message.setText(text or " ")

    def _accept(self) -> None:
        if self._encrypted:
            self.change_requested.emit(self.present.text(), self.new.text())
        else:
            self.encrypt_requested.emit(self.new.text())

    def _decrypt(self) -> None:
        self.decrypt_requested.emit(self.present.text())


def _whole(label: QLabel, width: int) -> QLabel:
    """All of its lines stay to be read, whatever comes and goes beside it."""
    label.ensurePolished()
    label.setMinimumHeight(label.heightForWidth(width))
    return label
