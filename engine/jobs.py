"""What is asked of training and evaluation, and what comes back: plain records, no mathematics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from engine.errors import InputError
from engine.records import checked

Kind = Literal["mlp", "triplet"]
Preset = Literal["default", "notebook"]
Scaling = Literal["none", "standardised", "whitened"]
Mining = Literal["semi-hard", "batch-all", "batch-hard", "furthest-random"]
Start = Literal["input", "lda"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}")
KINDS: tuple[Kind, ...] = ("mlp", "triplet")
P = TypeVar("P", "MlpParameters", "TripletParameters")


@dataclass(frozen=True)
class MlpParameters:
    """How an MLP is trained.

    Attributes:
        hidden: width of each hidden layer, ReLU.
        scaling: of the input, fitted on the training part alone.
        dropout: share of the hidden units left out at each step.
        noise: standard deviation of what is added to each component of the scaled input, anew at
            each step.
        label_smoothing: share of the target spread over all identities.
        weight_decay: L2 on the kernels.
        balance: faces per identity after resampling the training part; 0 leaves it as it is.
        adjustment: how much of the advantage of people with many faces is taken back after the
            training: that many times the logarithm of their share of the rows, from their logit
            (Menon et al. 2021, "Long-tail learning via logit adjustment"). 0 nothing, 1 all.
        batch: rows a step.
        epochs: at most so many.
        rate: Adam's learning rate at the start.
        plateau: epochs without a better validation loss before the rate is halved; 0 never.
        patience: epochs without a better validation loss before it stops; 0 never.
        validation: share of the training faces held out to watch, before balancing.
    """

    hidden: tuple[int, ...] = (1024,)
    scaling: Scaling = "whitened"
    dropout: float = 0.5
    noise: float = 1.0
    label_smoothing: float = 0.0
    weight_decay: float = 0.0
    balance: int = 0
    adjustment: float = 0.15
    batch: int = 256
    epochs: int = 100
    rate: float = 5e-4
    plateau: int = 4
    patience: int = 10
    validation: float = 0.1


@dataclass(frozen=True)
class TripletParameters:
    """How a triplet embedding is trained.

    Attributes:
        hidden: width of the hidden ReLU layers; empty for a residual linear map.
        output: dimension of the learned space; 0 keeps the input's.
        residual: the map starts as the (scaled) input itself, its last layer at zero.
        scaling: of the input, fitted on the training part alone.
        start: ``lda`` turns and stretches the scaled input further, so that faces of one identity
            scatter alike in every direction (linear discriminant analysis); ``input`` does not.
        mining: which triplets of a batch count.
        margin: in the distance between unit vectors.
        squared: that distance is squared, as the notebooks had it.
        identities, faces: P and K of a batch.
        epochs: at most so many; one is as many batches as show each face once on average.
        rate: Adam's learning rate after the warm-up.
        warm_up: epochs over which the rate rises from zero.
        plateau, patience, validation: as for the MLP, on identities held out of the training.
        balance: faces per identity after resampling; 0 leaves them as they are.
        refit: once the best epoch is known, everybody is trained on for as many, those held out
            too.
        restart: after a collapse it is tried once more with a gentler setting.
    """

    hidden: tuple[int, ...] = (256,)
    output: int = 0
    residual: bool = True
    scaling: Scaling = "standardised"
    start: Start = "lda"
    mining: Mining = "semi-hard"
    margin: float = 0.2
    squared: bool = False
    identities: int = 8
    faces: int = 8
    epochs: int = 60
    rate: float = 3e-4
    warm_up: int = 2
    plateau: int = 4
    patience: int = 10
    validation: float = 0.15
    balance: int = 0
    refit: bool = True
    restart: bool = True


Parameters = MlpParameters | TripletParameters

NOTEBOOK_MLP = MlpParameters(
    hidden=(10, 10),
    scaling="standardised",
    dropout=0.0,
    noise=0.0,
    label_smoothing=0.0,
    weight_decay=0.0,
    balance=50,
    adjustment=0.0,
    batch=128,
    epochs=100,
    rate=1e-3,
    patience=12,
    validation=0.15,
)
NOTEBOOK_TRIPLET = TripletParameters(
    hidden=(15,),
    output=15,
    residual=False,
    scaling="none",
    start="input",
    mining="furthest-random",
    margin=0.3,
    squared=True,
    identities=32,
    faces=4,
    rate=1e-3,
    warm_up=0,
    plateau=0,
    patience=0,
    balance=50,
    refit=False,
    restart=False,
)


def parameters(
    kind: Kind, preset: Preset = "default", changes: Mapping[str, Any] | None = None
) -> Parameters:
    """The parameters of a preset with some of them changed.

    Raises:
        InputError: a parameter that this kind does not have, or a value out of its range.
    """
    if kind == "mlp":
        return _changed(NOTEBOOK_MLP if preset == "notebook" else MlpParameters(), changes or {})
    return _changed(
        NOTEBOOK_TRIPLET if preset == "notebook" else TripletParameters(), changes or {}
    )


@dataclass(frozen=True)
class TrainingRequest:
    """Which models to train, and how.

    Attributes:
        changes: parameters that differ from the preset's, for every kind that has them.
        activate: put a model to use where it is better than what is in use.
    """

    kinds: tuple[Kind, ...] = KINDS
    preset: Preset = "default"
    seed: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    activate: bool = True


def is_version_id(text: str) -> bool:
    """Whether it can name a version, and with it a folder: never a path to anywhere else."""
    return _ID.fullmatch(text) is not None


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
            ``rank1``, ``balanced_rank1``, ``fnir``; with ``before_`` in front, those of what it
            was compared with.
        parameters: of the training, as in MlpParameters or TripletParameters.
        identities, faces: how many it was trained on.
        new_identities, new_faces, gone_faces: what came and went in the gallery since (moved
            faces count as both).
    """

    id: str
    kind: Kind
    preset: Preset
    seed: int
    created: float
    seconds: float
    active: bool
    collapsed: bool
    sentence: str
    metrics: Mapping[str, float]
    parameters: Mapping[str, Any]
    identities: int
    faces: int
    new_identities: int = 0
    new_faces: int = 0
    gone_faces: int = 0

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
    def from_json(cls, record: Mapping[str, Any], *, active: bool = False) -> ModelVersion:
        """The other way.

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


def as_json(parameters: Parameters) -> dict[str, Any]:
    """The parameters as plain values."""
    return asdict(parameters)


def _changed(preset: P, changes: Mapping[str, Any]) -> P:
    known = {one.name: getattr(preset, one.name) for one in fields(preset)}
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise InputError(
            f"There is no parameter “{unknown[0]}”", remedy=f"Known are: {', '.join(known)}."
        )
    made = {name: _typed(name, known[name], value) for name, value in changes.items()}
    return replace(preset, **made)


_RECORDED = (
    *("id", "kind", "preset", "seed", "created", "seconds", "collapsed", "sentence"),
    *("metrics", "parameters", "identities", "faces"),
)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "scaling": ("none", "standardised", "whitened"),
    "start": ("input", "lda"),
    "mining": ("semi-hard", "batch-all", "batch-hard", "furthest-random"),
}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_RANGES: Mapping[str, tuple[float, float]] = {
    "hidden": (1, 8192),
    "dropout": (0.0, 0.95),
    "noise": (0.0, 10.0),
    "label_smoothing": (0.0, 0.9),
    "weight_decay": (0.0, 1.0),
    "balance": (0, 100_000),
    "adjustment": (0.0, 1.0),
    "batch": (1, 65_536),
    "epochs": (1, 10_000),
    "rate": (1e-7, 1.0),
    "plateau": (0, 1_000),
    "patience": (0, 10_000),
    "validation": (0.05, 0.5),
    "output": (0, 4096),
    "margin": (0.001, 2.0),
    "identities": (2, 4096),
    "faces": (2, 512),
    "warm_up": (0, 100),
}


def _typed(name: str, present: Any, value: Any) -> Any:
    """The value as the parameter's own type, within its range."""
    if name in _CHOICES:
        if value in _CHOICES[name]:
            return value
        raise InputError(
            f"{name} cannot be “{value}”", remedy=f"Choose one of {', '.join(_CHOICES[name])}."
        )
    if isinstance(present, bool):
        if str(value).lower() in _TRUTHS:
            return _TRUTHS[str(value).lower()]
        raise InputError(f"{name} cannot be “{value}”", remedy="Give true or false.")
    try:
        if isinstance(present, tuple):
            return tuple(int(_within(name, int(one))) for one in value)
        return _within(name, type(present)(value))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} cannot be “{value}”", remedy="Give a number.") from error


def _within(name: str, number: float) -> float:
    low, high = _RANGES[name]
    if low <= number <= high:
        return number
    raise InputError(f"{name} cannot be {number:g}", remedy=f"Choose between {low:g} and {high:g}.")
