"""A training job in its folder: what comes in, and the version folders that come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import InputError, TrainingError
from engine.models.version_files import (
    CALIBRATION,
    KNN_TRIALS,
    TRIALS,
    load_curves,
    load_faces,
    load_network,
    load_text,
    load_version,
)
from engine.progress import SILENT, Event, Message, Reporter
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import Trials
from engine.records.jobs import KINDS, TrainingRequest
from engine.records.training_parameters import MlpParameters, TripletParameters
from engine.training.job import Job, settings
from engine.training.worker import train_job
from engine.training.worker.train_model import TrainingFaces, try_knn
from engine.training.worker.trained import Trained
from tests.engine.recognition.galleries import crowd_of

pytestmark = pytest.mark.training

QUICK = {"epochs": 4, "hidden": [8], "batch": 32}


def job_of(request: TrainingRequest, people: int = 9, **others: Any) -> Job:
    owners, vectors = crowd_of(seed=0, spread=0.3).draw(range(people), 8)
    usual: dict[str, Any] = {
        "task": "train",
        "asked": asdict(request),
        "distance": "euclidean",
        "faces": 10 + np.arange(len(owners), dtype=np.int64),
        "owners": owners + 50,
        "vectors": vectors,
        "rejected": vectors[:1],
        "rejected_owners": np.array([51], dtype=np.int64),
        "gallery": "some.gallery",
        "active": {},
    }
    return Job(**{**usual, **others})


def one_of(result: Mapping[str, Any], folder: Path) -> tuple[bool, Path]:
    (model,) = result["models"]
    return model["activate"], folder / model["id"]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, bool, Path]:
    """A first MLP, really trained and tried."""
    folder = tmp_path_factory.mktemp("job")
    job = job_of(TrainingRequest(("mlp",), changes=QUICK))
    return job, *one_of(train_job.train(folder, job, SILENT), folder)


def test_a_job_comes_out_of_its_folder_as_it_went_in(tmp_path: Path) -> None:
    job = job_of(TrainingRequest(changes=QUICK), active={"mlp": "/some/where"})
    job.write(tmp_path)
    back = Job.read(tmp_path)
    for name in ("faces", "owners", "vectors", "rejected", "rejected_owners"):
        assert np.array_equal(getattr(job, name), getattr(back, name))
    assert back.asked["changes"] == QUICK
    assert (back.task, back.distance, back.gallery, back.active) == (
        "train",
        "euclidean",
        "some.gallery",
        {"mlp": "/some/where"},
    )


def test_a_version_folder_holds_all_that_a_gallery_needs(done: tuple[Job, bool, Path]) -> None:
    job, activate, folder = done
    assert not activate  # what is learned in four epochs is no better than k-NN
    version = load_version(folder)
    assert version.record.kind == "mlp"
    assert (version.record.identities, version.record.faces) == (9, 72)
    assert version.identity_ids.tolist() == list(range(50, 59))
    assert version.record.parameters["epochs"] == 4
    assert version.record.seconds > 0
    assert load_network(folder).outputs == 9
    assert 0 < len(load_curves(folder)) <= 4
    faces, owners = load_faces(folder)
    assert np.array_equal(faces, job.faces)
    assert np.array_equal(owners, job.owners)
    assert load_text(folder, CALIBRATION) is not None
    assert (folder / TRIALS).exists()
    assert (folder / KNN_TRIALS).exists()
    assert (folder / "model.keras").exists()


def trained_as(monkeypatch: pytest.MonkeyPatch, folder: Path, **changes: Any) -> None:
    """Every training gives the network of a version, in no time."""
    outcome = Trained(load_network(folder), tuple(load_curves(folder)), 1)
    monkeypatch.setattr(train_job, "train_network", lambda *_: replace(outcome, **changes))


def test_a_collapsed_model_leaves_a_version_that_is_never_in_use(
    done: tuple[Job, bool, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trained_as(monkeypatch, done[2], collapsed=True, remarks=("It collapsed twice.",))
    told: list[Event] = []
    job = job_of(TrainingRequest(("triplet",)))
    activate, folder = one_of(train_job.train(tmp_path, job, Reporter(told.append)), tmp_path)
    assert not activate
    record = load_version(folder).record
    assert record.collapsed
    assert "collapsed" in record.sentence
    assert Message("It collapsed twice.") in told
    assert not (folder / TRIALS).exists()


def test_a_gallery_too_small_to_try_it_leaves_a_version_that_is_not_put_to_use(
    done: tuple[Job, bool, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trained_as(monkeypatch, done[2])
    job = job_of(TrainingRequest(("mlp",), changes=QUICK), people=2)
    activate, folder = one_of(train_job.train(tmp_path, job, SILENT), tmp_path)
    assert not activate
    assert "too small" in load_version(folder).record.sentence
    assert load_text(folder, CALIBRATION) is None


@pytest.fixture
def good(done: tuple[Job, bool, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every training brings, in no time, a model that sees all dimensions; k-NN sees one."""

    def all_seeing(faces: TrainingFaces, *_: object) -> tuple[Calibration, Trials]:
        return try_knn(faces)

    def nearly_blind(faces: TrainingFaces, _: Reporter) -> tuple[Calibration, Trials]:
        return try_knn(replace(faces, vectors=faces.vectors[:, :1]))

    trained_as(monkeypatch, done[2])
    monkeypatch.setattr(train_job, "try_model", all_seeing)
    monkeypatch.setattr(train_job, "try_knn", nearly_blind)


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("harm", ["absent", "damaged"])
def test_a_version_in_use_that_is_harmed_does_not_stand_in_the_way_of_a_new_one(
    tmp_path: Path, harm: str
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    if harm == "damaged":
        (old / TRIALS).write_bytes(b"PK no longer")
    job = job_of(TrainingRequest(("mlp",)), active={"mlp": str(old)})
    activate, _ = one_of(train_job.train(tmp_path, job, SILENT), tmp_path)
    assert activate


@pytest.mark.usefixtures("good")
def test_a_new_version_is_held_against_the_one_in_use(tmp_path: Path) -> None:
    job = job_of(TrainingRequest(("mlp",)))
    activate, first = one_of(train_job.train(tmp_path, job, SILENT), tmp_path)
    assert activate
    job = replace(job, active={"mlp": str(first)})
    activate, second = one_of(train_job.train(tmp_path, job, SILENT), tmp_path)
    record = load_version(second).record
    assert not activate  # it does the same, and so is no better
    assert record.sentence.endswith("The old one is kept.")
    assert record.metrics["before_rank1"] >= record.metrics["rank1"] > record.metrics["knn_rank1"]


@pytest.mark.usefixtures("good")
def test_the_second_kind_of_a_training_is_held_against_the_first(tmp_path: Path) -> None:
    mlp, triplet = train_job.train(tmp_path, job_of(TrainingRequest()), SILENT)["models"]
    assert mlp["activate"]
    assert not triplet["activate"]  # it does the same as the MLP, and so is no better
    record = load_version(tmp_path / triplet["id"]).record
    assert "MLP" in record.sentence
    assert record.metrics["before_rank1"] >= record.metrics["rank1"]


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("people", [3, 5])
def test_of_few_people_nothing_is_put_to_use_unasked(tmp_path: Path, people: int) -> None:
    job = job_of(TrainingRequest(), people=people)
    for model in train_job.train(tmp_path, job, SILENT)["models"]:
        assert not model["activate"]
        record = load_version(tmp_path / model["id"]).record
        assert record.sentence.startswith(f"{people} people are too few to tell")
        assert record.metrics["rank1"] > record.metrics["knn_rank1"]  # though it looks better
        assert load_text(tmp_path / model["id"], CALIBRATION) is not None


def test_too_little_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError):
        train_job.train(tmp_path, job_of(TrainingRequest(("mlp",)), people=1), SILENT)


# -- what is asked for -----------------------------------------------------------------------------


def test_a_change_goes_to_every_kind_that_knows_it() -> None:
    made = settings(TrainingRequest(KINDS, changes={"epochs": 7, "margin": "0.3", "batch": 16}))
    mlp, triplet = made["mlp"], made["triplet"]
    assert isinstance(mlp, MlpParameters)
    assert isinstance(triplet, TripletParameters)
    assert (mlp.epochs, mlp.batch) == (7, 16)
    assert (triplet.epochs, triplet.margin) == (7, 0.3)


@pytest.mark.parametrize(("text", "truth"), [("false", False), ("True", True), ("0", False)])
def test_a_truth_value_may_be_written_as_a_word(text: str, truth: bool) -> None:
    made = settings(TrainingRequest(("triplet",), changes={"restart": text}))["triplet"]
    assert isinstance(made, TripletParameters)
    assert made.restart is truth


def test_a_setting_that_no_kind_asked_for_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"no parameter “epoch”.*epochs.*margin"):
        settings(TrainingRequest(KINDS, changes={"epoch": 7}))
    with pytest.raises(InputError, match="no parameter “margin”"):
        settings(TrainingRequest(("mlp",), changes={"margin": 0.2}))
