"""From a method's answers to its figures, and which references it loses to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from engine.evaluation.contract import Numbers, Ranked
from engine.evaluation.metrics import (
    Booleans,
    Drawn,
    balanced_share,
    calibration_error,
    cmc,
    det,
    places,
    reliability,
    share,
)
from engine.records.figures import BestMethod, ClosedFigures, Estimate, OpenFigures, Protocol
from engine.records.types import Ids

FPIRS = ("0.001", "0.01", "0.1")
"""What is asked for, as keys of the figures."""

DECISIVE = ("0.01", "0.1")
"""By the first of these that can be measured, methods are compared in the open set."""

F = TypeVar("F", ClosedFigures, OpenFigures)


@dataclass(frozen=True, eq=False)
class SearchResults:
    """What one method answered to ``n`` queries.

    Attributes:
        identities: whom each query is of.
        mated: whether that one is enrolled.
        places: of the right name, from 0; NOWHERE where it was not offered.
        width: how many candidates there was room for.
        scores, confidence: of the first candidate.
        named: by asked FPIR, whether the first candidate is above its threshold; only for those
            that can be measured.
    """

    identities: Ids
    mated: Booleans
    places: Ids
    width: int
    scores: Numbers
    confidence: Numbers | None
    named: Mapping[str, Booleans]

    @classmethod
    def of(
        cls, ranked: Ranked, truth: Ids, identities: Ids, thresholds: Mapping[str, float]
    ) -> SearchResults:
        """Answers of one repeat.

        Args:
            truth: the label that the method knows each query by, negative for non-mated.
            identities: the same for all repeats.
            thresholds: by asked FPIR.
        """
        scores = ranked.scores[:, 0]
        return cls(
            identities,
            truth >= 0,
            places(ranked.labels, truth),
            ranked.labels.shape[1],
            scores,
            ranked.confidence,
            {fpir: scores > least for fpir, least in thresholds.items()},
        )

    @classmethod
    def pooled(cls, repeats: Sequence[SearchResults]) -> SearchResults:
        """Searches of all repeats, one after the other."""
        stated = [repeat.confidence for repeat in repeats if repeat.confidence is not None]
        return cls(
            np.concatenate([repeat.identities for repeat in repeats]),
            np.concatenate([repeat.mated for repeat in repeats]),
            np.concatenate([repeat.places for repeat in repeats]),
            max(repeat.width for repeat in repeats),
            np.concatenate([repeat.scores for repeat in repeats]),
            np.concatenate(stated) if len(stated) == len(repeats) else None,
            {
                fpir: np.concatenate([repeat.named[fpir] for repeat in repeats])
                for fpir in repeats[0].named
            },
        )


@dataclass(frozen=True, eq=False)
class JudgedMethod(Generic[F]):
    """Figures, and the shares that methods are compared by: higher is better, decisive first."""

    figures: F
    merits: tuple[Drawn, ...]


def judge_closed(
    name: str, reference: bool, repeats: Sequence[SearchResults], seconds: Sequence[float]
) -> JudgedMethod[ClosedFigures]:
    """Figures of a method over all repeats; ``loses_to`` is still empty."""
    searches = SearchResults.pooled(repeats)
    first = searches.places == 0
    plain, balanced = share(first, searches.identities), balanced_share(first, searches.identities)
    figures = ClosedFigures(
        method=name,
        reference=reference,
        rank1=plain.estimate(),
        balanced_rank1=balanced.estimate(),
        rank5=_among_five(searches),
        seconds=float(np.median(seconds)),
    )
    return JudgedMethod(figures, (plain, balanced))


def judge_open(
    name: str, reference: bool, repeats: Sequence[SearchResults], seconds: Sequence[float]
) -> JudgedMethod[OpenFigures]:
    """Figures of a method over all repeats; ``loses_to`` is still empty."""
    searches = SearchResults.pooled(repeats)
    mated, first = searches.mated, searches.places == 0
    rank1 = share(first[mated], searches.identities[mated])
    missed, false_names = _fnir(searches), _fpir(searches)
    right = tuple(missed[fpir].complement() for fpir in DECISIVE if fpir in missed)
    figures = OpenFigures(
        method=name,
        reference=reference,
        rank1=rank1.estimate(),
        rank5=_among_five(searches),
        cmc=cmc(searches.places[mated]),
        fnir=_asked(missed),
        fpir=_asked(false_names),
        det=det(searches.scores[mated], first[mated], searches.scores[~mated]),
        ece=_calibration_error(searches),
        reliability=() if searches.confidence is None else reliability(searches.confidence, first),
        mated=int(mated.sum()),
        non_mated=int((~mated).sum()),
        seconds=float(np.median(seconds)),
    )
    return JudgedMethod(figures, (*right[:1], rank1))


def compared(judged: Sequence[JudgedMethod[F]]) -> list[JudgedMethod[F]]:
    """Figures with the references that each of our methods loses to.

    It loses where the 95 % interval of the paired difference, reference less ours, lies wholly
    above 0 in any of the merits.
    """
    references = [method for method in judged if method.figures.reference]
    return [
        method if method.figures.reference else _with_losses(method, references)
        for method in judged
    ]


def best_method(protocol: Protocol, judged: Sequence[JudgedMethod[F]]) -> BestMethod | None:
    """The best of ours beside the best reference; None where no method could be judged."""
    references = [method for method in judged if method.figures.reference]
    ours = [method for method in judged if not method.figures.reference]
    best, reference = _decisively_best(ours or references), _decisively_best(references)
    if best is None:
        return None
    if reference is None or not ours:
        return BestMethod(protocol, best.figures.method)
    merit, other = best.merits[0], reference.merits[0]
    return BestMethod(
        protocol,
        best.figures.method,
        reference.figures.method,
        merit.value - other.value,
        merit.exceeds(other) or other.exceeds(merit),
    )


def _decisively_best(judged: Sequence[JudgedMethod[F]]) -> JudgedMethod[F] | None:
    return max(judged, key=lambda method: method.merits[0].value, default=None)


def _with_losses(ours: JudgedMethod[F], references: Sequence[JudgedMethod[F]]) -> JudgedMethod[F]:
    lost = tuple(
        reference.figures.method
        for reference in references
        if any(
            other.exceeds(merit) for other, merit in zip(reference.merits, ours.merits, strict=True)
        )
    )
    return replace(ours, figures=replace(ours.figures, loses_to=lost))


def _among_five(searches: SearchResults) -> Estimate | None:
    if searches.width < 2:
        return None
    mated = searches.mated
    return share(searches.places[mated] < 5, searches.identities[mated]).estimate()


def _fnir(searches: SearchResults) -> dict[str, Drawn]:
    """FNIR by asked FPIR."""
    mated, first = searches.mated, searches.places == 0
    return {
        fpir: share(~(first & named)[mated], searches.identities[mated])
        for fpir, named in searches.named.items()
    }


def _fpir(searches: SearchResults) -> dict[str, Drawn]:
    """What came of each asked FPIR."""
    non_mated = ~searches.mated
    return {
        fpir: share(named[non_mated], searches.identities[non_mated])
        for fpir, named in searches.named.items()
    }


def _asked(measured: Mapping[str, Drawn]) -> dict[str, Estimate | None]:
    return {fpir: measured[fpir].estimate() if fpir in measured else None for fpir in FPIRS}


def _calibration_error(searches: SearchResults) -> Estimate | None:
    if searches.confidence is None:
        return None
    return calibration_error(searches.confidence, searches.places == 0, searches.identities)
