"""How careful to be with strangers: the FPIR in plain words, never a raw distance."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSlider, QVBoxLayout, QWidget

STEPS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)


class Strictness(QWidget):
    """Signals: ``changed`` (FPIR), when the person has chosen."""

    changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel("STRICTNESS")
        heading.setProperty("textRole", "section")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(STEPS) - 1)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("Strictness towards strangers")
        self.slider.setToolTip("To the right: fewer strangers get a name, more people are missed")
        self.slider.valueChanged.connect(self._moved)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("textRole", "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(heading)
        layout.addWidget(self.slider)
        layout.addWidget(self.words)

    def show_fpir(self, fpir: float, missed: float | None) -> None:
        """Shows a strictness and what it costs, without telling anybody.

        Args:
            missed: share of enrolled people that it misses, None while it is not known.
        """
        self.slider.blockSignals(True)
        self.slider.setValue(nearest_step(fpir))
        self.slider.blockSignals(False)
        self.words.setText(_words(fpir, missed))

    def _moved(self, step: int) -> None:
        self.words.setText(_words(STEPS[step], None))
        self.changed.emit(STEPS[step])


def nearest_step(fpir: float) -> int:
    """The step of the slider for an FPIR."""
    return min(range(len(STEPS)), key=lambda step: abs(STEPS[step] - fpir))


def _words(fpir: float, missed: float | None) -> str:
    promise = f"At most 1 stranger in {round(1 / fpir):,} gets a name"
    if missed is None:
        return f"{promise}."
    return f"{promise}; {_share(missed)} known faces missed."


def _share(missed: float) -> str:
    if missed < 0.0005:
        return "fewer than 1 in 1,000"
    if missed < 0.01:
        return f"about {round(missed * 1000)} in 1,000"
    return f"about {round(missed * 100)} in 100"
