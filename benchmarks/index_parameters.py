"""Which parameters an index needs: seconds to build, faces out of reach, recall by ef, time.

.venv/bin/python benchmarks/index_parameters.py [FACES.npz …] [--try M:EF_CONSTRUCTION …]

FACES.npz holds ``embeddings``; --faces takes that many of them. Queries are faces held out before
the build, whose people stay enrolled ("near"), and strangers (those of --strangers). Recall@5 is
against exact search. Times are medians, this engine's index and bare hnswlib on the same graph in
turn: of single queries (k 10, one thread), and of the near ones as one batch (all threads).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import hnswlib
import numpy as np

from engine.index import HnswIndex, HnswParameters
from engine.index.graphfile import GraphFile
from engine.index.polish import bring_within_reach, measure
from engine.tools.distances import prepare
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


def built(faces: Vectors, links: int, breadth: int) -> tuple[HnswIndex, float]:
    parameters = HnswParameters(M=links, ef_construction=breadth)
    index = HnswIndex(faces.shape[1], "cosine", parameters=parameters)
    index.reserve(len(faces))
    started = time.perf_counter()
    index.add(np.arange(len(faces)), faces)
    return index, time.perf_counter() - started


def bare(index: HnswIndex, path: Path) -> hnswlib.Index:
    """The same graph without this engine around it."""
    index.write(path)
    graph = hnswlib.Index(space="ip", dim=index.dimension)
    graph.load_index(str(path))
    return graph


def in_turn(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds; which is first changes, for the second finds the vectors in the cache."""
    taken = [0.0, 0.0]
    first = np.random.default_rng().integers(2)
    for one in (first, 1 - first):
        started = time.perf_counter()
        (ours, theirs)[one]()
        taken[one] = (time.perf_counter() - started) * 1e3
    return taken[0], taken[1]


def times(index: HnswIndex, graph: hnswlib.Index, queries: Vectors) -> tuple[float, ...]:
    """Medians of single queries and of batches, ours and bare."""
    rows = [queries[at : at + 1] for at in range(len(queries))]
    single = [
        in_turn(
            lambda row=row: index.search(row, 10),
            lambda row=row: graph.knn_query(row, k=10, num_threads=1),
        )
        for row in rows
    ]
    batch = [
        in_turn(lambda: index.search(queries, 10), lambda: graph.knn_query(queries, k=10))
        for _ in range(5)
    ]
    return (*np.median(single, axis=0), *np.median(batch, axis=0))


def try_out(faces: Vectors, asked: dict[str, Vectors], links: int, breadth: int) -> None:
    truth = {name: exact(queries, faces) for name, queries in asked.items()}
    index, seconds = built(faces, links, breadth)
    with tempfile.TemporaryDirectory() as place:
        graph = bare(index, Path(place) / "graph")
        lost = len(GraphFile(Path(place) / "graph", index.dimension).unreachable())
        bring_within_reach(index, Path(place))
    measure(index)
    chosen, found = index.ef, index.recall
    print(f"M {links}, ef_construction {breadth}: built in {seconds:.1f} s, {lost:,} out of reach,")
    print(f"  {index.aside:,} of them kept aside; ef {chosen} chosen at recall {found:.4f}")
    for ef in sorted({*EFS, chosen}):
        index.ef = ef
        graph.set_ef(ef)
        shares = [recall(index.search(asked[n], 5).ids, truth[n]) for n in asked]
        one, their_one, many, their_many = times(index, graph, asked["near"])
        print(
            f"  ef {ef:4}: recall near {shares[0]:.4f}, strangers {shares[1]:.4f}; "
            f"query {one:.3f} ms, bare {their_one:.3f}; batch {many:.0f} ms, bare {their_many:.0f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("embeddings", nargs="+", type=Path)
    parser.add_argument("--faces", type=int)
    parser.add_argument("--strangers", type=Path, required=True)
    parser.add_argument("--try", dest="tries", nargs="+", default=["16:60", "16:100", "24:100"])
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    with np.load(asked.strangers) as data:
        strangers = rng.permutation(prepare(data["embeddings"], "cosine"))[:HELD_OUT]
    for path in asked.embeddings:
        with np.load(path) as data:
            rows = rng.permutation(prepare(data["embeddings"], "cosine"))
        near, faces = rows[:HELD_OUT], rows[HELD_OUT:][: asked.faces]
        print(f"\n{path.name}: {len(faces):,} faces, {len(near)} near queries")
        for one in asked.tries:
            links, breadth = map(int, one.split(":"))
            try_out(faces, {"near": near, "strangers": strangers}, links, breadth)


if __name__ == "__main__":
    main()
