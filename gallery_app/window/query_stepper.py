"""Which query is shown, and the way to the next and the previous one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QToolButton, QWidget

from gallery_app.shortcuts import keys_text
from gallery_app.state import FaceQuery
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.elided_label import ElidedLabel, plain_tip


class QueryStepper(QWidget):
    """Signals: ``step`` (-1 or 1), ``closed``."""

    step = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = ElidedLabel(role="small")
        self.place = text_label(role="small", wrap=False)
        self.previous = _button("chevron-left", f"Previous query ({keys_text('previous')})")
        self.next = _button("chevron-right", f"Next query ({keys_text('next')})")
        self.close_button = _button("close", "Close the query")
        self.summary = text_label(role="small", wrap=False)
        self.previous.clicked.connect(lambda: self.step.emit(-1))
        self.next.clicked.connect(lambda: self.step.emit(1))
        self.close_button.clicked.connect(self.closed)
        row = hbox(
            (self.label, 1), self.previous, self.place, self.next, self.close_button, spacing=4
        )
        vbox(row, self.summary, parent=self, margins=0, spacing=2)

    def show_place(self, queries: list[FaceQuery], position: int) -> None:
        """Shows where in the list the shown query stands."""
        several = len(queries) > 1
        for widget in (self.previous, self.next, self.place, self.summary):
            widget.setVisible(several)
        if not 0 <= position < len(queries):
            return
        self.label.setText(queries[position].label)
        self.label.setToolTip(plain_tip(queries[position].file))
        self.place.setText(f"{position + 1:,} of {len(queries):,}")
        self.previous.setEnabled(position > 0)
        self.next.setEnabled(position < len(queries) - 1)
        self.summary.setText(_summary(queries))


def _summary(queries: list[FaceQuery]) -> str:
    answered = [query.answer for query in queries if query.answer is not None]
    known = sum(answer.verdict == "known" for answer in answered)
    return f"{known:,} known, {len(answered) - known:,} unknown"


def _button(name: str, tip: str) -> QToolButton:
    button = QToolButton(icon=icon(name, "muted"), toolTip=tip, accessibleName=tip, autoRaise=True)
    return button
