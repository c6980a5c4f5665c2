"""Runs methods over the same splits, says how far it is, and gathers what came out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from engine.errors import TrainingError
from engine.evaluation.contract import NOBODY, CalibrationSet, Fitted, Method, Ranked
from engine.evaluation.method_figures import (
    FPIRS,
    JudgedMethod,
    SearchResults,
    best_method,
    compared,
    judge_closed,
    judge_open,
)
from engine.evaluation.metrics import CMC_RANKS, is_measurable, threshold
from engine.evaluation.references import CLASS_MEAN, LDA
from engine.evaluation.splits import (
    ClosedSplit,
    OpenSplit,
    check_closed,
    check_open,
    closed_splits,
    open_splits,
)
from engine.progress import SILENT, Eta, Event, Message, Progress, Reporter, Step
from engine.records.domains import current_time
from engine.records.figures import (
    ClosedFigures,
    Evaluation,
    MlpLimits,
    OpenFigures,
    Protocol,
    Sampled,
)
from engine.records.types import METHOD_NAMES, Ids, Vectors

_COSTS = {CLASS_MEAN: 3.0, LDA: 15.0, "knn": 5.0, "triplet": 100.0, "mlp": 200.0, "auto": 30.0}
_NOTEBOOK, _OTHER = 100.0, 1.5
"""Seconds of one fit and its searches, of 100,000 faces; only their ratios matter, and only until a
method was measured once."""
_FITTING = 0.9
"""Share of a method's time that it learns in, of those that tell how far they are with it."""
_EVENT_PAUSE = 0.2  # seconds between two events of one fit


class EvaluationProgress(Reporter):
    """What a method is fitted with: it can be cancelled and say a sentence, and where it tells how
    far it is, that moves the whole.
    """

    def __init__(
        self,
        outer: Reporter,
        protocols: Sequence[str],
        methods: Sequence[Method],
        repeats: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            protocols: all fits of one come before those of the next.
        """
        super().__init__()
        self._outer, self._clock = outer, clock
        steps = [
            Step((protocol, method.name), _cost(method.name))
            for protocol in protocols
            for _ in range(repeats)
            for method in methods
        ]
        self.total = len(steps)
        self._eta = Eta(steps, clock)
        self._begun, self._stage, self._learned, self._told = 0, "", 0.0, -_EVENT_PAUSE

    def check(self) -> None:
        self._outer.check()

    def tell(self, event: Event) -> None:
        if isinstance(event, Message):
            self._outer.tell(event)
        elif isinstance(event, Progress) and event.total:
            self._learned = _FITTING
            share = event.done / event.total if event.overall is None else event.overall
            self._within(_FITTING * min(share, 1.0))

    def begin(self, stage: str) -> None:
        """Begin the next fit. Raises CancelledError, as all of these."""
        self.check()
        self._eta.enter()
        self._begun, self._stage, self._learned = self._begun + 1, stage, 0.0
        self._say(0.0)

    def searched(self, share: float) -> None:
        """The method has learned, and answered so many of its searches."""
        self._within(self._learned + (1 - self._learned) * share)

    def end(self, stage: str) -> None:
        """All is done."""
        self.check()
        self._outer.tell(Progress(stage, self.total, self.total, 1.0, 0.0))

    def _within(self, share: float) -> None:
        self.check()
        if self._clock() - self._told >= _EVENT_PAUSE:
            self._say(share)

    def _say(self, share: float) -> None:
        self._told = self._clock()
        overall, left = self._eta.estimate(share)
        self._outer.tell(Progress(self._stage, self._begun - 1, self.total, overall, left))


def _cost(name: str) -> float:
    return _COSTS.get(name, _NOTEBOOK if name.endswith("(notebook)") else _OTHER)


Asked = Literal["closed", "open", "both"]
_SCORES = 4_000_000
"""Scores of queries against people held in memory at once (32 MB, and some times that at work)."""


def evaluate(
    vectors: Vectors,
    labels: Ids,
    methods: Sequence[Method],
    *,
    protocol: Asked = "both",
    repeats: int = 5,
    seed: int = 0,
    gallery_name: str = "",
    left_out: Mapping[str, str] = MappingProxyType({}),
    mlp_limits: MlpLimits | None = None,
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Fit and judge every method on the same repeated splits.

    Where both protocols are asked for and the gallery is too small for the open set, that part
    is left out, and the evaluation says why.

    Args:
        vectors: ``(n, d)``, as they came.
        labels: identity of each, any numbers.
        methods: of different names, ours and references.
        left_out: names of others that are not run here, and why, as in the evaluation.
        mlp_limits: what the MLP does with less than all here.

    Raises:
        TrainingError: the gallery is too small for what is asked.
        CancelledError: through the reporter, before each fit or from within one.
    """
    created, started = current_time(), time.monotonic()
    closed_asked, open_asked, obstacle = _possible(labels, protocol)
    protocols = ["closed"] * closed_asked + ["open"] * open_asked
    run = _Run(vectors, labels, EvaluationProgress(reporter, protocols, methods, repeats), repeats)
    run.left_out.update(left_out)
    closed = run.closed(methods, seed) if closed_asked else []
    opened = run.open(methods, seed) if open_asked else []
    never_enrolled = _never_enrolled(labels, seed) if open_asked else 0
    run.course.end("Evaluated")
    return Evaluation(
        gallery=gallery_name,
        identities=len(np.unique(labels)),
        faces=len(labels),
        seed=seed,
        repeats=repeats,
        created=created,
        seconds=time.monotonic() - started,
        sentences=(),
        closed=tuple(method.figures for method in closed),
        open=tuple(method.figures for method in opened),
        non_mated_identities=never_enrolled,
        sampled=tuple(run.sampled.values()),
        best=tuple(filter(None, (best_method("open", opened), best_method("closed", closed)))),
        left_out=dict(run.left_out),
        open_obstacle=obstacle,
        mlp_limits=mlp_limits,
    )


def _possible(labels: Ids, protocol: Asked) -> tuple[bool, bool, str]:
    """Whether to run each protocol, and why the open set had to be left out."""
    if protocol != "open":
        check_closed(labels)
    try:
        if protocol != "closed":
            check_open(labels)
    except TrainingError as error:
        if protocol == "open":
            raise
        return True, False, error.reason
    return protocol != "open", protocol != "closed", ""


def _never_enrolled(labels: Ids, seed: int) -> int:
    split = next(open_splits(labels, 1, seed))
    return len(np.setdiff1d(labels, labels[split.enrolled]))


@dataclass
class _Run:
    """One evaluation under way.

    Attributes:
        course: is told how far it is.
        left_out: methods that could not learn here, and why.
        sampled: by protocol, how many of the searches are made where not all are.
    """

    vectors: Vectors
    labels: Ids
    course: EvaluationProgress
    repeats: int
    left_out: dict[str, str] = field(default_factory=dict)
    sampled: dict[str, Sampled] = field(default_factory=dict)

    def closed(self, methods: Sequence[Method], seed: int) -> list[JudgedMethod[ClosedFigures]]:
        answers = _Answers(methods)
        for repeat, split in enumerate(closed_splits(self.labels, self.repeats, seed)):
            self._note("closed", split)
            for method in methods:
                self._begin(method, repeat)
                with self._may_fail(method):
                    answers.add(method, *self._closed_searches(method, split, seed + repeat))
        return compared([judge_closed(*answers.of(method)) for method in self._left(methods)])

    def open(self, methods: Sequence[Method], seed: int) -> list[JudgedMethod[OpenFigures]]:
        answers = _Answers(methods)
        splits = list(open_splits(self.labels, self.repeats, seed))
        fpirs = self._measurable(splits)
        for repeat, split in enumerate(splits):
            self._note("open", split)
            for method in methods:
                self._begin(method, repeat)
                with self._may_fail(method):
                    answers.add(method, *self._open_searches(method, split, fpirs, seed + repeat))
        return compared([judge_open(*answers.of(method)) for method in self._left(methods)])

    def _begin(self, method: Method, repeat: int) -> None:
        name = METHOD_NAMES.get(method.name, method.name)
        self.course.begin(f"Evaluating {name}, repeat {repeat + 1} of {self.repeats}")

    @contextmanager
    def _may_fail(self, method: Method) -> Iterator[None]:
        """A method that cannot learn from one of the splits is left out of the tables."""
        try:
            yield
        except TrainingError as error:
            self.left_out[method.name] = error.problem

    def _left(self, methods: Sequence[Method]) -> list[Method]:
        return [method for method in methods if method.name not in self.left_out]

    def _note(self, protocol: Protocol, split: ClosedSplit | OpenSplit) -> None:
        if split.asked < split.askable:
            self.sampled[protocol] = Sampled(protocol, split.asked, split.askable)

    def _measurable(self, splits: Sequence[OpenSplit]) -> list[str]:
        """The FPIRs whose threshold can be set in every repeat."""
        non_mated = [self.labels[split.non_mated_calibration] for split in splits]
        return [
            fpir
            for fpir in FPIRS
            if all(is_measurable(identities, float(fpir)) for identities in non_mated)
        ]

    def _closed_searches(
        self, method: Method, split: ClosedSplit, seed: int
    ) -> tuple[SearchResults, float]:
        started = time.perf_counter()
        fitted, people = self._fit(method, split.enrolled, None, seed)
        ranked = self._ranked(fitted, split.queries, CMC_RANKS, len(people))
        seconds = time.perf_counter() - started
        identities = self.labels[split.queries]
        return SearchResults.of(ranked, _known_as(identities, people), identities, {}), seconds

    def _open_searches(
        self, method: Method, split: OpenSplit, fpirs: Sequence[str], seed: int
    ) -> tuple[SearchResults, float]:
        """The threshold is set on the calibration half and applied to the test half."""
        started = time.perf_counter()
        calibration = np.concatenate([split.mated_calibration, split.non_mated_calibration])
        fitted, people = self._fit(method, split.enrolled, calibration, seed)
        non_mated = self._ranked(fitted, split.non_mated_calibration, 1, len(people)).scores[:, 0]
        rows = np.concatenate([split.mated_test, split.non_mated_test])
        ranked = self._ranked(fitted, rows, CMC_RANKS, len(people))
        seconds = time.perf_counter() - started
        thresholds = {fpir: threshold(non_mated, float(fpir)) for fpir in fpirs}
        identities = self.labels[rows]
        return SearchResults.of(
            ranked, _known_as(identities, people), identities, thresholds
        ), seconds

    def _ranked(self, fitted: Fitted, rows: Ids, top: int, people: int) -> Ranked:
        """Answers to queries, so many at a time that their scores fit into memory."""
        step = max(1, _SCORES // people)
        parts = []
        for start in range(0, max(len(rows), 1), step):
            self.course.searched(start / len(rows) if len(rows) else 0.0)
            parts.append(fitted.rank(self.vectors[rows[start : start + step]], top))
        return Ranked.joined(parts)

    def _fit(
        self, method: Method, enrolled: Ids, calibration: Ids | None, seed: int
    ) -> tuple[Fitted, Ids]:
        """The fitted method, and the identities behind its labels 0 to C - 1."""
        people, labels = np.unique(self.labels[enrolled], return_inverse=True)
        known = None
        if calibration is not None:
            answers = _known_as(self.labels[calibration], people)
            known = CalibrationSet(self.vectors[calibration], answers)
        return method.fit(
            self.vectors[enrolled],
            labels.astype(np.int64),
            known,
            seed=seed,
            reporter=self.course,
        ), people


class _Answers:
    """What each method answered in each repeat, and how long it took."""

    def __init__(self, methods: Sequence[Method]) -> None:
        self._searches: Mapping[str, list[SearchResults]] = {method.name: [] for method in methods}
        self._seconds: Mapping[str, list[float]] = {method.name: [] for method in methods}

    def add(self, method: Method, searches: SearchResults, seconds: float) -> None:
        self._searches[method.name].append(searches)
        self._seconds[method.name].append(seconds)

    def of(self, method: Method) -> tuple[str, bool, list[SearchResults], list[float]]:
        name = method.name
        return name, method.reference, self._searches[name], self._seconds[name]


def _known_as(identities: Ids, people: Ids) -> Ids:
    """The label of each identity among the enrolled people (ascending), -1 for others."""
    labels = np.minimum(np.searchsorted(people, identities), len(people) - 1)
    return np.where(people[labels] == identities, labels, NOBODY).astype(np.int64)
