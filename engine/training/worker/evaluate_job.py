"""Evaluates our methods beside the references, all trained models included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.evaluation import runner
from engine.evaluation.references import references
from engine.progress import Reporter
from engine.records.figures import Evaluation
from engine.training.job import Job
from engine.training.worker.evaluated_methods import our_methods, shortened


def evaluate(job: Job, reporter: Reporter) -> Mapping[str, Any]:
    """Does an evaluation job.

    Returns:
        an :class:`engine.records.figures.Evaluation` as plain values.

    Raises:
        TrainingError: the gallery is too small for what is asked.
    """
    asked = job.asked
    people = len(np.unique(job.owners))
    ours, left_out = our_methods(job.distance, asked["methods"], people=people)
    done: Evaluation = runner.evaluate(
        job.vectors,
        job.owners,
        [*references(job.distance), *ours],
        protocol=asked["protocol"],
        repeats=asked["repeats"],
        seed=asked["seed"],
        gallery_name=job.gallery,
        left_out=left_out,
        notes=shortened(asked["methods"], people),
        reporter=reporter,
    )
    return done.to_json()
