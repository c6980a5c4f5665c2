"""Right: the query, the verdict, the candidates, the evidence, and what to do next."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.types import Candidate, Evidence, Identification
from gallery_app.pictures import Pictures
from gallery_app.state import Query
from gallery_app.views.comparison import Comparison
from gallery_app.views.query_actions import QueryActions
from gallery_app.views.query_stepper import QueryStepper
from gallery_app.views.strictness import Strictness
from gallery_app.widgets.candidate_row import CandidateRow, confidence_text
from gallery_app.widgets.elided_label import ElidedLabel
from gallery_app.widgets.empty_state import EmptyState
from gallery_app.widgets.face_tile import FaceTile

_CANDIDATES = 5
_AT_LEAST = 3  # candidates shown; further ones only where they are worth a thought
_WORTH = 0.01
W = TypeVar("W", bound=QWidget)


class QueryPanel(QWidget):
    """Signals: ``open_wanted``, ``identity_wanted`` (id).

    Its parts have signals of their own: ``stepper``, ``strictness``, ``actions``.
    """

    open_wanted = Signal()
    identity_wanted = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queryPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._pictures = pictures
        self._identification: Identification | None = None
        self._portraits: dict[int, int] = {}
        self.stepper = QueryStepper()
        self.name = ElidedLabel()
        self.name.setProperty("textRole", "title")
        self.verdict = QLabel()
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setProperty("textRole", "small")
        self.comparison = Comparison(pictures)
        self.candidates = QVBoxLayout()
        self.evidence = QHBoxLayout()
        self.strictness = Strictness()
        self.actions = QueryActions()
        self.empty = EmptyState(
            "face",
            "Who is this?",
            "Drop an embedding anywhere on the window (.npy, .npz or .csv), paste its path, "
            "or double-click a face to ask about it as if it were new.",
            [("Open query…", self.open_wanted.emit)],
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._result_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        pictures.ready.connect(self._pictures_ready)

    def _result_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(8)
        layout.addWidget(self.stepper)
        layout.addWidget(self.name)
        layout.addWidget(self.verdict)
        layout.addWidget(self.note)
        layout.addWidget(self.comparison)
        layout.addWidget(_section("THE FACES THAT SAY SO"))
        self.evidence.setSpacing(8)
        layout.addLayout(self.evidence)
        layout.addSpacing(8)
        layout.addWidget(_section("CANDIDATES"))
        self.candidates.setSpacing(0)
        layout.addLayout(self.candidates)
        layout.addSpacing(8)
        layout.addWidget(self.strictness)
        layout.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QWidget()
        outer = QVBoxLayout(whole)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.actions)
        return whole

    def show_query(
        self, query: Query | None, picture: QPixmap | None, portraits: dict[int, int]
    ) -> None:
        """Shows a query and, once it has one, its answer.

        Args:
            picture: of the query itself.
            portraits: the face that stands for each identity, by identity id.
        """
        self._stack.setCurrentIndex(0 if query is None else 1)
        if query is None:
            return
        self._portraits = portraits
        self.comparison.show_query(picture)
        self._identification = query.answer
        if query.answer is None:
            self.name.setText("Identifying…")
            self.verdict.setText("")
            self.note.hide()
            _clear(self.candidates)
            _clear(self.evidence)
            self.comparison.show_face(None)
        else:
            self._show_answer(query, query.answer)
        self.actions.show_for(query)

    def _show_answer(self, query: Query, answer: Identification) -> None:
        known = answer.verdict == "known"
        self.name.setText(_headline(answer))
        self.verdict.setText(_verdict_text(answer))
        self.verdict.setProperty("textRole", "good" if known else "warning")
        self.verdict.style().unpolish(self.verdict)
        self.verdict.style().polish(self.verdict)
        self.note.setText(answer.note)
        self.note.setVisible(bool(answer.note))
        _clear(self.candidates)
        for candidate in _worth_showing(answer):
            row = CandidateRow(
                candidate.identity_id, candidate.name, candidate.confidence, candidate.distance
            )
            row.activated.connect(self.identity_wanted)
            self.candidates.addWidget(row)
        _clear(self.evidence)
        for face in answer.evidence:
            tile = FaceTile(face.face, face.name, face.distance)
            tile.activated.connect(self._compare)
            self.evidence.addWidget(tile)
        self.evidence.addStretch()
        self._paint_pictures()
        if answer.evidence:
            self._compare(answer.evidence[0].face)
        else:
            self.comparison.show_face(None)

    def _evidence(self, face: int) -> Evidence | None:
        listed = self._identification.evidence if self._identification else ()
        return next((evidence for evidence in listed if evidence.face == face), None)

    def _compare(self, face: int) -> None:
        evidence = self._evidence(face)
        if evidence is not None:
            self.comparison.show_face(evidence)

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._identification is not None:
            self._paint_pictures()

    def _paint_pictures(self) -> None:
        for row in _widgets(self.candidates, CandidateRow):
            row.set_picture(self._pictures.get(self._portraits.get(row.identity_id)))
        for tile in _widgets(self.evidence, FaceTile):
            tile.set_picture(self._pictures.get(tile.face_id))


def _worth_showing(answer: Identification) -> list[Candidate]:
    return [
        candidate
        for place, candidate in enumerate(answer.candidates[:_CANDIDATES])
        if place < _AT_LEAST or (candidate.confidence or 0.0) >= _WORTH
    ]


def _headline(answer: Identification) -> str:
    if answer.name is not None:
        return answer.name
    return "Nobody we know" if answer.confidence is not None else "Cannot tell yet"


def _verdict_text(answer: Identification) -> str:
    word = "Known" if answer.verdict == "known" else "Unknown"
    if answer.confidence is None:
        return f"{word} · confidence not measurable yet"
    if answer.verdict == "known":
        return f"{word} · {confidence_text(answer.confidence)}"
    best = answer.candidates[0].name if answer.candidates else ""
    return f"{word} · {best} at best, {confidence_text(answer.confidence)}"


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("textRole", "section")
    return label


def _widgets(layout: QHBoxLayout | QVBoxLayout, kind: type[W]) -> list[W]:
    widgets = (layout.itemAt(place).widget() for place in range(layout.count()))
    return [widget for widget in widgets if isinstance(widget, kind)]


def _clear(layout: QHBoxLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
