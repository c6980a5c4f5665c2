"""What the folder of a trained model holds, read back and held against its own record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine.models.arrays import BROKEN, damaged, parse_npy, read_bytes
from engine.models.network import Network
from engine.progress import Measured
from engine.records.domains import parsed
from engine.records.jobs import ModelVersion
from engine.records.types import Ids

NETWORK = "network.npz"
KERAS = "model.keras"
RECORD = "version.json"
FACES = "faces.npy"
CURVES = "curves.json"
CALIBRATION = "calibration.json"
TRIALS = "trials.npz"
KNN_TRIALS = "knn-trials.npz"
KNN_CALIBRATION = "knn-calibration.json"

FORMAT = 1

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Version:
    """What a version's folder says of itself.

    Attributes:
        record: as it was trained; neither active nor stale.
        identity_ids: int64, of an MLP the identity that each output stands for, else empty.
        fingerprint: of the faces that it was trained on, the :func:`digest` of
            :func:`sorted_pairs`.
    """

    record: ModelVersion
    identity_ids: Ids
    fingerprint: str


def load_version(folder: Path) -> Version:
    """What a version says of itself. Raise ModelError where it is absent or damaged."""
    return _loaded(folder / RECORD, "The record", partial(_version, folder.name))


def load_network(folder: Path) -> Network:
    """Its weights. Raise ModelError where they are absent or damaged."""
    return Network.load(folder / NETWORK)


def load_curves(folder: Path) -> list[Measured]:
    """Its training, one point an epoch. Raise ModelError where they are absent or damaged."""
    return _loaded(folder / CURVES, "The curves", _curves)


def load_faces(folder: Path) -> tuple[Ids, Ids]:
    """The faces that it was trained on, ascending, and the identity of each: int64 ``(n,)``.

    Raises:
        ModelError: absent, damaged, or not those of the record.
    """
    fingerprint = load_version(folder).fingerprint
    faces, owners = _loaded(folder / FACES, "The list of faces", partial(_faces, fingerprint))
    return faces, owners


def load_text(folder: Path, name: str) -> str | None:
    """A further file of the version, such as :data:`REPORT`; None where it has none.

    Raises:
        ModelError: it is not text.
    """
    path = folder / name
    return _loaded(path, "The file", lambda data: data.decode("utf-8")) if path.exists() else None


def sorted_pairs(faces: Ids, owners: Ids) -> Ids:
    """``(2, n)``: faces ascending, and their owners."""
    order = np.argsort(faces, kind="stable")
    return np.stack([faces[order], owners[order]]).astype("<i8")


def digest(both: Ids) -> str:
    """Return 32 hex digits that stand for exactly these ``(2, n)`` faces and owners."""
    return hashlib.blake2b(both.tobytes(), digest_size=16).hexdigest()


def _loaded(path: Path, what: str, parse: Callable[[bytes], _T]) -> _T:
    try:
        return parse(read_bytes(path))
    except BROKEN as error:
        raise damaged(path, what, error) from error


def _version(name: str, data: bytes) -> Version:
    kept: Any = parsed(data)
    if kept["format"] != FORMAT:
        raise ValueError("another version")
    record = ModelVersion.from_json(kept["version"])
    if record.id != name:
        raise ValueError(f"it belongs to {record.id}")
    identity_ids = np.array([int(identity) for identity in kept["identity_ids"]], dtype=np.int64)
    return Version(record, identity_ids, str(kept["fingerprint"]))


def _curves(data: bytes) -> list[Measured]:
    return [
        Measured(
            str(point["series"]),
            int(point["step"]),
            int(point["steps"]),
            {str(name): float(value) for name, value in point["values"].items()},
        )
        for point in parsed(data)
    ]


def _faces(fingerprint: str, data: bytes) -> Ids:
    both = parse_npy(data)
    if both.dtype != np.int64 or both.ndim != 2 or len(both) != 2:
        raise ValueError("not pairs of a face and an identity")
    if digest(both) != fingerprint:
        raise ValueError("not those of the record")
    return both
