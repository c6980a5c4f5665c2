"""What the projector shows and colours by: a line a face, in columns parted by tabs.

The projector takes lines apart at every tab and line break, knows no quotes, and drops blanks at
the ends of a line: so none of these stand inside a value, and first and last are never empty.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.export.landing import private_file
from engine.export.source import Source
from engine.tools.distances import prepare
from engine.types import Distance, Face, Identity, Vectors

COLUMNS = ("name", "faces", "own_distance", "added", "note", "photo", "file", "row", "face")
"""``own_distance``: to the mean of the person's other faces among those written; ``faces``: how
many the person has; ``row`` counts from 1; ``face`` is the number in the gallery."""

_BREAKING = frozenset({"Cc", "Zl", "Zp"})


class OwnDistances:
    """How far faces are from the mean of their person's other faces."""

    def __init__(self, dimension: int, distance: Distance) -> None:
        self._dimension = dimension
        self._distance: Distance = distance
        self._sums: dict[int, Vectors] = {}
        self._counts: dict[int, int] = {}

    def add(self, faces: Sequence[Face], vectors: Vectors) -> None:
        """Faces that count, and their embeddings ``(n, d)``."""
        for face, row in zip(faces, prepare(vectors, self._distance), strict=True):
            who = face.identity_id
            zeros = np.zeros(self._dimension, dtype=np.float32)
            self._sums[who] = self._sums.get(who, zeros) + row
            self._counts[who] = self._counts.get(who, 0) + 1

    def of(self, faces: Sequence[Face], vectors: Vectors) -> list[float | None]:
        """For some of them; None where the person has no other face."""
        rows = prepare(vectors, self._distance)
        sums = np.stack([self._sums[face.identity_id] for face in faces])
        others = np.array([self._counts[face.identity_id] - 1 for face in faces])[:, None]
        means = prepare((sums - rows) / np.maximum(others, 1), self._distance)
        if self._distance == "cosine":
            found = 1.0 - np.einsum("ij,ij->i", rows, means)
        else:
            found = np.linalg.norm(rows - means, axis=1)
        return [
            max(float(one), 0.0) if count else None
            for one, count in zip(found, others[:, 0], strict=True)
        ]


def write_metadata(source: Source, path: Path, distances: OwnDistances) -> None:
    """The file that goes with the vectors, face by face in the same order."""
    with private_file(path) as stream:
        stream.write(("\t".join(COLUMNS) + "\n").encode())
        for faces, vectors in source.chunks("Writing the names"):
            own = distances.of(faces, vectors)
            lines = (
                _line(face, source.identities[face.identity_id], distance)
                for face, distance in zip(faces, own, strict=True)
            )
            stream.write("".join(lines).encode())


def _line(face: Face, identity: Identity, distance: float | None) -> str:
    cells = (
        identity.name,
        str(identity.faces),
        "" if distance is None else f"{distance:.4f}",
        time.strftime("%Y-%m-%d", time.gmtime(face.added)),
        identity.note,
        "yes" if face.has_photo else "no",
        face.file,
        str(face.row + 1),
        str(face.id),
    )
    return "\t".join(map(_cell, cells)) + "\n"


def _cell(text: str) -> str:
    return "".join(" " if unicodedata.category(one) in _BREAKING else one for one in text)
