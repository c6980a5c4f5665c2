"""Asks for the passphrase of an encrypted gallery, again until it is right or given up."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QWidget

from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.icon_label import IconLabel
from gallery_app.widgets.controls.passphrase_field import PassphraseField


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
        self.told = text_label(" ", "bad")
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
        vbox(top, 8, self.field, self.told, 8, box, parent=self, margins=24, spacing=8)
        self.field.setFocus()

    def show_wrong(self) -> None:
        """What was typed does not open it."""
        self.field.setReadOnly(False)
        self.field.forget()
        self.field.setFocus()
        self.told.setText("The passphrase is wrong. Try again.")

    def _typed(self) -> None:
        self.told.setText(" ")
        self.ok.setEnabled(bool(self.field.text()))

    def _give(self) -> None:
        self.field.setReadOnly(True)
        self.ok.setEnabled(False)
        self.given.emit(self.field.text())
