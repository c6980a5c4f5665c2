"""How methods are called, why *auto* is what it is, and what is said of their agreement."""

from __future__ import annotations

from collections.abc import Sequence

from engine.evaluation.references import CLASS_MEAN, MOST_FREQUENT
from engine.records.training_parameters import KIND_NAMES
from engine.records.types import METHOD_NAMES, Identification, Opinion
from engine.utils.number_text import confidence_text
from gallery_app.wording.number_words import share_text

_PHRASES = {CLASS_MEAN: f"the {CLASS_MEAN}", MOST_FREQUENT: f"the {MOST_FREQUENT}"}
_COUNTS = {2: "BOTH METHODS AGREE", 3: "ALL THREE METHODS AGREE"}
_MEANING = "Methods agree when they have the same first candidate."
_SAME_VERDICT = "They all say this face is {}."
_OTHER_VERDICT = "Their verdicts differ."


def members_text(methods: Sequence[str]) -> str:
    """ "k-NN + triplet"."""
    return " + ".join(METHOD_NAMES.get(method, method) for method in methods)


def method_title(method: str) -> str:
    """The name where a sentence, an entry or a row begins with it: "Triplet", "MLP (notebook)".

    Args:
        method: one of ours, or the name of a reference.
    """
    first, *rest = method.split(" ")
    name = METHOD_NAMES.get(first, first)
    if name == name.lower():
        name = name.capitalize()
    return " ".join([name, *rest])


def method_phrase(method: str) -> str:
    """The name within a sentence: "the MLP", "the notebooks' triplet model"."""
    kind, notebook, _ = method.partition(" (notebook)")
    if kind not in KIND_NAMES:
        return _PHRASES.get(method, METHOD_NAMES.get(method, method))
    return f"the notebooks' {KIND_NAMES[kind]}" if notebook else f"the {KIND_NAMES[kind]}"


def auto_reason(reason: str, basis: str = "") -> str:
    """Why ``auto`` is what it is.

    Args:
        reason: as :class:`engine.recognition.calibration.method_selection.MethodChoice` has it; a
            sentence that an earlier version stored stays as it is.
        basis: a sentence on the calibration.

    >>> auto_reason("no-model")
    'No trained model is in use, so auto is k-NN.'
    """
    code, *facts = reason.split("\t")
    if code == "better" and len(facts) == len(_BETTER_FACTS):
        members, *figures = facts
        shares = map(_percent, figures)
        said = _BETTER.format(
            **dict(zip(_BETTER_FACTS, [_together(members), *shares], strict=True))
        )
    else:
        said = _REASONS[code].format(*facts, "?") if code in _REASONS else reason
    return f"{said} {basis}".strip()


_REASONS = {
    "no-model": "No trained model is in use, so auto is k-NN.",
    "untested": "No model in use could be tested on unseen people, so auto is k-NN.",
    "too-few-people": (
        "With fewer than {0} people it cannot be measured whether a trained model is better, so "
        "auto is k-NN."
    ),
    "not-better": "No trained model, alone or combined with k-NN, is measurably better than k-NN.",
}
_BETTER_FACTS = ("members", "rank1", "fnir", "knn_rank1", "knn_fnir")
_BETTER = (
    "On this gallery, {members} names {rank1} of the faces correctly (k-NN {knn_rank1}) and misses "
    "{fnir} of known people when 1 in 100 strangers may be wrongly named (k-NN {knn_fnir})."
)


def _together(members: str) -> str:
    methods = members.split(" + ")
    return members_text(methods) if len(methods) > 1 else method_phrase(methods[0])


def _percent(share: str) -> str:
    try:
        return share_text(float(share))
    except ValueError:
        return share  # ordinary: a damaged file; shown as it is


def choice_text(method: str, auto: Sequence[str]) -> str:
    """What is chosen: "Auto (k-NN + triplet)", "MLP"."""
    return f"Auto ({members_text(auto)})" if method == "auto" else method_title(method)


def status_text(method: str, auto: Sequence[str], index: str) -> str:
    """ "auto: k-NN + triplet · index up to date"."""
    asked = f"auto: {members_text(auto)}" if method == "auto" else METHOD_NAMES[method]
    return f"{asked} · {index}" if index else asked


def agreement_text(answer: Identification) -> str:
    """ "ALL THREE METHODS AGREE", "2 OF 3 METHODS AGREE"; "" where one method stands alone."""
    if not answer.opinions or not answer.candidates:
        return ""
    several, apart = len(answer.opinions), len(dissenting(answer))
    if not apart:
        return _COUNTS[several]
    agreeing = several - apart
    return f"{agreeing} OF {several} METHODS AGREE" if agreeing > 1 else "THE METHODS DISAGREE"


def agreement_tip(answer: Identification) -> str:
    """What agreement means, and every method's own answer with its verdict."""
    verdicts = {opinion.verdict for opinion in answer.opinions}
    verdict = _OTHER_VERDICT if len(verdicts) > 1 else _SAME_VERDICT.format(*verdicts)
    each = "; ".join(_opinion_text(opinion) for opinion in answer.opinions)
    return f"{_MEANING} {verdict} {each}."


def dissenting(answer: Identification) -> list[Opinion]:
    """The methods whose first candidate is not the one of the answer."""
    first = answer.candidates[0].name if answer.candidates else None
    return [opinion for opinion in answer.opinions if opinion.name != first]


def dissent_text(opinion: Opinion) -> str:
    """ "MLP says Tim Henman, 12 %"."""
    if opinion.name is None:
        return f"{method_title(opinion.method)} finds no one"
    said = f"{method_title(opinion.method)} says {opinion.name}"
    return (
        f"{said}, {confidence_text(opinion.confidence)}" if opinion.confidence is not None else said
    )


def in_learned_space(method: str) -> bool:
    """Whether distances in an answer by this method are those in the learned space."""
    return {"knn", "triplet"} & set(method.split(" + ")) == {"triplet"}


def _opinion_text(opinion: Opinion) -> str:
    said = f"{method_title(opinion.method)}: {opinion.name or 'no one'}, {opinion.verdict}"
    return (
        f"{said}, {confidence_text(opinion.confidence)}" if opinion.confidence is not None else said
    )
