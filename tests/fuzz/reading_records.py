"""The readers of what is kept as JSON: calibration, figures, fingerprint, lens, and what the
training process says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from engine.avatars.appearance import TRAITS, Appearance
from engine.cohorts.cohort import Cohort
from engine.enrolment.embedding_check import Fingerprint
from engine.errors import GalleryDamagedError, MismatchError, TrainingError
from engine.progress import Measured, Message, Progress
from engine.recognition.active_models import _kept
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.calibration_cache import CalibrationCache, packed
from engine.recognition.calibration.gallery_calibration import calibrate
from engine.recognition.calibration.method_selection import KNN_ALONE
from engine.recognition.shortlist import Shortlist
from engine.recognition.templates import Templates
from engine.records.figures import (
    BestMethod,
    ClosedFigures,
    Estimate,
    Evaluation,
    MlpLimits,
    OpenFigures,
    ReliabilityBin,
)
from engine.records.types import Ids, Vectors
from engine.store.database import Database
from engine.store.settings_table import DerivedTexts
from engine.training.training_service import TrainingService
from engine.utils import worker_process
from engine.utils.gallery_folder import DATABASE
from tests.fuzz.forms import DOCUMENT
from tests.fuzz.judging import Reader, require
from tests.fuzz.typed import require_typed

_IDS = np.arange(1, 13, dtype=np.int64)
_OWNERS = (_IDS - 1) // 3 + 1


@cache
def _faces() -> Vectors:
    """Twelve made-up faces of four people, 4 numbers each."""
    rng = np.random.default_rng(0)
    people = rng.standard_normal((4, 4)).repeat(3, axis=0)
    return (people + 0.1 * rng.standard_normal((12, 4))).astype(np.float32)


@cache
def _calibration() -> Calibration:
    return calibrate(_IDS, _OWNERS, _faces(), "cosine")


def _as_text(data: bytes) -> str:
    """As SQLite gives text back, and a pipe that replaces what is none."""
    return data.decode("utf-8", "replace")


# -- calibration -------------------------------------------------------------------------------


def _read_calibration(data: bytes, folder: Path) -> None:
    _check_calibration(Calibration.from_json(_as_text(data)))


def _check_calibration(calibration: Calibration) -> None:
    require_typed(calibration)
    for one in (calibration, calibration.grown(50)):
        for fpir in (0.001, 0.1):
            require(not math.isnan(one.threshold(fpir)), "a threshold that is no number")
            require(0 < one.achievable_fpir(fpir) <= 1, "a promise that is no share")
            require(isinstance(one.note(fpir), str), "a note that is no text")
            one.fnir_at(fpir)


class _Beside:
    """A plain gallery of a few faces, with no more than what lies beside its database."""

    encrypted = writable = False
    distance = "cosine"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faces = self
        self.derived = DerivedTexts(Database(folder / DATABASE, write=False))

    def membership(self) -> tuple[Ids, Ids]:
        return _IDS, _OWNERS

    def vector_batches(self, ids: Ids | None = None) -> Iterator[tuple[Ids, Ids, Vectors]]:
        yield _IDS, _OWNERS, _faces()


def _never_searched(cohort: Cohort) -> Shortlist:
    raise AssertionError("there is no cohort to search")


def _read_kept_calibration(data: bytes, folder: Path) -> None:
    """Damage costs a fit, whatever it is."""
    (folder / "index").mkdir()
    (folder / "index" / "calibration.json").write_bytes(data)
    keeper = CalibrationCache(_Beside(folder), None)  # type: ignore[arg-type]
    templates = Templates(4, "cosine")
    templates.add(_OWNERS, _faces())
    _check_calibration(keeper.current(templates.table, 9, _never_searched))


def _kept_calibrations() -> Iterable[bytes]:
    kept = {
        "change": 7,
        "cohorts": "",
        "cohort": "",
        "identities": packed(np.unique(_OWNERS)),
        "faces": packed(np.full(4, 3)),
        "calibration": _calibration().to_json(),
    }
    yield json.dumps(kept).encode()


def _read_auto(data: bytes, folder: Path) -> None:
    (folder / "auto.json").write_bytes(data)
    auto = _kept(folder / "auto.json", ["a"], {"knn", "mlp", "triplet"})
    if auto is not None:
        require(auto.all_members <= {"knn", "mlp", "triplet"}, "a method that is none")
        require(isinstance(auto.reason, str), "a reason that is no text")
        auto.grown(9)


def _autos() -> Iterable[bytes]:
    """A single method, and a fusion of two that falls back on it."""
    fused = json.loads(_calibration().to_json())
    fused["features"] = ["method 0", "method 1"]
    fused["log_odds"] |= {name: [1.0, 2.0] for name in ("means", "scales", "weights")}
    alone = KNN_ALONE.to_json()
    two = alone | {"members": ["knn", "mlp"], "calibration": json.dumps(fused), "otherwise": alone}
    for auto in (alone, two):
        yield json.dumps({"format": 1, "versions": ["a"], "auto": auto}).encode()


# -- figures -----------------------------------------------------------------------------------


def _read_evaluation(data: bytes, folder: Path) -> None:
    (folder / "models").mkdir()
    (folder / "models" / "evaluation.json").write_bytes(data)
    evaluation = TrainingService(_Beside(folder), None).last_evaluation()  # type: ignore[arg-type]
    if evaluation is not None:
        require_typed(evaluation)


def _evaluations() -> Iterable[bytes]:
    one = Estimate(0.5, 0.25, 0.75)
    closed = ClosedFigures("knn", False, one, one, None, 0.5, ("5-NN (plain)",))
    bins = (ReliabilityBin(0.5, 0.25, 4),)
    by_fpir = {"0.01": one, "0.1": None}
    opened = OpenFigures(
        *("knn", False, one, one, (0.5, 0.75), by_fpir, by_fpir, ((0.0, 1.0), (0.5, 0.25))),
        *(one, bins, 9, 8, 0.5),
    )
    figures = Evaluation(
        "g",
        4,
        12,
        0,
        2,
        1.5,
        2.5,
        ("It is.",),
        (closed,),
        (opened,),
        1,
        best=(BestMethod("open", "knn", "5-NN (plain)", 0.1, True),),
        left_out={"mlp": ""},
        mlp_limits=MlpLimits(5, 2, 1),
    )
    yield json.dumps(figures.to_json()).encode()


# -- what the vectors say ----------------------------------------------------------------------


def _read_fingerprint(data: bytes, folder: Path) -> None:
    found = Fingerprint.from_json(_as_text(data))
    if found is not None:
        require_typed(found)
        dimension = min(len(found.direction), 64)
        if dimension == found.dimension:
            with suppress(MismatchError):
                found.check(Fingerprint.of(np.ones((3, dimension), np.float32)), "euclidean")
        require(len(found.direction) == found.dimension, "a direction of another dimension")


def _fingerprints() -> Iterable[bytes]:
    yield Fingerprint.of(_faces(), _OWNERS).to_json().encode()
    yield Fingerprint.of(np.ones((40, 3), np.float32), np.arange(40)).to_json().encode()


def _read_lens(data: bytes, folder: Path) -> None:
    lens = Appearance.from_json(_as_text(data))
    if lens.dimension <= 64:
        traits = lens.traits(np.ones((2, lens.dimension), np.float32))
        require(traits.shape == (2, TRAITS), "traits of another number")
        require(np.isfinite(traits).all(), "a trait that is no number")


def _lenses() -> Iterable[bytes]:
    yield Appearance.fit(_faces()).to_json().encode()
    yield Appearance.fit(_faces()[:1]).to_json().encode()


# -- the training process ----------------------------------------------------------------------


def _read_line(data: bytes, folder: Path) -> None:
    told = worker_process.read_line(_as_text(data), TrainingError)
    if not isinstance(told, Mapping):
        require_typed(told)


def _lines() -> Iterable[bytes]:
    for event in (
        Progress("Training the MLP", 3, 400),
        Message("It collapses", alarm=True),
        Measured("triplet", 1, 60, {"loss": 0.25, "rate": float("nan")}),
    ):
        yield worker_process.event_line(event).encode()
    yield worker_process.done_line({"models": [{"id": "a"}]}).encode()
    yield worker_process.failed_line(ValueError("é")).encode()


def _reader(
    name: str,
    read: Callable[[bytes, Path], None],
    seeds: Callable[[], Iterable[bytes]],
    *declared: type[Exception],
) -> Reader:
    return Reader(name, read, declared, DOCUMENT, seeds, names_file=False)


READERS = (
    _reader(
        "calibration", _read_calibration, lambda: [_calibration().to_json().encode()], ValueError
    ),
    _reader("kept-calibration", _read_kept_calibration, _kept_calibrations),
    _reader("auto", _read_auto, _autos),
    _reader("evaluation", _read_evaluation, _evaluations),
    _reader("fingerprint", _read_fingerprint, _fingerprints),
    _reader("lens", _read_lens, _lenses, GalleryDamagedError),
    _reader("protocol", _read_line, _lines, ValueError, TrainingError),
)
