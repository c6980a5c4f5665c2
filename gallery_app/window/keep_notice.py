"""Beside an answer that names nobody: whether such queries are kept, asked once in a gallery."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.flow_layouts import WrappingRow

_KEPT = "Unknown queries are kept in this gallery so that you can name them later."


class KeepNotice(QFrame):
    """Signals: ``decided`` (whether to keep unknown queries), ``shown_wanted``."""

    decided = Signal(bool)
    shown_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="keepNotice")
        self.words = text_label(role="small")
        self.keep = QPushButton("Keep", clicked=lambda: self.decided.emit(True))
        self.leave = QPushButton("Don't keep", clicked=lambda: self.decided.emit(False))
        self.show_them = QPushButton("Show unknown faces")
        self.show_them.clicked.connect(self.shown_wanted)
        layout = vbox(self.words, parent=self, margins=(20, 12, 20, 12), spacing=8)
        buttons = WrappingRow()
        for button in (self.keep, self.leave, self.show_them):
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.hide()

    def ask(self, count: int) -> None:
        """Asks the first time that there are unknown queries in a gallery."""
        which = "this query" if count == 1 else f"{count:,} of these queries"
        what = "it" if count == 1 else "them"
        self.words.setText(
            f"No one was recognised in {which}. Keep {what} and future unknown ones in this "
            "gallery until you name or dismiss them?"
        )
        self._show(asking=True)

    def tell_kept(self) -> None:
        """Says that they are kept."""
        self.words.setText(_KEPT)
        self._show(asking=False)

    def _show(self, *, asking: bool) -> None:
        self.keep.setVisible(asking)
        self.leave.setVisible(asking)
        self.show_them.setVisible(not asking)
        self.show()
