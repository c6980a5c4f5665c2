"""What is asked of training and evaluation, and what comes back: plain records, no mathematics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.records.domains import Count, Time, checked, parsed
from engine.records.training_parameters import Kind, Preset

VERSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}")
KINDS: tuple[Kind, ...] = ("mlp", "triplet")


@dataclass(frozen=True)
class TrainingRequest:
    """Which models to train, and how.

    Attributes:
        changes: parameters that differ from the preset's, for every kind that has them.
        activate: put a model to use where ``auto`` is better with it than it is today.
    """

    kinds: tuple[Kind, ...] = KINDS
    preset: Preset = "default"
    seed: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    activate: bool = True


def is_version_id(text: str) -> bool:
    """Whether it can name a version, and with it a folder: never a path to anywhere else."""
    return VERSION_ID.fullmatch(text) is not None


@dataclass(frozen=True)
class ModelVersion:
    """One trained model, as the registry knows it.

    Attributes:
        id: also the name of its folder under ``models/``.
        created: seconds since the epoch (UTC).
        seconds: how long the training took, its judgement included.
        active: in use for identification.
        collapsed: all its vectors are nearly the same (triplet), so it can never be in use.
        sentence: what came of it, for the person.
        metrics: shares in [0, 1] measured on faces and identities it had not seen, such as
            ``rank1``, ``balanced_rank1``, ``fnir``; with ``before_`` in front, those of what
            answered before; with ``with_others_``, those of the fusion that answers with it.
        parameters: of the training, as in MlpParameters or TripletParameters.
        identities, faces: how many it was trained on.
        new_identities, new_faces, gone_faces: what came and went in the gallery since (moved
            faces count as both).
    """

    id: str
    kind: Kind
    preset: Preset
    seed: int
    created: Time
    seconds: float
    active: bool
    collapsed: bool
    sentence: str
    metrics: Mapping[str, float]
    parameters: Mapping[str, Any]
    identities: Count
    faces: Count
    new_identities: Count = 0
    new_faces: Count = 0
    gone_faces: Count = 0

    @property
    def stale(self) -> bool:
        """Whether the gallery changed since it was trained."""
        return bool(self.new_identities or self.new_faces or self.gone_faces)

    def to_json(self) -> dict[str, Any]:
        """What never changes of it, as plain values: all but whether it is active or stale."""
        return {name: getattr(self, name) for name in _RECORDED} | {
            "metrics": {name: float(value) for name, value in self.metrics.items()},
            "parameters": dict(self.parameters),
        }

    @classmethod
    def from_row(
        cls, model_id: str, kind: str, created: float, text: str, active: int
    ) -> ModelVersion:
        """The version of a row of the database. Raise ValueError where it makes no sense."""
        kept = parsed(text)
        if not isinstance(kept, dict):
            raise ValueError("not a record of a model")
        key = {"id": model_id, "kind": kind, "created": created}
        return cls.from_json({**kept, **key}, active=bool(active))

    @classmethod
    def from_json(cls, record: Mapping[str, Any], *, active: bool = False) -> ModelVersion:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: not written by :meth:`to_json` of this version.
        """
        try:
            made = {name: record[name] for name in _RECORDED}
            made["metrics"] = {name: float(value) for name, value in record["metrics"].items()}
            made["parameters"] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in record["parameters"].items()
            }
            version = checked(cls(**made, active=active))
            if not is_version_id(version.id):
                raise ValueError(f"{version.id[:40]!r} is no id")
            return version
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise ValueError(f"not a model of this version: {error}") from error


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training brought, in the order asked. ``sentence`` sums it up."""

    models: tuple[ModelVersion, ...]
    sentence: str
    seconds: float


_RECORDED = (
    *("id", "kind", "preset", "seed", "created", "seconds", "collapsed", "sentence"),
    *("metrics", "parameters", "identities", "faces"),
)
