"""Made-up faces that follow the statistics of real ones, any number of them, the same for a seed.

    .venv/bin/python -m benchmarks.generator FACES PEOPLE DEST.npz [--seed 0]

The model, a two-covariance one as PLDA's (Ioffe 2006), with what real faces have beyond it:

- people's means have the covariance *between* people. They are of some kinds, each about a mean of
  its own and in directions of its own (a Wishart draw): one normal distribution for all would fill
  more dimensions than real people do, and be harder to search than they are;
- a person's faces scatter about it in a covariance of that person's own, drawn from a Wishart
  distribution about the covariance *within* people: real persons differ in the directions in which
  their pictures differ, so their faces fill fewer dimensions than all people's faces together;
- the width of that scatter is log-normal over people, and how far a face lies out within it
  follows the quantiles seen in real faces, whose tails are heavier than a normal distribution's;
- a small share of faces lies anywhere between its person and somebody else: bad pictures and
  wrong labels, without which the nearest neighbour would never err.

All of it is fitted by ``benchmarks/fitting.py`` and kept in ``benchmarks/faces.npz``: means,
covariances and quantiles over some 7,000 faces, and no single face. ``benchmarks/difficulty.py``
holds made faces against real ones. Faces per person are log-normal with sigma 1.2, at least one:
of a million faces of 100,000 people,
half the people have 5 faces or fewer, one in a hundred has 73 or more, the most frequent 1,281.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.common import parser

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]

FITTED = Path(__file__).with_name("faces.npz")
TAIL = 1.2  # sigma of the log of the number of faces per person
CHUNK = 20_000  # faces made at a time, about


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is known of real faces of dimension d.

    Attributes:
        mean: of all people, ``(d,)``.
        between, within: covariances ``(d, d)`` of people's means, and of faces about them.
        spread: mean and standard deviation of the log of a person's width, in widths of all.
        radii: quantiles, evenly spaced from 0 to 1, of a face's distance from its person's mean,
            in widths of that person.
        directions: degrees of freedom of a person's, or a kind's, own covariance.
        kinds, alike: how many kinds of people there are, and what share of the variance between
            people is between kinds.
        astray: share of faces between their person and somebody else.
    """

    mean: Array
    between: Array
    within: Array
    spread: Array
    radii: Array
    directions: int
    kinds: int
    alike: float
    astray: float

    @classmethod
    def load(cls, path: Path = FITTED) -> Statistics:
        with np.load(path) as kept:
            arrays = {one.name: kept[one.name].astype(np.float64) for one in fields(cls)}
        scalars = {
            "directions": int(arrays["directions"]),
            "kinds": int(arrays["kinds"]),
            "alike": float(arrays["alike"]),
            "astray": float(arrays["astray"]),
        }
        return cls(**(arrays | scalars))  # type: ignore[arg-type]

    def save(self, path: Path = FITTED) -> None:
        np.savez_compressed(path, **{name: np.float32(one) for name, one in asdict(self).items()})


def faces_per_person(faces: int, people: int, seed: int = 0) -> Counts:
    """How many faces each person has ``(people,)``: at least one, ``faces`` in all, long-tailed.

    Raises:
        ValueError: fewer faces than people.
    """
    if not 1 <= people <= faces:
        raise ValueError(f"{faces} faces cannot be of {people} people")
    weights = np.random.default_rng([seed, 0]).lognormal(0.0, TAIL, people)
    ends = np.round(np.cumsum(weights) / weights.sum() * (faces - people)).astype(np.int64)
    return 1 + np.diff(ends, prepend=0)


def chunks(
    counts: Counts, seed: int = 0, statistics: Statistics | None = None
) -> Iterator[tuple[Counts, Rows]]:
    """The faces of people with so many each, a few thousand at a time.

    A person's faces depend on the seed, the person's number and nothing else but ``counts`` of that
    person: not on how many others there are.

    Yields:
        The people's numbers ``(m,)``, ascending, and their faces ``(m, d)``.
    """
    known = statistics or Statistics.load()
    draw = _Draw(known, np.random.default_rng([seed, 2]))
    people, waiting, size = [], [], 0
    for person, count in enumerate(counts.tolist()):
        waiting.append(draw.person(np.random.default_rng([seed, 1, person]), count))
        people.append(np.full(count, person))
        size += count
        if size >= CHUNK:
            yield np.concatenate(people), draw.finished(waiting)
            people, waiting, size = [], [], 0
    if size:
        yield np.concatenate(people), draw.finished(waiting)


class _Draw:
    """Draws people. Normal variables are coloured a chunk at a time, in one product for all."""

    def __init__(self, known: Statistics, rng: np.random.Generator) -> None:
        self._known = known
        self._dimension = dimension = len(known.mean)
        self._between = _square_root(known.between)
        self._within = _square_root(known.within)
        self._width = float(np.sqrt(np.trace(known.within)))
        self._centres = np.sqrt(known.alike) * rng.standard_normal((known.kinds, dimension))
        own = rng.standard_normal((known.kinds, known.directions, dimension))
        self._kinds = own * np.sqrt((1 - known.alike) / known.directions)

    def person(self, rng: np.random.Generator, count: int) -> tuple[Array, Array, Array]:
        """White centres of a person's faces ``(n, d)``, all the same but for those astray, their
        white scatter ``(n, d)``, and how far from the centre each is ``(n,)``.
        """
        known = self._known
        centres = np.repeat(self._anybody(rng)[None], count, axis=0)
        width = self._width * np.exp(rng.normal(*known.spread))
        own = rng.standard_normal((known.directions, self._dimension), dtype=np.float32)
        scatter = rng.standard_normal((count, known.directions), dtype=np.float32) @ own
        at = rng.random(count) * (len(known.radii) - 1)
        radii = width * np.interp(at, np.arange(len(known.radii)), known.radii)
        for astray in np.flatnonzero(rng.random(count) < known.astray).tolist():
            centres[astray] += rng.random() * (self._anybody(rng) - centres[astray])
        return centres, scatter, radii

    def _anybody(self, rng: np.random.Generator) -> Array:
        """The white mean of a new person ``(d,)``."""
        kind = rng.integers(self._known.kinds)
        own = rng.standard_normal(self._known.directions) @ self._kinds[kind]
        return np.asarray(self._centres[kind] + own)

    def finished(self, people: list[tuple[Array, Array, Array]]) -> Rows:
        """The faces of some people ``(n, d)``."""
        centres, scatter, radii = map(np.concatenate, zip(*people, strict=True))
        scatter = scatter @ self._within.T
        scatter *= (radii / np.linalg.norm(scatter, axis=1))[:, None]
        return np.asarray(self._known.mean + centres @ self._between.T + scatter, np.float32)


def _square_root(covariance: Array) -> Array:
    """A factor ``(d, d)`` that gives white rows this covariance; what is below zero is noise."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def make(counts: Counts, seed: int = 0) -> tuple[Counts, Rows]:
    """All the faces of :func:`chunks` at once: people's numbers ``(n,)`` and faces ``(n, d)``."""
    own = np.repeat(np.arange(len(counts)), counts)
    rows = np.empty((len(own), len(Statistics.load().mean)), dtype=np.float32)
    at = 0
    for _, some in chunks(counts, seed):
        rows[at : at + len(some)] = some
        at += len(some)
    return own, rows


def write(path: Path, faces: int, people: int, seed: int = 0) -> None:
    """Writes an archive that ``face-gallery import`` reads: embeddings, names and files."""
    own, rows = make(faces_per_person(faces, people, seed), seed)
    names = np.array([f"Person {one:06d}" for one in range(people)])
    files = np.array([f"Person_{one:06d}/{row:07d}.npy" for row, one in enumerate(own.tolist())])
    np.savez(path, embeddings=rows, names=names[own], files=files)


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("faces", type=int)
    options.add_argument("people", type=int)
    options.add_argument("to", type=Path, metavar="DEST.npz")
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    write(asked.to, asked.faces, asked.people, asked.seed)
