"""What to write out, and where to."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from engine.records.exports import SUFFIXES, ExportKind, Selection
from engine.records.types import Identity
from gallery_app.widgets.controls.boxes import Stretch, hbox, section, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.wording.export_words import IN_CLEAR, PURPOSES, TITLES, projector_notes
from gallery_app.wording.number_words import faces_text, people_text

_WIDE = 560


class ExportDialog(Dialog):
    """Asks; never writes anything itself.

    Signals: ``wanted`` (path, Selection), ``path_requested``.
    """

    wanted = Signal(object, object)
    path_requested = Signal()

    def __init__(
        self,
        kind: ExportKind,
        counts: tuple[int, int],
        chosen: list[Identity],
        suggestion: Path,
        *,
        faces: tuple[int, ...] = (),
        encrypted: bool = False,
        obstacle: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            counts: people and faces of the gallery.
            chosen: who is selected in the list.
            faces: that are selected on the map; with them it is about these unless said.
            obstacle: why TensorBoard cannot be opened here.
        """
        super().__init__(f"Export: {TITLES[kind]}", parent)
        self.setFixedWidth(_WIDE)
        self._kind = kind
        self._people, self._faces = counts
        self._chosen, self._selected = chosen, faces
        self._encrypted = encrypted
        self.whole = QRadioButton(f"The &whole gallery, {_counted(*counts)}", checked=True)
        self.selected = QRadioButton(_selected_text(chosen), enabled=bool(chosen))
        self.on_the_map = QRadioButton(f"Selected on the &map, {faces_text(len(faces))}")
        self.sample = QRadioButton("So&me people, chosen at random")
        self.people = _number(10, 1_000_000, "Number of people")
        self.each = _number(10, 1_000_000, "Faces of each person")
        self.seed = _number(0, 2**31 - 1, "Seed: the same seed chooses the same faces")
        self.place = QLineEdit(str(suggestion), accessibleName="Destination")
        self.choose = QPushButton("C&hoose…")
        self.choose.clicked.connect(self.path_requested)
        self.open_after = QCheckBox("&Open in TensorBoard afterwards", checked=not obstacle)
        self.open_after.setEnabled(not obstacle)
        self.message = text_label(role="small")
        self._obstacle = obstacle if kind == "tensorboard" else ""
        self.ok = QPushButton("&Export", default=True, clicked=self._accept)
        self.cancel = QPushButton("Cancel", clicked=self.reject)
        for button in (self.whole, self.on_the_map, self.selected, self.sample):
            button.toggled.connect(self._look)
        for box in (self.people, self.each, self.seed):
            box.valueChanged.connect(lambda _: self.sample.setChecked(True))
            box.valueChanged.connect(self._look)
        self.place.textChanged.connect(self._look)
        self._lay_out()
        self._look()

    @property
    def path(self) -> Path:
        return Path(self.place.text().strip()).expanduser()

    def set_place(self, path: Path) -> None:
        self.place.setText(str(path))

    def selection(self) -> Selection:
        """What is chosen; a report is always of the whole gallery."""
        if self._kind == "report":
            return Selection()
        if self.on_the_map.isChecked():
            return Selection(faces=self._selected)
        if self.selected.isChecked():
            return Selection(tuple(person.id for person in self._chosen))
        if self.sample.isChecked():
            people, each = self.people.value(), self.each.value()
            return Selection(people=people, each=each, seed=self.seed.value())
        return Selection()

    # -- inside ------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        layout = vbox(text_label(PURPOSES[self._kind]), 8, parent=self, margins=24, spacing=8)
        what = self._what()
        layout.addWidget(what)
        what.setVisible(self._kind != "report")
        layout.addWidget(section("FOLDER" if self._kind not in SUFFIXES else "FILE"))
        where = hbox((self.place, 1), self.choose, spacing=8)
        layout.addLayout(where)
        layout.addWidget(self.open_after)
        self.open_after.setVisible(self._kind == "tensorboard")
        layout.addSpacing(4)
        layout.addWidget(self.message)
        layout.addSpacing(8)
        buttons = hbox(Stretch(1), self.cancel, self.ok, spacing=8)
        layout.addLayout(buttons)
        self.message.ensurePolished()
        two_lines = 2 * self.message.fontMetrics().lineSpacing()
        self.message.setFixedHeight(two_lines + 4)  # nothing moves under the cursor
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        for widget in (self, *self.findChildren(QWidget)):
            widget.ensurePolished()
        self.setFixedHeight(layout.totalHeightForWidth(_WIDE))

    def _what(self) -> QWidget:
        what = QWidget()
        grid = QGridLayout(what)
        grid.setContentsMargins(0, 0, 0, 8)
        grid.setVerticalSpacing(4)
        grid.addWidget(section("FACES"), 0, 0)
        numbers = hbox(self.people, margins=(28, 0, 0, 0), spacing=8)
        for words, box in (("people,", self.each), ("faces each, seed", self.seed)):
            numbers.addWidget(QLabel(words))
            numbers.addWidget(box)
        numbers.addStretch(1)
        grid.addWidget(self.whole, 1, 0)
        grid.addWidget(self.on_the_map, 2, 0)
        self.on_the_map.setVisible(bool(self._selected))
        self.on_the_map.setChecked(bool(self._selected))
        if self._selected:
            self.on_the_map.setFocus()
        grid.addWidget(self.selected, 3, 0)
        grid.addWidget(self.sample, 4, 0)
        grid.addLayout(numbers, 5, 0)
        return what

    def _look(self) -> None:
        self.ok.setEnabled(bool(self.place.text().strip()))
        self.message.setText(" ".join(self._sentences()))

    def _sentences(self) -> list[str]:
        said = [IN_CLEAR] if self._encrypted else []
        if self._kind == "tensorboard" and self.whole.isChecked():
            said += projector_notes(self._faces)
        return [*said, self._obstacle]

    def _accept(self) -> None:
        self.wanted.emit(self.path, self.selection())


def _number(value: int, most: int, tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(0 if value == 0 else 1, most)
    box.setValue(value)
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    box.setFixedWidth(84)
    return box


def _selected_text(chosen: list[Identity]) -> str:
    if not chosen:
        return "The people se&lected in the list"
    faces = sum(person.faces for person in chosen)
    if len(chosen) == 1:
        name = chosen[0].name.replace("&", "&&")
        return f"{name if len(name) < 40 else name[:39] + '…'}, {faces_text(faces)}"
    return f"The se&lected people, {_counted(len(chosen), faces)}"


def _counted(people: int, faces: int) -> str:
    return f"{people_text(people)}, {faces_text(faces)}"
