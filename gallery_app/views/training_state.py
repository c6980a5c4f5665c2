"""What is known of a running training or evaluation, and how it reads. No widgets."""

from __future__ import annotations

from collections.abc import Sequence

from engine.progress import Event, Measured, Progress
from engine.records.parameters import Kind
from gallery_app.widgets.model_words import kind_of, kinds_text
from gallery_app.widgets.time_left import TimeLeft, left_text, share_done

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
        self._left = TimeLeft()
        self._foreseen: float | None = None  # when all is done, where that is told

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
                self._take_measured(event, now)
        elif isinstance(event, Progress):
            self._take_progress(event, now)
        elif event.alarm:
            self.alarm = event.text

    def _take_progress(self, event: Progress, now: float) -> None:
        if event.stage != self._stage:
            self._stage, self._left = event.stage, TimeLeft()
        share = share_done(event)
        self.share = None if share is None else min(share, 1.0)
        self._left.take(now, event.done, event.total)
        self._foreseen = None if event.left is None else now + event.left
        if event.stage != self._epoch_stage:  # while epochs are counted they say more
            count = f" · {event.done:,} of {event.total:,}" if event.total else ""
            self._where, self._spread = f"{event.stage}{count}", ""

    def _take_measured(self, event: Measured, now: float) -> None:
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
            self._left.take(now, event.step, event.steps)
        self._epoch_stage = self._stage

    def detail(self, now: float) -> str:
        """ "epoch 62 of 100 · about 9 s left · spread 1.39, no collapse"."""
        left = self._left.seconds(now)
        if self._foreseen is not None:  # of all that runs, not of this stage alone
            left = max(self._foreseen - now, 0.0)
        words = "" if left is None else left_text(left)
        if (
            words
            and self._foreseen is None
            and self._kind is not None
            and self._kind != self._kinds[-1]
        ):
            words += " for this one"
        return " · ".join(part for part in (self._where, words, self._spread) if part) or "starting"


def spread_text(measured: Measured) -> str:
    """The median distance of two faces, and whether they all fall together."""
    spread = measured.values.get("spread50")
    if spread is None:
        return ""
    verdict = "the faces fall together" if spread < _COLLAPSED else "no collapse"
    return f"spread {spread:.2f}, {verdict}"
