"""Whether a new model is better than what is in use, in figures and in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.identification import Trials, beats, show
from engine.identification.choosing import Showing
from engine.identification.trials import on_common_ground
from engine.jobs import Kind
from engine.training.recipe import NOUNS


@dataclass(frozen=True)
class Verdict:
    """What came of a training.

    Attributes:
        better: it is to be put to use.
        metrics: as in :class:`engine.jobs.ModelVersion`.
    """

    better: bool
    sentence: str
    metrics: Mapping[str, float]


def collapsed(kind: Kind) -> Verdict:
    """Of a model that takes all faces for the same."""
    return Verdict(
        False,
        f"The {NOUNS[kind]} collapsed: it takes all faces for the same, so it is not put to use.",
        {},
    )


def untried(kind: Kind, reason: str) -> Verdict:
    """Of a model that could not be judged."""
    return Verdict(
        False, f"The {NOUNS[kind]} was trained but not put to use: {_lower(reason)}.", {}
    )


def judged(kind: Kind, new: Trials, knn: Trials, old: Trials | None, *, wanted: bool) -> Verdict:
    """Of a model that was tried.

    A triplet model must beat the embedding that it started from. Any must beat the version in
    use; where it knows faces that the other one does not, being no worse is enough.

    Args:
        old: of the version in use.
        wanted: False where the person asked not to put it to use.
    """
    shown, start, before = _shown(new, knn, old)
    better = kind == "mlp" or beats(shown, start)
    if before is not None:
        knows_more = old is not None and bool(np.setdiff1d(new.faces, old.faces).size)
        better &= beats(shown, before) or (knows_more and not beats(before, shown))
    compared = before or start
    return Verdict(
        better and wanted,
        _sentence(kind, shown, start, before, better, wanted),
        _metrics("", shown) | _metrics("before_", compared) | _metrics("knn_", start),
    )


def _shown(new: Trials, knn: Trials, old: Trials | None) -> tuple[Showing, Showing, Showing | None]:
    """All of them on the searches that they have in common."""
    alike = on_common_ground([new, knn] if old is None else [new, knn, old])
    another_gallery = len(alike[0].faces) < len(new.faces) // 2 or not alike[0].searched.any()
    if old is not None and another_gallery:
        return *_shown(new, knn, None)[:2], None
    shown = [show([one]) for one in alike]
    return shown[0], shown[1], shown[2] if old is not None else None


def _metrics(prefix: str, shown: Showing) -> dict[str, float]:
    return {
        f"{prefix}rank1": shown.rank1,
        f"{prefix}balanced_rank1": shown.balanced_rank1,
        f"{prefix}fnir": shown.fnir,
    }


def _sentence(
    kind: Kind, new: Showing, start: Showing, before: Showing | None, better: bool, wanted: bool
) -> str:
    noun = NOUNS[kind]
    other = "the old one" if before is not None else "k-NN"
    difference = new.rank1 - (before or start).rank1
    fate = "it is now in use" if wanted else "it was not put to use, as you asked"
    if not better:
        return f"The new {noun} was not better ({_against(new, before or start)}); {other} stays."
    if kind == "mlp" and before is None:
        rest = f"it names {_percent(new.rank1)} of people right (k-NN {_percent(start.rank1)})"
        return (
            f"The new MLP can be asked from now on: {rest}."
            if wanted
            else (f"The new MLP was not put to use, as you asked: {rest}.")
        )
    if difference >= 0.0005:
        return f"The new {noun} names {_percent(difference)} more people right; {fate}."
    return f"The new {noun} is better ({_against(new, before or start)}); {fate}."


def _against(new: Showing, other: Showing) -> str:
    return (
        f"{_percent(new.rank1)} named right, before {_percent(other.rank1)}; "
        f"{_percent(new.fnir)} of known people missed, before {_percent(other.fnir)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
