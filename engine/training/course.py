"""The course of a triplet training: epoch after epoch, watched, the best one kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from engine.models import Layer, Network
from engine.progress import Measured, Reporter
from engine.records.parameters import TripletParameters
from engine.training.collapse import CollapseWatch, spread
from engine.training.heldout import HeldOut
from engine.training.schedule import Schedule
from engine.training.trained import Trained
from engine.training.triplet_epoch import Epochs, Figures
from engine.types import Vectors

SERIES = "triplet"
_ALARM = (
    "Triplet training has collapsed: all faces are mapped to nearly the same point"
    " ({spread:.2f} apart), and the loss stays at the margin ({loss:.3f})."
)
_COLLAPSED = "The training collapsed: it maps all faces to nearly the same point."
_NO_GAIN = "No epoch was better than what it started from, so that was kept."
_UNWATCHED = "Too few people have two faces to hold any out, so nothing watched the training."
_DIVERGED = "It was stopped because the loss was no longer a number: the learning rate is too high."


class Course:
    """One attempt at a training."""

    def __init__(
        self,
        start: Network,
        epochs: Epochs,
        sample: Vectors,
        held_out: HeldOut | None,
        parameters: TripletParameters,
        reporter: Reporter,
        past_alarm: int,
    ) -> None:
        """
        Args:
            start: the network that it starts from.
            sample: vectors whose outputs' spread is measured, ``(s, d)``, s ≥ 2.
            held_out: None where no identity could be; then the training's own loss decides.
            past_alarm: epochs to go on after a collapse, so that it can be seen.
        """
        self._start, self._epochs, self._sample = start, epochs, sample
        self._held_out, self._parameters, self._reporter = held_out, parameters, reporter
        self._past_alarm = past_alarm
        self._schedule = Schedule(parameters.rate, parameters.plateau, parameters.patience)
        self._watch = CollapseWatch(parameters.margin)
        self._curves: list[Measured] = []
        self._best, self._best_epoch, self._last = start, 0, start
        self._remarks = [] if held_out else [_UNWATCHED]

    def run(self) -> Trained:
        """Trains until epochs or patience end, or the collapse has been seen.

        Raises:
            CancelledError: asked for by the reporter's token.
        """
        self._take(0, 0.0, self._epochs.look(self._reporter))
        for epoch in range(1, self._parameters.epochs + 1):
            before, after = self._rate(epoch - 1), self._rate(epoch)
            figures = self._epochs.run(before, after, self._reporter)
            if not math.isfinite(figures.loss):
                self._remarks.append(_DIVERGED)
                break
            self._take(epoch, after, figures)
            if self._is_over(epoch):
                break
        self._reporter.check()
        return self._trained()

    def _rate(self, epoch: int) -> float:
        """At the end of an epoch: the schedule's, risen to during the warm-up."""
        return self._schedule.rate * min(1.0, epoch / max(self._parameters.warm_up, 1))

    def _take(self, epoch: int, rate: float, figures: Figures) -> None:
        """Measures the network as it is now, keeps it where it is the best, and reports."""
        self._last = with_weights(self._start, self._epochs.weights)
        gaps = spread(self._last(self._sample))
        values = {**vars(figures), "rate": rate}
        values |= {"spread05": gaps.low, "spread50": gaps.middle, "spread95": gaps.high}
        if self._held_out:
            values["validation_loss"], values["validation_accuracy"] = self._held_out.measure(
                self._last
            )
        self._curves.append(Measured(SERIES, epoch, self._parameters.epochs, values))
        self._reporter.tell(self._curves[-1])
        better = self._schedule.step(values.get("validation_loss", figures.loss))
        if better and self._is_sound():
            self._best, self._best_epoch = self._last, epoch
        if self._watch.step(gaps, figures.loss):
            text = _ALARM.format(spread=gaps.high, loss=figures.loss)
            self._reporter.message(text, alarm=True)

    def _is_sound(self) -> bool:
        """Whether nobody is worse off than at the start, beyond a standard error."""
        if self._held_out is None:
            return True
        now, first = (self._curves[place].values["validation_accuracy"] for place in (-1, 0))
        return now >= first - math.sqrt(first * (1 - first) / self._held_out.faces)

    def _is_over(self, epoch: int) -> bool:
        if self._watch.collapsed:
            self._past_alarm -= 1
            return self._past_alarm < 0
        if self._schedule.stop:
            self._remarks.append(f"Stopped after {epoch} epochs, when it no longer became better.")
        return self._schedule.stop

    def _trained(self) -> Trained:
        """The best epoch's network; after a collapse the last one's, which shows it."""
        found = Trained(self._best, tuple(self._curves), self._best_epoch)
        if self._watch.collapsed:
            remarks = (_COLLAPSED, *self._remarks)
            return replace(
                found,
                network=self._last,
                best_epoch=self._curves[-1].step,
                collapsed=True,
                remarks=remarks,
            )
        if not self._best_epoch:
            self._remarks.append(_NO_GAIN)
        return replace(found, remarks=tuple(self._remarks))


def followed(watched: Trained, start: Network, epochs: Epochs, reporter: Reporter) -> Network:
    """The network of the same number of epochs at the same rates, from another start.

    Where its loss is no longer a number, that of the watched training.

    Raises:
        CancelledError: asked for by the reporter's token.
    """
    rates = [point.values["rate"] for point in watched.curves[: watched.best_epoch + 1]]
    for epoch, (before, after) in enumerate(pairwise(rates), 1):
        reporter.progress("Training on everybody", epoch, watched.best_epoch)
        if not math.isfinite(epochs.run(before, after, reporter).loss):
            return watched.network
    return with_weights(start, epochs.weights)


def with_weights(network: Network, weights: Sequence[Vectors]) -> Network:
    """The same network with other kernels and biases, one of each a layer."""
    pairs = zip(network.layers, weights[::2], weights[1::2], strict=True)
    return replace(
        network, layers=tuple(Layer(kernel, bias, old.relu) for old, kernel, bias in pairs)
    )
