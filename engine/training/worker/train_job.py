"""Train the models that are asked for, judge each, and leave a version folder of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import ModelError, TrainingError
from engine.models.version_files import CALIBRATION, KNN_CALIBRATION, KNN_TRIALS, TRIALS
from engine.models.versions import VersionContent, version_id, write_version
from engine.progress import Reporter
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import Trials, in_common, same_gallery
from engine.recognition.calibration.gains import FEWEST_PEOPLE, TrialFigures, beats
from engine.recognition.calibration.method_selection import select_methods, trial_figures
from engine.records.domains import current_time
from engine.records.jobs import KINDS, ModelVersion, TrainingRequest
from engine.records.training_parameters import KIND_NAMES, Kind, Parameters, as_json
from engine.records.types import METHOD_NAMES
from engine.training.job import Job, settings
from engine.training.worker.keras_model import save_keras
from engine.training.worker.stages import TRAININGS, Stages, steps_of
from engine.training.worker.train_model import TrainingFaces, try_knn, try_model
from engine.training.worker.train_model import train as train_network
from engine.training.worker.trained import Trained

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What came of a training.

    Attributes:
        better: it is to be put to use.
        metrics: as in :class:`engine.records.jobs.ModelVersion`.
    """

    better: bool
    sentence: str
    metrics: Mapping[str, float]


def collapsed(kind: Kind) -> Verdict:
    """Of a model that takes all faces for the same."""
    return Verdict(
        False,
        f"The {KIND_NAMES[kind]} collapsed: it cannot tell faces apart, so it is not used.",
        {},
    )


def untried(kind: Kind, reason: str) -> Verdict:
    """Of a model that could not be judged."""
    return Verdict(
        False, f"The {KIND_NAMES[kind]} was trained but is not used: {_lower(reason)}.", {}
    )


def judged(
    kind: Kind,
    new: Trials,
    knn: Trials,
    in_use: Mapping[Kind, Trials],
    *,
    replaces: bool,
    wanted: bool,
) -> Verdict:
    """Of a model that was tried.

    It is put to use where ``auto`` with it is better than ``auto`` is today. A version in use that
    was tried on another gallery than there is now is not held against it, and makes way if it is of
    the same kind.

    Args:
        in_use: of the versions in use that were tried.
        replaces: there is a version of this kind in use.
        wanted: False where the person asked not to put it to use.
    """
    today = {"knn": knn} | {name: old for name, old in in_use.items() if same_gallery(new, old)}
    shown, before, after = trial_figures([new]), _chosen(today), _chosen({**today, kind: new})
    better = kind in after.members and beats(after.figures, before.figures)
    words = _Words(kind, shown, before, after, replaces)
    if better:
        sentence = words.better("it is now in use" if wanted else "it is not used, as requested")
    elif shown.people < FEWEST_PEOPLE:
        sentence = words.too_few()
    else:
        sentence = words.not_better()
    metrics = _metrics("", shown) | _metrics("before_", before.figures)
    metrics |= _metrics("knn_", before.figures if len(today) < 2 else trial_figures([knn]))
    if better and len(after.members) > 1:
        metrics |= _metrics("with_others_", after.figures)
    return Verdict(better and wanted, sentence, metrics)


@dataclass(frozen=True, eq=False)
class _Chosen:
    """What ``auto`` stands for among some methods, and how that did."""

    members: tuple[str, ...]
    figures: TrialFigures


def _chosen(trials: Mapping[str, Trials]) -> _Chosen:
    names = [name for name in ("knn", "triplet", "mlp") if name in trials]
    ordered = dict(zip(names, in_common([trials[name] for name in names]), strict=True))
    members = select_methods(ordered).members
    return _Chosen(members, trial_figures([ordered[name] for name in members]))


def _metrics(prefix: str, shown: TrialFigures) -> dict[str, float]:
    return {
        f"{prefix}rank1": shown.rank1,
        f"{prefix}balanced_rank1": shown.balanced_rank1,
        f"{prefix}fnir": shown.fnir,
    }


@dataclass(frozen=True, eq=False)
class _Words:
    """What the person is told of a model that was tried.

    Attributes:
        new: the model alone.
        before, after: what answers today, and what would with the model.
        replaces: there is a version of this kind in use.
    """

    kind: Kind
    new: TrialFigures
    before: _Chosen
    after: _Chosen
    replaces: bool

    def too_few(self) -> str:
        """Nothing can be told of so few people."""
        right = f"{_percent(self.new.rank1)} of the faces correctly"
        return (
            f"{self.new.people} people are too few to tell whether the new {self._noun} is better: "
            f"it names {right} ({self._today} {_percent(self.before.figures.rank1)}). "
            f"{self._kept}."
        )

    def not_better(self) -> str:
        """What answers today was not beaten."""
        return f"The new {self._noun} was not better: {self._against(self.new)}. {self._kept}."

    def better(self, fate: str) -> str:
        """Args: fate: what becomes of it."""
        others = [name for name in self.after.members if name != self.kind]
        with_others = f", together with {_listed(others)}," if others else ""
        subject = f"The new {self._noun}{with_others}"
        new, old = self.after.figures.rank1, self.before.figures.rank1
        if (points := 100 * (new - old)) >= 0.05:
            more = f"{points:.1f} percentage points more of the faces correctly"
            figures = f"({_percent(new)}, {self._today} {_percent(old)})"
            return f"{subject} names {more} {figures}; {fate}."
        return f"{subject} is better: {self._against(self.after.figures)}; {fate}."

    @property
    def _noun(self) -> str:
        return KIND_NAMES[self.kind]

    @property
    def _today(self) -> str:
        if self.kind in self.before.members:
            return "before"
        return _listed(self.before.members)

    @property
    def _kept(self) -> str:
        if self.replaces:
            return "The old one is kept"
        verb = "is" if len(self.before.members) == 1 else "are"
        return f"{_listed(self.before.members)} {verb} kept"

    def _against(self, new: TrialFigures) -> str:
        old, name = self.before.figures, self._today
        return (
            f"it names {_percent(new.rank1)} of the faces correctly ({name} "
            f"{_percent(old.rank1)}) and misses {_percent(new.fnir)} when 1 in 100 "
            f"strangers may be wrongly named ({name} {_percent(old.fnir)})"
        )


def _listed(methods: Sequence[str]) -> str:
    """ "k-NN + triplet"."""
    return " + ".join(METHOD_NAMES.get(method, method) for method in methods)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def train(folder: Path, job: Job, reporter: Reporter) -> Mapping[str, Any]:
    """Do a training job.

    Returns:
        ``models``: for each kind in the order asked, its id and whether to put it to use. Its
        version folder lies in ``folder`` under this id.

    Raises:
        TrainingError: nothing can be learned from these faces.
    """
    asked = TrainingRequest(**{**job.asked, "kinds": tuple(job.asked["kinds"])})
    faces = TrainingFaces(
        job.faces, job.owners, job.vectors, job.distance, job.rejected, job.rejected_owners
    )
    kinds = asked.kinds
    stages = Stages(reporter, TRAININGS * len(kinds), steps=steps_of(kinds, knn=len(kinds)))
    in_use = _trials_in_use(job)
    models = [
        _one(folder, job, asked, kind, chosen, faces, stages, in_use)
        for kind, chosen in settings(asked).items()
    ]
    return {"models": models}


@dataclass(frozen=True, eq=False)
class _Tried:
    """How a model did; ``knn`` is what it started from."""

    calibration: Calibration
    trials: Trials
    knn_calibration: Calibration
    knn: Trials


def _one(
    folder: Path,
    job: Job,
    asked: TrainingRequest,
    kind: Kind,
    chosen: Parameters,
    faces: TrainingFaces,
    stages: Stages,
    in_use: dict[Kind, Trials],
) -> dict[str, Any]:
    """Train one version. If it is put to use, add it to those in use for the next one."""
    created, started = current_time(), time.monotonic()
    reporter = stages.next(f"Training the {KIND_NAMES[kind]}", curves=True)
    trained = train_network(faces, chosen, asked.seed, reporter)
    for remark in filter(None, (trained.caveat, *trained.remarks)):
        reporter.message(remark)
    verdict, tried = _judged(job, asked, kind, faces, trained, chosen, stages, in_use)
    if verdict.better and tried is not None:
        in_use[kind] = tried.trials
    version = ModelVersion(
        id=version_id(kind, created),
        kind=kind,
        preset=asked.preset,
        seed=asked.seed,
        created=created,
        seconds=time.monotonic() - started,
        active=False,
        collapsed=trained.collapsed,
        sentence=f"{verdict.sentence} {trained.caveat}".rstrip(),
        metrics=verdict.metrics,
        parameters=as_json(chosen),
        identities=len(faces.identities),
        faces=len(faces.ids),
    )
    _write(folder / version.id, version, faces, trained, tried)
    return {"id": version.id, "activate": verdict.better}


def _judged(
    job: Job,
    asked: TrainingRequest,
    kind: Kind,
    faces: TrainingFaces,
    trained: Trained,
    chosen: Parameters,
    stages: Stages,
    in_use: Mapping[Kind, Trials],
) -> tuple[Verdict, _Tried | None]:
    if trained.collapsed:
        return collapsed(kind), None
    try:
        calibration, trials = try_model(faces, kind, chosen, asked.seed, stages)
    except TrainingError as error:
        return untried(kind, error.problem), None
    knn_calibration, knn = try_knn(faces, stages.between("Evaluating k-NN"))
    verdict = judged(
        kind,
        trials,
        knn,
        in_use,
        replaces=kind in job.active,
        wanted=asked.activate,
    )
    return verdict, _Tried(calibration, trials, knn_calibration, knn)


def _trials_in_use(job: Job) -> dict[Kind, Trials]:
    """How the versions in use did, without those that are untried or damaged."""
    found: dict[Kind, Trials] = {}
    for kind in KINDS:
        try:
            if kind in job.active:
                found[kind] = Trials.load(Path(job.active[kind]) / TRIALS)
        except ModelError:
            _log.info("The model in use cannot be compared with", exc_info=True)
    return found


def _write(
    folder: Path,
    version: ModelVersion,
    faces: TrainingFaces,
    trained: Trained,
    tried: _Tried | None,
) -> None:
    content = VersionContent(
        version,
        trained.network,
        faces.ids,
        faces.owners,
        trained.curves,
        identity_ids=faces.identities.tolist() if version.kind == "mlp" else (),
        keras=lambda path: save_keras(trained.network, path),
    )
    if tried is not None:
        content = replace(
            content,
            texts={
                CALIBRATION: tried.calibration.to_json(),
                KNN_CALIBRATION: tried.knn_calibration.to_json(),
            },
            files={TRIALS: tried.trials.save, KNN_TRIALS: tried.knn.save},
        )
    write_version(folder, content)
