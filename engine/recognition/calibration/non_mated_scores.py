"""Scores of people who are not enrolled, and the thresholds that keep to a share of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.recognition.logit import Numbers
from engine.records.types import Ids

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class NonMatedScores:
    """Best scores of searches for people who are not enrolled.

    The threshold is a conformal quantile (Vovk, Gammerman and Shafer 2005, "Algorithmic Learning
    in a Random World"). The faces of one person are no independent searches: where the share
    ``r`` of the variance lies between people, ``n`` of them count for ``n / (1 + (n - 1) r)``
    (Kish 1965, "Survey Sampling", design effect). The likeness of extremes fades the rarer they
    are; ``r`` is taken as the square root of the FPIR, which is above what was measured on real
    faces.

    Attributes:
        scores: highest first, ``(n,)``.
        shared: how many of the searches are of the same person as each, ``(n,)``.
        excess: how much more identities a stranger meets than these searches met.
        in_pairs: whether two people who look alike are both among the searches and enrolled:
            each is then as near to the other one way as the other way.
        most_strict: an upper bound of :attr:`strictest` that is known otherwise.
        share: by how much each search counts, ``(n,)``; None where each counts fully.
    """

    scores: Numbers
    shared: Numbers
    excess: float = 1.0
    in_pairs: bool = False
    most_strict: float = 1.0
    share: Numbers | None = None

    @classmethod
    def of(cls, scores: Numbers, people: Ids) -> NonMatedScores:
        """From the best score of each search and a number for whom it was of, ``(n,)``."""
        _, place, count = np.unique(people, return_inverse=True, return_counts=True)
        order = np.argsort(-scores, kind="stable")
        return cls(scores[order], count[place][order].astype(np.float64))

    def beside(self, unrecognised: NonMatedScores) -> NonMatedScores:
        """These, of people at large, with those of other people who were kept because nobody was
        recognised in them.

        Whoever was recognised is not among the latter. Taken for people at large they would lower
        the threshold, and so again those who are kept by the new one. They tell nothing of scores
        above their highest one, and up to it they share the weight that the others have there:
        the product-limit estimate for truncated samples (Lynden-Bell 1971, "A method of allowing
        for known observational selection in small samples applied to 3CR quasars").
        """
        scores = np.concatenate([self.scores, unrecognised.scores])
        shared = np.concatenate([self.shared, unrecognised.shared])
        told = scores <= unrecognised.scores.max(initial=-math.inf)
        weight = float((1 / shared[: len(self)][told[: len(self)]]).sum())
        total = float((1 / shared[told]).sum())
        share = np.where(told, weight / total if total else 1.0, 1.0)
        order = np.argsort(-scores, kind="stable")
        return NonMatedScores(scores[order], shared[order], share=share[order])

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def people(self) -> int:
        """How many people were searched for."""
        return round(float((1 / self.shared).sum()))

    @cached_property
    def strictest(self) -> float:
        """The smallest FPIR that follows from them: the highest score is just the threshold."""
        fpir = 1.0
        for _ in range(100):  # to a fixed point
            smaller = min(1.0, self.excess * self._last_word / (self._weights(fpir).sum() + 1))
            if fpir - smaller < 1e-9:
                break
            fpir = smaller
        return min(fpir, self.most_strict)

    def threshold(self, fpir: float) -> float:
        """Score that at most this share of searches exceeds; minus infinity where all may."""
        weights = self._weights(fpir)
        budget = max(fpir / self.excess * (weights.sum() + 1) - self._last_word, 0.0)
        allowed = int(np.cumsum(weights).searchsorted(budget * (1 + _ROUNDING), side="right"))
        return float(self.scores[allowed]) if allowed < len(self.scores) else -math.inf

    def fpir_at(self, threshold: float) -> float:
        """The smallest FPIR, of a hundred a decade, whose threshold is no higher than this."""
        low, high = math.log(self.strictest), 0.0
        while high - low > 0.02:
            middle = (low + high) / 2
            low, high = (
                (low, middle) if self.threshold(math.exp(middle)) <= threshold else (middle, high)
            )
        return math.exp(high)

    def _weights(self, fpir: float) -> Numbers:
        weights = 1 / (1 + (self.shared - 1) * math.sqrt(fpir))
        return np.asarray(weights if self.share is None else weights * self.share)

    @cached_property
    def _last_word(self) -> float:
        """Weight of the search to come: 1, or 2 where they come in pairs."""
        if not self.in_pairs:
            return 1.0
        return 1 + float((1 / self.shared**2).sum() / (1 / self.shared).sum())
