"""Open-set identification: small and large galleries of real people, asked about people they know
and about strangers, with limits set by the enrolled people alone and by a cohort.

    .venv/bin/python -m benchmarks.openset [--only NAME] [--draws 5]

The cohort and the strangers who are asked about are two halves of the people of a file that
FACE_GALLERY_SHARED leads to, and nobody of them is enrolled. Strangers like the enrolled are people
of the sample who are left out of the gallery. Shown are means over the draws, and the lowest and
highest of them.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchmarks.common import SHARED, STRANGERS, parser, require
from engine.cohorts.cohort import Cohort
from engine.cohorts.cohort_library import CohortLibrary
from engine.gallery import Gallery
from engine.records.types import Identification, Strangers, Vectors

PEOPLE = SHARED / "lfw-158-dlib.npz"
FPIRS = (0.01, 0.001, 0.05)
BINS = 15
Rows = npt.NDArray[np.int64]
Kind = Literal["enrolled", "cohort"]


@dataclass(frozen=True)
class Plan:
    """How a gallery is drawn: so many people with so many faces, or a share of each one's faces."""

    people: int
    faces: int = 0
    share: float = 0.0


PLANS: Mapping[str, Plan] = {
    "2 people, 5 faces": Plan(2, 5),
    "3 people, 5 faces": Plan(3, 5),
    "5 people, 5 faces": Plan(5, 5),
    "10 people, 5 faces": Plan(10, 5),
    "20 people, 8 faces": Plan(20, 8),
    "50 people, 8 faces": Plan(50, 8),
    "105 people, 8 faces": Plan(105, 8),
    "158 people, 8 faces": Plan(158, 8),
    "158 people, 70 %": Plan(158, share=0.7),
}


@dataclass(frozen=True, eq=False)
class Table:
    """Vectors of a file, and a number for the person of each."""

    vectors: Vectors
    owners: Rows
    names: npt.NDArray[np.str_]

    @classmethod
    def read(cls, path: Path) -> Table:
        with np.load(path, allow_pickle=False) as arrays:
            names, owners = np.unique(arrays["names"], return_inverse=True)
            return cls(arrays["embeddings"], owners.astype(np.int64), names)

    def half(self, seed: int) -> tuple[Rows, Rows]:
        """Rows of one half of the people and of the other."""
        order = np.random.default_rng(seed).permutation(len(self.names))
        first = np.isin(self.owners, order[: len(order) // 2])
        return np.flatnonzero(first), np.flatnonzero(~first)


@dataclass(frozen=True, eq=False)
class Draw:
    """One gallery: rows that are enrolled, rows of the same people, and rows of other people."""

    enrolled: Rows
    mated: Rows
    alike: Rows

    @classmethod
    def of(cls, plan: Plan, owners: Rows, seed: int) -> Draw:
        random = np.random.default_rng(seed)
        enough = np.flatnonzero(np.bincount(owners) > plan.faces + 1)
        people = random.permutation(enough)[: plan.people]
        enrolled, mated = [], []
        for person in people:
            rows = random.permutation(np.flatnonzero(owners == person))
            kept = plan.faces or max(1, round(plan.share * len(rows)))
            enrolled.append(rows[:kept])
            mated.append(rows[kept:])
        alike = np.flatnonzero(~np.isin(owners, people))
        return cls(np.concatenate(enrolled), np.concatenate(mated), alike)


@dataclass(frozen=True)
class Figures:
    """What one draw showed, as shares.

    Attributes:
        fnir, fpir: by asked FPIR: known faces that did not get their name, strangers that got one.
        alike: strangers like the enrolled that got one, where the limit is for these; NaN where
            everybody is enrolled.
        promised: smallest FPIR that the gallery says it can keep.
        rank1: known faces whose name came first.
        ece: expected calibration error of the first candidate's confidence, as many strangers as
            known faces.
    """

    fnir: Mapping[float, float]
    fpir: Mapping[float, float]
    alike: Mapping[float, float]
    promised: float
    rank1: float
    ece: float


def measure(table: Table, draw: Draw, others: Vectors, cohort: Cohort | None) -> Figures:
    """Enroll, identify and count."""
    with tempfile.TemporaryDirectory() as place:
        library = None
        if cohort is not None:
            library = CohortLibrary(Path(place) / "cohorts", bundled=False)
            library.add(cohort)
        names = [str(table.names[owner]) for owner in table.owners[draw.enrolled]]
        source = Path(place) / "enrolled.npz"
        np.savez(source, embeddings=table.vectors[draw.enrolled], names=names)
        Gallery.create(Path(place) / "some.gallery").close()
        with Gallery.open(Path(place) / "some.gallery", cohorts=library) as gallery:
            gallery.import_([source])
            return _figures(gallery, table, draw, others)


def _figures(gallery: Gallery, table: Table, draw: Draw, others: Vectors) -> Figures:
    def ask(rows: Vectors, fpir: float, strangers: Strangers = "at-large") -> list[Identification]:
        return list(gallery.identify(rows, fpir=fpir, strangers=strangers)) if len(rows) else []

    truth = [str(table.names[owner]).replace("_", " ") for owner in table.owners[draw.mated]]
    fnir, fpir, alike = {}, {}, {}
    for asked in FPIRS:
        known = ask(table.vectors[draw.mated], asked)
        unknown = ask(others, asked)
        named = [answer.name == name for answer, name in zip(known, truth, strict=True)]
        fnir[asked] = 1 - float(np.mean(named))
        fpir[asked] = share_named(unknown)
        alike[asked] = share_named(ask(table.vectors[draw.alike], asked, "alike"))
    first = [answer.candidates[0].name == name for answer, name in zip(known, truth, strict=True)]
    return Figures(
        fnir,
        fpir,
        alike,
        gallery.error_rates.measure(FPIRS).strictest,
        float(np.mean(first)),
        balanced_error(known, first, unknown),
    )


def share_named(answers: Iterable[Identification]) -> float:
    """NaN where nobody was asked about."""
    named = [answer.verdict == "known" for answer in answers]
    return float(np.mean(named)) if named else math.nan


def balanced_error(
    known: list[Identification], first: list[bool], unknown: list[Identification]
) -> float:
    """Calibration error where half of the queries are strangers."""
    confidences = [[answer.confidence for answer in answers] for answers in (known, unknown)]
    if None in confidences[0] + confidences[1] or not known:
        return math.nan
    count = min(len(known), len(unknown))
    random = np.random.default_rng(0)
    chosen, others = (
        random.permutation(len(known))[:count],
        random.permutation(len(unknown))[:count],
    )
    stated = np.r_[np.array(confidences[0])[chosen], np.array(confidences[1])[others]]
    return calibration_error(list(stated), [*np.array(first)[chosen], *[False] * count])


def calibration_error(confidences: list[float], right: list[bool]) -> float:
    """Mean distance between confidence and share of right answers over 15 bins of equal width,
    weighted by their size (Naeini et al. 2015).
    """
    stated, hit = np.array(confidences), np.array(right, dtype=float)
    bins = np.minimum((stated * BINS).astype(int), BINS - 1)
    gaps = [abs((stated[bins == one] - hit[bins == one]).sum()) for one in range(BINS)]
    return float(sum(gaps) / len(stated))


def run(
    plan: Plan, people: Table, others: Table, seeds: Iterable[int], kind: Kind
) -> list[Figures]:
    """Figures of some draws with limits set by the enrolled people alone or by a cohort."""
    found = []
    for seed in seeds:
        half, judges = others.half(seed)
        cohort = Cohort("half", others.vectors[half], others.owners[half])
        draw = Draw.of(plan, people.owners, seed)
        used = cohort if kind == "cohort" else None
        found.append(measure(people, draw, others.vectors[judges], used))
    return found


def spread(values: list[float], scale: float = 100) -> str:
    """Mean, lowest and highest: "1.03 (0.80 to 1.31)"."""
    kept = [scale * value for value in values if not math.isnan(value)]
    if not kept:
        return "-"
    return f"{np.mean(kept):.2f} ({min(kept):.2f} to {max(kept):.2f})"


def show(name: str, kind: Kind, found: list[Figures]) -> None:
    """One gallery's rows, shares in %."""
    strictest = spread([figures.promised for figures in found])
    ece = spread([figures.ece for figures in found])
    rank1 = spread([figures.rank1 for figures in found])
    print(f"{name}, limits by {kind}: rank-1 {rank1}, strictest {strictest}, ECE {ece}")
    for asked in FPIRS:
        missed, named, alike = (
            spread([shares[asked] for shares in columns])
            for columns in zip(*((each.fnir, each.fpir, each.alike) for each in found), strict=True)
        )
        print(
            f"  asked {100 * asked:>4g} %  missed {missed:<24}  strangers named {named:<24}"
            f"  alike, asked for these {alike}"
        )


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--only", choices=PLANS, action="append", help="this gallery, or several")
    options.add_argument("--draws", type=int, default=5)
    asked = options.parse_args()
    require(PEOPLE)
    require(STRANGERS)
    people, others = Table.read(PEOPLE), Table.read(STRANGERS)
    for name in asked.only or PLANS:
        for kind in ("enrolled", "cohort"):
            show(name, kind, run(PLANS[name], people, others, range(asked.draws), kind))


if __name__ == "__main__":
    main()
