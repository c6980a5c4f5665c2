"""What a correction would do to recognition: the share of faces told right, before and after."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.records.changes import Recognition
from gallery_app.widgets.controls.confidence_bar import ConfidenceBar
from gallery_app.widgets.controls.sections import section

_TIP = (
    "Each of these faces is identified by comparing it with all other faces: how many are "
    "recognised correctly."
)


class BeforeAfter(QWidget):
    """Two thin bars, one above the other, each with its figures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, toolTip=_TIP)
        self._bars = ConfidenceBar(), ConfidenceBar()
        self._figures = QLabel(), QLabel()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(8)
        layout.addWidget(section("RECOGNISED CORRECTLY"), 0, 0, 1, 3)
        for row, (text, bar, figure) in enumerate(
            zip(("Before", "After"), self._bars, self._figures, strict=True), 1
        ):
            figure.setProperty("textRole", "muted")
            layout.addWidget(QLabel(text), row, 0)
            layout.addWidget(bar, row, 1)
            layout.addWidget(figure, row, 2, Qt.AlignmentFlag.AlignRight)
        layout.setColumnStretch(1, 1)
        self.show_waiting()

    def show_waiting(self) -> None:
        """It is being counted."""
        for bar, figure in zip(self._bars, self._figures, strict=True):
            bar.set_value(0.0)
            figure.setText("counting…")

    def show_shares(self, before: Recognition, after: Recognition) -> None:
        for told, bar, figure in zip((before, after), self._bars, self._figures, strict=True):
            bar.set_value(told.share or 0.0)
            bar.setToolTip(_TIP)
            bar.setAccessibleName(recognition_text(told))
            figure.setText(recognition_text(told))


def recognition_text(told: Recognition) -> str:
    """ "96 % · 48 of 50"."""
    if told.share is None:
        return "too few faces"
    return f"{100 * told.share:.0f} % · {told.right:,} of {told.faces:,}"
