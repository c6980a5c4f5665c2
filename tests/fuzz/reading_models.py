"""The readers of the folders of trained models, a file at a time."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np

from engine.errors import ModelError
from engine.models.network import Layer, Network
from engine.models.version_files import load_curves, load_faces, load_network, load_version
from engine.models.versions import VersionContent, write_version
from engine.progress import Measured
from engine.recognition.calibration.cross_validation import Trials
from engine.records.jobs import ModelVersion
from engine.records.training_parameters import TripletParameters, as_json
from tests.fuzz.forms import DOCUMENT, edit_npy, edit_npz, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.mutating import Mutate, edit_bytes
from tests.fuzz.reading_faces import rows
from tests.fuzz.typed import require_typed

_ID = "triplet-20261124-153012-3f2a"


def made_up_version() -> ModelVersion:
    """What a gallery notes of a version that is not there."""
    return ModelVersion(
        _ID,
        "triplet",
        "default",
        *(1, 1_795_534_212.5, 3.5, False, False),
        "It was not better; the old one stays.",
        {"rank1": 0.5},
        as_json(TripletParameters()),
        *(2, 3),
    )


def _network(whitened: bool) -> Network:
    scale = np.eye(8, dtype=np.float32) if whitened else np.ones(8, np.float32)
    layer = Layer(np.ones((8, 3), np.float32), np.zeros(3, np.float32), relu=True)
    last = Layer(np.ones((3, 8), np.float32), np.zeros(8, np.float32), relu=False)
    return Network("cosine", rows()[0], scale, (layer, last), residual=True, unit=whitened)


@cache
def _version_files() -> dict[str, bytes]:
    """What :func:`write_version` leaves in a folder, by name."""
    curves = [Measured("triplet", step, 2, {"loss": 0.25, "active": 0.5}) for step in (1, 2)]
    ids = np.array([1, 2, 3], dtype=np.int64)
    trials = Trials(
        *(ids, np.array([1, 1, 2]), np.array([True, True, False])),
        *(np.array([[1], [1], [-1]]), np.array([[2.0], [1.0], [-np.inf]], np.float32)),
        *(np.array([[2], [2], [1]]), np.array([[-1.0], [-2.0], [0.0]], np.float32), 2, 1),
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "models" / _ID
        content = VersionContent(
            made_up_version(),
            _network(True),
            ids,
            np.array([1, 1, 2]),
            curves,
            [1, 2],
            files={"trials.npz": trials.save},
        )
        write_version(folder, content)
        _network(False).save(folder / "other.npz")
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def _version_reader(
    name: str, load: Callable[[Path], object], mutate: Mutate, *more: str
) -> Reader:
    """A file of a version, the others beside it sound."""

    def read(data: bytes, folder: Path) -> None:
        place = folder / _ID
        place.mkdir()
        (place / "version.json").write_bytes(_version_files()["version.json"])
        (place / name).write_bytes(data)
        load(place)

    def seeds() -> Iterable[bytes]:
        return [_version_files()[one] for one in (name, *more)]

    short = f"model-{Path(name).stem}"
    return Reader(short, read, (ModelError,), mutate, seeds)


def _load_network(folder: Path) -> None:
    network = load_network(folder)
    if network.dimension <= 64:
        with np.errstate(all="ignore"):
            made = network(np.ones((2, network.dimension), np.float32))
        require(made.shape == (2, network.outputs), "outputs of another shape")


def _load_version(folder: Path) -> None:
    version = load_version(folder)
    require_typed(version.record)
    require(version.identity_ids.dtype == np.int64, "ids of another type")
    json.dumps(version.record.to_json())


def _load_faces(folder: Path) -> None:
    faces, owners = load_faces(folder)
    require(faces.dtype == owners.dtype == np.int64, "ids of another type")
    require(faces.shape == owners.shape, "ids of another number")


def _load_curves(folder: Path) -> None:
    for point in load_curves(folder):
        require_typed(point)


def _load_trials(folder: Path) -> None:
    trials = Trials.load(folder / "trials.npz")
    trials.of(trials.faces[:1])


_PACKED = mixed(edit_npz)
READERS = (
    _version_reader("network.npz", _load_network, _PACKED, "other.npz"),
    _version_reader("version.json", _load_version, DOCUMENT),
    _version_reader("faces.npy", _load_faces, mixed(edit_npy, edit_bytes)),
    _version_reader("curves.json", _load_curves, DOCUMENT),
    _version_reader("trials.npz", _load_trials, _PACKED),
)
