"""Which method answers: what is chosen, and the menu to choose another one."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from gallery_app.state import Methods
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox
from gallery_app.widgets.controls.elided_label import plain_tip
from gallery_app.widgets.controls.sections import section
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
    """Checks and greys the choices of the menu; each says in its tip why."""
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
