"""What is to be evaluated: protocols, repeats, methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from engine.records.figures import Protocol
from gallery_app.widgets.elided_label import ElidedLabel

_PROTOCOLS: Mapping[Protocol, tuple[str, str]] = {
    "open": ("&Open set", "A third of the people is never enrolled, as strangers are in life"),
    "closed": ("&Closed set", "Everybody who is asked for is enrolled, as in the notebooks"),
}
_REPEATS = 5
_UNKNOWN = "Every method is trained anew for each repeat; with trained models this takes minutes."


class EvaluationForm(QWidget):
    """Signals: ``wanted``, by Enter or the button."""

    wanted = Signal()

    def __init__(self, methods: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self._seconds: Mapping[str, float] = {}
        self.protocols = {key: _ticked(*words) for key, words in _PROTOCOLS.items()}
        self.methods = {name: _ticked(name.replace("&", "&&")) for name in methods}
        self.repeats = QSpinBox()
        self.repeats.setRange(1, 100)
        self.repeats.setValue(_REPEATS)
        self.repeats.setToolTip("Random splits; more of them narrow the intervals")
        self.start = QPushButton("&Evaluate")
        self.start.setDefault(True)
        self.start.clicked.connect(self.wanted)
        self.hint = ElidedLabel()
        self.hint.setProperty("textRole", "small")
        for box in (*self.protocols.values(), *self.methods.values()):
            box.toggled.connect(self._changed)
        self.repeats.valueChanged.connect(self._changed)
        self._lay_out()
        self._changed()

    def _lay_out(self) -> None:
        repeats = QLabel("&Repeats")
        repeats.setBuddy(self.repeats)
        protocols = QHBoxLayout()
        protocols.setSpacing(16)
        for box in self.protocols.values():
            protocols.addWidget(box)
        protocols.addSpacing(8)
        protocols.addWidget(repeats)
        protocols.addWidget(self.repeats)
        protocols.addStretch(1)
        methods = QHBoxLayout()
        methods.setSpacing(16)
        for box in self.methods.values():
            methods.addWidget(box)
        methods.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for row, (words, line) in enumerate((("Protocol", protocols), ("Methods", methods))):
            label = QLabel(words)
            label.setProperty("textRole", "muted")
            grid.addWidget(label, row, 0)
            grid.addLayout(line, row, 1)
        grid.addWidget(self.hint, 2, 1)
        grid.addWidget(self.start, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(1, 1)

    def chosen_protocols(self) -> tuple[Protocol, ...]:
        return tuple(key for key, box in self.protocols.items() if box.isChecked())

    def chosen_methods(self) -> tuple[str, ...]:
        return tuple(name for name, box in self.methods.items() if box.isChecked())

    def set_running(self, running: bool) -> None:
        """While it runs nothing can be chosen; the main window shows how far it is."""
        self._running = running
        for box in (*self.protocols.values(), *self.methods.values(), self.repeats):
            box.setEnabled(not running)
        self.start.setText("Evaluating…" if running else "&Evaluate")
        self._changed()

    def set_seconds(self, seconds: Mapping[str, float]) -> None:
        """Seconds of one repeat for each method, references too, as measured last."""
        self._seconds = seconds
        self._changed()

    def _changed(self) -> None:
        ready = bool(self.chosen_protocols()) and bool(self.chosen_methods())
        self.start.setEnabled(ready and not self._running)
        self.hint.setText(self._hint(ready))

    def _hint(self, ready: bool) -> str:
        if self._running:
            return "Progress and Cancel are at the bottom of the main window."
        if not ready:
            return "Choose at least one protocol and one method."
        if not all(name in self._seconds for name in self.chosen_methods()):
            return _UNKNOWN
        left_out = set(self.methods) - set(self.chosen_methods())
        once = sum(time for name, time in self._seconds.items() if name not in left_out)
        return f"About {_rough(once * self.repeats.value())}, judged by the last evaluation."


def _rough(seconds: float) -> str:
    return f"{max(seconds, 1):.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _ticked(text: str, tip: str = "") -> QCheckBox:
    box = QCheckBox(text)
    box.setChecked(True)
    box.setToolTip(tip)
    return box
