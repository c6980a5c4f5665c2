"""Which method answers, and how careful it is to be with strangers: the FPIR in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QSlider, QToolButton, QWidget

from engine.records.error_rates import ErrorRates
from engine.records.types import Strangers
from gallery_app.settings import FPIR
from gallery_app.state import Methods
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, section, vbox
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.error_rate_words import (
    KINDS,
    NO_COHORT,
    STRANGERS,
    alike_text,
    limit_text,
    strictness_text,
)
from gallery_app.wording.method_words import choice_text, method_title


class MethodChoice(QWidget):
    """A heading and a button that shows the choice; the menu is that of the menu bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = _menu_button("methodButton")
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
    """Signals: ``changed`` (FPIR), at every step that the person makes; ``strangers_chosen`` (whom
    it is a share of), ``details_requested``.
    """

    changed = Signal(float)
    strangers_chosen = Signal(str)
    details_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rates: Mapping[Strangers, ErrorRates] = {}
        self._strangers: Strangers = "at-large"
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(STEPS) - 1)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("Strictness towards strangers")
        self.slider.setToolTip(
            "Further right: fewer strangers are wrongly named, more known people are missed"
        )
        self.slider.valueChanged.connect(self._moved)
        self._make_choice()
        self.words, self.alike, self.note = QLabel(), QLabel(), QLabel()
        self.mark = QLabel("Your setting, for all galleries.")
        self.reset = QPushButton("Default")
        self.reset.setToolTip(f"Default: {limit_text(DEFAULT).lower()}")
        self.reset.clicked.connect(lambda: self.slider.setValue(nearest_step(DEFAULT)))
        self.details = QPushButton("Error rates…")
        self.details.clicked.connect(self.details_requested)
        self.details.setToolTip("Both errors at every strictness, and the strangers they rest on")
        self._lay_out()
        self.show_fpir(DEFAULT)

    def _make_choice(self) -> None:
        self.choice = _menu_button("strangersButton")
        menu, group = QMenu(self), QActionGroup(self)
        self.kinds: dict[Strangers, QAction] = {}
        for kind, text in STRANGERS.items():
            self.kinds[kind] = menu.addAction(text)
            self.kinds[kind].setCheckable(True)
            group.addAction(self.kinds[kind])
            self.kinds[kind].triggered.connect(lambda _, to=kind: self.strangers_chosen.emit(to))
        self.choice.setMenu(menu)

    def _lay_out(self) -> None:
        for label in (self.words, self.alike, self.note, self.mark):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("textRole", "small")
        for button in (self.reset, self.details):
            button.setProperty("quiet", True)
        vbox(
            hbox(section("STRICTNESS"), Stretch(), self.choice, spacing=8),
            self.slider,
            self.words,
            self.alike,
            hbox((self.mark, 1), Stretch(), self.reset, self.details, spacing=4),
            self.note,
            parent=self,
            margins=0,
            spacing=4,
        )
        self.note.hide()

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

    def show_strangers(self, strangers: Strangers) -> None:
        """Show whom the strictness is for, without telling anybody."""
        self._strangers = strangers
        self._show_words()

    def show_rates(self, rates: Mapping[Strangers, ErrorRates]) -> None:
        """What each step promises on the gallery, and what it costs; empty while unknown."""
        self._rates = rates
        self._show_words()

    def show_note(self, note: str) -> None:
        """What the gallery cannot promise at this step; below all that moves with the slider."""
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _moved(self) -> None:
        self._show_words()
        self.changed.emit(self.fpir)

    def _show_words(self) -> None:
        alone = "at-large" in self._rates and self._rates["at-large"].cohort is None
        self._show_choice(alone)
        rates = self._rates.get(self._strangers)
        rate = rates and rates.at(self.fpir)
        limit = f"{limit_text(self.fpir, self._strangers)}."
        self.words.setText(strictness_text(rate, self._strangers) if rate else limit)
        alike = rate.fpir_alike if rate else None
        self.alike.setText("" if alike is None else alike_text(alike))
        self.alike.setVisible(alike is not None)
        for widget in (self.mark, self.reset):
            widget.setVisible(self.fpir != DEFAULT)

    def _show_choice(self, alone: bool) -> None:
        """Whom the limit is for; without a cohort there is but one kind of strangers."""
        kind: Strangers = "alike" if alone else self._strangers
        self.kinds[kind].setChecked(True)
        self.choice.setEnabled(not alone)
        self.choice.setText(STRANGERS[kind])
        self.choice.setAccessibleName(f"Limit for: {STRANGERS[kind]}")
        self.choice.setToolTip(plain_tip(NO_COHORT if alone else KINDS))


def nearest_step(fpir: float) -> int:
    """The step of the slider for an FPIR."""
    return min(range(len(STEPS)), key=lambda step: abs(STEPS[step] - fpir))


def _menu_button(name: str) -> QToolButton:
    """A flat button that shows a choice, and opens the menu of all."""
    button = QToolButton(objectName=name)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the text
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
    button.setIcon(icon("chevron-down", "muted"))
    button.setAutoRaise(True)
    return button
