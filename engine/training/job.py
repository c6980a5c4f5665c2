"""Jobs of the training worker: a folder with a snapshot of the data and what to do."""

from __future__ import annotations

import importlib.util
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib.format import open_memmap

from engine.errors import InputError, TrainingError, install_words
from engine.progress import Reporter
from engine.records.jobs import KINDS, TrainingRequest
from engine.records.training_parameters import Kind, Parameters, as_json, parameters
from engine.records.types import Distance, Ids, Vectors
from engine.utils.worker_process import run_worker

Task = Literal["train", "evaluate"]
_NO_TENSORFLOW = "Training needs TensorFlow, which is not installed"
_DATA, _VECTORS, _ASKED = "data.npz", "vectors.npy", "job.json"


@dataclass(frozen=True, eq=False)
class Job:
    """A piece of work, and all that it needs to know of a gallery.

    Attributes:
        task: what to do; ``asked`` says it in detail, as plain values.
        distance: the gallery's.
        faces, owners, vectors: ids ``(n,)``, identity ids ``(n,)``, embeddings ``(n, d)``.
        rejected, rejected_owners: vectors ``(r, d)``, and the identity that each is not.
        gallery: name of the gallery, for reports.
        active: folders of the versions in use, by kind.
    """

    task: Task
    asked: Mapping[str, Any]
    distance: Distance
    faces: Ids
    owners: Ids
    vectors: Vectors
    rejected: Vectors
    rejected_owners: Ids
    gallery: str
    active: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Into a folder that nobody else can read; what :func:`room` made there stays."""
        if not (folder / _VECTORS).exists():
            room(folder, *self.vectors.shape)[:] = self.vectors
        (folder / _DATA).touch(mode=0o600)
        with (folder / _DATA).open("r+b") as stream:
            np.savez(
                stream,
                faces=self.faces,
                owners=self.owners,
                rejected=self.rejected,
                rejected_owners=self.rejected_owners,
            )
        asked = {
            "task": self.task,
            "asked": dict(self.asked),
            "distance": self.distance,
            "gallery": self.gallery,
            "active": dict(self.active),
        }
        (folder / _ASKED).touch(mode=0o600)
        (folder / _ASKED).write_text(json.dumps(asked), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Job:
        """Read what :meth:`write` wrote, in the worker."""
        record = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
        with np.load(folder / _DATA, allow_pickle=False) as arrays:
            return cls(
                faces=arrays["faces"],
                owners=arrays["owners"],
                vectors=np.load(folder / _VECTORS, allow_pickle=False),
                rejected=arrays["rejected"],
                rejected_owners=arrays["rejected_owners"],
                **record,
            )


def room(folder: Path, count: int, dimension: int) -> Vectors:
    """A file for the embeddings of a job, ``(count, dimension)``, to be filled piece by piece."""
    path = folder / _VECTORS
    path.touch(mode=0o600)
    if not count:
        np.save(path, np.empty((0, dimension), np.float32))
        return np.empty((0, dimension), np.float32)
    return open_memmap(path, mode="w+", dtype=np.float32, shape=(count, dimension))


def settings(asked: TrainingRequest) -> dict[Kind, Parameters]:
    """The parameters for each kind that is asked for, in that order.

    A change that only one of the kinds knows is meant for that one.

    Raises:
        InputError: no such kind or preset, a parameter that none of them has, or a value out of
            its range.
    """
    if not asked.kinds or not set(asked.kinds) <= set(KINDS):
        raise InputError("There is no such model", remedy=f"Choose among {', '.join(KINDS)}.")
    if asked.preset not in ("default", "notebook"):
        raise InputError(
            f"There is no preset “{asked.preset}”", remedy="Choose default or notebook."
        )
    known = {kind: as_json(parameters(kind, asked.preset)) for kind in asked.kinds}
    everything = list(dict.fromkeys(name for names in known.values() for name in names))
    unknown = sorted(set(asked.changes) - set(everything))
    if unknown:
        raise InputError(
            f"There is no parameter “{unknown[0]}”", remedy=f"Known are: {', '.join(everything)}."
        )
    return {
        kind: parameters(
            kind,
            asked.preset,
            {name: value for name, value in asked.changes.items() if name in known[kind]},
        )
        for kind in asked.kinds
    }


def missing_tensorflow() -> str:
    """Why nothing can be trained here, one sentence; "" where it can. Imports nothing."""
    if importlib.util.find_spec("tensorflow") is not None:
        return ""
    plain = sys.platform == "linux" and platform.machine() == "x86_64"
    words = install_words("tensorflow-cpu" if plain else "tensorflow")
    return f"{_NO_TENSORFLOW}. {words} It needs Python 3.11 to 3.13."


def run_job(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
    """Have the job in a folder done by the training worker.

    Raises:
        TrainingError: TensorFlow is not installed, the job failed, or its process died.
        CancelledError: through the reporter.
    """
    if lacking := missing_tensorflow():
        problem, _, remedy = lacking.partition(". ")
        raise TrainingError(problem, remedy=remedy)
    return run_worker("training", "engine.training.worker", folder, reporter, TrainingError)
