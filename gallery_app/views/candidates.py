"""Who is offered for a query, who of them is chosen, and whether the methods agree on the first."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.types import Candidate, Identification, Opinion
from gallery_app.pictures import Pictures
from gallery_app.widgets.candidate_row import CandidateRow
from gallery_app.widgets.clickable import Clickable
from gallery_app.widgets.elided_label import ElidedLabel, plain_tip
from gallery_app.widgets.icon_label import IconLabel
from gallery_app.widgets.method_words import (
    agreement_text,
    agreement_tip,
    dissent_text,
    dissenting,
    in_learned_space,
)
from gallery_app.widgets.rows import refill, section, widgets_in

_MOST = 5
_AT_LEAST = 3  # shown; further ones only where they are worth a thought
_WORTH = 0.01


class Candidates(QWidget):
    """Signals: ``chosen`` (identity id), ``opened`` (identity id), ``menu_wanted`` (identity id,
    where on the screen), ``named`` (name of somebody a method says).
    """

    chosen = Signal(int)
    opened = Signal(int)
    menu_wanted = Signal(int, QPoint)
    named = Signal(str)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._portraits: Mapping[int, int | None] = {}
        self._shown: object = None
        self.heading = section("CANDIDATES")
        self.dissent = QVBoxLayout()
        self.dissent.setSpacing(0)
        self.list = QVBoxLayout()
        self.list.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.heading)
        layout.addLayout(self.dissent)
        layout.addLayout(self.list)
        pictures.ready.connect(lambda _: self._paint_pictures())
        for place in range(_MOST):
            key = QShortcut(QKeySequence(str(place + 1)), self)  # fields keep what is typed there
            key.activated.connect(lambda at=place: self._choose(at))

    @property
    def rows(self) -> list[CandidateRow]:
        """Best first."""
        return widgets_in(self.list, CandidateRow)

    @property
    def dissenters(self) -> list[DissentRow]:
        """A line for each method that says somebody else."""
        return widgets_in(self.dissent, DissentRow)

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
            rows = [self._row(one, place, learned) for place, one in enumerate(offered, 1)]
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
        row.menu_wanted.connect(self.menu_wanted)
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
        self.words = ElidedLabel(dissent_text(opinion))
        self.words.setProperty("textRole", "small")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 3, 6, 3)
        layout.setSpacing(8)
        layout.addWidget(IconLabel("alert", "muted", side=16))
        layout.addWidget(self.words, 1)
        self.setAccessibleName(self.words.text())
        if opinion.name is None:
            self.setEnabled(False)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            return
        name = opinion.name
        tip = f"{self.words.text()}; its verdict: {opinion.verdict}. Click to show this person."
        self.setToolTip(plain_tip(tip))
        self.words.setToolTip(plain_tip(tip))
        self.clicked.connect(lambda: self.named.emit(name))


def _worth_showing(answer: Identification) -> list[Candidate]:
    return [
        candidate
        for place, candidate in enumerate(answer.candidates[:_MOST])
        if place < _AT_LEAST or (candidate.confidence or 0.0) >= _WORTH
    ]
