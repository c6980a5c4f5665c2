"""An index on disk: a graph file, and a sealed sidecar without which it is never opened.

The graph file is named by its own hash, so a save never touches the file that the sidecar in
force describes; replacing the sidecar is the one moment at which the new snapshot counts.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine.errors import GalleryReadOnlyError, SnapshotError
from engine.index.exact import Chunk, ExactIndex
from engine.index.hnsw import HnswIndex, HnswParameters, Written
from engine.index.hnsw_file import HnswFile
from engine.records.domains import parsed
from engine.records.types import Distance, Ids
from engine.utils.files import open_regular, read_text, sync_folder, write_atomically
from engine.utils.ignoring import ignored

_log = logging.getLogger(__name__)

FORMAT = 2
_LONGEST_VALUE = 80  # characters of one that is shown
_HASH = re.compile("[0-9a-f]{64}")
_FIELDS: dict[str, tuple[type, ...]] = {
    **{"hash": (str,), "length": (int,), "count": (int,), "change": (int,)},
    **{"removed": (list,), "aside": (list,)},
    **{"ef": (int,), "measured": (int,), "recall": (float, type(None))},
}
_BROADEST = 100_000
REMEDY = "It will be rebuilt from the gallery. Nothing is lost."


def read_sidecar(path: Path, needed: dict[str, Any]) -> dict[str, Any]:
    """The record in a sidecar.

    Args:
        needed: fields that have to be as given, such as :func:`conditions`.

    Raises:
        SnapshotError: missing, damaged, or another field than needed.
    """
    try:
        sealed = parsed(read_text(path))
        body = sealed["snapshot"]
        if sealed["seal"] != _seal(str(body)):
            raise ValueError("the seal is broken")
        record: dict[str, Any] = parsed(body)
        for key, value in needed.items():
            if record.get(key) != value:
                found = str(record.get(key))[:_LONGEST_VALUE]
                problem = f"It was made with {key} {found}, not {value}"
                raise SnapshotError(problem, file=path, remedy=REMEDY)
        _require_sound(record)
    except FileNotFoundError as error:
        raise SnapshotError("It is missing", file=path, remedy=REMEDY) from error
    except OSError as error:
        raise SnapshotError(f"It cannot be read: {error}", file=path, remedy=REMEDY) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SnapshotError("It is damaged", file=path, remedy=REMEDY) from error
    return record


def _require_sound(record: dict[str, Any]) -> None:
    """Raise ValueError where a field is of another kind, KeyError where one is missing."""
    if any(type(record[name]) not in kinds for name, kinds in _FIELDS.items()):
        raise ValueError("a field of another kind")
    if any(type(face) is not int for face in (*record["removed"], *record["aside"])):
        raise ValueError("a face that is no number")
    if any(not 0 <= face < 1 << 63 for face in (*record["removed"], *record["aside"])):
        raise ValueError("a face of no possible number")
    if not 0 < record["ef"] <= _BROADEST:
        raise ValueError("a breadth that cannot be")
    if not _HASH.fullmatch(record["hash"]):  # it becomes part of a file name
        raise ValueError("a hash that is none")


def conditions(dimension: int, distance: Distance, parameters: HnswParameters) -> dict[str, Any]:
    """What a graph file has to agree with to be of use here."""
    return {
        "format": FORMAT,
        "hnswlib": _hnswlib_version(),
        "machine": f"{sys.byteorder} endian, {sys.maxsize.bit_length() + 1} bits",
        "dimension": dimension,
        "distance": distance,
        "parameters": {name: value for name, value in asdict(parameters).items() if name != "ef"},
    }


@cache
def _hnswlib_version() -> str:
    from importlib.metadata import version  # 30 ms that only a snapshot needs

    return version("hnswlib")


def sealed_record(record: dict[str, Any]) -> bytes:
    """What :func:`read_sidecar` reads."""
    body = json.dumps(record)
    return json.dumps({"seal": _seal(body), "snapshot": body}).encode()


def _seal(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


T = TypeVar("T")
PARTIAL = 0
"""The change that a snapshot of a half-built index stands for: none."""
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def save_snapshot(index: HnswIndex, folder: Path, *, change: int, name: str = "faces") -> None:
    """Write the index; after a crash at any moment the old snapshot or the new one is there.

    Args:
        folder: the gallery's ``index/``, made where it is missing.
        change: the store's change counter that the index stands for.

    Raises:
        GalleryReadOnlyError: the folder cannot be written.
        SnapshotError: it could not be written whole, as on a full disk; the old one is kept.
    """
    try:
        _save(index, folder, change, name)
    except OSError as error:
        raise _unwritable(folder, error) from error


def has_snapshot(folder: Path, name: str = "faces") -> bool:
    """Whether an index was ever saved there, sound or not."""
    return (folder / f"{name}.json").exists()


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A saved index that is of this gallery's kind; whether its graph is whole, nobody has read.

    Attributes:
        change: the store's change counter that it stands for.
        length: of the graph, in bytes.
        file: the graph as NumPy sees it.
        removed: faces in it that were removed.
        dimension: of its vectors.
    """

    path: Path
    file: HnswFile
    change: int
    length: int
    removed: Ids
    dimension: int
    _distance: Distance
    _parameters: HnswParameters
    _record: dict[str, Any]

    def ids(self) -> Ids:
        """Ids ``(n,)`` of the faces in it, ascending."""
        return np.setdiff1d(self.file.labels(), self.removed)

    def verify(self) -> None:
        """Read the file once. Raise SnapshotError: a single bit is not as it was written.

        BLAKE2b, for it reads as fast as SHA-256 with the processor's help (0.8 GB/s) and is as
        fast without; a CRC takes half the time in a thread of its own, and lets one in 4e9 by.
        """
        digest = _read(self.path, lambda stream: hashlib.file_digest(stream, _hasher).hexdigest())
        if digest != self._record["hash"]:
            raise SnapshotError(
                "It is damaged: its checksum differs", file=self.path, remedy=REMEDY
            )

    def load(self) -> HnswIndex:
        """Verify the file, then load it. Raise SnapshotError as :meth:`verify`."""
        self.verify()
        labels = self.file.labels()
        try:
            index = HnswIndex.read(
                self.path,
                self.dimension,
                self._distance,
                parameters=self._parameters,
                labels=labels,
                removed=self.removed,
            )
        except RuntimeError as error:
            raise SnapshotError(
                f"hnswlib refused it ({error})", file=self.path, remedy=REMEDY
            ) from error
        if len(index) != self._record["count"]:
            raise SnapshotError(
                "It holds a different number of faces", file=self.path, remedy=REMEDY
            )
        index.ef = self._record["ef"]
        index.recall, index.measured = self._record["recall"], self._record["measured"]
        index.set_aside(np.array(self._record["aside"], dtype=np.int64))
        return index


def open_snapshot(
    folder: Path,
    *,
    dimension: int,
    distance: Distance,
    name: str = "faces",
    parameters: HnswParameters | None = None,
) -> Snapshot:
    """What is saved there, by its sidecar and the length of its graph; quick, however large.

    Raises:
        SnapshotError: absent, of another length, or made for another dimension, distance,
            parameters, format or hnswlib.
    """
    parameters = parameters or HnswParameters()
    sidecar = folder / f"{name}.json"
    record = read_sidecar(sidecar, conditions(dimension, distance, parameters))
    path = folder / _graph_name(name, record["hash"])
    length = _read(path, lambda stream: os.fstat(stream.fileno()).st_size)
    if length != record["length"]:
        problem = f"It has {length} bytes instead of {record['length']}"
        raise SnapshotError(problem, file=path, remedy=REMEDY)
    file = _read(path, lambda _: HnswFile(path, dimension))
    removed = np.array(record["removed"], dtype=np.int64)
    return Snapshot(
        path, file, record["change"], length, removed, dimension, distance, parameters, record
    )


def _read(path: Path, how: Callable[[BufferedRandom | BufferedReader], T]) -> T:
    try:
        with open_regular(path) as stream:
            return how(stream)
    except FileNotFoundError as error:
        raise SnapshotError("It is missing", file=path, remedy=REMEDY) from error
    except OSError as error:
        raise SnapshotError(f"It cannot be read: {error}", file=path, remedy=REMEDY) from error


def make_folder(folder: Path) -> None:
    """Make a gallery's ``index/``, or a folder in it. Raise OSError."""
    for place in (folder.parent, folder):  # mkdir's own parents would be for everybody
        place.mkdir(mode=0o700, exist_ok=True)


def _save(index: HnswIndex, folder: Path, change: int, name: str) -> None:
    make_folder(folder)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}-", suffix=".tmp")
    os.close(descriptor)
    try:
        digest, written = _write_graph(index, Path(temporary))
        graph = folder / _graph_name(name, digest)
        unchanged = graph.exists()
        os.replace(temporary, graph)
        sync_folder(folder)
    finally:
        Path(temporary).unlink(missing_ok=True)
    record = {
        **conditions(index.dimension, index.distance, index.parameters),
        "change": change,
        "length": written.length,
        "hash": digest,
        "count": written.count,
        "removed": written.removed.tolist(),
        "aside": written.aside.tolist(),
        "ef": index.ef,
        "recall": index.recall,
        "measured": index.measured,
    }
    try:
        write_atomically(folder / f"{name}.json", sealed_record(record))
    except OSError:
        if not unchanged and not _speaks_of(folder / f"{name}.json", digest):
            graph.unlink(missing_ok=True)
        raise
    _drop_others(folder, name, graph)


def _write_graph(index: HnswIndex, path: Path) -> tuple[str, Written]:
    """Write, have it on disk, and read it back: hnswlib calls a full disk a success."""
    written = index.write(path)
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
        digest = hashlib.file_digest(stream, _hasher).hexdigest()
        length = stream.tell()
    if length != written.length:
        raise OSError(errno.ENOSPC, f"{length} of {written.length} bytes were written")
    return digest, written


def drop_leftovers(folder: Path, name: str = "faces") -> None:
    """Remove what interrupted saves left. Only for the writer of the gallery."""
    _drop(folder, f".{name}-*.tmp", ".writing-*")


def _drop_others(folder: Path, name: str, graph: Path) -> None:
    """Remove graphs of older snapshots and what interrupted saves left."""
    drop_leftovers(folder, name)
    _drop(folder, f"{name}-*.bin", but=graph)


def _drop(folder: Path, *patterns: str, but: Path | None = None) -> None:
    with ignored(OSError):  # a reader may hold one open (Windows); the next save tries
        for pattern in patterns:
            for old in folder.glob(pattern):
                if old != but:
                    old.unlink(missing_ok=True)


def _speaks_of(sidecar: Path, digest: str) -> bool:
    """Whether it took its place after all, and only its name could not be synced."""
    try:
        return bool(read_sidecar(sidecar, {})["hash"] == digest)
    except SnapshotError:
        _log.debug("A sidecar of the index cannot be read", exc_info=True)
        return False


def _graph_name(name: str, digest: str) -> str:
    return f"{name}-{digest[:16]}.bin"


def _hasher() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=32)


def _unwritable(folder: Path, error: OSError) -> GalleryReadOnlyError | SnapshotError:
    if error.errno in _READ_ONLY:
        return GalleryReadOnlyError(
            "The index cannot be saved here", file=folder, remedy="Make the folder writable."
        )
    return SnapshotError(
        f"The index could not be saved: {error.strerror or error}",
        file=folder,
        remedy="Free some space. Until then, it is rebuilt every time the gallery is opened.",
    )


Fetch = Callable[[Ids | None], Iterable[Chunk]]

_COMPARED = 64


def open_matching(
    folder: Path,
    change: int,
    wanted: Ids,
    vectors: Fetch,
    *,
    dimension: int,
    distance: Distance,
    parameters: HnswParameters,
) -> Snapshot:
    """Open the snapshot if it is of these faces; its graph is not read yet.

    Args:
        change: the store's change counter.
        wanted: ids ``(n,)`` of all faces in the store, ascending.
        vectors: reads faces of the store.

    Raises:
        SnapshotError: as :func:`open_snapshot`, or of another gallery or state of it.
    """
    saved = open_snapshot(folder, dimension=dimension, distance=distance, parameters=parameters)
    if saved.change > change or not _same_faces(saved, wanted, vectors, distance):
        raise SnapshotError(
            "It belongs to another gallery, or to another state of this one", file=folder
        )
    return saved


def _same_faces(saved: Snapshot, wanted: Ids, vectors: Fetch, distance: Distance) -> bool:
    """Whether the snapshot holds the vectors of this store, by a sample.

    The newest are always in it: where a store was put back to an older state and went on from
    there, it is the newest that differ.
    """
    count = saved.file.count
    spread = np.arange(0, count, max(1, count // _COMPARED))
    places = np.union1d(spread, np.arange(max(0, count - _COMPARED), count))
    labels = saved.file.labels(places)
    counting = np.isin(labels, wanted) & ~np.isin(labels, saved.removed)
    if not counting.any():
        return True
    reference = ExactIndex(saved.dimension, distance)
    for ids, rows in vectors(np.sort(labels[counting])):
        reference.add(ids, rows)
    stored = saved.file.vectors(places[counting])
    return np.allclose(reference.get(labels[counting]), stored, rtol=1e-4, atol=1e-6)
