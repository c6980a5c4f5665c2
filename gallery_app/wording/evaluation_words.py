"""What the figures of an evaluation mean, in plain words, the most important first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.evaluation.method_figures import DECISIVE, FPIRS
from engine.evaluation.references import MOST_FREQUENT, PLAIN, WHITENED
from engine.records.figures import (
    BestMethod,
    ClosedFigures,
    Estimate,
    Evaluation,
    OpenFigures,
    Protocol,
)
from engine.utils.number_text import counted
from gallery_app.wording.method_words import method_phrase
from gallery_app.wording.number_words import people_text, share_text

_ROUNDED_AWAY = 0.0005
"""Shares that differ by less look the same with one decimal of a percent."""

Figures = ClosedFigures | OpenFigures


def conclusions(evaluation: Evaluation) -> tuple[str, ...]:
    """Sentences on one evaluation; those of an earlier version stay as they were stored."""
    if evaluation.sentences:
        return evaluation.sentences
    return tuple(map(_capitalised, _conclusions(evaluation)))


def _conclusions(evaluation: Evaluation) -> Iterator[str]:
    closed, opened = evaluation.closed, evaluation.open
    yield from _open_best(opened, _best(evaluation, "open"))
    yield from _closed_best(closed, _best(evaluation, "closed"))
    yield from _losses("With everyone enrolled", closed)
    yield from _losses("With strangers", opened)
    yield from _no_losses([*closed, *opened])
    yield from _most_frequent(closed)
    yield from _whitening(closed, _best(evaluation, "closed"))
    yield from _basis(evaluation)
    yield from _too_small(evaluation)
    yield from _sampling(evaluation)
    yield from _omissions(evaluation)


def _best(evaluation: Evaluation, protocol: Protocol) -> BestMethod | None:
    return next((best for best in evaluation.best if best.protocol == protocol), None)


def _open_best(opened: Sequence[OpenFigures], best: BestMethod | None) -> Iterator[str]:
    figures = None if best is None else _named(opened, best.method)
    if best is None or figures is None:
        return
    name = _who(best, opened)
    fpir = next((fpir_asked for fpir_asked in DECISIVE if figures.fnir.get(fpir_asked)), "")
    missed, reached = figures.fnir.get(fpir), figures.fpir.get(fpir)
    if missed is None or reached is None:
        yield (
            f"With strangers, {name} puts the right name first for {interval(figures.rank1)} of "
            f"enrolled people's faces{_against(best)}."
        )
        return
    yield (
        f"When {one_in(fpir, 'strangers')} may be wrongly named, {name} misses "
        f"{interval(missed)} of enrolled people's faces{_against(best, 'fewer')}."
    )
    yield (
        f"Of strangers it had never seen, it then named {interval(reached)}; the limit was "
        f"{100 * float(fpir):g} %."
    )


def _closed_best(closed: Sequence[ClosedFigures], best: BestMethod | None) -> Iterator[str]:
    figures = None if best is None else _named(closed, best.method)
    if best is not None and figures is not None:
        yield (
            f"With everyone enrolled, {_who(best, closed)} names {interval(figures.rank1)} of the "
            f"faces correctly{_against(best)}."
        )


def _who(best: BestMethod, judged: Sequence[Figures]) -> str:
    """The method, and of which it is the best."""
    ours = [method for method in judged if not method.reference]
    name = method_phrase(best.method)
    if not ours:
        return f"{name}, the best of the references,"
    return f"{name}, the best of our methods," if len(ours) > 1 else name


def _against(best: BestMethod, better: str = "more") -> str:
    """How it stands to the best reference, as the end of a sentence."""
    if best.reference is None:
        return ""
    name = method_phrase(best.reference)
    if abs(best.gain) < _ROUNDED_AWAY:
        return f", as many as {name}, the best reference"
    worse = "more" if better == "fewer" else "fewer"
    significant = "" if best.significant else "not "
    return (
        f", {_points(best.gain)} {better if best.gain > 0 else worse} than {name}, the best "
        f"reference; the difference is {significant}statistically significant"
    )


def _losses(where: str, judged: Sequence[Figures]) -> Iterator[str]:
    for method in judged:
        if method.loses_to:
            better = listed([method_phrase(reference) for reference in method.loses_to])
            yield f"{where}, {method_phrase(method.method)} is significantly worse than {better}."


def _no_losses(judged: Sequence[Figures]) -> Iterator[str]:
    if not any(method.reference for method in judged):
        return
    lost = {method.method for method in judged if method.loses_to}
    ours = dict.fromkeys(method.method for method in judged if not method.reference)
    if undefeated := [method_phrase(method) for method in ours if method not in lost]:
        yield f"No reference is significantly better than {listed(undefeated, 'or')}."


def _most_frequent(closed: Sequence[ClosedFigures]) -> Iterator[str]:
    if figures := _named(closed, MOST_FREQUENT):
        right = share_text(figures.rank1.value)
        yield f"Always naming the most frequent person would be right {right} of the time."


def _whitening(closed: Sequence[ClosedFigures], best: BestMethod | None) -> Iterator[str]:
    """How much of what the best of ours gains over plain 5-NN is whitening alone."""
    ours = None if best is None else _named(closed, best.method)
    plain, whitened = _named(closed, PLAIN), _named(closed, WHITENED)
    if ours is None or ours.reference or plain is None or whitened is None:
        return
    name = method_phrase(ours.method)
    yield (
        f"{name} {_change(ours.rank1.value - plain.rank1.value, 'over')} plain 5-NN; whitening "
        f"alone, without any training, {_change(whitened.rank1.value - plain.rank1.value)}."
    )


def _change(gain: float, over: str = "") -> str:
    """What it gains or loses, as a predicate.

    Args:
        over: "over" where the reference follows.
    """
    if abs(gain) < _ROUNDED_AWAY:
        return "is as good as" if over else "changes nothing"
    if gain > 0:
        return f"gains {_points(gain)} {over}".rstrip()
    return f"loses {_points(gain)}{' to' if over else ''}"


def _basis(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.open:
        figures = evaluation.open[0]
        strangers = counted(figures.non_mated, "search", "searches")
        mated = counted(figures.mated, "search", "searches")
        repeats, left_out = evaluation.repeats, evaluation.non_mated_identities
        times = "one repeat" if repeats == 1 else f"each of {repeats} repeats"
        yield (
            f"These figures are based on {strangers} for strangers and {mated} for enrolled "
            f"people. In {times}, {people_text(left_out)} {'was' if left_out == 1 else 'were'} "
            "left out of the gallery, half of them only to set the threshold."
        )


def _too_small(evaluation: Evaluation) -> Iterator[str]:
    """The least strict FPIR that cannot be measured; those stricter cannot either."""
    opened = evaluation.open
    unmeasured = [fpir for fpir in FPIRS if opened and opened[0].fnir.get(fpir) is None]
    if unmeasured:
        name = f"“{evaluation.gallery}”" if evaluation.gallery else "This gallery"
        yield (
            f"{name} is too small to measure {one_in(unmeasured[-1])}: there are too few searches "
            "for strangers to set that threshold."
        )


def _sampling(evaluation: Evaluation) -> Iterator[str]:
    """A sentence where not every search was made."""
    where = {"closed": "with everyone enrolled", "open": "with strangers"}
    if evaluation.sampled:
        made = [
            f"{where[part.protocol]} {part.searches:,} of {part.of:,}"
            for part in evaluation.sampled
        ]
        yield (
            f"The searches are a random sample: in each repeat, {listed(made)} were made against "
            "everyone enrolled. The intervals allow for that."
        )


def _omissions(evaluation: Evaluation) -> Iterator[str]:
    """What was trained on less than all, or not run at all."""
    if limits := evaluation.mlp_limits:
        yield (
            f"Where more than {limits.people:,} people are enrolled, the MLP is trained on "
            f"{limits.block:,} people at a time and for no more than {limits.epochs} epochs, as it "
            "is when trained for use."
        )
    slow = f"training on {people_text(evaluation.identities)} takes many minutes in each repeat"
    for method, problem in evaluation.left_out.items():
        yield f"{method_phrase(method)} was left out: {problem or slow}."
    if evaluation.open_obstacle:
        yield evaluation.open_obstacle


def _named(judged: Sequence[Figures], name: str) -> Figures | None:
    return next((method for method in judged if method.method == name), None)


def _capitalised(sentence: str) -> str:
    """With a capital; names such as k-NN keep their own letters."""
    word = sentence.split(" ", 1)[0]
    return sentence if word != word.lower() else sentence[:1].upper() + sentence[1:]


def _points(difference: float) -> str:
    return f"{100 * abs(difference):.1f} percentage points"


def interval(estimate: Estimate) -> str:
    """A percentage with its interval, such as ``12.3 % (11.0 to 13.6 %)``."""
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{share_text(estimate.value)} ({low:.1f} to {high:.1f} %)"


def one_in(fpir: str, noun: str = "") -> str:
    """An FPIR in words.

    >>> one_in("0.01", "strangers")
    '1 in 100 strangers'
    """
    return f"1 in {round(1 / float(fpir)):,} {noun}".strip()


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names joined by commas and a last word.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
