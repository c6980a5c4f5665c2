"""Who is offered for a query, who of them is chosen, and whether the methods agree."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QShortcut,
)
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.records.types import Candidate, Identification, Opinion
from engine.utils.number_text import confidence_text
from gallery_app.pictures import Pictures
from gallery_app.theme.colours import current_theme, tabular
from gallery_app.widgets.controls.boxes import hbox, refill, section, vbox, widgets_in
from gallery_app.widgets.controls.clickable import Clickable
from gallery_app.widgets.controls.confidence_bar import ConfidenceBar, confidence_words
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel, plain_tip
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.wording.method_words import (
    agreement_text,
    agreement_tip,
    dissent_text,
    dissenting,
    in_learned_space,
)

__all__ = ["CandidateRow", "confidence_text"]

_SIDE = 40
_MARK = 3  # px: width of the bar at the left of the chosen one
_LEARNED = " in the learned space"


class CandidateRow(Clickable):
    """Signals: ``chosen`` (identity id), ``opened`` (identity id), ``menu_requested`` (identity id,
    where on the screen).
    """

    chosen = Signal(int)
    opened = Signal(int)
    menu_requested = Signal(int, QPoint)
    previews = True

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
                f"{self._words}. Candidates are sorted by score, which takes all faces of a "
                "person into account; the distance is that of the nearest face.\nClick, or press "
                f"{place}, to select this person; double-click to show their faces."
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
        """Mark the candidate that the rest of the panel is about."""
        self._chosen = chosen
        self.setAccessibleName(f"{self._words}, chosen" if chosen else self._words)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.opened.emit(self.identity_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_requested.emit(self.identity_id, event.globalPos())

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


_MOST = 5
_AT_LEAST = 3  # shown; further ones only where they are worth a thought
_WORTH = 0.01


class Candidates(QWidget):
    """Signals: ``chosen`` (identity id), ``opened`` (identity id), ``menu_requested`` (identity id,
    where on the screen), ``named`` (name of somebody a method says), ``preview_requested``
    (identity id).
    """

    chosen = Signal(int)
    opened = Signal(int)
    menu_requested = Signal(int, QPoint)
    named = Signal(str)
    preview_requested = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._portraits: Mapping[int, int | None] = {}
        self._shown: object = None
        self.heading = section("CANDIDATES")
        self.dissent = QVBoxLayout(spacing=0)
        self.list = QVBoxLayout(spacing=0)
        vbox(self.heading, self.dissent, self.list, parent=self, margins=0, spacing=4)
        pictures.ready.connect(lambda _: self._paint_pictures())
        for place in range(_MOST):
            key = QShortcut(QKeySequence(str(place + 1)), self)  # fields keep what is typed there
            key.activated.connect(lambda at=place: self._choose(at))

    @property
    def rows(self) -> list[CandidateRow]:
        """Best first."""
        return widgets_in(self.list, CandidateRow)

    def show_answer(
        self,
        answer: Identification | None,
        portraits: Mapping[int, int | None],
        chosen: int | None = None,
    ) -> None:
        """Candidates that are shown already stay as they are, under the cursor too.

        Args:
            chosen: id of the candidate that is marked.
        """
        self._portraits = portraits
        self._show_agreement(answer)
        offered = _worth_showing(answer) if answer is not None else []
        apart = dissenting(answer) if answer is not None and answer.candidates else []
        texts = [dissent_text(opinion) for opinion in apart]
        shown = (offered, texts, answer.method if answer is not None else "")
        if shown != self._shown:
            self._shown = shown
            learned = answer is not None and in_learned_space(answer.method)
            refill(self.dissent, [self._dissenter(opinion) for opinion in apart])
            rows = [
                self._row(candidate, place, learned) for place, candidate in enumerate(offered, 1)
            ]
            refill(self.list, rows)
        for row in self.rows:
            row.set_chosen(row.identity_id == chosen)
        self._paint_pictures()

    def _choose(self, place: int) -> None:
        if place < len(self.rows):
            self.chosen.emit(self.rows[place].identity_id)

    def _show_agreement(self, answer: Identification | None) -> None:
        said = agreement_text(answer) if answer is not None else ""
        self.heading.setText(f"CANDIDATES · {said}" if said else "CANDIDATES")
        self.heading.setToolTip(plain_tip(agreement_tip(answer)) if answer and said else "")

    def _row(self, candidate: Candidate, place: int, learned: bool) -> CandidateRow:
        row = CandidateRow(candidate, place, learned=learned)
        row.chosen.connect(self.chosen)
        row.opened.connect(self.opened)
        row.menu_requested.connect(self.menu_requested)
        row.preview_requested.connect(lambda: self.preview_requested.emit(row.identity_id))
        return row

    def _dissenter(self, opinion: Opinion) -> DissentRow:
        row = DissentRow(opinion)
        row.named.connect(self.named)
        return row

    def _paint_pictures(self) -> None:
        for row in self.rows:
            row.set_picture(self._pictures.get(self._portraits.get(row.identity_id)))


class DissentRow(Clickable):
    """One quiet line for a method that says somebody else. A click or Enter shows that person.

    Signals: ``named`` (name).
    """

    named = Signal(str)

    def __init__(self, opinion: Opinion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ElidedLabel(dissent_text(opinion), role="small")
        hbox(
            IconLabel("alert", "muted", side=16),
            (self.words, 1),
            parent=self,
            margins=(4, 3, 6, 3),
            spacing=8,
        )
        self.setAccessibleName(self.words.text())
        if opinion.name is None:
            self.setEnabled(False)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            return
        name = opinion.name
        tip = f"{self.words.text()}; verdict: {opinion.verdict}. Click to show this person."
        self.setToolTip(plain_tip(tip))
        self.words.setToolTip(plain_tip(tip))
        self.clicked.connect(lambda: self.named.emit(name))


def _worth_showing(answer: Identification) -> list[Candidate]:
    return [
        candidate
        for place, candidate in enumerate(answer.candidates[:_MOST])
        if place < _AT_LEAST or (candidate.confidence or 0.0) >= _WORTH
    ]
