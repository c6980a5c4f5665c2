"""One candidate: who, how sure, how far. A click or Enter chooses, a double click shows them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.records.wording import confidence_text
from engine.types import Candidate
from gallery_app.theme import current_theme, tabular
from gallery_app.widgets.clickable import Clickable
from gallery_app.widgets.confidence_bar import ConfidenceBar, confidence_words
from gallery_app.widgets.elided_label import ElidedLabel, plain_tip
from gallery_app.widgets.picture import PictureLabel

__all__ = ["CandidateRow", "confidence_text"]

_SIDE = 40
_MARK = 3  # px: width of the bar at the left of the chosen one
_LEARNED = " in the learned space"


class CandidateRow(Clickable):
    """Signals: ``chosen`` (identity id), ``opened`` (identity id), ``menu_wanted`` (identity id,
    where on the screen).
    """

    chosen = Signal(int)
    opened = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(
        self,
        candidate: Candidate,
        place: int,
        parent: QWidget | None = None,
        *,
        learned: bool = False,
    ) -> None:
        """
        Args:
            place: among the candidates, from 1: the key that chooses it.
            learned: the distance is one in the learned space.
        """
        super().__init__(parent)
        self.identity_id = candidate.identity_id
        self._chosen = False
        score = f"{candidate.score:.2f}".replace("-", "−")
        far = f"distance {candidate.distance:.3f}{_LEARNED * learned}"
        sure = confidence_words(candidate.confidence)
        self._words = f"{candidate.name}, {sure}, score {score}, {far}"
        self.picture = PictureLabel(_SIDE, _SIDE / 2)
        self.name = ElidedLabel(candidate.name)
        self.number = QLabel(confidence_text(candidate.confidence))
        self.number.setFont(tabular(self.number.font()))
        self.bar = ConfidenceBar(candidate.confidence)
        self.figures = ElidedLabel(f"score {score} · {far}")
        self.figures.setFont(tabular(self.figures.font()))
        self.figures.setProperty("textRole", "small")
        self.setToolTip(
            plain_tip(
                f"{self._words}. Candidates are in the order of their score, which weighs all "
                "faces of a person; the distance is that of the nearest one.\n"
                f"Click, or press {place}, to choose this person; double-click to show their faces."
            )
        )
        self.clicked.connect(lambda: self.chosen.emit(self.identity_id))
        self._lay_out()
        self.set_chosen(False)

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 6, 6, 6)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(3)
        layout.addWidget(self.picture, 0, 0, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.name, 0, 1)
        layout.addWidget(self.number, 0, 2, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.bar, 1, 1, 1, 2)
        layout.addWidget(self.figures, 2, 1, 1, 2)
        layout.setColumnStretch(1, 1)

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self.picture.set_picture(picture)

    @property
    def is_chosen(self) -> bool:
        """Whether the pictures, the evidence and the buttons are about this one."""
        return self._chosen

    def set_chosen(self, chosen: bool) -> None:
        """Marks the candidate that the rest of the panel is about."""
        self._chosen = chosen
        self.setAccessibleName(f"{self._words}, chosen" if chosen else self._words)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.opened.emit(self.identity_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(self.identity_id, event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._chosen:
            theme = current_theme()
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.selection)
            painter.drawRoundedRect(self.rect(), 6, 6)
            painter.setBrush(theme.accent)
            painter.drawRoundedRect(QRectF(0, 8, _MARK, self.height() - 16), 1.5, 1.5)
            painter.end()
        super().paintEvent(event)
