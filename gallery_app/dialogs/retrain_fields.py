"""The parameters of a training that a person may change; an empty field keeps the preset's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from engine.records.parameters import Kind, MlpParameters, Preset, TripletParameters, parameters
from gallery_app.widgets.model_words import KIND_NAMES, MINING_NAMES

LABEL_WIDTH = 104  # of the form's labels, so that two forms stand as one
_OWN: dict[Kind, frozenset[str]] = {
    "mlp": frozenset(one.name for one in fields(MlpParameters)),
    "triplet": frozenset(one.name for one in fields(TripletParameters)),
}
_NUMBERS = {
    "epochs": "&Epochs at most",
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
        """Shows the fields that these kinds have, with the preset's values in the empty ones."""
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
        self.mining.addItem(f"{MINING_NAMES[own]} (the preset's own)", None)
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
