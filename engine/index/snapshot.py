"""An index on disk: a graph file, and a sidecar without which it is never opened.

The graph file is named by its own hash, so a save never touches the file that the sidecar in
force speaks of; replacing the sidecar is the one moment at which the new snapshot counts.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import sys
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from engine.errors import GalleryReadOnlyError, SnapshotError
from engine.files import sync_folder, write_atomically
from engine.index.hnsw import GraphFile, HnswIndex, HnswParameters
from engine.records import parsed
from engine.types import Distance

FORMAT = 1
_LARGEST_SIDECAR = 1 << 28
_LONGEST_VALUE = 80  # characters of one that is shown
_HASH = re.compile("[0-9a-f]{64}")
_FIELDS = {"hash": str, "length": int, "count": int, "change": int, "removed": list}
_REMEDY = "It is rebuilt from the gallery; nothing is lost."
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def save_snapshot(index: HnswIndex, folder: Path, *, change: int, name: str = "faces") -> None:
    """Writes the index; after a crash at any moment the old snapshot or the new one is there.

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


def load_snapshot(
    folder: Path,
    *,
    dimension: int,
    distance: Distance,
    name: str = "faces",
    parameters: HnswParameters | None = None,
) -> tuple[HnswIndex, int]:
    """The index, and the store's change counter that it stands for.

    Raises:
        SnapshotError: absent, damaged, or made for another dimension, distance, parameters,
            format or hnswlib. hnswlib has not seen the file then.
    """
    parameters = parameters or HnswParameters()
    sidecar = folder / f"{name}.json"
    record = _read_sidecar(sidecar)
    for key, value in _conditions(dimension, distance, parameters).items():
        if record.get(key) != value:
            found = str(record.get(key))[:_LONGEST_VALUE]
            raise SnapshotError(
                f"Was made with {key} {found}, not {value}", file=sidecar, remedy=_REMEDY
            )
    graph = folder / _graph_name(name, record["hash"])
    _check_graph(graph, record)
    try:
        index = HnswIndex.read(
            graph, dimension, distance, parameters=parameters, removed=record["removed"]
        )
    except RuntimeError as error:
        raise SnapshotError(f"hnswlib refused it ({error})", file=graph, remedy=_REMEDY) from error
    if len(index) != record["count"]:
        raise SnapshotError("Holds another number of faces", file=graph, remedy=_REMEDY)
    return index, record["change"]


def _save(index: HnswIndex, folder: Path, change: int, name: str) -> None:
    for place in (folder.parent, folder):  # mkdir's own parents would be for everybody
        place.mkdir(mode=0o700, exist_ok=True)
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
        **_conditions(index.dimension, index.distance, index.parameters),
        "change": change,
        "length": written.length,
        "hash": digest,
        "count": written.count,
        "removed": written.removed,
    }
    try:
        write_atomically(folder / f"{name}.json", _sealed(record))
    except OSError:
        if not unchanged and not _speaks_of(folder / f"{name}.json", digest):
            graph.unlink(missing_ok=True)
        raise
    _drop_others(folder, name, graph)


def _write_graph(index: HnswIndex, path: Path) -> tuple[str, GraphFile]:
    """Writes, has it on disk, and reads it back: hnswlib calls a full disk a success."""
    written = index.write(path)
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
        digest = hashlib.file_digest(stream, _hasher).hexdigest()
        length = stream.tell()
    if length != written.length:
        raise OSError(errno.ENOSPC, f"{length} of {written.length} bytes were written")
    return digest, written


def drop_leftovers(folder: Path, name: str = "faces") -> None:
    """Removes what interrupted saves left. Only for whoever alone may save there."""
    _drop(folder, f".{name}-*.tmp", ".writing-*")


def _drop_others(folder: Path, name: str, graph: Path) -> None:
    """Removes graphs of older snapshots and what interrupted saves left."""
    drop_leftovers(folder, name)
    _drop(folder, f"{name}-*.bin", but=graph)


def _drop(folder: Path, *patterns: str, but: Path | None = None) -> None:
    with contextlib.suppress(OSError):  # a reader may hold one open (Windows); the next save tries
        for pattern in patterns:
            for old in folder.glob(pattern):
                if old != but:
                    old.unlink(missing_ok=True)


def _speaks_of(sidecar: Path, digest: str) -> bool:
    """Whether it took its place after all, and only its name could not be synced."""
    try:
        return bool(_read_sidecar(sidecar)["hash"] == digest)
    except SnapshotError:
        return False


def _read_sidecar(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_SIDECAR:
            raise ValueError("too large")
        sealed = parsed(path.read_bytes())
        body = sealed["snapshot"]
        if sealed["seal"] != _digest(str(body)):
            raise ValueError("the seal is broken")
        record = _sound(parsed(body))
    except FileNotFoundError as error:
        raise SnapshotError("Is missing", file=path, remedy=_REMEDY) from error
    except OSError as error:
        raise SnapshotError(f"Cannot be read: {error}", file=path, remedy=_REMEDY) from error
    except (ValueError, TypeError, KeyError) as error:
        raise SnapshotError("Is damaged", file=path, remedy=_REMEDY) from error
    return record


def _sound(record: Any) -> dict[str, Any]:
    """The record itself. Raises ValueError where it is none, or a field is of another kind."""
    if not isinstance(record, dict):
        raise ValueError("not a record")
    if any(type(record[name]) is not kind for name, kind in _FIELDS.items()):
        raise ValueError("a field of another kind")
    if any(type(face) is not int for face in record["removed"]):
        raise ValueError("a face that is no number")
    if not _HASH.fullmatch(record["hash"]):  # it becomes part of a file name
        raise ValueError("a hash that is none")
    return record


def _check_graph(path: Path, record: dict[str, Any]) -> None:
    try:
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            if length != record["length"]:
                raise SnapshotError(
                    f"Has {length} bytes instead of {record['length']}", file=path, remedy=_REMEDY
                )
            digest = hashlib.file_digest(stream, _hasher).hexdigest()
    except FileNotFoundError as error:
        raise SnapshotError("Is missing", file=path, remedy=_REMEDY) from error
    except OSError as error:
        raise SnapshotError(f"Cannot be read: {error}", file=path, remedy=_REMEDY) from error
    if digest != record["hash"]:
        raise SnapshotError("Is damaged: its checksum is another", file=path, remedy=_REMEDY)


def _conditions(dimension: int, distance: Distance, parameters: HnswParameters) -> dict[str, Any]:
    """What a graph file has to agree with to be of use here."""
    return {
        "format": FORMAT,
        "hnswlib": _hnswlib_version(),
        "machine": f"{sys.byteorder} endian, {sys.maxsize.bit_length() + 1} bits",
        "dimension": dimension,
        "distance": distance,
        "parameters": asdict(parameters),
    }


@cache
def _hnswlib_version() -> str:
    from importlib.metadata import version  # 30 ms that only a snapshot needs

    return version("hnswlib")


def _graph_name(name: str, digest: str) -> str:
    return f"{name}-{digest[:16]}.bin"


def _sealed(record: dict[str, Any]) -> bytes:
    body = json.dumps(record)
    return json.dumps({"seal": _digest(body), "snapshot": body}).encode()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


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
        remedy="Free some space; until then it is rebuilt at every opening.",
    )
