"""How much likelier a face is under an identity than under a stranger, learned from a gallery."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.models.discriminant import shrunk_covariance
from engine.recognition.templates import TemplateTable
from engine.records.types import Ids, Vectors

Numbers = npt.NDArray[np.float64]

MOST_IDENTITIES = 10_000
"""With more, the product of a query and all of them (20 MB, 2 ms) would be felt."""
_FEWEST_IDENTITIES = 10
_FLOOR = 1e-6
_LEAST_BETWEEN = 1e-3
_LEAST_TAILS, _MOST_TAILS = 4.5, 1e4  # a kurtosis needs more than 4; so many are a normal law


@dataclass(frozen=True, eq=False)
class ProbabilisticLda:
    """A law of how faces scatter about their identity, and identities about one another.

    Identities scatter normally, and faces about theirs by a law with heavier tails, Student's t
    (Ioffe 2006, "Probabilistic linear discriminant analysis"; Kenny 2010, "Bayesian speaker
    verification with heavy-tailed priors"). What few faces say of their identity is then drawn to
    the middle by as much as identities of this very gallery differ.

    Attributes:
        middle: of the identities, ``(d,)``.
        axes: map after which faces scatter about their identity with variance 1 in every
            direction, and identities independently, ``(d, d)``.
        between: variance of the identities in each of these directions, ``(d,)``.
        tails: degrees of freedom.
        weight: of one face in the scatter within identities.
    """

    middle: Vectors
    axes: Vectors
    between: Vectors
    tails: float
    weight: float

    @classmethod
    def learned(cls, faces: Vectors, owners: Ids) -> ProbabilisticLda:
        """Learn from prepared faces ``(n, d)`` of identities ``(n,)``, some with two or more."""
        rows = faces.astype(np.float64)
        _, group, counts = np.unique(owners, return_inverse=True, return_counts=True)
        means = np.zeros((len(counts), rows.shape[1]))
        np.add.at(means, group, rows)
        means /= counts[:, None]
        rows -= means[group]
        free = max(len(rows) - len(counts), 1)
        within, shrunk = shrunk_covariance(rows)
        made = cls._between(within * (len(rows) / free), means, counts, (1 - shrunk) / free)
        several = counts[group] > 1
        left = counts[group][several] / (counts[group][several] - 1)
        mapped = rows[several] @ made.axes.astype(np.float64)
        lengths = np.einsum("ij,ij->i", mapped, mapped) * left
        return replace(made, tails=_tails(lengths, rows.shape[1]))

    @classmethod
    def _between(
        cls, within: Numbers, means: Numbers, counts: Numbers | Ids, weight: float
    ) -> ProbabilisticLda:
        """The axes that follow from the covariance within identities and from their means."""
        middle, whitening = means.mean(axis=0), _whitening(within)
        apart, _ = shrunk_covariance((means - middle) @ whitening)
        between, turned = np.linalg.eigh(apart * (len(counts) / max(len(counts) - 1, 1)))
        noise = float(np.mean(1 / counts))  # of the means of so few faces
        return cls(
            middle.astype(np.float32),
            (whitening @ turned).astype(np.float32),
            np.maximum(between - noise, _LEAST_BETWEEN).astype(np.float32),
            _MOST_TAILS,
            float(np.float32(weight)),
        )

    def without(self, face: Vectors, owner: int, table: TemplateTable) -> ProbabilisticLda:
        """What would have been learned without a prepared face ``(d,)``.

        Args:
            owner: template row of its identity.
        """
        averages, counts = table.averages(np.arange(len(table))), table.counts.copy()
        rest = counts[owner] - 1
        if rest < 1:
            averages, counts = np.delete(averages, owner, axis=0), np.delete(counts, owner)
            return replace(
                self._between(self._within, averages, counts, self.weight), tails=self.tails
            )
        away = face - averages[owner]
        averages[owner] -= away / rest
        counts[owner] = rest
        share = self.weight * (rest + 1) / rest
        within = self._within - share * np.outer(away, away)
        return replace(self._between(within, averages, counts, self.weight), tails=self.tails)

    @property
    def _within(self) -> Numbers:
        """Covariance of faces within identities."""
        back = np.linalg.inv(self.axes.astype(np.float64))
        return np.asarray(back.T @ back)

    def mapped(self, rows: Vectors | Numbers) -> Numbers:
        """Prepared vectors, or means of them, ``(n, d)`` along the axes."""
        return np.asarray((rows - self.middle.astype(np.float64)) @ self.axes.astype(np.float64))

    def to_text(self) -> str:
        """Write all of it as text, for a file."""
        parts = [self.middle, self.between, np.array([self.tails, self.weight]), self.axes]
        numbers = np.concatenate([part.astype("<f4").ravel() for part in parts])
        return base64.b64encode(numbers.tobytes()).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> ProbabilisticLda:
        """Read what :meth:`to_text` wrote. Raises ValueError for any other text."""
        try:
            numbers = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
        except ValueError as error:  # binascii.Error is one
            raise ValueError("not a discriminant analysis") from error
        width = math.isqrt(len(numbers)) - 1
        if width < 1 or (width + 1) ** 2 + 1 != len(numbers) or not np.isfinite(numbers).all():
            raise ValueError("not a discriminant analysis")
        middle, between, (tails, weight), axes = np.split(
            numbers, [width, 2 * width, 2 * width + 2]
        )
        if between.min() <= 0 or not (_LEAST_TAILS <= tails <= _MOST_TAILS and 0 <= weight <= 1):
            raise ValueError("not a discriminant analysis")
        return cls(middle, axes.reshape(width, width), between, float(tails), float(weight))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProbabilisticLda) and self.to_text() == other.to_text()

    __hash__ = None  # type: ignore[assignment]


def can_learn(owners: Ids, identities: int) -> bool:
    """Whether faces of these identities ``(n,)`` of so many are enough, and the identities few
    enough.
    """
    _, counts = np.unique(owners, return_counts=True)
    return bool(np.sum(counts > 1) >= _FEWEST_IDENTITIES) and identities <= MOST_IDENTITIES


def _whitening(covariance: Numbers) -> Numbers:
    values, axes = np.linalg.eigh(covariance)
    scaled = axes / np.sqrt(np.maximum(values, _FLOOR * values.mean() + 1e-24))
    return np.asarray(scaled @ axes.T)


def _tails(lengths: Numbers, width: int) -> float:
    """Degrees of freedom of Student's t that squared lengths ``(n,)`` vary like."""
    mean = float(lengths.mean()) if len(lengths) else 0.0
    if mean <= 0:
        return _MOST_TAILS
    excess = (1 + float(lengths.var()) / mean**2) / (1 + 2 / width)
    found = (4 * excess - 2) / (excess - 1) if excess > 1 else _MOST_TAILS
    return float(np.float32(min(max(found, _LEAST_TAILS), _MOST_TAILS)))


@dataclass(frozen=True, eq=False)
class _Expected:
    """What is expected of the faces of some identities: mean and variance, along the axes.

    Attributes:
        precision: one over the variance, ``(K, d)``.
        pull: mean times precision, ``(K, d)``.
        offset: squared mean times precision, ``(K,)``.
        spread: half the logarithm of the variance, ``(K,)``.
    """

    precision: Numbers
    pull: Numbers
    offset: Numbers
    spread: Numbers

    @classmethod
    def of(cls, lda: ProbabilisticLda, averages: Numbers, counts: Numbers) -> _Expected:
        """Of identities of whom so many faces ``(K,)`` with averages ``(K, d)`` are known."""
        between, faces = lda.between.astype(np.float64), counts[:, None]
        means = lda.mapped(averages) * (between * faces / (between * faces + 1))
        variance = 1 + between / (between * faces + 1)
        pull, spread = means / variance, np.log(variance).sum(axis=1) / 2
        return cls(1 / variance, pull, np.einsum("ij,ij->i", means, pull), spread)

    def squares(self, faces: Numbers) -> Numbers:
        """Squared distances of mapped faces ``(m, d)`` to the means, by the variances,
        ``(m, K)``.
        """
        found = faces**2 @ self.precision.T - 2 * faces @ self.pull.T + self.offset
        return np.asarray(np.maximum(found, 0.0))

    def squares_of_each(self, faces: Numbers) -> Numbers:
        """Squared distance of each face ``(m, d)`` to a mean of its own, ``(m,)``."""
        products = faces * (faces * self.precision - 2 * self.pull)
        return np.asarray(np.maximum(products.sum(axis=1) + self.offset, 0.0))


class TemplateLikelihoods:
    """Tells likelihoods of queries under the templates of one table.

    Attributes:
        table: as given.
    """

    def __init__(self, lda: ProbabilisticLda, table: TemplateTable) -> None:
        self.table = table
        self._lda = lda
        averages = table.averages(np.arange(len(table)))
        self._identities = _Expected.of(lda, averages, table.counts)
        self._stranger = _Expected.of(lda, np.zeros((1, averages.shape[1])), np.zeros(1))

    def of(self, queries: Vectors) -> Numbers:
        """Logarithm of how much likelier prepared queries ``(m, d)`` are under each identity than
        under a stranger, ``(m, K)``.
        """
        known, faces = self._identities, self._lda.mapped(queries)
        return self._ratio(faces, known.squares(faces)) - known.spread

    def paired(self, queries: Vectors, averages: Numbers, counts: Numbers) -> Numbers:
        """Log-likelihood ratio of each query ``(m, d)`` under an identity of its own, ``(m,)``.

        Args:
            averages, counts: of the faces of these identities, ``(m, d)`` and ``(m,)``.
        """
        known, faces = _Expected.of(self._lda, averages, counts), self._lda.mapped(queries)
        return self._ratio(faces, known.squares_of_each(faces)[:, None])[:, 0] - known.spread

    def _ratio(self, faces: Numbers, near: Numbers) -> Numbers:
        """Log-likelihood ratio but for the variance of the identities."""
        tails, far = self._lda.tails, self._stranger.squares(faces)
        ratio = np.log((tails - 2 + far) / (tails - 2 + near))
        return np.asarray((tails + faces.shape[1]) / 2 * ratio + self._stranger.spread)


def likelihoods_of(
    lda: ProbabilisticLda | None, table: TemplateTable
) -> TemplateLikelihoods | None:
    """Likelihoods under the templates of a table, where there is a discriminant analysis."""
    return None if lda is None else TemplateLikelihoods(lda, table)
