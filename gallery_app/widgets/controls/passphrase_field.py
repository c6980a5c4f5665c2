"""A field for a passphrase, hidden unless the eye in it is pressed."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QWidget

from gallery_app.theme.icons import icon


class PassphraseField(QLineEdit):
    """Nothing typed here is completed, corrected or remembered by an input method."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: what it asks for, as its placeholder and for a screen reader.
        """
        super().__init__(parent, echoMode=QLineEdit.EchoMode.Password, placeholderText=name)
        self.setAccessibleName(name)
        self.eye = QAction(icon("eye", "muted"), "Show passphrase", self, checkable=True)
        self.eye.toggled.connect(self._show)
        self.addAction(self.eye, QLineEdit.ActionPosition.TrailingPosition)

    def forget(self) -> None:
        """Empty and hidden again, and nothing to be had back by undoing."""
        self.clear()
        self.setModified(False)
        self.eye.setChecked(False)

    def _show(self, shown: bool) -> None:
        echo = QLineEdit.EchoMode
        self.setEchoMode(echo.Normal if shown else echo.Password)
        self.eye.setIcon(icon("eye-off" if shown else "eye", "muted"))
        self.eye.setText("Hide passphrase" if shown else "Show passphrase")
