"""What to do with the answer: confirm or reject it, enroll the face as somebody new, take back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from gallery_app.face_queries import FaceQuery
from gallery_app.shortcuts import keys_text
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.flow_layouts import WrappingRow
from gallery_app.widgets.controls.labels import button_name, plain_tip

_READ_ONLY = "This gallery is open read-only: nothing can be added or saved."


class QueryActions(QFrame):
    """Signals: ``confirmed`` (name), ``rejected``, ``enroll_requested``, ``taken_back``."""

    confirmed = Signal(str)
    rejected = Signal()
    enroll_requested = Signal()
    taken_back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="queryActions")
        self._writable = True
        self._name = ""
        self.confirm = QPushButton(clicked=lambda: self.confirmed.emit(self._name))
        self.reject = _OneAtATime()
        self.reject.clicked.connect(self.rejected)
        self.enroll = QPushButton("Enroll as new…")
        self.enroll.setToolTip(f"Enroll this face as a new person ({keys_text('enroll_query')})")
        self.enroll.clicked.connect(self.enroll_requested)
        self.undo = QPushButton(icon("undo"), "Undo")
        self.undo.clicked.connect(self.taken_back)
        self.message = text_label(role="small")
        self._lay_out()

    def _lay_out(self) -> None:
        said = hbox((self.message, 1), (self.undo, 0, Qt.AlignmentFlag.AlignTop), spacing=8)
        layout = vbox(said, parent=self, margins=(20, 12, 20, 16), spacing=8)
        buttons = WrappingRow()
        for button in (self.confirm, self.reject, self.enroll):
            buttons.addWidget(button)
        layout.addLayout(buttons)

    def set_writable(self, writable: bool) -> None:
        """A gallery that is open for reading only takes no faces and remembers nothing."""
        self._writable = writable

    def show_for(self, query: FaceQuery) -> None:
        """The actions that make sense for this query now."""
        candidate = query.candidate
        name = self._name = candidate.name if candidate is not None else ""
        named = query.answer is not None and bool(name) and query.answer.name == name
        meant = named or query.chosen is not None
        self._show_confirm(query, name, meant)
        self.reject.setVisible(query.is_rejectable)
        self.reject.setEnabled(self._writable)
        self.reject.setText(f"Not {button_name(name)}")
        self.reject.setAccessibleName(f"This is not {name}")
        tip = (
            f"This is not {name}: never suggest this person for this face again "
            f"({keys_text('reject')})"
        )
        self.reject.setToolTip(plain_tip(tip))
        self.enroll.setVisible(query.is_open_question)
        self.enroll.setEnabled(self._writable)
        _set_primary(self.enroll, not meant)
        self._show_said(query)

    def forget(self) -> None:
        """Nobody is spoken of any more."""
        self._name = ""
        self.message.setText("")
        for button in (self.confirm, self.reject):
            button.setText("")
            button.setAccessibleName("")
        for button in (self.confirm, self.reject, self.undo):
            button.setToolTip("")

    def _show_confirm(self, query: FaceQuery, name: str, meant: bool) -> None:
        self.confirm.setVisible(query.is_open_question and bool(name))
        self.confirm.setEnabled(self._writable)
        self.confirm.setText(f"It is {button_name(name)}")
        self.confirm.setAccessibleName(f"It is {name}")
        _set_primary(self.confirm, meant)
        tip = f"Yes, this is {name}: add the face ({keys_text('confirm')})"
        self.confirm.setToolTip(plain_tip(tip))

    def _show_said(self, query: FaceQuery) -> None:
        self.message.setText(self._words(query))
        self.message.setVisible(bool(self.message.text()))
        said = query.rejected[-1][1] if query.rejected and not query.added_to else ""
        self.undo.setVisible(bool(query.added_faces) or bool(said))
        tip = (
            (f"Allow {said} as a candidate again")
            if said
            else "Remove the face that was just added"
        )
        self.undo.setToolTip(plain_tip(tip))

    def _words(self, query: FaceQuery) -> str:
        if query.added_to and query.added_faces:
            return f"Added to {query.added_to}. It will be recognised from now on."
        if query.added_to:
            return f"{query.added_to} already has this face."
        if query.rejected:
            return _rejected_text(query)
        if query.face is not None:
            return "This face is enrolled. It was left out of the search for itself."
        return "" if self._writable else _READ_ONLY


class _OneAtATime(QPushButton):
    """The second click of a double click is dropped: by then it would be about somebody else."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()


def _rejected_text(query: FaceQuery) -> str:
    name = query.rejected[-1][1]
    said = f"Saved: this is not {name}."
    if name == query.enrolled_as:
        return f"{said} The face stays enrolled, but models will not be trained on it."
    return said


def _set_primary(button: QPushButton, primary: bool) -> None:
    button.setProperty("primary", primary)
    button.style().unpolish(button)
    button.style().polish(button)
