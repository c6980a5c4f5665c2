"""Which method answers, and how careful it is to be with strangers: the FPIR in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QSlider, QToolButton, QWidget

from gallery_app.settings import FPIR
from gallery_app.state import Methods
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, section, vbox
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.method_words import choice_text, method_title


class MethodChoice(QWidget):
    """A heading and a button that shows the choice; the menu is that of the menu bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton(objectName="methodButton")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the text
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.button.setIcon(icon("chevron-down", "muted"))
        self.button.setAutoRaise(True)
        hbox(section("METHOD"), Stretch(), self.button, parent=self, margins=0, spacing=8)

    def set_menu(self, menu: QMenu) -> None:
        """The choices, shared with the menu bar."""
        self.button.setMenu(menu)

    def show_choice(self, method: str, methods: Methods) -> None:
        """What is in force, and in the tip why ``auto`` is what it is."""
        text = choice_text(method, methods.auto)
        self.button.setText(text)
        self.button.setAccessibleName(f"Method: {text}")
        why = methods.reason if method == "auto" else ""
        self.button.setToolTip(plain_tip(f"Method used to identify faces. {why}".strip()))


def show_entries(entries: Mapping[str, QAction], method: str, methods: Methods) -> None:
    """Check and grey the choices of the menu; each says in its tip why."""
    for name, entry in entries.items():
        there = name == "auto" or name in methods.available
        entry.setChecked(name == method)
        entry.setEnabled(there)
        if name == "auto":
            entry.setText(choice_text("auto", methods.auto))
            entry.setToolTip(plain_tip(methods.reason) if methods.reason else "")
        else:
            title = method_title(name)
            entry.setText(title if there else f"{title} (no model in use)")
            noun = "MLP" if name == "mlp" else f"{name} model"
            missing = f"No {noun} is in use: Model ▸ Retrain…"
            entry.setToolTip(f"Use {title} only" if there else missing)


STEPS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
DEFAULT: float = FPIR.default


class Strictness(QWidget):
    """Signals: ``changed`` (FPIR), at every step that the person makes."""

    changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._missed: Mapping[float, float | None] = {}
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(STEPS) - 1)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("Strictness towards strangers")
        self.slider.setToolTip(
            "Further right: fewer strangers are wrongly named, more known people are missed"
        )
        self.slider.valueChanged.connect(self._moved)
        self.words = QLabel()
        self.note = QLabel()
        self.note.hide()
        self.mark = QLabel("Your setting, for all galleries.")
        self.reset = QPushButton("Default")
        self.reset.setProperty("quiet", True)
        self.reset.setToolTip(f"Default: {_promise(DEFAULT).lower()}")
        self.reset.clicked.connect(lambda: self.slider.setValue(nearest_step(DEFAULT)))
        for label in (self.words, self.note, self.mark):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("textRole", "small")
        vbox(
            section("STRICTNESS"),
            self.slider,
            self.words,
            hbox((self.mark, 1), self.reset),
            self.note,
            parent=self,
            margins=0,
            spacing=4,
        )
        self.show_fpir(DEFAULT)

    @property
    def fpir(self) -> float:
        """What the slider stands at."""
        return STEPS[self.slider.value()]

    def show_fpir(self, fpir: float) -> None:
        """Show a strictness, without telling anybody."""
        self.slider.blockSignals(True)
        self.slider.setValue(nearest_step(fpir))
        self.slider.blockSignals(False)
        self._show_words()

    def show_missed(self, missed: Mapping[float, float | None]) -> None:
        """What each step costs: the share of enrolled people that it misses, by FPIR.

        None, or absent, while it is not known.
        """
        self._missed = missed
        self._show_words()

    def show_note(self, note: str) -> None:
        """What the gallery cannot promise at this step; below all that moves with the slider."""
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _moved(self) -> None:
        self._show_words()
        self.changed.emit(self.fpir)

    def _show_words(self) -> None:
        self.words.setText(_words(self.fpir, self._missed.get(self.fpir)))
        for widget in (self.mark, self.reset):
            widget.setVisible(self.fpir != DEFAULT)


def nearest_step(fpir: float) -> int:
    """The step of the slider for an FPIR."""
    return min(range(len(STEPS)), key=lambda step: abs(STEPS[step] - fpir))


def _words(fpir: float, missed: float | None) -> str:
    promise = _promise(fpir)
    if missed is None:
        return f"{promise}."
    if missed == 0:
        return f"{promise}; no known faces are missed."
    return f"{promise}; {_share(missed)} known faces are missed."


def _promise(fpir: float) -> str:
    return f"Up to 1 in {round(1 / fpir):,} strangers is wrongly named"


def _share(missed: float) -> str:
    if missed < 0.0005:
        return "fewer than 1 in 1,000"
    if missed < 0.01:
        return f"about {round(missed * 1000)} in 1,000"
    return f"about {round(missed * 100)} in 100"
