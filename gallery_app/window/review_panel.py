"""Middle: what looks wrong in the gallery, one question at a time, worst first."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QListView,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.records.findings import Finding, Review
from gallery_app.item_models.finding_model import FindingListModel
from gallery_app.pictures import Pictures
from gallery_app.theme.colours import current_theme, text_font
from gallery_app.widgets.controls.boxes import Stretch, hbox, refill, section, text_label, vbox
from gallery_app.widgets.controls.clickable import Clickable
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.flow_layouts import WrappingRow
from gallery_app.widgets.controls.labels import ElidedLabel, plain_tip
from gallery_app.widgets.faces.delegates import finding_list
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.wording.review_words import (
    KIND_TEXTS,
    Choice,
    Side,
    choices,
    headline,
    reason,
    sides,
)

_GAP = 8
_RIM = 9  # of the button, as in the style sheet


class KeyButton(QPushButton):
    """Its text stands at the left, its key in a small frame at the right."""

    def __init__(self, text: str, key: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._key = key
        self.setProperty("keyed", True)
        self.setToolTip(tip)
        shortcut = QShortcut(QKeySequence(key), self)  # a button's own waits for its animation
        shortcut.activated.connect(self.click)
        self.setAccessibleDescription(f"{tip}. Key {key}")

    def sizeHint(self) -> QSize:
        wanted = super().sizeHint()
        return QSize(wanted.width() + _GAP + self._side(), wanted.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = current_theme()
        primary = bool(self.property("primary")) and self.isEnabled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.9 if self.isEnabled() else 0.4)
        painter.setPen(QPen(theme.on_accent if primary else theme.muted, 1))
        side = self._side()
        frame = QRectF(self.width() - _RIM - side, (self.height() - side) / 2, side, side)
        painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(text_font("small"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._key)
        painter.end()

    def _side(self) -> int:
        return QFontMetrics(text_font("small")).height() + 4


_LARGE, _LARGE_NARROW, _SMALL, _OTHERS = 136, 96, 40, 3
_NARROW = 420


class FindingCard(QFrame):
    """Signals: ``answered`` (the name of an answer), ``identity_requested`` (identity name)."""

    answered = Signal(str)
    identity_requested = Signal(str)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="card")
        self._writable = True
        self.question = text_label(role="heading", wrap=False)
        self.reason = text_label(role="muted", wrap=False)
        for label in (self.question, self.reason):
            label.setWordWrap(True)
        self.left = SideView(pictures)
        self.right = SideView(pictures)
        for side in (self.left, self.right):
            side.name_clicked.connect(self.identity_requested)
        self.buttons: dict[str, KeyButton] = {}
        self._answers = WrappingRow()
        self._lay_out()

    def _lay_out(self) -> None:
        vbox(
            self.question,
            self.reason,
            4,
            hbox((self.left, 1), (self.right, 1), spacing=16),
            4,
            self._answers,
            parent=self,
            margins=16,
            spacing=8,
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the two faces are what stays."""
        narrow = self.width() < _NARROW
        self.reason.setVisible(not narrow)
        self.question.setToolTip(plain_tip(self.reason.text()) if narrow else "")
        for side in (self.left, self.right):
            side.set_narrow(narrow)
        super().resizeEvent(event)

    def set_writable(self, writable: bool) -> None:
        """In a gallery that is open for reading only nothing can be answered but "later"."""
        self._writable = writable
        for name, button in self.buttons.items():
            button.setEnabled(writable or name == "later")

    def show_finding(self, finding: Finding, portraits: Mapping[int, int | None]) -> None:
        self.question.setText(headline(finding))
        self.reason.setText(reason(finding))
        left, right = sides(finding, portraits)
        self.left.show_side(left)
        self.right.setVisible(right is not None)
        if right is not None:
            self.right.show_side(right)
        self._show_answers(finding)

    def forget(self) -> None:
        """Nobody is asked about any more."""
        for label in (self.question, self.reason):
            label.setText("")
        self.question.setToolTip("")
        for side in (self.left, self.right):
            side.show_side(Side("", "", None))

    def _show_answers(self, finding: Finding) -> None:
        wanted = choices(finding)
        if [choice.text for choice in wanted] == [
            button.text() for button in self.buttons.values()
        ]:
            return  # the next finding of the same kind: nothing moves under the cursor
        self.buttons = {choice.answer: self._button(choice) for choice in wanted}
        self.buttons[wanted[0].answer].setProperty("primary", True)
        refill(self._answers, list(self.buttons.values()))
        self.set_writable(self._writable)

    def _button(self, choice: Choice) -> KeyButton:
        button = KeyButton(choice.text, choice.key, choice.tip, self)
        button.clicked.connect(lambda: self.answered.emit(choice.answer))
        return button


class SideView(QWidget):
    """Signals: ``name_clicked`` (identity name)."""

    name_clicked = Signal(str)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._side = Side("", "", None)
        self.heading = section("")
        self.name = _Name()
        self.name.clicked.connect(lambda: self.name_clicked.emit(self._side.name))
        self.large = PictureLabel(_LARGE)
        self.others = QVBoxLayout(spacing=8)
        faces = hbox((self.large, 0, Qt.AlignmentFlag.AlignTop), spacing=8)
        self._beside = QWidget()
        vbox(self.others, Stretch(), parent=self._beside, margins=0)
        faces.addWidget(self._beside)
        faces.addStretch()
        vbox(self.heading, self.name, 4, faces, parent=self, margins=0, spacing=4)
        pictures.ready.connect(lambda _: self._paint())

    def set_narrow(self, narrow: bool) -> None:
        """Without the small pictures."""
        self.large.set_side(_LARGE_NARROW if narrow else _LARGE)
        self._beside.setVisible(not narrow)

    def show_side(self, side: Side) -> None:
        self._side = side
        self.heading.setText(side.heading)
        self.name.set_name(side.name)
        self.large.setAccessibleName(f"{side.heading.capitalize()} {side.name}")
        refill(self.others, [PictureLabel(_SMALL, 6.0) for _ in side.others[:_OTHERS]])
        self._paint()

    def _paint(self) -> None:
        self.large.set_picture(self._pictures.get(self._side.face))
        for place, face in enumerate(self._side.others[:_OTHERS]):
            small = self.others.itemAt(place).widget()
            assert isinstance(small, PictureLabel)
            small.set_picture(self._pictures.get(face))


class _Name(Clickable):
    """A name that leads to its identity."""

    def __init__(self) -> None:
        super().__init__()
        self.label = ElidedLabel(role="heading")
        vbox(self.label, parent=self, margins=(0, 2, 0, 2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_name(self, name: str) -> None:
        self.label.setText(name)
        self.setAccessibleName(f"Show {name}")


class ReviewPanel(QWidget):
    """Signals: ``answered`` (Finding, the name of an answer), ``count_changed`` (open findings),
    ``identity_requested`` (name), ``balance_requested``, ``repeat_requested``.
    """

    answered = Signal(object, str)
    count_changed = Signal(int)
    identity_requested = Signal(str)
    balance_requested = Signal()
    repeat_requested = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="reviewPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._portraits: Mapping[int, int | None] = {}
        self.model = FindingListModel(pictures, self)
        self.kinds = QComboBox(accessibleName="What to show")
        self.kinds.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kinds.activated.connect(self._kind_chosen)
        self.balance = QPushButton("Balance…")
        self.balance.setToolTip("How many faces each person has, and how many are enough")
        self.balance.clicked.connect(self.balance_requested)
        self.card = FindingCard(pictures)
        self.card.answered.connect(self._answer)
        self.card.identity_requested.connect(self.identity_requested)
        self.list = self._list()
        self.looking = EmptyState("search", "Reviewing faces", "This may take a moment.")
        self.clean = EmptyState(
            "check", "Nothing looks wrong", "No face looks misnamed, and there are no duplicates.",
            [("Review again", self.repeat_requested.emit)],
        )  # fmt: skip
        self._stack = QStackedWidget()
        self._page = self._questions()
        for page in (self.looking, self.clean, self._page):
            self._stack.addWidget(page)
        self._lay_out()

    def _list(self) -> QListView:
        view = finding_list(self.model, "findingList", "What looks wrong")
        view.selectionModel().currentChanged.connect(self._show_current)
        return view

    def _questions(self) -> QWidget:
        page = QWidget()
        above = QWidget()
        vbox(self.card, parent=above, margins=(24, 0, 24, 8))
        vbox(above, (self.list, 1), parent=page, margins=(0, 0, 0, 8), spacing=8)
        return page

    def _lay_out(self) -> None:
        head = hbox(self.kinds, Stretch(), self.balance, margins=(24, 20, 24, 12), spacing=8)
        vbox(head, (self._stack, 1), parent=self, margins=0, spacing=0)

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
        """Choose the same question again, or the one that took its place."""
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
