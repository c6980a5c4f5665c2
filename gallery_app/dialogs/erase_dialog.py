"""Asks before a person is erased for good, and shows the receipt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.records.receipts import SEARCHED, ErasurePlan, Receipt
from engine.utils.number_text import counted
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.wording.number_words import date_text

_SHOWN = 5


class EraseDialog(Dialog):
    """Shows a plan and asks; never changes anything itself.

    Args:
        erase: called with whether files that hold the person are to be kept.
    """

    def __init__(
        self, plan: ErasurePlan, erase: Callable[[bool], None], parent: QWidget | None = None
    ) -> None:
        super().__init__("Erase person", parent)
        (self._name,) = plan.names
        self.setMinimumWidth(600)
        self.files = QCheckBox("&Delete them too; otherwise the receipt lists them", checked=True)
        self.name = QLineEdit(placeholderText=self._name)
        self.name.setAccessibleName("Name of the person, to confirm")
        self.name.textChanged.connect(self._typed)
        self.cancel = QPushButton("Cancel", default=True, clicked=self.reject)
        self.erase = QPushButton("&Erase permanently", enabled=False, clicked=self.accept)
        self.accepted.connect(lambda: erase(not self.files.isChecked()))
        self.search = QPushButton("&How files are searched", autoDefault=False)
        self.search.clicked.connect(self._show_search)
        self.searched = text_label("\n".join(f"• {sentence}" for sentence in SEARCHED), "muted")
        self.searched.hide()
        self._lay_out(plan)
        self.name.setFocus()

    def _lay_out(self, plan: ErasurePlan) -> None:
        layout = vbox(
            text_label(f"Erase {self._name} permanently?", "heading"),
            text_label(
                "Unlike deleting, this cannot be undone. The person is removed from the gallery, "
                "and files in its folder that contain the person are found.",
                "muted",
            ),
            self._card(plan),
            parent=self,
            margins=24,
            spacing=12,
        )
        if plan.outside:
            layout.addWidget(
                text_label(f"Outside the folder, left untouched: {_some(plan.outside)}", "bad")
            )
        layout.addWidget(self.search, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.searched)
        asking = text_label(f"Type “{self._name}” to confirm:")
        asking.setBuddy(self.name)
        layout.addWidget(asking)
        layout.addWidget(self.name)
        buttons = hbox(Stretch(1), self.cancel, self.erase, spacing=8)
        layout.addStretch(1)
        layout.addLayout(buttons)

    def _card(self, plan: ErasurePlan) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        inside = vbox(parent=card, margins=(16, 12, 16, 12), spacing=12)
        add_section(inside, "Removed", [", ".join(plan.removed.words())])
        if plan.steps:
            add_section(inside, "Undo", [_undo_words(plan.steps)])
        if plan.models:
            noun = "model" if len(plan.models) == 1 else "models"
            learned = "that learned from these faces; it can be trained again afterwards"
            add_section(inside, "Trained models", [f"{len(plan.models):,} {noun} {learned}"])
        if plan.inside:
            names = [path.name for path in plan.inside]
            add_section(
                inside, "Files in the gallery's folder that contain the person", [_some(names)]
            )
            inside.addWidget(self.files)
        return card

    def showEvent(self, event: QShowEvent) -> None:
        self._make_room()
        super().showEvent(event)

    def _show_search(self) -> None:
        self.search.hide()
        self.searched.show()
        self._make_room()

    def _make_room(self) -> None:
        """Wrapped lines get the height that they need; Qt would squeeze them on a small screen."""
        layout = self.layout()
        assert layout is not None
        layout.invalidate()
        self.setMinimumHeight(layout.totalHeightForWidth(self.width()))

    def _typed(self, text: str) -> None:
        right = text.strip() == self._name
        self.erase.setEnabled(right)
        self.erase.setDefault(right)


def add_section(layout: QVBoxLayout, title: str, lines: Sequence[str]) -> None:
    """A small title, and a line for each entry under it."""
    section = vbox(text_label(title, "small"), spacing=2)
    for line in lines:
        body = text_label(line)
        body.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        section.addWidget(body)
    layout.addLayout(section)


def _undo_words(steps: int) -> str:
    changes = counted(steps, "change")
    return f"{changes}, up to the last one involving the person, can no longer be undone"


def _some(paths: Sequence[object]) -> str:
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    return ", ".join(str(path) for path in paths[:_SHOWN]) + more


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
