"""One candidate: who, how sure, how far. A click or Enter shows that identity."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gallery_app.theme import tabular
from gallery_app.widgets.clickable import Clickable
from gallery_app.widgets.confidence_bar import ConfidenceBar, confidence_text, confidence_words
from gallery_app.widgets.elided_label import ElidedLabel, plain_tip
from gallery_app.widgets.picture import PictureLabel

__all__ = ["CandidateRow", "confidence_text"]

_SIDE = 40


class CandidateRow(Clickable):
    """Signals: ``activated`` (identity id)."""

    activated = Signal(int)

    def __init__(
        self,
        identity_id: int,
        name: str,
        confidence: float | None,
        distance: float,
        parent: QWidget | None = None,
        *,
        learned: bool = False,
    ) -> None:
        """
        Args:
            learned: the distance is one in the learned space.
        """
        super().__init__(parent)
        far = f"distance {distance:.3f}" + " in the learned space" * learned
        self.identity_id = identity_id
        self.picture = PictureLabel(_SIDE, _SIDE / 2)
        self.name = ElidedLabel(name)
        self.number = QLabel(confidence_text(confidence))
        self.number.setFont(tabular(self.number.font()))
        self.bar = ConfidenceBar(confidence)
        self.distance = QLabel(far)
        self.distance.setFont(tabular(self.distance.font()))
        self.distance.setProperty("textRole", "small")
        words = f"{name}, {confidence_words(confidence)}, {far}"
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(f"{words}. Click to show this person."))
        self.clicked.connect(lambda: self.activated.emit(self.identity_id))
        self._lay_out()

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(4, 6, 6, 6)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(3)
        layout.addWidget(self.picture, 0, 0, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.name, 0, 1)
        layout.addWidget(self.number, 0, 2, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.bar, 1, 1, 1, 2)
        layout.addWidget(self.distance, 2, 1, 1, 2)
        layout.setColumnStretch(1, 1)

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self.picture.set_picture(picture)
