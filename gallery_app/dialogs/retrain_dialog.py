"""Retrain models: which, by which preset, and whether to put them to use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.records.jobs import KINDS, TrainingRequest
from engine.records.training_parameters import (
    Kind,
    MlpParameters,
    Preset,
    TripletParameters,
    parameters,
)
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.labels import IconLabel
from gallery_app.wording.model_words import KIND_NAMES, MINING_NAMES, PRESET_NAMES
from gallery_app.wording.number_words import faces_text, people_text

LABEL_WIDTH = 104  # of the form's labels, so that two forms stand as one
_OWN: dict[Kind, frozenset[str]] = {
    "mlp": frozenset(spec.name for spec in fields(MlpParameters)),
    "triplet": frozenset(spec.name for spec in fields(TripletParameters)),
}
_NUMBERS = {
    "epochs": "Maximum &epochs",
    "batch": "Batch si&ze",
    "rate": "&Learning rate",
    "margin": "&Margin",
}


class ParameterFields(QWidget):
    """The advanced fields; ``balance`` is a field of its own that its owner places.

    Signals: ``changed``, by the person.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.balance = QLineEdit()
        self.numbers = {name: QLineEdit() for name in _NUMBERS}
        self.mining = QComboBox()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        for name, field in self.numbers.items():
            self._form.addRow(_NUMBERS[name], field)
        self._form.addRow("M&ining", self.mining)
        self._form.labelForField(self.mining).setMinimumWidth(LABEL_WIDTH)
        for field in (self.balance, *self.numbers.values()):
            field.textEdited.connect(lambda _: self.changed.emit())
        self.mining.activated.connect(lambda _: self.changed.emit())

    def show_for(self, kinds: Sequence[Kind], preset: Preset) -> None:
        """Show the fields that these kinds have, with the preset's values in the empty ones."""
        presets = {kind: parameters(kind, preset) for kind in kinds}
        for name, field in {**self.numbers, "balance": self.balance}.items():
            owners = [kind for kind in kinds if self.applies(name, kind)]
            field.setPlaceholderText(
                _own_text({kind: getattr(presets[kind], name) for kind in owners})
            )
            if field is not self.balance:
                self._form.setRowVisible(field, bool(owners))
        self._form.setRowVisible(self.mining, "triplet" in kinds)
        if "triplet" in kinds:
            self._offer_mining(getattr(presets["triplet"], "mining"))  # noqa: B009

    def _offer_mining(self, own: str) -> None:
        chosen = self.mining.currentData()
        self.mining.clear()
        self.mining.addItem(f"{MINING_NAMES[own]} (preset)", None)
        for name, words in MINING_NAMES.items():
            self.mining.addItem(words, name)
        self.mining.setCurrentIndex(max(self.mining.findData(chosen), 0) if chosen else 0)

    def applies(self, name: str, kind: Kind) -> bool:
        """Whether this kind has such a parameter."""
        return name in _OWN[kind]

    def changes(self) -> dict[str, Any]:
        """What was typed or chosen; numbers still as text where they are none."""
        shown = {name: field for name, field in self.numbers.items() if self._shown(field)}
        typed = {
            name: _number(field.text())
            for name, field in {"balance": self.balance, **shown}.items()
            if field.text().strip()
        }
        if self._shown(self.mining) and self.mining.currentData():
            typed["mining"] = self.mining.currentData()
        return typed

    def named(self, reason: str) -> str:
        """The engine's sentence with the name that the field has here."""
        known = {"balance": "Balance"} | {
            name: label.replace("&", "") for name, label in _NUMBERS.items()
        }
        first, _, rest = reason.partition(" ")
        return f"{known.get(first, first)} {rest}"

    def _shown(self, field: QWidget) -> bool:
        return self._form.isRowVisible(field)


def _number(text: str) -> int | float | str:
    """What was typed as a number, a decimal comma allowed; as it is where it is none."""
    plain = text.strip().replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        return text.strip()
    if not math.isfinite(number):
        return text.strip()
    return int(number) if number.is_integer() else number


def _own_text(values: dict[Kind, Any]) -> str:
    """ "128", or "100 (MLP), 60 (triplet model)" where they differ."""
    words = {kind: f"{value:g}" for kind, value in values.items()}
    if len(set(words.values())) <= 1:
        return next(iter(words.values()), "")
    names = {kind: KIND_NAMES[kind].replace("Triplet", "triplet") for kind in words}
    return ", ".join(f"{word} ({names[kind]})" for kind, word in words.items())


_CHOICES: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("Both models", KINDS),
    ("MLP", ("mlp",)),
    ("Triplet model", ("triplet",)),
)
_PRESET_WORDS: dict[Preset, str] = {
    "default": "Settings chosen by validation.",
    "notebook": "The notebooks' settings, for comparison. Their triplet model may collapse.",
}
_FIELD_WIDTH = 320
_MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class RetrainState:
    """What the dialog has to know.

    Attributes:
        identities, faces: what it would learn from.
        reason: why nothing can be trained, one sentence; empty when it can.
        news: what changed since the last training, such as "12 new faces"; may be empty.
    """

    identities: int
    faces: int
    reason: str = ""
    news: str = ""


class RetrainDialog(Dialog):
    """Asks; ``request()`` is what was chosen.

    Signals: ``start_requested`` (TrainingRequest), also when it was accepted by Enter.
    """

    start_requested = Signal(object)

    def __init__(self, state: RetrainState, parent: QWidget | None = None) -> None:
        super().__init__("Retrain", parent, kept=True)
        self.setMinimumWidth(480)
        self._refused = bool(state.reason)
        self.learns = text_label(_learns_text(state), "muted")
        self.kinds = QComboBox()
        for text, kinds in _CHOICES:
            self.kinds.addItem(text, kinds)
        self.preset = QComboBox()
        for preset, name in PRESET_NAMES.items():
            self.preset.addItem(name, preset)
        self.preset_words = text_label(role="small")
        self.seed = QSpinBox()
        self.seed.setRange(0, _MOST_SEED)
        self.seed.setToolTip("The same seed and faces give the same model")
        self.activate = QCheckBox("&Use it if it is better", checked=True)
        self.fields = ParameterFields()
        self.fields.changed.connect(self._check)
        self.sign = IconLabel("alert", "warning", 16)
        self.problem = text_label(role="warning")
        self._make_buttons()
        self._lay_out()
        self.kinds.currentIndexChanged.connect(self._chosen)
        self.preset.currentIndexChanged.connect(self._chosen)
        self._chosen()
        if self._refused:
            self._refuse(state.reason)
        else:
            self.kinds.setFocus()

    def _make_buttons(self) -> None:
        self.more = QToolButton(text="&Advanced", checkable=True)
        self.more.setIcon(icon("chevron-right", "muted"))
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.toggled.connect(self._unfold)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = self.buttons.addButton("&Train", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        self.form = QFormLayout(fieldGrowthPolicy=QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.form.setHorizontalSpacing(16)
        self.form.setVerticalSpacing(8)
        self.form.addRow("&What", self.kinds)
        self.form.addRow("P&reset", self.preset)
        self.form.addRow("", self.preset_words)
        self.form.addRow("&Balance", self.fields.balance)
        hint = text_label(
            "faces per person after resampling; 0 keeps the original numbers", "small", wrap=False
        )
        self.form.addRow("", hint)
        self.form.addRow("&Seed", self.seed)
        self.form.labelForField(self.kinds).setMinimumWidth(LABEL_WIDTH)
        for field in (self.kinds, self.preset, self.preset_words):
            field.setMinimumWidth(_FIELD_WIDTH)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, field.sizePolicy().verticalPolicy())
        problem = hbox((self.sign, 0, Qt.AlignmentFlag.AlignTop), (self.problem, 1), spacing=8)
        layout = vbox(parent=self, margins=24, spacing=12)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        layout.addWidget(self.learns)
        layout.addLayout(self.form)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.fields)
        layout.addWidget(self.activate)
        layout.addLayout(problem)
        layout.addSpacing(4)
        layout.addWidget(self.buttons)
        self.fields.hide()
        self.start.setDefault(True)  # the dialog must know the button first

    def request(self) -> TrainingRequest:
        """What was chosen; only parameters that differ from the preset's are in ``changes``."""
        return TrainingRequest(
            kinds=self._kinds(),
            preset=self._preset(),
            seed=self.seed.value(),
            changes=self.fields.changes(),
            activate=self.activate.isChecked(),
        )

    def accept(self) -> None:
        if self.start.isEnabled():
            super().accept()
            self.start_requested.emit(self.request())

    def _kinds(self) -> tuple[Kind, ...]:
        chosen: tuple[Kind, ...] = self.kinds.currentData()
        return chosen

    def _preset(self) -> Preset:
        chosen: Preset = self.preset.currentData()
        return chosen

    def _chosen(self) -> None:
        self.preset_words.setText(_PRESET_WORDS[self._preset()])
        self.fields.show_for(self._kinds(), self._preset())
        several = len(self._kinds()) > 1
        self.activate.setText("&Use each if it is better" if several else "&Use it if it is better")
        self._check()

    def _unfold(self, wanted: bool) -> None:
        self.more.setIcon(icon("chevron-down" if wanted else "chevron-right", "muted"))
        self.fields.setVisible(wanted)

    def _check(self) -> None:
        if not self._refused:
            problem = self._wrong()
            self._say(problem)
            self.start.setEnabled(not problem)

    def _wrong(self) -> str:
        """What is wrong with the parameters, in the engine's own words."""
        changes = self.fields.changes()
        for kind in self._kinds():
            own: dict[str, Any] = {
                name: value for name, value in changes.items() if self.fields.applies(name, kind)
            }
            try:
                parameters(kind, self._preset(), own)
            except InputError as error:
                return self.fields.named(error.reason)
        return ""

    def _refuse(self, reason: str) -> None:
        self._say(reason)
        for widget in (self.kinds, self.preset, self.seed, self.more, self.activate):
            widget.setEnabled(False)
        self.fields.balance.setEnabled(False)
        self.start.setEnabled(False)

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.sign.setVisible(bool(problem))


def _learns_text(state: RetrainState) -> str:
    text = f"Trains on {people_text(state.identities)}, {faces_text(state.faces)}."
    return f"{text} Since the last training: {state.news}." if state.news else text
