"""hnswlib's file as NumPy sees it: labels, vectors and links of the lowest layer, nothing loaded.

Layout of hnswlib 0.8 (``HierarchicalNSW::saveIndex`` in hnswalg.h): a header; one record a face
with the number of its links, a mark when it is removed, its links, vector and label; then the
links of the layers above. Whatever the file holds, reading it here can give a wrong number and
never a crash: lengths are held against the file's own before it is mapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import SnapshotError
from engine.records.types import Ids, Vectors
from engine.utils.files import open_regular

_HEADER = np.dtype(
    [
        *((name, "<u8") for name in ("offset", "capacity", "count", "record", "label", "vector")),
        *(("top", "<i4"), ("entry", "<u4")),
        *((name, "<u8") for name in ("M", "M0", "m")),
        *(("scale", "<f8"), ("ef_construction", "<u8")),
    ]
)
_ROWS = 4096
_RECORDS = 512  # read at a time: 0.3 MB
_REMEDY = "It will be rebuilt from the gallery. Nothing is lost."


class HnswFile:
    """A graph file, mapped.

    Attributes:
        count: faces in it, the removed ones too.
        links_each: links that a face can have on the lowest layer.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        """Raise SnapshotError: not a graph of vectors of this dimension, or shorter than it says.

        OSError: it cannot be read.
        """
        with open_regular(path) as stream:
            start = stream.read(_HEADER.itemsize)
            length = stream.seek(0, 2)
        if len(start) < _HEADER.itemsize:
            raise SnapshotError(
                "It is not a search index: it is too short", file=path, remedy=_REMEDY
            )
        header = np.frombuffer(start, _HEADER)[0]
        self.links_each, self.count = int(header["M0"]), int(header["count"])
        record = _record_of(self.links_each, dimension, path)
        fits = length - _HEADER.itemsize >= self.count * record.itemsize
        if header["record"] != record.itemsize or not fits:
            raise SnapshotError(
                "It is not a search index of this gallery", file=path, remedy=_REMEDY
            )
        self._entry = int(header["entry"])
        self._path, self._record = path, record
        self._records: NDArray[Any] = np.empty(0, record)
        if self.count:
            self._records = np.memmap(path, record, "r", _HEADER.itemsize, (self.count,))

    def labels(self, places: Ids | slice = slice(None)) -> Ids:
        """Face ids ``(n,)`` in the order of the file, of all or of those at these places."""
        found: Ids = self._records["label"][places].astype(np.int64)
        return found

    def each_vectors(self) -> Iterator[tuple[Ids, Vectors]]:
        """Ids ``(n,)`` and vectors ``(n, d)`` as they are searched, some thousand at a time, the
        removed ones too.
        """
        for at in range(0, self.count, _ROWS):
            part = self._records[at : at + _ROWS]
            yield part["label"].astype(np.int64), np.ascontiguousarray(part["vector"])

    def vectors(self, places: Ids) -> Vectors:
        """Vectors ``(n, d)`` of the faces at places ``(n,)`` in the file."""
        found: Vectors = np.ascontiguousarray(self._records["vector"][places])
        return found

    def unreachable(self) -> Ids:
        """Labels ``(n,)``, ascending, of faces to which no links lead from the entry point."""
        used, links, labels = self._all_links()
        seen = np.zeros(self.count, dtype=bool)
        border = np.array([self._entry] if self._entry < self.count else [], dtype=np.int64)
        seen[border] = True
        while len(border):
            reached = np.zeros(self.count, dtype=bool)
            for at in range(0, len(border), _ROWS):
                part = border[at : at + _ROWS]
                linked = links[part][np.arange(self.links_each) < used[part, None]]
                reached[linked[linked < self.count]] = True
            border = np.flatnonzero(reached & ~seen)
            seen[border] = True
        return np.sort(labels[~seen])

    def _all_links(self) -> tuple[NDArray[np.uint16], NDArray[np.uint32], Ids]:
        """For every face, how many links it has ``(n,)``, where they lead ``(n, links_each)``, and
        its id ``(n,)``.

        Read and not mapped: pages of a mapping that are touched, and those around them, count as
        this process's memory.
        """
        used = np.zeros(self.count, dtype=np.uint16)
        links = np.zeros((self.count, self.links_each), dtype=np.uint32)
        labels = np.zeros(self.count, dtype=np.int64)
        with open_regular(self._path) as stream:
            stream.seek(_HEADER.itemsize)
            for at in range(0, self.count, _RECORDS):
                part = np.fromfile(stream, self._record, min(_RECORDS, self.count - at))
                used[at : at + len(part)] = part["used"]
                links[at : at + len(part)] = part["links"]
                labels[at : at + len(part)] = part["label"]
        return used, links, labels


def _record_of(links: int, dimension: int, path: Path) -> np.dtype[Any]:
    if not 0 < links <= 1 << 12:
        raise SnapshotError("It is not a search index", file=path, remedy=_REMEDY)
    return np.dtype(
        [
            *(("used", "<u2"), ("removed", "u1"), ("_", "u1"), ("links", "<u4", (links,))),
            *(("vector", "<f4", (dimension,)), ("label", "<u8")),
        ]
    )
