"""What a view shows when it has nothing to show: what that means, and the button for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from gallery_app.widgets.controls.boxes import Stretch, text_label, vbox
from gallery_app.widgets.controls.labels import IconLabel

Door = tuple[str, Callable[[], object]]


class EmptyState(QWidget):
    """An icon, a headline, a sentence, and up to three buttons; the first is the obvious one.

    Args:
        doors: text of the button and what it calls.
    """

    def __init__(
        self,
        icon_name: str,
        headline: str,
        sentence: str,
        doors: Sequence[Door] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.headline = _centred(headline, "heading")
        self.sentence = _centred(sentence, "muted")
        self.sentence.setMaximumWidth(360)
        self.buttons = [_button(text, action) for text, action in doors[:3]]
        if self.buttons:
            self.buttons[0].setProperty("primary", True)
        vbox(
            Stretch(2),
            (IconLabel(icon_name, "muted", 40), 0, Qt.AlignmentFlag.AlignHCenter),
            4,
            self.headline,
            _in_the_middle(self.sentence),
            8,
            *((button, 0, Qt.AlignmentFlag.AlignHCenter) for button in self.buttons),
            Stretch(3),
            parent=self,
            margins=24,
            spacing=8,
        )

    def set_texts(self, headline: str, sentence: str) -> None:
        self.headline.setText(headline)
        self.sentence.setText(sentence)


def _centred(text: str, role: str) -> QLabel:
    label = text_label(text, role, wrap=False)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label


def _in_the_middle(widget: QWidget) -> QBoxLayout:
    row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
    row.addStretch(1)
    row.addWidget(widget, 1000)  # all of the width, up to the widget's own limit
    row.addStretch(1)
    return row


def _button(text: str, action: Callable[[], object]) -> QPushButton:
    button = QPushButton(text, clicked=lambda: action())
    return button
