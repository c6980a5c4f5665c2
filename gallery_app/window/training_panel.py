"""The strip at the bottom while a training or an evaluation runs, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from engine.progress import Event, Measured, Message, Progress
from engine.records.jobs import TrainingOutcome, TrainingRequest
from engine.records.training_parameters import Kind
from gallery_app.theme.icons import Role
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel, plain_tip
from gallery_app.wording.model_words import kind_of, kinds_text, outcome_text
from gallery_app.wording.number_words import left_text

if TYPE_CHECKING:
    from gallery_app.widgets.charts.training_curves import Curves


_COLLAPSED = 0.3  # median distance of two unit vectors below which all faces look alike


class TrainingState:
    """Takes events, tells title, share, detail and alarm.

    Attributes:
        title: what runs now.
        share: how much of it is done, in [0, 1]; None while nobody knows.
        alarm: the last one raised, else "".
    """

    def __init__(self, title: str = "", kinds: Sequence[Kind] = ()) -> None:
        self.title = title
        self.share: float | None = None
        self.alarm = ""
        self._kinds = kinds
        self._kind: Kind | None = None
        self._where = ""
        self._spread = ""
        self._stage: str | None = None
        self._epoch_stage: str | None = None
        self._end: float | None = None  # when all is done, where that is known

    @property
    def trains(self) -> bool:
        """Whether models are trained; an evaluation shows no curves of those it trains."""
        return bool(self._kinds)

    @property
    def subject(self) -> str:
        """ "The training" or "The evaluation"."""
        return "The training" if self.trains else "The evaluation"

    def take(self, event: Event, now: float) -> None:
        """One event that came at ``now`` seconds of a monotonic clock."""
        if isinstance(event, Measured):
            if self.trains:
                self._take_measured(event)
        elif isinstance(event, Progress):
            self._take_progress(event, now)
        elif event.alarm:
            self.alarm = event.text

    def _take_progress(self, event: Progress, now: float) -> None:
        if event.stage != self._stage:
            self._stage = event.stage
        self.share = event.share
        self._end = None if event.left is None else now + event.left
        if event.stage != self._epoch_stage:  # while epochs are counted they say more
            count = f" · {event.done:,} of {event.total:,}" if event.total else ""
            self._where, self._spread = f"{event.stage}{count}", ""

    def _take_measured(self, event: Measured) -> None:
        kind = kind_of(event)
        if kind != self._kind and kind in self._kinds:
            self._kind = kind
            place = f" ({self._kinds.index(kind) + 1} of {len(self._kinds)})"
            several = len(self._kinds) > 1
            self.title = f"Training {kinds_text([kind])}{place if several else ''}"
        self._where = f"epoch {event.step:,} of {event.steps:,}" if event.steps else ""
        self._spread = spread_text(event)
        if self._stage is None:  # nobody but the curves says how far it is
            self.share = event.step / event.steps if event.steps else None
        self._epoch_stage = self._stage

    def detail(self, now: float) -> str:
        """ "epoch 62 of 100 · about 9 s left · spread 1.39, no collapse"."""
        words = "" if self._end is None else left_text(max(self._end - now, 0.0))
        return " · ".join(part for part in (self._where, words, self._spread) if part) or "starting"


def spread_text(measured: Measured) -> str:
    """The median distance of two faces, and whether they all fall together."""
    spread = measured.values.get("spread50")
    if spread is None:
        return ""
    verdict = "the faces collapse" if spread < _COLLAPSED else "no collapse"
    return f"spread {spread:.2f}, {verdict}"


_PAUSE = 50  # ms between two pictures, however many events arrive
_STEPS = 1000
_HEIGHT = 116
_RUNNING_WIDTH, _ENDED_WIDTH = 300, 400
_LOG_LINES = 2000


class TrainingPanel(QFrame):
    """Hidden until something starts.

    Signals: ``cancel_requested``, ``report_requested``, ``closed`` (the person put it away).
    """

    cancel_requested = Signal()
    report_requested = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="trainingPanel")
        self._state = TrainingState()
        self._series = ""
        self.curves: Curves | None = None
        self.title = ElidedLabel(role="heading")
        self.bar = QProgressBar(textVisible=False)
        self.detail = text_label(role="small")
        self.sentence = text_label()
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sign = IconLabel("alert", "warning", 16)
        self.alarm = text_label(role="warning")
        self.log = QPlainTextEdit(readOnly=True, maximumBlockCount=_LOG_LINES)
        self.log.setAccessibleName("Log of the training")
        self.log.setFixedHeight(104)
        self._make_buttons()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self.refresh)
        self._clock = QTimer(self, interval=1000)  # the time left goes on where no event comes
        self._clock.timeout.connect(self.refresh)
        self._lay_out()
        self.hide()

    def _make_buttons(self) -> None:
        self.log_button = QPushButton("&Log", checkable=True, toolTip="Show messages from the run")
        self.log_button.toggled.connect(self.log.setVisible)
        self.cancel = QPushButton("Cancel", clicked=self._cancel)
        self.report = QPushButton("&Report…")
        self.report.setProperty("primary", True)
        self.report.clicked.connect(self.report_requested)
        self.close_button = QPushButton("Close", clicked=self._close)

    def _lay_out(self) -> None:
        column = vbox(Stretch(1), self.title, self.bar, self.sentence, self.detail, spacing=6)
        alarm = hbox((self.sign, 0, Qt.AlignmentFlag.AlignTop), (self.alarm, 1), spacing=6)
        column.addLayout(alarm)
        column.addStretch(1)
        self._words = QWidget()
        self._words.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        self._cards = QHBoxLayout()
        self._cards.setContentsMargins(0, 0, 0, 0)
        cards = QWidget()  # takes the width also while it is empty, so that no button does
        cards.setLayout(self._cards)
        strip = hbox(
            self._words,
            (cards, 1),
            *(
                (button, 0, Qt.AlignmentFlag.AlignVCenter)
                for button in (self.log_button, self.cancel, self.report, self.close_button)
            ),
            margins=(24, 14, 24, 14),
            spacing=24,
        )
        inner = QWidget(minimumHeight=_HEIGHT)
        inner.setLayout(strip)
        strip.setSpacing(8)
        strip.insertSpacing(1, 16)
        strip.insertSpacing(3, 16)
        layout = vbox(inner, parent=self, margins=0, spacing=0)
        log = vbox(self.log, margins=(24, 0, 24, 0))
        layout.addLayout(log)
        self.log_button.toggled.connect(
            lambda shown: log.setContentsMargins(24, 0, 24, 14 if shown else 0)
        )

    def start(self, request: TrainingRequest) -> None:
        """A training begins; its curves come with the first points."""
        self._begin(TrainingState(f"Training {kinds_text(request.kinds)}", request.kinds))

    def start_evaluation(self, title: str = "Evaluating") -> None:
        """An evaluation begins: progress and Cancel, no curves."""
        self._begin(TrainingState(title))

    def _begin(self, state: TrainingState) -> None:
        self._state = state
        self._drop_curves()
        self.log.clear()
        self.log_button.setChecked(False)
        self.log.hide()
        self.cancel.setText("Cancel")
        self.cancel.setEnabled(True)
        self._show_ended(ended=False)
        self._clock.start()
        self.refresh()
        self.show()

    def take(self, event: Event) -> None:
        """What the running work tells; as often as it likes."""
        self._state.take(event, time.monotonic())
        if isinstance(event, Message):
            self.log.appendPlainText(f"Warning: {event.text}" if event.alarm else event.text)
        elif isinstance(event, Measured) and self._state.trains:
            self._draw(event)
        if self._clock.isActive() and not self._pause.isActive():
            self._pause.start()

    def _draw(self, measured: Measured) -> None:
        from gallery_app.widgets.charts.training_curves import Curves  # brings pyqtgraph: 0.7 s

        if self.curves is None or measured.series != self._series:
            self._drop_curves()
            self.curves = Curves(kind_of(measured), compact=True)
            self._series = measured.series
            self._cards.addWidget(self.curves)
        self.curves.take(measured)

    def _drop_curves(self) -> None:
        if self.curves is not None:
            self._cards.removeWidget(self.curves)
            self.curves.hide()
            self.curves.deleteLater()
            self.curves = None

    def refresh(self) -> None:
        """Show what is known now."""
        self._pause.stop()
        state = self._state
        self.title.setText(state.title)
        self.setAccessibleName(state.title)
        known = state.share is not None
        self.bar.setRange(0, _STEPS if known else 0)
        if state.share is not None:
            self.bar.setValue(round(state.share * _STEPS))
        self.detail.setText(state.detail(time.monotonic()))
        self._show_alarm("alert", "warning", state.alarm)

    def _show_alarm(self, picture: str, role: Role, text: str) -> None:
        self.sign.set_icon(picture, role)
        self.alarm.setText(text)
        self.alarm.setToolTip(plain_tip(text) if text else "")
        self.sign.setVisible(bool(text))
        self.alarm.setVisible(bool(text))

    def show_outcome(self, outcome: TrainingOutcome) -> None:
        """It is done: the sentence, with the report behind it."""
        self._end("Training is done", outcome_text(outcome, "Model ▸ Versions…"))
        if any(model.collapsed for model in outcome.models) and not self._state.alarm:
            self._show_alarm("alert", "warning", "A model collapsed; see the report.")
        self.report.show()

    def show_cancelled(self) -> None:
        """The person stopped it."""
        self._end(f"{self._state.subject} was cancelled", "The models in use are unchanged.")

    def show_failed(self, text: str) -> None:
        """It ended with an error."""
        self._end(f"{self._state.subject} failed", "")
        self._show_alarm("alert", "warning", text)

    def dismiss(self) -> None:
        """Put the panel away without telling anybody, as after an evaluation."""
        self._clock.stop()
        self._pause.stop()
        self.hide()

    def _end(self, title: str, sentence: str) -> None:
        self.refresh()
        self._clock.stop()
        self.title.setText(title)
        self.sentence.setText(sentence)
        self._show_ended(ended=True)

    def _show_ended(self, *, ended: bool) -> None:
        for widget in (self.bar, self.detail, self.cancel):
            widget.setVisible(not ended)
        self.close_button.setVisible(ended)
        self.sentence.setVisible(ended and bool(self.sentence.text()))
        self.report.hide()
        self._words.setFixedWidth(_ENDED_WIDTH if ended else _RUNNING_WIDTH)

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.cancel.setText("Cancelling…")
        self.cancel_requested.emit()

    def _close(self) -> None:
        self.dismiss()
        self.closed.emit()
