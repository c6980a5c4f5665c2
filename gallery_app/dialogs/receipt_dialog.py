"""The receipt of an erasure: to read, copy and save; the program keeps none."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QWidget

from engine.records.receipts import Receipt
from gallery_app.dialogs.erase_dialog import add_section
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.wording.model_words import date_text


class ReceiptDialog(Dialog):
    """What was removed, what was made anew, what still holds the person.

    Args:
        save: called when the receipt is to be saved.
        retrain: called when models are to be trained anew.
    """

    def __init__(
        self,
        receipt: Receipt,
        save: Callable[[], None],
        retrain: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Erased", parent)
        self.setMinimumSize(640, 480)
        self.resize(640, 600)
        self.copy = QPushButton("&Copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(receipt.text()))
        self.save = QPushButton("&Save…", clicked=save)
        self.retrain = QPushButton("&Retrain…", visible=bool(receipt.models), clicked=self.accept)
        self.retrain.clicked.connect(retrain)
        self.close_button = QPushButton("Close", default=True, clicked=self.accept)
        buttons = QHBoxLayout(spacing=8)
        for button in (self.copy, self.save):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.retrain.setAutoDefault(False)
        buttons.addWidget(self.retrain)
        buttons.addWidget(self.close_button)
        layout = vbox(
            text_label("The person was erased", "heading"), parent=self, margins=24, spacing=12
        )
        who = f"{date_text(receipt.at)}, by {receipt.by}, in {receipt.gallery}"
        layout.addWidget(text_label(who, "muted"))
        layout.addWidget(_sections(receipt), 1)
        layout.addWidget(
            text_label(
                "The program does not keep receipts: save this one if you may need it.", "small"
            )
        )
        layout.addLayout(buttons)


def _sections(receipt: Receipt) -> QScrollArea:
    card = QFrame()
    card.setObjectName("card")
    inside = vbox(parent=card, margins=(16, 12, 16, 12), spacing=12)
    add_section(inside, "Removed", [", ".join(receipt.removed.words())])
    add_section(inside, "Rebuilt without the person", [", ".join(receipt.rebuilt)])
    if receipt.models:
        add_section(
            inside, "Deleted trained models that had learned from the person", receipt.models
        )
    if receipt.deleted:
        add_section(inside, "Deleted files", receipt.deleted)
    add_section(inside, "Still containing the person", receipt.holding or ["No known file"])
    add_section(inside, "How files were searched", receipt.searched)
    add_section(inside, "Beyond this program's reach", receipt.unreachable)
    inside.addStretch(1)
    area = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(card)
    return area
