"""Train the models that are asked for, judge each, and leave a version folder of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import ModelError, TrainingError
from engine.models.version_files import CALIBRATION, KNN_CALIBRATION, KNN_TRIALS, TRIALS
from engine.models.versions import VersionContent, version_id, write_version
from engine.progress import Reporter
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import Trials, same_gallery
from engine.recognition.calibration.method_selection import TrialFigures, beats, trial_figures
from engine.records.domains import current_time
from engine.records.jobs import ModelVersion, TrainingRequest
from engine.records.training_parameters import KIND_NAMES, Kind, Parameters, as_json
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
    kind: Kind, new: Trials, knn: Trials, old: Trials | None, *, replaces: bool, wanted: bool
) -> Verdict:
    """Of a model that was tried.

    A triplet model must beat the embedding that it started from. Any must beat the version in
    use, where that was tried on the same gallery; where it was not, it knows another gallery
    than there is now, and makes way.

    Args:
        old: of the version in use; None where it was never tried.
        replaces: there is a version in use.
        wanted: False where the person asked not to put it to use.
    """
    shown, start = trial_figures([new]), trial_figures([knn])
    before = (
        trial_figures([old.of(new.faces)]) if old is not None and same_gallery(new, old) else None
    )
    sound = kind == "mlp" or beats(shown, start)
    better = sound and (before is None or beats(shown, before))
    told = _Told(kind, shown, start, before, replaces)
    if not better:
        sentence = told.not_better(sound)
    else:
        sentence = told.better("it is now in use" if wanted else "it is not used, as requested")
    return Verdict(
        better and wanted,
        sentence,
        _metrics("", shown) | _metrics("before_", before or start) | _metrics("knn_", start),
    )


def _metrics(prefix: str, shown: TrialFigures) -> dict[str, float]:
    return {
        f"{prefix}rank1": shown.rank1,
        f"{prefix}balanced_rank1": shown.balanced_rank1,
        f"{prefix}fnir": shown.fnir,
    }


@dataclass(frozen=True, eq=False)
class _Told:
    """The figures, and the words for them."""

    kind: Kind
    new: TrialFigures
    start: TrialFigures
    before: TrialFigures | None
    replaces: bool

    def not_better(self, sound: bool) -> str:
        """Args: sound: only the version in use was not beaten."""
        if sound and self.before is not None:
            against = self._against(self.before, "the one in use")
            return (
                f"The new {KIND_NAMES[self.kind]} was not better: {against}. The old one is kept."
            )
        stays = "The old one is kept" if self.replaces else "k-NN is kept"
        against = self._against(self.start, "k-NN")
        return f"The new {KIND_NAMES[self.kind]} was not better: {against}. {stays}."

    def better(self, fate: str) -> str:
        other = "k-NN" if self.before is None else "before"
        compared = self.before or self.start
        figures = f"({_percent(self.new.rank1)}, {other} {_percent(compared.rank1)})"
        points = 100 * (self.new.rank1 - compared.rank1)
        if self.kind == "mlp" and self.before is None:
            instead = (
                " instead of the old one, which was trained on another gallery"
            ) * self.replaces
            right = f"{_percent(self.new.rank1)} of the faces correctly"
            against = f"k-NN {_percent(self.start.rank1)}"
            return f"The new MLP names {right} ({against}); {fate}{instead}."
        if points >= 0.05:
            more = f"{points:.1f} percentage points more of the faces correctly"
            return f"The new {KIND_NAMES[self.kind]} names {more} {figures}; {fate}."
        against = self._against(compared, other)
        return f"The new {KIND_NAMES[self.kind]} is better: {against}; {fate}."

    def _against(self, other: TrialFigures, name: str) -> str:
        return (
            f"it names {_percent(self.new.rank1)} of the faces correctly ({name} "
            f"{_percent(other.rank1)}) and misses {_percent(self.new.fnir)} when 1 in 100 "
            f"strangers may be wrongly named ({name} {_percent(other.fnir)})"
        )


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
    models = [
        _one(folder, job, asked, kind, chosen, faces, stages)
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
) -> dict[str, Any]:
    created, started = current_time(), time.monotonic()
    reporter = stages.next(f"Training the {KIND_NAMES[kind]}", curves=True)
    trained = train_network(faces, chosen, asked.seed, reporter)
    for remark in filter(None, (trained.caveat, *trained.remarks)):
        reporter.message(remark)
    verdict, tried = _judged(job, asked, kind, faces, trained, chosen, stages)
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
        _before(job, kind),
        replaces=kind in job.active,
        wanted=asked.activate,
    )
    return verdict, _Tried(calibration, trials, knn_calibration, knn)


def _before(job: Job, kind: Kind) -> Trials | None:
    """How the version in use did; None where there is none, or it is untried or damaged."""
    try:
        return Trials.load(Path(job.active[kind]) / TRIALS) if kind in job.active else None
    except ModelError:
        _log.info("The model in use cannot be compared with", exc_info=True)
        return None


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
