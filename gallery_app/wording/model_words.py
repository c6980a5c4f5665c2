"""How models, presets, parameters and figures are called in the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.progress import Measured
from engine.records.jobs import ModelVersion, TrainingOutcome
from engine.records.training_parameters import Kind, Preset
from gallery_app.wording.number_words import date_text, faces_text, people_text

KIND_NAMES: Mapping[Kind, str] = {"mlp": "MLP", "triplet": "Triplet model"}
PRESET_NAMES: Mapping[Preset, str] = {"default": "Default", "notebook": "Notebook"}
MINING_NAMES: Mapping[str, str] = {
    "semi-hard": "Semi-hard",
    "batch-all": "All in the batch",
    "batch-hard": "Hardest in the batch",
    "furthest-random": "Furthest positive, random negative",
}
PARAMETER_NAMES: Mapping[str, str] = {
    "hidden": "hidden layers",
    "output": "output dimension",
    "residual": "residual",
    "scaling": "input",
    "start": "starts from",
    "mining": "mining",
    "margin": "margin",
    "dropout": "dropout",
    "label_smoothing": "label smoothing",
    "weight_decay": "weight decay",
    "balance": "faces per person",
    "batch": "batch",
    "identities": "people per batch",
    "faces": "faces per person in a batch",
    "epochs": "maximum epochs",
    "rate": "learning rate",
    "warm_up": "warm-up epochs",
    "plateau": "epochs before halving the rate",
    "patience": "epochs before stopping",
    "validation": "held out for validation",
    "refit": "then trained on everyone",
    "noise": "input noise",
    "adjustment": "adjustment for rare people",
    "squared": "squared distances",
    "restart": "restart after a collapse",
}


def kinds_text(kinds: Sequence[Kind]) -> str:
    """ "the MLP and the triplet model"."""
    names = [f"the {name}" for name in (KIND_NAMES[kind] for kind in kinds)]
    return " and ".join(name.replace("Triplet", "triplet") for name in names)


def kind_of(measured: Measured) -> Kind:
    """Which kind of model a point of a curve belongs to."""
    triplet = measured.series.startswith("triplet") or "active" in measured.values
    return "triplet" if triplet else "mlp"


def version_name(version: ModelVersion) -> str:
    """ "Triplet model, 24 Nov 2026, 03:30"."""
    return f"{KIND_NAMES[version.kind]}, {date_text(version.created)}"


def change_text(before: float, after: float) -> str:
    """The difference of two shares in points of a hundred, in words."""
    points = (after - before) * 100
    if abs(points) < 0.05:
        return "no difference"
    return f"{abs(points):.1f} points {'more' if points > 0 else 'fewer'}"


def stale_text(version: ModelVersion) -> str:
    """What came and went since it was trained, such as "12 new faces, 2 new people"."""
    gone = f"{faces_text(version.gone_faces)} removed"
    people = people_text(version.new_identities)
    parts = (
        (version.new_faces, faces_text(version.new_faces).replace(" ", " new ", 1)),
        (version.new_identities, people.replace(" ", " new ", 1)),
        (version.gone_faces, gone),
    )
    return ", ".join(words for count, words in parts if count)


def state_text(version: ModelVersion) -> str:
    """In use or not, collapsed, stale."""
    parts = [
        "in use" if version.active else "",
        "collapsed" if version.collapsed else "",
        f"stale: {stale_text(version)}" if version.stale else "",
    ]
    return " · ".join(part for part in parts if part) or "kept"


UNTESTED = "It could not be tested, so it shows candidates but never gives a name."


def use_anyway_text(version: ModelVersion, how: str) -> str:
    """What a person may still do with a version that was not put to use; "" where it was, or where
    it has collapsed.

    Args:
        how: where or by which command it is done.
    """
    if version.active or version.collapsed:
        return ""
    caveat = "" if version.metrics else f" {UNTESTED}"
    return f"You can still use it: {how}.{caveat}"


def outcome_text(outcome: TrainingOutcome, how: str) -> str:
    """The sentences of a training, and what may still be done with what was not put to use.

    Args:
        how: see :func:`use_anyway_text`.
    """
    unused = [model for model in outcome.models if use_anyway_text(model, how)]
    if len(unused) == 1:
        return f"{outcome.sentence} {use_anyway_text(unused[0], how)}"
    if not unused:
        return outcome.sentence
    caveat = (
        ""
        if any(model.metrics for model in unused)
        else (" They could not be tested, so they show candidates but never give a name.")
    )
    return f"{outcome.sentence} You can still use them: {how}.{caveat}"


def trained_on_text(version: ModelVersion) -> str:
    return f"{people_text(version.identities)}, {faces_text(version.faces)}"


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """All parameters on one line, the known ones in the order people look for them."""
    known = [name for name in PARAMETER_NAMES if name in parameters]
    return " · ".join(
        f"{PARAMETER_NAMES.get(name, name)} {_value_text(name, parameters[name])}"
        for name in [*known, *(name for name in parameters if name not in PARAMETER_NAMES)]
    )


def _value_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "–".join(map(str, value)) or "none"
    if name == "validation":
        return f"{value * 100:g} %"
    if name == "balance" and not value:
        return "unchanged"
    if name == "output" and not value:
        return "same as the input"
    if name == "start" and value == "lda":
        return "LDA"
    if name in ("plateau", "patience") and not value:
        return "never"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
