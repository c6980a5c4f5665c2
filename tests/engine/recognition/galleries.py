"""Galleries in memory, made-up people whose truth is known, and how well a probability is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.index.exact import ExactIndex
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import (
    Trials,
    cross_validate,
    make_folds,
    space_searcher,
)
from engine.recognition.calibration.gallery_calibration import calibrate
from engine.recognition.identifier import Identifier
from engine.recognition.knn import Knn
from engine.recognition.spaces import VectorSpace
from engine.recognition.templates import Templates
from engine.records.types import Distance, Ids, Vectors
from engine.utils.id_map import IdMap

DIMENSION = 16


def people(identities: Iterable[int]) -> dict[int, str]:
    return {number: f"P{number}" for number in identities}


@dataclass(frozen=True)
class InMemory:
    """A gallery without a store: everything that identification needs, joined."""

    ids: Ids
    owners: Ids
    vectors: Vectors
    templates: Templates
    calibration: Calibration
    knn: Identifier

    @classmethod
    def of(cls, owners: Ids, vectors: Vectors, distance: Distance = "cosine") -> InMemory:
        ids = np.arange(100, 100 + len(vectors), dtype=np.int64)
        index = ExactIndex(vectors.shape[1], distance)
        index.add(ids, vectors)
        templates = Templates(vectors.shape[1], distance)
        templates.add(owners, vectors)
        calibration = calibrate(ids, owners, vectors, distance)
        knn = Knn(
            index,
            templates,
            IdMap(ids, owners),
            space=VectorSpace("original", vectors.shape[1], distance),
            calibration=calibration,
        )
        identifier = Identifier([knn], names=people)
        return cls(ids, owners, vectors, templates, calibration, identifier)


@dataclass(frozen=True)
class Crowd:
    """People as clusters around centres of their own; ``draw`` gives faces of some of them."""

    centres: Vectors
    spread: float
    random: np.random.Generator

    def draw(self, people: Sequence[int], faces: int) -> tuple[Ids, Vectors]:
        owners = np.repeat(np.array(people, dtype=np.int64), faces)
        noise = self.random.normal(size=(len(owners), DIMENSION)) * self.spread
        return owners, (self.centres[owners] + noise).astype(np.float32)


def crowd_of(seed: int, spread: float = 0.35, people: int = 400) -> Crowd:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(people, DIMENSION)).astype(np.float32)
    return Crowd(centres, spread, random)


def held_in(owners: Ids, share: float = 0.8, seed: int = 0) -> npt.NDArray[np.bool_]:
    """True for that share of the faces of every identity."""
    random = np.random.default_rng(seed)
    kept = np.zeros(len(owners), dtype=bool)
    for owner in np.unique(owners):
        rows = random.permutation(np.flatnonzero(owners == owner))
        kept[rows[: round(share * len(rows))]] = True
    return kept


def calibration_error(
    confidences: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], bins: int = 10
) -> float:
    """ECE: how far confidence and share of right answers lie apart, on average over queries."""
    bin_of = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, confidences - right, bins)
    return float(np.abs(gaps).sum() / len(confidences))


def tried(
    owners: Ids, vectors: Vectors, transform: Callable[[Vectors], Vectors] = lambda rows: rows
) -> tuple[Calibration, Trials]:
    """Nearest neighbours behind a transform, tried on a gallery whose face ids are its rows."""
    faces = np.arange(len(owners), dtype=np.int64)
    dealt = make_folds(faces, owners)
    lookers = [
        space_searcher(vectors[fold.enrolled], owners[fold.enrolled], "euclidean", transform)
        for fold in dealt
    ]
    return cross_validate(faces, owners, vectors, dealt, lookers)
