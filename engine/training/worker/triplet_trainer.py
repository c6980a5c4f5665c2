"""Train a triplet embedding: faces of one identity close, those of others a margin further away."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.errors import TrainingError
from engine.models.network import Network
from engine.progress import Measured, Reporter
from engine.records.training_parameters import TripletParameters
from engine.records.types import Distance, Ids, Vectors
from engine.training.worker.dataset import Pool, balance, holdout_classes
from engine.training.worker.schedule import Schedule
from engine.training.worker.trained import Trained
from engine.training.worker.training_watch import CollapseWatch, HeldOut, spread
from engine.training.worker.triplet_epoch import TripletEpochs, TripletMetrics
from engine.training.worker.triplet_start import starting_network, with_weights

SERIES = "triplet"
_ALARM = (
    "Triplet training has collapsed: all faces are mapped to nearly the same point"
    " ({spread:.2f} apart), and the loss stays at the margin ({loss:.3f})."
)
_COLLAPSED = "The training collapsed: it maps all faces to nearly the same point."
_NO_GAIN = "No epoch improved on the starting point, so the starting point was kept."
_UNWATCHED = "Too few people have two faces to hold any out for validation."
_DIVERGED = "It was stopped because the loss was no longer a number; the learning rate is too high."


class TripletTrainer:
    """One attempt at a training."""

    def __init__(
        self,
        start: Network,
        epochs: TripletEpochs,
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
        """Train until epochs or patience end, or the collapse has been seen.

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

    def _take(self, epoch: int, rate: float, figures: TripletMetrics) -> None:
        """Measure the network as it is now, keep it where it is the best, and report."""
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
            self._remarks.append(f"Stopped after {epoch} epochs without further improvement.")
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


def followed(
    watched: Trained, start: Network, epochs: TripletEpochs, reporter: Reporter
) -> Network:
    """The network of the same number of epochs at the same rates, from another start.

    Where its loss is no longer a number, that of the watched training.

    Raises:
        CancelledError: asked for by the reporter's token.
    """
    rates = [point.values["rate"] for point in watched.curves[: watched.best_epoch + 1]]
    for epoch, (before, after) in enumerate(pairwise(rates), 1):
        reporter.progress("Training on everyone", epoch, watched.best_epoch)
        if not math.isfinite(epochs.run(before, after, reporter).loss):
            return watched.network
    return with_weights(start, epochs.weights)


_PAST_ALARM = 10
_SPREAD_SAMPLE = 512
_TRIPLETS = 2**28
"""Triplets of a batch at most: 1 GB of them."""
_RESTARTED = "It was restarted with a gentler setting after a first collapse."


def train_triplet(
    vectors: Vectors,
    labels: Ids,
    parameters: TripletParameters,
    distance: Distance,
    *,
    seed: int,
    reporter: Reporter,
    rejected: tuple[Vectors, Ids] | None = None,
) -> Trained:
    """Train on all identities but those held out to watch, and keep the best epoch.

    With ``refit`` it then trains once more on everybody, for as many epochs at the same rates: the
    people held out are in the gallery too.

    Args:
        vectors: as they came, ``(n, d)``.
        labels: 0 to C - 1, ``(n,)``.
        rejected: what people said "not this person" to, vectors ``(r, d)``, and for each the
            label that it is not, ``(r,)``: a negative for that label and nothing else.

    Raises:
        TrainingError: fewer than two identities have two faces, or a batch is too large.
        CancelledError: asked for by the reporter's token.
    """
    _check(labels, parameters)
    data = _Data(vectors, labels, distance, rejected)
    trained = _attempt(data, parameters, seed, reporter, 0 if parameters.restart else _PAST_ALARM)
    if not trained.collapsed or not parameters.restart:
        return trained
    reporter.message("It restarts with a gentler setting.", alarm=True)
    again = _attempt(data, gentler(parameters), seed, reporter, 0)
    return replace(again, remarks=(_RESTARTED, *again.remarks))


def gentler(parameters: TripletParameters) -> TripletParameters:
    """What is tried after a collapse: triplets of every difficulty in true distances, from a
    start where nothing is lost, with small steps."""
    return replace(
        parameters,
        hidden=() if parameters.output else parameters.hidden,
        output=0,
        residual=True,
        scaling="standardised" if parameters.scaling == "none" else parameters.scaling,
        mining="batch-all",
        squared=False,
        rate=parameters.rate / 10,
        warm_up=max(parameters.warm_up, 5),
    )


@dataclass(frozen=True, eq=False)
class _Data:
    """What there is to learn from, as it was handed in."""

    vectors: Vectors
    labels: Ids
    distance: Distance
    rejected: tuple[Vectors, Ids] | None


def _check(labels: Ids, parameters: TripletParameters) -> None:
    if _with_pairs(labels) < 2:
        raise TrainingError(
            "Fewer than two people have two faces, so there are no pairs to learn from",
            remedy="Enroll more faces of the people in the gallery.",
        )
    batch = min(parameters.identities, len(np.unique(labels))) * parameters.faces
    if batch * batch * parameters.faces > _TRIPLETS:
        raise TrainingError(
            f"A batch of {batch:,} faces has more triplets than fit in memory",
            remedy="Choose fewer people per batch or fewer faces of each.",
        )


def _attempt(
    data: _Data, parameters: TripletParameters, seed: int, reporter: Reporter, past_alarm: int
) -> Trained:
    random = np.random.default_rng(seed)
    kept, held = _parted(data.labels, parameters.validation, random)
    start, epochs = _ready(data, kept, parameters, random)
    sample = data.vectors[random.choice(kept, min(len(kept), _SPREAD_SAMPLE), replace=False)]
    held_out = (
        HeldOut(data.vectors[held], data.labels[held], parameters, random) if len(held) else None
    )
    trained = TripletTrainer(
        start, epochs, sample, held_out, parameters, reporter, past_alarm
    ).run()
    if held_out is None or not parameters.refit or trained.collapsed or not trained.best_epoch:
        return trained
    reporter.message(f"Training on everyone for {trained.best_epoch} epochs.")
    start, epochs = _ready(data, np.arange(len(data.labels)), parameters, random)
    return replace(trained, network=followed(trained, start, epochs, reporter))


def _ready(
    data: _Data, kept: Ids, parameters: TripletParameters, random: np.random.Generator
) -> tuple[Network, TripletEpochs]:
    """A network to start from, and the epochs that train it on the kept rows."""
    start = starting_network(
        data.vectors[kept], data.labels[kept], parameters, data.distance, random
    )
    inputs, rejected = data.vectors, None
    if data.rejected is not None:
        rejected = np.arange(len(data.rejected[0])) + len(inputs), data.rejected[1]
        inputs = np.concatenate([inputs, data.rejected[0]])
    drawn = kept[balance(data.labels[kept], parameters.balance, random)]
    pool = Pool(drawn, data.labels[drawn], parameters.identities, parameters.faces, rejected)
    weights = [array for layer in start.layers for array in (layer.kernel, layer.bias)]
    return start, TripletEpochs(weights, start.scaled(inputs), pool, parameters, random)


def _parted(labels: Ids, share: float, random: np.random.Generator) -> tuple[Ids, Ids]:
    """Rows to train on and rows to watch; none of these where no pairs would be left to learn."""
    kept, held = holdout_classes(labels, share, random)
    if _with_pairs(labels[kept]) < 2:
        return np.arange(len(labels)), np.arange(0)
    return kept, held


def _with_pairs(labels: Ids) -> int:
    """How many identities have two faces."""
    return int(np.count_nonzero(np.unique(labels, return_counts=True)[1] > 1))
