"""Beside an answer that names nobody: whether such queries are kept, asked once in a gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QMenu,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from engine.records.types import Evidence, Identification
from engine.utils.number_text import confidence_text
from gallery_app.face_queries import FaceQuery, QueryList
from gallery_app.item_models.photograph_model import PhotographListModel
from gallery_app.pictures import Pictures
from gallery_app.shortcuts import keys_text
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.flow_layouts import WrappingRow
from gallery_app.widgets.controls.labels import ElidedLabel, plain_tip
from gallery_app.widgets.faces.photograph_view import MarkedPhotograph, PhotographView
from gallery_app.window.candidates_list import Candidates
from gallery_app.window.evidence import Comparison, EvidenceStrip
from gallery_app.window.method_choice import MethodChoice, Strictness
from gallery_app.window.photograph_strip import PhotographStrip
from gallery_app.window.query_actions import QueryActions
from gallery_app.wording.face_box_words import quality_text, split_note

_GROUP, _PORTRAIT = 0.42, 0.28
"""What a photograph of several faces, and of one, may take of the panel's height."""
_KEPT = "Unknown queries are kept in this gallery so that you can name them later."


class KeepNotice(QFrame):
    """Signals: ``decided`` (whether to keep unknown queries), ``unknowns_requested``."""

    decided = Signal(bool)
    unknowns_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="keepNotice")
        self.words = text_label(role="small")
        self.keep = QPushButton("Keep", clicked=lambda: self.decided.emit(True))
        self.leave = QPushButton("Don't keep", clicked=lambda: self.decided.emit(False))
        self.show_them = QPushButton("Show unknown faces")
        self.show_them.clicked.connect(self.unknowns_requested)
        layout = vbox(self.words, parent=self, margins=(20, 12, 20, 12), spacing=8)
        buttons = WrappingRow()
        for button in (self.keep, self.leave, self.show_them):
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.hide()

    def ask(self, count: int) -> None:
        """Ask the first time that there are unknown queries in a gallery."""
        which = "this query" if count == 1 else f"{count:,} of these queries"
        what = "it" if count == 1 else "them"
        self.words.setText(
            f"No one was recognised in {which}. Keep {what} and future unknown ones in this "
            "gallery until you name or dismiss them?"
        )
        self._show(asking=True)

    def tell_kept(self) -> None:
        """Say that they are kept."""
        self.words.setText(_KEPT)
        self._show(asking=False)

    def _show(self, *, asking: bool) -> None:
        self.keep.setVisible(asking)
        self.leave.setVisible(asking)
        self.show_them.setVisible(not asking)
        self.show()


class QueryStepper(QWidget):
    """Signals: ``step`` (-1 or 1), ``closed``, ``list_requested``."""

    step = Signal(int)
    closed = Signal()
    list_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = ElidedLabel(role="small")
        self.place = text_label(role="small", wrap=False)
        self.previous = _button("chevron-left", f"Previous query ({keys_text('previous')})")
        self.next = _button("chevron-right", f"Next query ({keys_text('next')})")
        self.enlarge = _button("eye", "Show the photograph large (Enter)")
        self.enlarge.hide()
        self.close_button = _button("close", "Close the query")
        self.summary = text_label(role="small", wrap=False)
        self.previous.clicked.connect(lambda: self.step.emit(-1))
        self.next.clicked.connect(lambda: self.step.emit(1))
        self.close_button.clicked.connect(self.closed)
        row = hbox(
            (self.label, 1), self.enlarge, self.previous, self.place, self.next, self.close_button,
            spacing=4,
        )  # fmt: skip
        self.all = QPushButton()
        self.all.clicked.connect(self.list_requested)
        self.all.setProperty("quiet", True)
        self.all.setToolTip(f"List all answers: filter, confirm, save ({keys_text('answers')})")
        below = hbox((self.summary, 1), self.all, spacing=4)
        vbox(row, below, parent=self, margins=0, spacing=2)

    def show_place(self, queries: QueryList, position: int) -> None:
        """Show where in the list the shown query stands."""
        several = len(queries) > 1
        for widget in (self.previous, self.next, self.place, self.summary, self.all):
            widget.setVisible(several)
        if not 0 <= position < len(queries):
            return
        self.label.setText(queries[position].label)
        self.label.setToolTip(plain_tip(queries[position].file))
        self.place.setText(f"{position + 1:,} of {len(queries):,}")
        self.previous.setEnabled(position > 0)
        self.next.setEnabled(position < len(queries) - 1)
        self.summary.setText(_summary(queries))
        self.all.setText(f"All {len(queries):,} answers…")


def _summary(queries: QueryList) -> str:
    answered = 0 if queries.table is None else len(queries)
    return f"{queries.known:,} known, {answered - queries.known:,} unknown"


def _button(name: str, tip: str) -> QToolButton:
    button = QToolButton(icon=icon(name, "muted"), toolTip=tip, accessibleName=tip, autoRaise=True)
    return button


class QueryPanel(QWidget):
    """Signals: ``open_requested``, ``identity_requested`` (id), ``candidate_chosen`` (identity id).

    Its parts have signals of their own: ``stepper``, ``photograph``, ``strip``, ``candidates``,
    ``strictness``, ``actions``.
    """

    open_requested = Signal()
    identity_requested = Signal(int)
    candidate_chosen = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="queryPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.stepper = QueryStepper()
        self.photographs = PhotographListModel(self)
        self.photograph = PhotographView()
        self.photograph.hide()
        self.strip = PhotographStrip(self.photographs)
        self.strip.hide()
        self.name = ElidedLabel(role="title")
        self.verdict = text_label()
        self.note = text_label(role="small")
        self.comparison = Comparison(pictures)
        self.evidence = EvidenceStrip(pictures)
        self.evidence.chosen.connect(self.comparison.show_face)
        self.candidates = Candidates(pictures)
        self.candidates.chosen.connect(self.candidate_chosen)
        self.candidates.opened.connect(self.identity_requested)
        self.candidates.menu_requested.connect(self._show_menu)
        self.method = MethodChoice()
        self.strictness = Strictness()
        self.keep_notice = KeepNotice()
        self.actions = QueryActions()
        self.empty = EmptyState(
            "face",
            "Who is this?",
            "Drop a photograph or an embedding anywhere on the window, paste it, or double-click a "
            "face to test it as if it were not in the gallery.",
            [("Open query…", self.open_requested.emit)],
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._result_page())
        vbox(self._stack, parent=self, margins=0)

    def _result_page(self) -> QWidget:
        page = QWidget()
        vbox(
            self.stepper,
            self.photograph,
            self.strip,
            self.name,
            self.verdict,
            self.note,
            self.comparison,
            self.evidence,
            8,
            self.candidates,
            8,
            self.method,
            self.strictness,
            Stretch(),
            parent=page,
            margins=(20, 16, 20, 16),
            spacing=8,
        )
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QWidget()
        vbox((scroll, 1), self.keep_notice, self.actions, parent=whole, margins=0, spacing=0)
        return whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._limit_photograph()

    def _limit_photograph(self) -> None:
        """The verdict is to stand below the photograph without scrolling."""
        share = _GROUP if len(self.photograph.marks) > 1 else _PORTRAIT
        self.photograph.set_most_height(int(self.height() * share))

    def show_query(
        self,
        query: FaceQuery | None,
        picture: QPixmap | None,
        portraits: Mapping[int, int | None],
        faces: Sequence[Evidence] = (),
    ) -> None:
        """Show a query and, once it has one, its answer.

        Args:
            picture: of the query itself.
            portraits: the face that stands for each identity, by identity id.
            faces: of the chosen candidate, those nearest to the query.
        """
        self._stack.setCurrentIndex(0 if query is None else 1)
        if query is None:
            self._forget()
            return
        self.comparison.show_query(picture)
        self._show_verdict(query.answer, quality_text(query))
        self._show_note(query.answer)
        candidate = query.candidate
        self.evidence.show_faces(query.answer, candidate, faces)
        chosen = candidate.identity_id if candidate is not None else None
        self.candidates.show_answer(query.answer, portraits, chosen)
        self.actions.show_for(query)

    def show_photograph(self, shown: MarkedPhotograph) -> None:
        """Show the photograph that the query is a face of, or none."""
        for widget in (self.photograph, self.stepper.enlarge):
            widget.setVisible(not shown.image.isNull())
        self.photograph.show_photograph(shown)
        self._limit_photograph()

    def _show_menu(self, identity: int, at: QPoint) -> None:
        """Choose the candidate, and offer what the buttons do and the way to their faces."""
        self.candidate_chosen.emit(identity)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.actions.confirm, self.actions.reject):
            if button.isVisible():
                entry = menu.addAction(button.text(), button.click)
                entry.setEnabled(button.isEnabled())
        menu.addSeparator()
        menu.addAction("Show their faces", lambda: self.identity_requested.emit(identity))
        menu.popup(at)

    def _forget(self) -> None:
        """Also what is not seen now holds no face and no name of the query before."""
        self.comparison.show_query(None)
        self._show_verdict(None)
        self._show_note(None)
        self.evidence.show_faces(None, None, ())
        self.candidates.show_answer(None, {})
        self.actions.forget()

    def _show_verdict(self, answer: Identification | None, quality: str = "") -> None:
        if answer is None:
            self.name.setText("Identifying…")
            self.verdict.setText("")
            return
        self.name.setText(_headline(answer))
        self.verdict.setText(f"{_verdict_text(answer)} · {quality}".removesuffix(" · "))
        self.verdict.setProperty("textRole", "good" if answer.verdict == "known" else "warning")
        self.verdict.style().unpolish(self.verdict)
        self.verdict.style().polish(self.verdict)

    def _show_note(self, answer: Identification | None) -> None:
        """Beside the verdict where there can be none, else beside what cannot be promised."""
        of_face, note = split_note(answer.note if answer is not None else "")
        if answer is None or not _is_measured(answer):
            of_face, note = f"{of_face} {note}".strip(), ""
        self.note.setText(of_face)
        self.note.setVisible(bool(of_face))
        self.strictness.show_note(note)


def _is_measured(answer: Identification) -> bool:
    """Whether the gallery can tell at all; all that came into question may be rejected."""
    return answer.confidence is not None or _all_rejected(answer)


def _all_rejected(answer: Identification) -> bool:
    return bool(answer.evidence) and not answer.candidates


def _headline(answer: Identification) -> str:
    if answer.name is not None:
        return answer.name
    return "Not recognised" if _is_measured(answer) else "Cannot tell yet"


def _verdict_text(answer: Identification) -> str:
    word = "Known" if answer.verdict == "known" else "Unknown"
    if _all_rejected(answer):
        return f"{word} · no other candidates"
    if answer.confidence is None:
        return f"{word} · confidence not available yet"
    if answer.verdict == "known":
        return f"{word} · {confidence_text(answer.confidence)}"
    closest = f"closest match: {answer.candidates[0].name}"
    return f"{word} · {closest}, {confidence_text(answer.confidence)}"
