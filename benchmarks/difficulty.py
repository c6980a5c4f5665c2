"""Whether made-up faces are as hard to search as real ones: the 4,324 faces of ``data/`` beside as
many made-up ones of as many people with the same numbers of faces each.

    .venv/bin/python -m benchmarks.difficulty [--seeds 5] [--to FILE.json] [--data DIR]

Where the faces of 2,795 others are (FACE_GALLERY_SHARED), also strangers asked of the 158, and how
far apart people are who have one face each, as a large gallery has many. Printed, and written to
``benchmarks/results/difficulty.json`` for RESULTS.md. Vectors are of unit length,
distances Euclidean between them, a face's own row is left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np

from benchmarks.common import DATA, SHARED, STRANGERS, parser
from benchmarks.generator import Counts, Rows, make
from engine.formats.sources import read_sources
from engine.index.hnsw import HnswParameters
from engine.utils.distances import prepare

DEST = Path(__file__).with_name("results") / "difficulty.json"
RANKS = (1, 5, 50)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NEIGHBOURS = 20
"""For the intrinsic dimension; fewer scatter, more reach beyond a person's faces."""
NARROW = (6, 8, 12)
BROAD = (20, 50, 100)


def real_faces(source: Path = DATA) -> tuple[Counts, Rows]:
    """Numbers of the people ``(n,)`` and faces ``(n, d)``, in order of people."""
    batch = read_sources([source]).batch
    _, owners = np.unique(np.array(batch.names), return_inverse=True)
    order = np.argsort(owners, kind="stable")
    return owners[order].astype(np.int64), batch.vectors[order]


def difficulty(rows: Rows, owners: Counts) -> dict[str, Any]:
    """How hard it is to find the nearest of faces ``(n, d)`` of people ``(n,)``."""
    unit = prepare(rows, "cosine")
    products = unit @ unit.T
    np.fill_diagonal(products, -2.0)
    order = nearest_rows(products, max(RANKS))
    found = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(products, order, axis=1), 1e-12))
    np.fill_diagonal(products, 1.0)
    mean = np.sqrt(np.maximum(2 - 2 * products, 0)).sum(axis=1) / (len(unit) - 1)
    votes = [np.bincount(owners[five]).argmax() for five in order[:, :5]]
    return {
        "distance": {
            str(rank): np.quantile(found[:, rank - 1], QUANTILES).tolist() for rank in RANKS
        },
        "dimension": np.quantile(intrinsic_dimension(found[:, :NEIGHBOURS]), QUANTILES).tolist(),
        "contrast": float(np.median(mean / found[:, 0])),
        "1-NN": float(np.mean(owners[order[:, 0]] == owners)),
        "5-NN": float(np.mean(votes == owners)),
        "recall": {str(ef): narrow_recall(unit, order[:, :5], ef) for ef in NARROW},
    }


def nearest_rows(products: Rows, count: int) -> Counts:
    """Columns of the largest products of each row ``(n, count)``, largest first."""
    nearest = np.argpartition(products, -count, axis=1)[:, -count:]
    order = np.argsort(-np.take_along_axis(products, nearest, axis=1), axis=1)
    return np.asarray(np.take_along_axis(nearest, order, axis=1))


def intrinsic_dimension(distances: Rows) -> Rows:
    """Maximum likelihood of the local intrinsic dimension (Levina and Bickel 2004; Amsaleg et al.
    2015) from distances to the nearest neighbours ``(n, k)``, ascending; ``(n,)``.
    """
    inner, outer = distances[:, :-1], distances[:, -1:]
    return np.asarray(-1 / np.mean(np.log(inner / outer), axis=1))


def narrow_recall(unit: Rows, nearest: Counts, ef: int, queries: Rows | None = None) -> float:
    """Recall@5 of an HNSW graph with the engine's M and ef_construction at a breadth ``ef`` so
    small that it misses some: what is harder is missed more.

    Args:
        queries: at unit length; None asks for the faces themselves, each left out.
    """
    parameters = HnswParameters()
    graph = hnswlib.Index(space="ip", dim=unit.shape[1])
    graph.init_index(
        len(unit), M=parameters.M, ef_construction=parameters.ef_construction, random_seed=1
    )
    graph.add_items(unit, num_threads=1)
    graph.set_ef(ef)
    asked, k = (unit, 6) if queries is None else (queries, 5)
    labels, _ = graph.knn_query(asked, k=k, num_threads=1)
    hits = [len(np.intersect1d(*pair)) for pair in zip(labels, nearest, strict=True)]
    return float(np.mean(hits) / nearest.shape[1])


def real_strangers() -> Rows | None:
    """One face of each of 2,795 people who are not in the sample; None where they are not there."""
    try:
        with np.load(STRANGERS) as archive:
            _, first = np.unique(archive["names"], return_index=True)
            return np.asarray(archive["embeddings"][first])
    except FileNotFoundError:
        return None


def hard_vectors() -> dict[str, Rows]:
    """The faces of ``lfw-158-dlib.npz`` as poorer networks might give them, by what was done.

    Raises:
        FileNotFoundError: the faces, or those of the untrained network, are not there.
    """
    with np.load(SHARED / "lfw-158-dlib.npz") as good, np.load(SHARED / "lfw-158-weak.npz") as weak:
        faces, poor = prepare(good["embeddings"], "cosine"), prepare(weak["embeddings"], "cosine")
    random = np.random.default_rng(0)
    narrow = faces @ random.normal(size=(faces.shape[1], 24)).astype(np.float32)
    noise = random.normal(size=faces.shape).astype(np.float32) / np.sqrt(faces.shape[1])
    return {
        "projected to 24 dimensions": narrow,
        "noise as long as the vectors": faces + noise.astype(np.float32),
        "half of an untrained network": (_standard(faces) + _standard(poor)) / 2,
        "of an untrained network": poor,
    }


def _standard(rows: Rows) -> Rows:
    """Centred, with a mean square length of 1."""
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred / np.sqrt(np.mean(np.sum(centred**2, axis=1))), np.float32)


def people_apart(rows: Rows) -> dict[str, Any]:
    """Distances and dimension among people with one face each ``(n, d)``, and among as many made-up
    ones.
    """
    ones = np.ones(len(rows), dtype=np.int64)
    _, made = make(ones)
    figures = {"real": difficulty(rows, ones.cumsum()), "made": difficulty(made, ones.cumsum())}
    kept = {
        side: {key: one[key] for key in ("distance", "dimension", "contrast", "recall")}
        for side, one in figures.items()
    }
    return {"people": len(rows)} | kept


def asked_for(enrolled: Rows, asked: Rows) -> dict[str, Any]:
    """How hard it is to find the nearest of enrolled faces for strangers."""
    unit, queries = prepare(enrolled, "cosine"), prepare(asked, "cosine")
    products = queries @ unit.T
    nearest = nearest_rows(products, 5)
    found = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(products, nearest[:, :1], axis=1), 0))
    recalls = {str(ef): narrow_recall(unit, nearest, ef, queries) for ef in BROAD}
    return {"distance": {"1": np.quantile(found, QUANTILES).tolist()}, "recall": recalls}


def strangers_asked(owners: Counts, rows: Rows, strangers: Rows, seeds: range) -> dict[str, Any]:
    """Strangers asked of the enrolled, real ones and made-up ones."""
    counts = np.r_[np.bincount(owners), np.ones(len(strangers), dtype=np.int64)]
    enrolled = owners.max()
    made = []
    for seed in seeds:
        own, faces = make(counts, seed)
        made.append(asked_for(faces[own <= enrolled], faces[own > enrolled]))
    return {
        "people": len(strangers),
        "real": asked_for(rows, strangers),
        "made": averaged(made),
    }


def averaged(runs: list[Any]) -> Any:
    """The mean of figures in dictionaries and lists of one shape."""
    first = runs[0]
    if isinstance(first, dict):
        return {key: averaged([run[key] for run in runs]) for key in first}
    return np.mean(runs, axis=0).tolist()


def rounded(figures: Any) -> Any:
    if isinstance(figures, dict):
        return {key: rounded(one) for key, one in figures.items()}
    return np.round(figures, 4).tolist()


def main() -> None:
    options = parser(__doc__, data=True)
    options.add_argument("--to", type=Path, default=DEST)
    options.add_argument("--seeds", type=int, default=5)
    asked = options.parse_args()
    to, seeds = asked.to, range(asked.seeds)
    owners, rows = real_faces(asked.data)
    counts = np.bincount(owners)
    made = [difficulty(faces, own) for own, faces in (make(counts, seed) for seed in seeds)]
    strangers = real_strangers()
    found = {
        "faces": len(rows),
        "people": len(counts),
        "seeds": len(seeds),
        "real": difficulty(rows, owners),
        "made": averaged(made),
    }
    if strangers is not None:
        found["strangers"] = strangers_asked(owners, rows, strangers[::3], seeds)
        found["one face each"] = people_apart(strangers)
    to.parent.mkdir(exist_ok=True)
    to.write_text(json.dumps(rounded(found), indent=1) + "\n", encoding="utf-8")
    print(to.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
