"""A strip with one sentence, perhaps a button, and a cross to close it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QPushButton, QToolButton, QWidget

from gallery_app.theme.icons import Role, icon
from gallery_app.widgets.controls.boxes import hbox, text_label
from gallery_app.widgets.controls.icon_label import IconLabel


class MessageBar(QFrame):
    """Hidden until something is shown; a newer sentence takes the place of an older one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="messageBar")
        self._action: Callable[[], object] | None = None
        self.picture = IconLabel("info", "accent")
        self.words = text_label(selectable=True)
        self.button = QPushButton(clicked=self._act)
        self.cross = QToolButton(icon=icon("close", "muted"), toolTip="Close this message")
        self.cross.setAccessibleName("Close this message")
        self.cross.clicked.connect(self.hide)
        hbox(
            self.picture,
            (self.words, 1),
            self.button,
            self.cross,
            parent=self,
            margins=(16, 8, 8, 8),
            spacing=12,
        )
        self.hide()

    def show_info(
        self, text: str, action: str = "", call: Callable[[], object] | None = None
    ) -> None:
        """Something worth knowing, with a button where ``action`` names one."""
        self._show("info", "accent", text, action, call)

    def show_warning(
        self, text: str, action: str = "", call: Callable[[], object] | None = None
    ) -> None:
        """Something to look after."""
        self._show("alert", "warning", text, action, call)

    def show_error(
        self, text: str, action: str = "", call: Callable[[], object] | None = None
    ) -> None:
        """Something that did not work."""
        self._show("alert", "bad", text, action, call)

    def _show(
        self, name: str, role: Role, text: str, action: str, call: Callable[[], object] | None
    ) -> None:
        self.picture.set_icon(name, role)
        self.words.setText(text)
        self.setAccessibleName(text)
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self._action = call
        self.show()

    def _act(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()
