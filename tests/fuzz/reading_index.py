"""The reader of a saved index: its sidecar, and the graph that only hnswlib understands."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Iterable
from pathlib import Path
from unittest.mock import patch

import numpy as np

from engine.errors import SnapshotError
from engine.index.hnsw import HnswIndex
from engine.index.snapshot import save_snapshot
from tests.fuzz.forms import DOCUMENT
from tests.fuzz.judging import Reader, require
from tests.fuzz.mutating import edit_bytes
from tests.fuzz.reading_faces import rows
from tests.saved_index import load_snapshot


def _read_snapshot(data: bytes, folder: Path) -> None:
    """Length of the sidecar, the sidecar, the graph. hnswlib must see none but a sound graph."""
    length = int.from_bytes(data[:4], "little")
    sidecar, graph = data[4 : 4 + length], data[4 + length :]
    (folder / "faces.json").write_bytes(sidecar)
    (folder / _graph_name(sidecar)).write_bytes(graph)

    def guarded(path: Path, *arguments: object, **options: object) -> HnswIndex:
        sound = hashlib.blake2b(path.read_bytes(), digest_size=32).hexdigest()
        require(sound == _record_of(sidecar)["hash"], "a damaged file was handed to hnswlib")
        return read(path, *arguments, **options)  # type: ignore[arg-type]

    read = HnswIndex.read
    with patch.object(HnswIndex, "read", guarded):
        index, change = load_snapshot(folder, dimension=8, distance="cosine")
    require(type(change) is int, "a change that is no number")
    require(len(index.ids()) == len(index), "ids of another number")
    index.search(rows(), 2)


def _graph_name(sidecar: bytes) -> str:
    try:
        digest = _record_of(sidecar)["hash"][:16]
        return f"faces-{digest}.bin" if digest.isalnum() else "faces-.bin"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "faces-.bin"


def _record_of(sidecar: bytes) -> dict[str, str]:
    record: dict[str, str] = json.loads(json.loads(sidecar)["snapshot"])
    return record


def _edit_snapshot(data: bytes, rng: random.Random) -> bytes:
    length = int.from_bytes(data[:4], "little")
    sidecar, graph = data[4 : 4 + length], data[4 + length :]
    match rng.randrange(4):
        case 0:
            return edit_bytes(data, rng)
        case 1:
            graph = edit_bytes(graph, rng)
        case 2:
            sidecar = DOCUMENT(sidecar, rng)
        case _:
            sidecar = _resealed(sidecar, rng)
    return len(sidecar).to_bytes(4, "little") + sidecar + graph


def _resealed(sidecar: bytes, rng: random.Random) -> bytes:
    """A record of other content under a seal that fits."""
    try:
        body = json.loads(sidecar)["snapshot"].encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return edit_bytes(sidecar, rng)
    body = DOCUMENT(body, rng).decode("utf-8", "replace")
    seal = hashlib.blake2b(body.encode("utf-8", "replace"), digest_size=32).hexdigest()
    return json.dumps({"seal": seal, "snapshot": body}).encode()


def _snapshots() -> Iterable[bytes]:
    """Made anew each time: a snapshot is only good for the hnswlib that wrote it."""
    index = HnswIndex(8, "cosine")
    index.add(np.arange(1, 4, dtype=np.int64), rows())
    for removed in ([], [2]):
        index.remove(np.array(removed, dtype=np.int64))
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            save_snapshot(index, folder, change=7)
            sidecar = (folder / "faces.json").read_bytes()
            (graph,) = folder.glob("*.bin")
            yield len(sidecar).to_bytes(4, "little") + sidecar + graph.read_bytes()


READERS = (Reader("snapshot", _read_snapshot, (SnapshotError,), _edit_snapshot, _snapshots),)
