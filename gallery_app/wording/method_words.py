"""How methods are called in the window, and what is said of their agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.records.types import Identification, Opinion
from engine.utils.number_text import confidence_text

METHOD_NAMES: Mapping[str, str] = {"knn": "k-NN", "triplet": "triplet", "mlp": "MLP"}
_COUNTS = {2: "BOTH METHODS AGREE", 3: "ALL THREE METHODS AGREE"}
_MEANING = "Methods agree when they have the same first candidate."
_SAME_VERDICT = "They all say this face is {}."
_OTHER_VERDICT = "Their verdicts differ."


def members_text(methods: Sequence[str]) -> str:
    """ "k-NN + triplet"."""
    return " + ".join(METHOD_NAMES[method] for method in methods)


def method_title(method: str) -> str:
    """The name where a sentence or an entry begins with it: "Triplet"."""
    name = METHOD_NAMES[method]
    return name if name[1:] != name[1:].lower() else name.capitalize()


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
