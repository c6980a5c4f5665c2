"""Which parameters an index needs: seconds to build, faces out of reach, recall by ef, time.

.venv/bin/python benchmarks/index_parameters.py [FACES.npz …] [--try M:EF_CONSTRUCTION …]

FACES.npz holds ``embeddings`` and ``names``. Queries are faces held out before the build, one
half of people who stay enrolled, and strangers (those of --strangers). Recall@5 is against exact
search. Query times are those of bare hnswlib, one query at a time, the parameters in turn.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import hnswlib
import numpy as np

from engine.distances import prepare
from engine.index.graphfile import GraphFile
from engine.types import Ids, Vectors

EFS = (30, 40, 50, 60, 80, 100, 130, 160, 200, 300)
HELD_OUT = 500


def exact(queries: Vectors, faces: Vectors, k: int = 5) -> Ids:
    """Places of the nearest faces, block by block, in any order."""
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    places = np.zeros((len(queries), k), dtype=np.int64)
    for at in range(0, len(faces), 8192):
        products = queries @ faces[at : at + 8192].T
        joined = np.concatenate([best, products], axis=1)
        ids = np.arange(at, at + products.shape[1])
        known = np.concatenate([places, np.broadcast_to(ids, products.shape)], axis=1)
        order = np.argpartition(-joined, k - 1, axis=1)[:, :k]
        best, places = (np.take_along_axis(one, order, axis=1) for one in (joined, known))
    return places


def recall(found: Ids, reference: Ids) -> float:
    pairs = zip(found.tolist(), reference.tolist(), strict=True)
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs]))


def built(faces: Vectors, links: int, breadth: int, threads: int) -> tuple[hnswlib.Index, float]:
    graph = hnswlib.Index(space="ip", dim=faces.shape[1])
    graph.init_index(len(faces), M=links, ef_construction=breadth, random_seed=1)
    started = time.perf_counter()
    for at in range(0, len(faces), 10_000):
        part = faces[at : at + 10_000]
        graph.add_items(part, np.arange(at, at + len(part)), num_threads=threads)
    return graph, time.perf_counter() - started


def unreachable(graph: hnswlib.Index, dimension: int) -> int:
    with tempfile.TemporaryDirectory() as place:
        graph.save_index(str(Path(place) / "graph"))
        return len(GraphFile(Path(place) / "graph", dimension).unreachable())


def milliseconds(graphs: list[hnswlib.Index], queries: Vectors) -> list[float]:
    """Medians of single queries, the graphs in turn."""
    taken = np.empty((len(queries), len(graphs)))
    for row in range(len(queries)):
        for one, graph in enumerate(graphs):
            started = time.perf_counter()
            graph.knn_query(queries[row : row + 1], k=10, num_threads=1)
            taken[row, one] = time.perf_counter() - started
    return list(np.median(taken, axis=0) * 1e3)


def measure(path: Path, strangers: Vectors, tries: list[tuple[int, int]], threads: int) -> None:
    with np.load(path) as data:
        rows = prepare(data["embeddings"], "cosine")
    rng = np.random.default_rng(0)
    out = rng.permutation(len(rows))[:HELD_OUT]
    near, faces = rows[out], np.delete(rows, out, axis=0)
    sets = {"near": near, "strangers": strangers[rng.permutation(len(strangers))[:HELD_OUT]]}
    truth = {name: exact(queries, faces) for name, queries in sets.items()}
    print(f"\n{path.name}: {len(faces):,} faces, {threads} threads (0 = all)")
    print("M   efc  build s  unreachable  recall@5 near / strangers (query ms) by ef")
    for links, breadth in tries:
        graph, seconds = built(faces, links, breadth, threads)
        lost = unreachable(graph, faces.shape[1])
        told = []
        for ef in EFS:
            graph.set_ef(ef)
            found = [recall(graph.knn_query(sets[n], k=5)[0], truth[n]) for n in sets]
            (taken,) = milliseconds([graph], near)
            told.append(f"{ef}: {found[0]:.4f} / {found[1]:.4f} ({taken:.3f})")
        print(f"{links:<3} {breadth:<4} {seconds:7.1f}  {lost:11,}  " + "  ".join(told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", nargs="+", type=Path)
    parser.add_argument("--strangers", type=Path, required=True)
    parser.add_argument("--try", dest="tries", nargs="+", default=["16:60", "16:100", "24:100"])
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    with np.load(asked.strangers) as data:
        strangers = prepare(data["embeddings"], "cosine")
    tries = [(int(one.split(":")[0]), int(one.split(":")[1])) for one in asked.tries]
    for path in asked.faces:
        measure(path, strangers, tries, asked.threads)


if __name__ == "__main__":
    main()
