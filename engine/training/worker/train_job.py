"""Trains the models that are asked for, judges each, and leaves a version folder of it."""

from __future__ import annotations

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
from engine.recognition.calibration.cross_validation import Trials
from engine.records.jobs import ModelVersion, TrainingRequest
from engine.records.training_parameters import Kind, Parameters, as_json
from engine.training.job import Job, settings
from engine.training.worker import acceptance
from engine.training.worker.keras_model import save_keras
from engine.training.worker.stages import TRAININGS, Stages, steps_of
from engine.training.worker.train_model import NOUNS, TrainingFaces, try_knn, try_model
from engine.training.worker.train_model import train as train_network
from engine.training.worker.trained import Trained
from engine.utils import clock


def train(folder: Path, job: Job, reporter: Reporter) -> Mapping[str, Any]:
    """Does a training job.

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
    created, started = clock.now(), time.monotonic()
    reporter = stages.next(f"Training the {NOUNS[kind]}", curves=True)
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
) -> tuple[acceptance.Verdict, _Tried | None]:
    if trained.collapsed:
        return acceptance.collapsed(kind), None
    try:
        calibration, trials = try_model(faces, kind, chosen, asked.seed, stages)
    except TrainingError as error:
        return acceptance.untried(kind, error.problem), None
    knn_calibration, knn = try_knn(faces, stages.between("Judging k-NN"))
    verdict = acceptance.judged(
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
