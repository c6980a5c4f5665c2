"""Fields for a name, which completes, and for a passphrase, which is hidden."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from engine.records.roster import Roster
from engine.records.types import Identity
from gallery_app.theme.icons import icon

_MOST = 50  # names offered: who sees more types on


class NameField(QLineEdit):
    """Offers those whose name has every word typed, wherever; first those that begin with it."""

    def __init__(self, roster: Roster, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.roster = roster
        self.setPlaceholderText("Name of a new or enrolled person")
        self.setAccessibleName("Name")
        self._offered = QStringListModel(self)
        completer = QCompleter(self._offered, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.setCompleter(completer)
        self.textEdited.connect(self._offer)

    def set_roster(self, roster: Roster) -> None:
        """Others are enrolled now, or nobody is known any more."""
        self.roster = roster
        self._offered.setStringList([])

    def identity(self) -> Identity | None:
        """The enrolled person whom the name that stands here means."""
        return self.roster.named(self.text().strip())

    def name(self) -> str:
        """The name of that person as it is enrolled, else what stands here."""
        known = self.identity()
        return self.text().strip() if known is None else known.name

    def _offer(self, text: str) -> None:
        self._offered.setStringList(offered(self.roster, text))


def offered(roster: Roster, text: str) -> list[str]:
    """Names of enrolled people for what was typed so far; none for nothing."""
    if not text.strip():
        return []
    first = roster.starting_with(text)[:_MOST].tolist()
    rows = dict.fromkeys([*first, *roster.find(text)[: 2 * _MOST].tolist()])
    return [roster.names[row] for row in rows][:_MOST]


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
