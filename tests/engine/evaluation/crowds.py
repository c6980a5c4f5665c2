"""Made-up galleries, and methods of which the truth is known: one always right, one guessing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.evaluation.contract import CalibrationSet, Fitted, Ranked, best_of
from engine.progress import Reporter
from engine.records.types import Ids, Vectors

DIMENSION = 24


def crowd(
    people: int = 30, faces: int = 6, *, spread: float = 0.03, seed: int = 0, single: int = 0
) -> tuple[Vectors, Ids]:
    """Faces around random unit vectors, and whose they are; ``single`` more people have one."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.repeat(np.arange(people), faces), people + np.arange(single)])
    middles = random.normal(size=(people + single, DIMENSION))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    noise = spread * random.normal(size=(len(labels), DIMENSION))
    return (middles[labels] + noise).astype(np.float32), labels.astype(np.int64)


@dataclass(frozen=True)
class Known:
    """Compares with the means, which never errs on a clear crowd, or else ranks at random."""

    name: str
    right: bool = True
    confidence: float | None = None
    reference: bool = False

    def fit(
        self,
        vectors: Vectors,
        labels: Ids,
        calibration: CalibrationSet | None,
        *,
        seed: int,
        reporter: Reporter,
    ) -> Fitted:
        reporter.check()
        assert set(labels) == set(range(labels.max() + 1))
        means = np.stack([vectors[labels == one].mean(axis=0) for one in range(labels.max() + 1)])
        return _Knows(means, self, np.random.default_rng(seed))


@dataclass(frozen=True, eq=False)
class _Knows:
    means: Vectors
    method: Known
    random: np.random.Generator

    def rank(self, queries: Vectors, top: int) -> Ranked:
        scores = (queries @ self.means.T).astype(np.float64)
        if not self.method.right:
            scores = self.random.normal(size=scores.shape)
        ranked = best_of(scores, top)
        if self.method.confidence is None:
            return ranked
        stated = np.full(len(queries), self.method.confidence)
        return Ranked(ranked.labels, ranked.scores, stated)
