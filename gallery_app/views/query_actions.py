"""What to do with the answer: confirm it, enroll the face as somebody new, or take that back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gallery_app.icons import icon
from gallery_app.state import Query


class QueryActions(QFrame):
    """Signals: ``confirmed`` (name), ``enroll_wanted``, ``taken_back``."""

    confirmed = Signal(str)
    enroll_wanted = Signal()
    taken_back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queryActions")
        self._writable = True
        self._name = ""
        self.confirm = QPushButton("Confirm")
        self.confirm.clicked.connect(lambda: self.confirmed.emit(self._name))
        self.enroll = QPushButton("Enroll as new…")
        self.enroll.setToolTip("Add this face as a person who is not enrolled yet (Ctrl+E)")
        self.enroll.clicked.connect(self.enroll_wanted)
        self.undo = QPushButton(icon("undo"), "Take back")
        self.undo.setToolTip("Remove the face that was just added")
        self.undo.clicked.connect(self.taken_back)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setProperty("textRole", "small")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.confirm, self.enroll, self.undo):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 20, 16)
        layout.setSpacing(8)
        layout.addWidget(self.told)
        layout.addLayout(buttons)

    def set_writable(self, writable: bool) -> None:
        """A gallery that is open for reading only takes no faces."""
        self._writable = writable

    def show_for(self, query: Query) -> None:
        """The actions that make sense for this query now."""
        answer = query.answer
        best = answer.candidates[0].name if answer is not None and answer.candidates else ""
        self._name = best
        added, enrolled = bool(query.added_to), query.face is not None
        open_question = answer is not None and not added and not enrolled
        self.confirm.setVisible(open_question and bool(best))
        self.confirm.setEnabled(self._writable)
        known = answer is not None and answer.verdict == "known"
        self.confirm.setText("Confirm" if known else "It is this person")
        _set_primary(self.confirm, known)
        _set_primary(self.enroll, not known)
        self.confirm.setToolTip(f"Yes, this is {best}: add the face to them (Ctrl+Shift+Enter)")
        self.enroll.setVisible(open_question)
        self.enroll.setEnabled(self._writable)
        self.undo.setVisible(added and bool(query.added_faces))
        self.told.setText(self._words(query))
        self.told.setVisible(bool(self.told.text()))

    def _words(self, query: Query) -> str:
        if query.added_to and query.added_faces:
            return f"Added to {query.added_to}. It is found from now on."
        if query.added_to:
            return f"{query.added_to} has this very face already; nothing was added."
        if query.face is not None:
            return "This face is enrolled; it was left out to ask the question."
        if not self._writable:
            return "This gallery is open for reading only: faces cannot be added."
        return ""


def _set_primary(button: QPushButton, primary: bool) -> None:
    button.setProperty("primary", primary)
    button.style().unpolish(button)
    button.style().polish(button)
