"""The map's process: lays out the faces of a folder and reports it, line by line, on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.maps.neighbour_graph import NEIGHBOURS, beside_neighbours, index_of, nearest
from engine.progress import Reporter
from engine.utils.worker_process import serve

ASKED, VECTORS, POINTS = "map.json", "vectors.npy", "points.npy"


def lay_out(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
    """Lay out the first ``sample`` faces and put the others beside them."""
    reporter.progress("Starting", 0, 0)
    from engine.maps.neighbour_embedding import laid_out  # seconds

    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    vectors = np.load(folder / VECTORS, allow_pickle=False)
    distance, sample = asked["distance"], vectors[: asked["sample"]]
    points = laid_out(
        asked["method"], sample, distance, asked["dimensions"], asked["seed"], reporter
    )
    others = vectors[len(sample) :]
    if len(others):
        index = index_of(sample, distance)
        found = nearest(
            index, others, min(NEIGHBOURS, len(sample)), reporter, "Placing the other faces"
        )
        points = np.concatenate([points, beside_neighbours(found, points)])
    np.save(folder / POINTS, points, allow_pickle=False)
    return {}


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1]), lay_out))
