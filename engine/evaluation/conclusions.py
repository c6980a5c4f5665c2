"""What the figures mean, in plain words, the most important first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.evaluation.method_figures import DECISIVE, FPIRS, F, JudgedMethod
from engine.evaluation.references import MOST_FREQUENT, PLAIN, WHITENED
from engine.records.figures import ClosedFigures, Estimate, OpenFigures, Sampled
from engine.utils.number_text import counted

_ROUNDED_AWAY = 0.0005
"""Shares that differ by less look the same with one decimal of a percent."""


def sentences(
    gallery: str,
    repeats: int,
    closed: Sequence[JudgedMethod[ClosedFigures]],
    opened: Sequence[JudgedMethod[OpenFigures]],
    never_enrolled: int,
) -> tuple[str, ...]:
    """Sentences on one evaluation; either part may be empty.

    Args:
        never_enrolled: identities left out in each repeat.
    """
    return (
        *_open_best(opened),
        *_closed_best(closed),
        *_losses("With everyone enrolled", closed),
        *_losses("With strangers", opened),
        *_no_losses(closed, opened),
        *_most_frequent(closed),
        *_whitening(closed),
        *_behind(opened, repeats, never_enrolled),
        *_too_small(gallery, opened),
    )


def _open_best(judged: Sequence[JudgedMethod[OpenFigures]]) -> Iterator[str]:
    best = _best(judged)
    if best is None:
        return
    figures = best.figures
    fpir = next((fpir_asked for fpir_asked in DECISIVE if figures.fnir.get(fpir_asked)), "")
    missed, reached = figures.fnir.get(fpir), figures.fpir.get(fpir)
    if missed is None or reached is None:
        yield (
            f"With strangers, {figures.method} puts the right name first for "
            f"{interval(figures.rank1)} of enrolled people's faces{_against(best, judged)}."
        )
        return
    yield (
        f"When {one_in(fpir, 'strangers')} may be wrongly named, {figures.method} misses "
        f"{interval(missed)} of enrolled people's faces{_against(best, judged, 'fewer')}."
    )
    yield (
        f"Of strangers it had never seen, it then named {interval(reached)}; "
        f"{100 * float(fpir):g} % was the limit."
    )


def _closed_best(judged: Sequence[JudgedMethod[ClosedFigures]]) -> Iterator[str]:
    best = _best(judged)
    if best is not None:
        yield (
            f"With everyone enrolled, {best.figures.method} names {interval(best.figures.rank1)} "
            f"correctly{_against(best, judged)}."
        )


def _best(judged: Sequence[JudgedMethod[F]]) -> JudgedMethod[F] | None:
    """The best of ours, or of the references where there is none of ours."""
    ours = [method for method in judged if not method.figures.reference]
    return max(ours or judged, key=lambda method: method.merits[0].value, default=None)


def _against(best: JudgedMethod[F], judged: Sequence[JudgedMethod[F]], better: str = "more") -> str:
    """How the best of ours stands to the best reference, as the end of a sentence."""
    reference = _best([method for method in judged if method.figures.reference])
    if best.figures.reference or reference is None:
        return ", the best of the references"
    choice = sum(not method.figures.reference for method in judged) > 1
    of_ours = ", the best of ours and" if choice else ","
    ours, other = best.merits[0], reference.merits[0]
    name, gain = reference.figures.method, ours.value - other.value
    if abs(gain) < _ROUNDED_AWAY:
        return f"{of_ours} as many as {name}, the best reference"
    worse = "more" if better == "fewer" else "fewer"
    beyond = ours.exceeds(other) or other.exceeds(ours)
    return (
        f"{of_ours} {_points(gain)} {better if gain > 0 else worse} than {name}, "
        f"the best reference, a difference {'beyond' if beyond else 'within'} noise"
    )


def _losses(where: str, judged: Sequence[JudgedMethod[F]]) -> Iterator[str]:
    for method in judged:
        if method.figures.loses_to:
            yield f"{where}, {method.figures.method} loses to {listed(method.figures.loses_to)}."


def _no_losses(
    closed: Sequence[JudgedMethod[ClosedFigures]], opened: Sequence[JudgedMethod[OpenFigures]]
) -> Iterator[str]:
    figures: list[ClosedFigures | OpenFigures] = [method.figures for method in closed]
    figures += [method.figures for method in opened]
    if not any(method.reference for method in figures):
        return
    lost = {method.method for method in figures if method.loses_to}
    ours = [
        method.method for method in figures if not method.reference and method.method not in lost
    ]
    if ours:
        yield f"No reference beats {listed(list(dict.fromkeys(ours)), 'or')} beyond noise."


def _most_frequent(closed: Sequence[JudgedMethod[ClosedFigures]]) -> Iterator[str]:
    if figures := _named(closed, MOST_FREQUENT):
        right = percent(figures.rank1.value)
        yield f"Always naming the most frequent person would be right {right} of the time."


def _whitening(closed: Sequence[JudgedMethod[ClosedFigures]]) -> Iterator[str]:
    """How much of what the best of ours gains over plain 5-NN is whitening alone."""
    best, plain, whitened = _best(closed), _named(closed, PLAIN), _named(closed, WHITENED)
    if best is None or best.figures.reference or plain is None or whitened is None:
        return
    gain = best.figures.rank1.value - plain.rank1.value
    alone = whitened.rank1.value - plain.rank1.value
    gained = "nothing" if gain < _ROUNDED_AWAY else _points(gain)
    yield f"Over plain 5-NN {best.figures.method} gains {gained}; {_alone(alone)}."


def _alone(change: float) -> str:
    done = "whitening alone, without any training,"
    if abs(change) < _ROUNDED_AWAY:
        return f"{done} changes nothing"
    return f"{done} {'gains' if change > 0 else 'loses'} {_points(change)}"


def _behind(
    opened: Sequence[JudgedMethod[OpenFigures]], repeats: int, never_enrolled: int
) -> Iterator[str]:
    if opened:
        figures = opened[0].figures
        strangers = counted(figures.non_mated, "search", "searches")
        mated = counted(figures.mated, "search", "searches")
        times = "one repeat" if repeats == 1 else f"each of {repeats} repeats"
        left_out = counted(never_enrolled, "person was", "people were")
        yield (
            f"These figures are based on {strangers} for strangers and {mated} for enrolled "
            f"people. In {times} {left_out} left out of the gallery, half of them only to set the "
            "threshold."
        )


def sampling(sampled: Sequence[Sampled]) -> Iterator[str]:
    """A sentence where not every search was made."""
    where = {"closed": "with everyone enrolled", "open": "with strangers"}
    if sampled:
        made = [f"{where[part.protocol]} {part.searches:,} of {part.of:,}" for part in sampled]
        yield (
            f"The searches are a random sample: in each repeat, {listed(made)} were made against "
            "everyone enrolled. The intervals allow for that."
        )


def _too_small(gallery: str, opened: Sequence[JudgedMethod[OpenFigures]]) -> Iterator[str]:
    """The least strict FPIR that cannot be measured; those stricter cannot either."""
    unmeasured = [fpir for fpir in FPIRS if opened and opened[0].figures.fnir[fpir] is None]
    if unmeasured:
        name = f"“{gallery}”" if gallery else "This gallery"
        yield (
            f"{name} is too small to measure {one_in(unmeasured[-1])}: there are too few searches "
            "for strangers to set that threshold."
        )


def _named(judged: Sequence[JudgedMethod[F]], name: str) -> F | None:
    return next((method.figures for method in judged if method.figures.method == name), None)


def _points(difference: float) -> str:
    return f"{100 * abs(difference):.1f} percentage points"


def percent(share: float) -> str:
    """A percentage with one decimal.

    >>> percent(0.1234)
    '12.3 %'
    """
    return f"{100 * share:.1f} %"


def interval(estimate: Estimate) -> str:
    """A percentage with its interval, such as ``12.3 % (11.0 to 13.6 %)``."""
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{percent(estimate.value)} ({low:.1f} to {high:.1f} %)"


def one_in(fpir: str, noun: str = "") -> str:
    """An FPIR in words.

    >>> one_in("0.01", "strangers")
    '1 in 100 strangers'
    """
    return f"1 in {round(1 / float(fpir))} {noun}".strip()


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names joined by commas and a last word.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
