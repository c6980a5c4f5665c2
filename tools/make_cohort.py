"""Write the cohort that comes with the program, from the table of strangers it was computed into.

python tools/make_cohort.py ../shared/data/lfw-others-dlib.npz engine/cohorts/dlib_resnet_v1.npz
"""

import sys
from pathlib import Path

import numpy as np

from engine.cohorts.cohort import Cohort

NAME = "Labeled Faces in the Wild, by dlib's network"


def write_cohort(table: Path, path: Path) -> int:
    """Keep ``embeddings`` (``(n, d)``) and which are of one person, but no names; return ``n``."""
    with np.load(table, allow_pickle=False) as columns:
        embeddings, names = columns["embeddings"], columns["names"]
    _, people = np.unique(names, return_inverse=True)
    random = np.random.default_rng(0)  # neither rows nor numbers stand in the order of the names
    rows, numbers = random.permutation(len(people)), random.permutation(people.max() + 1)
    Cohort(NAME, embeddings[rows].astype(np.float32), numbers[people[rows]]).save(path)
    return len(embeddings)


if __name__ == "__main__":
    print(write_cohort(Path(sys.argv[1]), Path(sys.argv[2])), "faces written")
