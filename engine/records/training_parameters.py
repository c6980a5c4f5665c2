"""The parameters of a training: their presets, their ranges, and how a changed one is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVar

from engine.errors import InputError

Kind = Literal["mlp", "triplet"]
KIND_NAMES: Mapping[Kind, str] = {"mlp": "MLP", "triplet": "triplet model"}
"""As people read them."""
Preset = Literal["default", "notebook"]
Scaling = Literal["none", "standardised", "whitened"]
Mining = Literal["semi-hard", "batch-all", "batch-hard", "furthest-random"]
Start = Literal["input", "lda"]

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


def as_json(parameters: Parameters) -> dict[str, Any]:
    """The parameters as plain values."""
    return asdict(parameters)


def _changed(preset: P, changes: Mapping[str, Any]) -> P:
    known = {spec.name: getattr(preset, spec.name) for spec in fields(preset)}
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise InputError(
            f"There is no parameter “{unknown[0]}”", remedy=f"Known are: {', '.join(known)}."
        )
    made = {name: _typed(name, known[name], value) for name, value in changes.items()}
    return replace(preset, **made)


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
        raise InputError(f"{name} cannot be “{value}”", remedy="Use true or false.")
    try:
        if isinstance(present, tuple):
            return tuple(int(_within(name, int(number))) for number in value)
        return _within(name, type(present)(value))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} cannot be “{value}”", remedy="Use a number.") from error


def _within(name: str, number: float) -> float:
    low, high = _RANGES[name]
    if low <= number <= high:
        return number
    raise InputError(f"{name} cannot be {number:g}", remedy=f"Choose between {low:g} and {high:g}.")
