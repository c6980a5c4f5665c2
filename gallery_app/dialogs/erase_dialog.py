"""Says exactly what erasing a person takes away, and asks for the name before it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLineEdit, QPushButton, QVBoxLayout, QWidget

from engine.records.receipts import SEARCHED, ErasurePlan
from engine.utils.number_text import counted
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog

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
