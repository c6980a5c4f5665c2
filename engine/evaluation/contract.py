"""What an evaluation asks of a method: fit on some faces, rank identities for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.progress import Reporter
from engine.records.types import Ids, Vectors

Numbers = npt.NDArray[np.float64]

NOBODY = -1
"""Label of an empty place among the candidates, and of a query of somebody not enrolled."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """Candidates for ``m`` queries, best first.

    Attributes:
        labels: int64 ``(m, r)``, -1 where a place is empty.
        scores: float64 ``(m, r)``, descending; comparable between queries. A query is named
            where the first exceeds a threshold.
        confidence: ``(m,)`` in [0, 1], the stated probability that the first is right; None for
            a method that states none.
    """

    labels: Ids
    scores: Numbers
    confidence: Numbers | None = None

    @classmethod
    def joined(cls, parts: Sequence[Ranked]) -> Ranked:
        """One after the other, of one method."""
        width = max(part.labels.shape[1] for part in parts)
        stated = [part.confidence for part in parts if part.confidence is not None]
        return cls(
            np.concatenate([_widened(part.labels, width, NOBODY) for part in parts]),
            np.concatenate([_widened(part.scores, width, -np.inf) for part in parts]),
            np.concatenate(stated) if len(stated) == len(parts) else None,
        )


def _widened(columns: Any, width: int, empty: float) -> Any:
    more = width - columns.shape[1]
    return np.pad(columns, ((0, 0), (0, more)), constant_values=empty) if more else columns


@dataclass(frozen=True, eq=False)
class CalibrationSet:
    """Queries whose answer is known, of other identities than those that a method is judged by.

    Attributes:
        vectors: float32 ``(c, d)``, as they came.
        labels: int64 ``(c,)``, -1 for people who are not enrolled.
    """

    vectors: Vectors
    labels: Ids


class Fitted(Protocol):
    """A method that knows the enrolled faces."""

    def rank(self, queries: Vectors, top: int) -> Ranked:
        """At most ``top`` candidates for queries ``(m, d)`` as they came."""
        ...


class Method(Protocol):
    """Something that can be evaluated.

    Attributes:
        name: in tables.
        reference: True for what ours are compared with.
    """

    @property
    def name(self) -> str: ...

    @property
    def reference(self) -> bool: ...

    def fit(
        self,
        vectors: Vectors,
        labels: Ids,
        calibration: CalibrationSet | None,
        *,
        seed: int,
        reporter: Reporter,
    ) -> Fitted:
        """Learns from the enrolled faces.

        Args:
            vectors: ``(n, d)``, as they came.
            labels: ``(n,)``, 0 to C - 1, each of them at least once.
            calibration: to fit probabilities on; None where every query is of an enrolled person.

        Raises:
            CancelledError: through the reporter.
        """
        ...


def best_of(scores: Numbers, top: int, probabilities: Numbers | None = None) -> Ranked:
    """The best ``top`` of all identities; ties go to the smaller label.

    Args:
        scores: ``(m, C)``, higher is better.
        probabilities: ``(m, C)`` where the method states some.
    """
    labels = np.argsort(-scores, axis=1, kind="stable")[:, :top].astype(np.int64)
    confidence = None
    if probabilities is not None:
        confidence = np.take_along_axis(probabilities, labels[:, :1], axis=1)[:, 0]
    return Ranked(labels, np.take_along_axis(scores, labels, axis=1), confidence)
