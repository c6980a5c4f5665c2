"""What is enrolled and what is asked at one size, and the right answers, kept in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import generator
from benchmarks.difficulty import nearest_rows, real_faces, real_strangers
from benchmarks.generator import Counts, Rows
from engine.utils.distances import prepare

REAL = 4324
HELD_OUT = 324
"""Real faces that are asked instead of enrolled."""
QUERIES = 1000
PER_PERSON = 10
SEED = 6
K = 5

ENROLLED, UNIT, ASKED, TRUTH, ABOUT = (
    "enrolled.npz",
    "unit.npy",
    "asked.npy",
    "truth.npy",
    "about.json",
)


def lay_out(size: int, folder: Path) -> dict[str, Any]:
    """Writes the faces of a size, unless they are there, and says what they are.

    ``enrolled.npz`` is what is imported; ``unit.npy`` the same at unit length ``(n, d)`` for the
    peers; ``asked.npy`` the queries as they came ``(m, d)``: faces of enrolled people that are not
    enrolled, and strangers, mixed; ``truth.npy`` the rows of their five nearest faces, exactly.
    """
    about = folder / ABOUT
    if about.exists():
        return dict(json.loads(about.read_text(encoding="utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    real = size == REAL
    owners, rows, mated, strangers = _real() if real else _made(size)
    asked = np.concatenate([mated, strangers])[_order(len(mated) + len(strangers))]
    unit = prepare(rows, "cosine")
    names = np.array([f"Person {one:06d}" for one in range(int(owners.max()) + 1)])
    files = np.array([f"{row:07d}.npy" for row in range(len(rows))])
    np.savez(folder / ENROLLED, embeddings=rows, names=names[owners], files=files)
    np.save(folder / UNIT, unit)
    np.save(folder / ASKED, asked)
    np.save(folder / TRUTH, exact_nearest(unit, prepare(asked, "cosine"), K))
    said = {
        "faces": len(rows),
        "people": len(np.unique(owners)),
        "real": real,
        "mated": len(mated),
        "strangers": len(strangers),
        "made up": not real or real_strangers() is None,
    }
    about.write_text(json.dumps(said), encoding="utf-8")
    return said


def _order(queries: int) -> Counts:
    return np.random.default_rng(SEED).permutation(queries)


def are_mated(folder: Path) -> npt.NDArray[np.bool_]:
    """Which of the queries are of enrolled people, ``(m,)``."""
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return _order(about["mated"] + about["strangers"]) < int(about["mated"])


def _real() -> tuple[Counts, Rows, Rows, Rows]:
    """The sample less some faces, these, and strangers: real ones where they are beside the
    project, else made-up ones.
    """
    owners, rows = real_faces()
    out = np.random.default_rng(SEED).permutation(len(rows))[:HELD_OUT]
    kept = np.setdiff1d(np.arange(len(rows)), out)
    wanted = QUERIES - HELD_OUT
    strangers = real_strangers()
    if strangers is None:
        _, strangers = generator.make(np.ones(wanted, dtype=np.int64), SEED)
    return owners[kept], rows[kept], rows[out], strangers[:wanted]


def _made(size: int) -> tuple[Counts, Rows, Rows, Rows]:
    """As many faces, one more of some of the people, and as many people more with one face."""
    people = max(1, size // PER_PERSON)
    counts = generator.faces_per_person(size, people, SEED)
    asked = min(QUERIES // 2, people)
    more = np.random.default_rng(SEED).permutation(people)[:asked]
    counts[more] += 1
    owners, rows = generator.make(np.r_[counts, np.ones(asked, dtype=np.int64)], SEED)
    strangers = np.flatnonzero(owners >= people)
    out = (np.cumsum(counts) - 1)[more]
    kept = np.setdiff1d(np.arange(len(rows)), np.r_[out, strangers])
    return owners[kept], rows[kept], rows[out], rows[strangers]


def exact_nearest(unit: Rows, asked: Rows, k: int, block: int = 50) -> Counts:
    """Rows of the k nearest of ``unit`` for each query of unit length, nearest first."""
    found = []
    for at in range(0, len(asked), block):
        found.append(nearest_rows(asked[at : at + block] @ unit.T, k))
    return np.concatenate(found)


def hits(found: Counts, truth: Counts) -> npt.NDArray[np.float64]:
    """For each query the share of the right rows that were found; ``(m, k)`` each."""
    return np.asarray((found[:, :, None] == truth[:, None, :]).any(axis=2).mean(axis=1))
