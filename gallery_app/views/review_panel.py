"""Middle: what looks wrong in the gallery, one question at a time, worst first."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QListView,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.records.findings import Finding, Review
from gallery_app.item_models.findings import FindingListModel
from gallery_app.pictures import Pictures
from gallery_app.views.finding_card import FindingCard
from gallery_app.widgets.empty_state import EmptyState
from gallery_app.widgets.finding_delegate import FindingDelegate
from gallery_app.widgets.review_words import KIND_TEXTS


class ReviewPanel(QWidget):
    """Signals: ``answered`` (Finding, the name of an answer), ``count_changed`` (open findings),
    ``identity_wanted`` (name), ``balance_wanted``, ``again_wanted``.
    """

    answered = Signal(object, str)
    count_changed = Signal(int)
    identity_wanted = Signal(str)
    balance_wanted = Signal()
    again_wanted = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reviewPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._portraits: Mapping[int, int | None] = {}
        self.model = FindingListModel(pictures, self)
        self.kinds = QComboBox()
        self.kinds.setAccessibleName("What to show")
        self.kinds.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kinds.activated.connect(self._kind_chosen)
        self.balance = QPushButton("Balance…")
        self.balance.setToolTip("How many faces each person has, and how many are enough")
        self.balance.clicked.connect(self.balance_wanted)
        self.card = FindingCard(pictures)
        self.card.answered.connect(self._answer)
        self.card.identity_wanted.connect(self.identity_wanted)
        self.list = self._list()
        self.looking = EmptyState("search", "Looking at the faces", "This takes a moment.")
        self.clean = EmptyState(
            "check", "Nothing looks wrong", "No face looks like somebody else's; none is double.",
            [("Look again", self.again_wanted.emit)],
        )  # fmt: skip
        self._stack = QStackedWidget()
        self._page = self._questions()
        for page in (self.looking, self.clean, self._page):
            self._stack.addWidget(page)
        self._lay_out()

    def _list(self) -> QListView:
        view = QListView()
        view.setObjectName("findingList")
        view.setModel(self.model)
        view.setItemDelegate(FindingDelegate(view))
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setAccessibleName("What looks wrong")
        view.setMinimumHeight(88)
        view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        view.selectionModel().currentChanged.connect(self._show_current)
        return view

    def _questions(self) -> QWidget:
        page = QWidget()
        above = QWidget()
        around = QVBoxLayout(above)
        around.setContentsMargins(24, 0, 24, 8)
        around.addWidget(self.card)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(8)
        layout.addWidget(above)
        layout.addWidget(self.list, 1)
        return page

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(24, 20, 24, 12)
        head.setSpacing(8)
        head.addWidget(self.kinds)
        head.addStretch()
        head.addWidget(self.balance)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)

    # -- what is shown -----------------------------------------------------------------------

    def show_looking(self) -> None:
        """The first review of a gallery is being made; nothing is known of the one before."""
        self._portraits = {}
        self.model.set_findings((), {})
        self.card.forget()
        self._stack.setCurrentWidget(self.looking)

    def show_review(self, review: Review, portraits: Mapping[int, int | None]) -> None:
        """The question being shown stays, where it is asked still."""
        asked = self.asked
        self._portraits = portraits
        self.model.set_findings(review.findings, portraits)
        self.balance.setEnabled(bool(review.balance and review.balance.faces))
        self._refresh(asked)

    def settle(self, finding: Finding, gone: Collection[int] = ()) -> None:
        """A finding was answered; those about faces that are gone go with it."""
        asked, row = self.asked, self.list.currentIndex().row()
        self.model.settle(finding, gone)
        self._refresh(asked, row)

    @property
    def asked(self) -> Finding | None:
        """The finding being shown."""
        return self.model.finding_at(self.list.currentIndex().row())

    def _refresh(self, asked: Finding | None, row: int = 0) -> None:
        """Chooses the same question again, or the one that took its place."""
        self._fill_kinds()
        again = self.model.row_of(asked) if asked is not None else -1
        last = self.model.rowCount() - 1
        self.list.setCurrentIndex(self.model.index(again if again >= 0 else min(max(row, 0), last)))
        self._stack.setCurrentWidget(self._page if last >= 0 else self.clean)
        self.count_changed.emit(sum(self.model.counts().values()))

    def _fill_kinds(self) -> None:
        chosen, counts = self.kinds.currentData(), self.model.counts()
        if chosen is not None and not counts[chosen]:
            chosen = None
        self.kinds.clear()
        self.kinds.addItem(f"Everything · {sum(counts.values()):,}", None)
        for kind, text in KIND_TEXTS.items():
            if counts[kind]:
                self.kinds.addItem(f"{text} · {counts[kind]:,}", kind)
        self.kinds.setCurrentIndex(max(self.kinds.findData(chosen), 0))
        self.model.show_kind(chosen)

    # -- what is done ------------------------------------------------------------------------

    def _kind_chosen(self) -> None:
        asked = self.asked
        self.model.show_kind(self.kinds.currentData())
        self._refresh(asked)

    def _show_current(self) -> None:
        finding = self.asked
        if finding is not None:
            self.card.show_finding(finding, self._portraits)

    def _answer(self, answer: str) -> None:
        finding = self.asked
        if finding is None:
            return
        if answer == "later":
            row = self.list.currentIndex().row()
            self.model.put_off(finding)
            self.list.setCurrentIndex(self.model.index(row))
        else:
            self.answered.emit(finding, answer)
