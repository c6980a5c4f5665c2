"""Writes the sample faces, one .npy a face, from the table they were computed into.

python tools/make_sample.py ../shared/data/lfw-158-dlib.npz data
"""

import sys
from pathlib import Path

import numpy as np


def write_sample(table: Path, folder: Path) -> int:
    """Unpacks ``embeddings`` (float32, ``(n, d)``) to the paths in ``files``; returns ``n``."""
    with np.load(table, allow_pickle=False) as columns:
        embeddings, files = columns["embeddings"], columns["files"]
    for embedding, file in zip(embeddings, files, strict=True):
        path = folder / str(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, embedding)
    return len(files)


if __name__ == "__main__":
    print(write_sample(Path(sys.argv[1]), Path(sys.argv[2])), "faces written")
