"""Training and versions of a gallery: real trainings, and what must hold around them."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import (
    CancelledError,
    GalleryReadOnlyError,
    GalleryWriteError,
    InputError,
    ModelError,
    TrainingError,
)
from engine.gallery import Gallery
from engine.progress import CancelToken, Event, Measured, Progress, Reporter
from engine.records.jobs import TrainingRequest
from engine.store.models_table import ModelsTable
from engine.training import training_service
from engine.utils import worker_process
from tests.trained import QUICK, ROOT, TrainedOnce, another_version

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
]
MLP = TrainingRequest(kinds=("mlp",), changes=QUICK)
Ends = dict[str, object]


@pytest.fixture
def folder(trained_once: TrainedOnce, tmp_path: Path) -> Path:
    return trained_once.copy(tmp_path / "some.gallery")


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    with Gallery.open(folder) as opened:
        yield opened


@pytest.fixture
def newcomer(sample: Path) -> np.ndarray:
    """Eight faces of somebody whom no model has seen."""
    return np.stack([np.load(face) for face in sorted(sample.glob("Tony_Blair/*.npy"))[:8]])


def id_of(gallery: Gallery, kind: str) -> str:
    (found,) = [one.id for one in gallery.models.all() if one.kind == kind]
    return found


def in_use(gallery: Gallery) -> set[str]:
    return {one.id for one in gallery.models.all() if one.active}


def a_face_of(gallery: Gallery, person: int = 0) -> np.ndarray:
    return gallery.faces.vector(gallery.faces.of(gallery.people.all()[person].name)[0].id)


def files_of(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.name.startswith("gallery.")
    }


# -- what a training brings ----------------------------------------------------------------------


@pytest.mark.slow
def test_the_process_that_asked_for_a_training_never_imports_tensorflow(
    trained_once: TrainedOnce,
) -> None:
    assert trained_once.said["heavy"] == []


def test_a_training_reports_progress_and_curves_of_both_kinds(trained_once: TrainedOnce) -> None:
    said = trained_once.said
    assert {"Measured", "Progress"} <= set(said["kinds"])
    assert said["series"] == ["mlp", "triplet"]
    assert said["stages"][0] == "Starting TensorFlow"
    assert sum("unseen people" in stage for stage in said["stages"]) == 6


def test_a_training_leaves_versions_that_are_whole_and_nothing_else(gallery: Gallery) -> None:
    models = gallery.models.all()
    assert {one.kind for one in models} == {"mlp", "triplet"}
    left = {path.name for path in (gallery.folder / "models").iterdir()}
    assert left == {one.id for one in models} | {"auto.json"}
    for one in models:
        assert one.parameters["epochs"] == 3
        assert not one.stale
        assert {"rank1", "balanced_rank1", "fnir", "before_rank1"} <= set(one.metrics)
        assert one.sentence
        curves = gallery.models.curves(one.id)
        assert curves
        assert all(isinstance(point, Measured) and point.series == one.kind for point in curves)
    assert gallery.check().ok


def test_each_training_is_one_history_entry(gallery: Gallery) -> None:
    entries = gallery.history.changes()
    trained = [entry for entry in entries if entry.action == "train"]
    assert {entry.payload["model"] for entry in trained} == {one.id for one in gallery.models.all()}


def test_a_first_mlp_answers_and_gives_its_opinion(gallery: Gallery) -> None:
    assert "mlp" in gallery.recogniser.methods()
    (answer,) = gallery.identify(a_face_of(gallery), method="mlp")
    assert answer.method == "mlp"
    assert answer.candidates
    assert "mlp" in {one.method for one in answer.opinions}


# -- versions --------------------------------------------------------------------------------------


def test_a_version_put_to_use_answers_at_once_and_put_out_of_use_no_longer(
    gallery: Gallery,
) -> None:
    triplet, query = id_of(gallery, "triplet"), a_face_of(gallery)
    gallery.identify(query)
    gallery.models.activate(triplet)
    assert (
        gallery.identify(query, method="triplet")[0].candidates[0].name
        == gallery.people.all()[0].name
    )
    assert triplet in in_use(gallery)
    gallery.models.deactivate("triplet")
    with pytest.raises(InputError, match="no triplet model in use"):
        gallery.identify(query, method="triplet")
    assert triplet not in in_use(gallery)


def test_rolling_back_puts_the_older_version_of_the_kind_in_place_of_the_newer(
    gallery: Gallery,
) -> None:
    old = id_of(gallery, "mlp")
    new = "mlp-20301231-235959-abcd"
    models = gallery.folder / "models"
    another_version(models / old, models / new)
    record = next(one for one in gallery.models.all() if one.id == old)
    gallery._store.models.add(_renamed(record, new), activate=True)
    assert new in in_use(gallery)
    gallery.models.activate(old)
    assert {one for one in in_use(gallery) if one.startswith("mlp")} == {old}
    entry = gallery.history.changes(1)[0]
    assert entry.action == "activate"
    assert entry.payload["before"] == new


def _renamed(record: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(record, id=name, active=False)


def test_a_deleted_version_takes_its_folder_and_its_index_with_it(gallery: Gallery) -> None:
    triplet = id_of(gallery, "triplet")
    gallery.models.activate(triplet)
    gallery.prepare()
    assert (gallery.folder / "index" / triplet).is_dir()
    gallery.models.delete(triplet)
    assert triplet not in " ".join(files_of(gallery.folder))
    assert gallery.recogniser.methods() == ("knn", "mlp")
    assert gallery.history.changes(1)[0].action == "delete-model"
    with pytest.raises(ModelError, match="no model"):
        gallery.models.delete(triplet)


@pytest.mark.parametrize("ask", ["activate", "delete", "curves"])
def test_a_version_that_does_not_exist_is_refused(gallery: Gallery, ask: str) -> None:
    with pytest.raises(ModelError, match=r"no model mlp-1.*face-gallery models"):
        getattr(gallery.models, ask)("mlp-1")


def test_a_damaged_version_is_not_put_to_use(gallery: Gallery) -> None:
    triplet = id_of(gallery, "triplet")
    (gallery.folder / "models" / triplet / "network.npz").write_bytes(b"PK nothing")
    before = in_use(gallery)
    with pytest.raises(ModelError, match=r"network\.npz"):
        gallery.models.activate(triplet)
    assert in_use(gallery) == before


@pytest.mark.slow
def test_a_reader_sees_a_version_that_another_process_puts_to_use(folder: Path) -> None:
    script = (
        "import sys; from engine.gallery import Gallery\n"
        "with Gallery.open(sys.argv[1]) as gallery: gallery.models.activate(sys.argv[2])"
    )
    with Gallery.open(folder, write=False) as reader:
        triplet = id_of(reader, "triplet")
        assert reader.recogniser.methods() == ("knn", "mlp")
        subprocess.run([sys.executable, "-c", script, folder, triplet], cwd=ROOT, check=True)
        assert reader.recogniser.methods() == ("knn", "triplet", "mlp")
        query = a_face_of(reader)
        assert reader.identify(query, method="triplet")[0].method == "triplet"


# -- the gallery goes on ---------------------------------------------------------------------------


def test_people_who_come_and_go_make_a_version_stale_by_so_many(
    gallery: Gallery, newcomer: np.ndarray
) -> None:
    gallery.enroll("A", newcomer[:3])
    gallery.corrections.remove([gallery.faces.of(gallery.people.all()[-1].name)[0].id])
    for one in gallery.models.all():
        assert (one.new_identities, one.new_faces, one.gone_faces) == (1, 3, 1)
        assert one.stale


@pytest.mark.parametrize("method", ["auto", "knn", "triplet"])
def test_somebody_enrolled_is_found_without_a_training(
    gallery: Gallery, newcomer: np.ndarray, method: Any
) -> None:
    gallery.models.activate(id_of(gallery, "triplet"))
    gallery.identify(a_face_of(gallery))
    gallery.enroll("A", newcomer[:5])
    for answer in gallery.identify(newcomer[5:], method=method):
        assert answer.candidates[0].name == "A"


@pytest.mark.parametrize("method", ["auto", "knn", "triplet", "mlp"])
def test_somebody_removed_is_offered_by_no_method(gallery: Gallery, method: Any) -> None:
    gallery.models.activate(id_of(gallery, "triplet"))
    gone, query = gallery.people.all()[0].name, a_face_of(gallery)
    gallery.identify(query)
    gallery.corrections.remove([face.id for face in gallery.faces.of(gone)])
    (answer,) = gallery.identify(query, method=method, top=50)
    assert answer.candidates
    assert gone not in [one.name for one in answer.candidates]
    assert gone not in [one.name for one in answer.opinions]


@pytest.mark.parametrize("method", ["knn", "triplet"])
def test_an_enrolled_face_is_left_out_of_its_own_search(gallery: Gallery, method: Any) -> None:
    gallery.models.activate(id_of(gallery, "triplet"))
    face = gallery.faces.of(gallery.people.all()[0].name)[0].id
    answer = gallery.recogniser.identify_enrolled(face, method=method)
    assert face not in [one.face for one in answer.evidence]
    assert all(one.distance > 1e-4 for one in answer.evidence)


# -- trainings that end otherwise ------------------------------------------------------------------


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[str]]:
    """Training processes that were started."""
    started: list[subprocess.Popen[str]] = []
    start = subprocess.Popen

    def noted(*arguments: Any, **options: Any) -> subprocess.Popen[str]:
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(worker_process.subprocess, "Popen", noted)
    return started


@pytest.mark.slow
def test_a_training_cancelled_half_way_leaves_no_trace(
    gallery: Gallery, processes: list[subprocess.Popen[str]]
) -> None:
    files, models = files_of(gallery.folder), gallery.models.all()
    token = CancelToken()

    def listen(event: Event) -> None:
        if isinstance(event, Measured):
            token.cancel()

    with pytest.raises(CancelledError):
        gallery.models.train(MLP, Reporter(listen, token))
    assert processes[0].returncode is not None  # it was ended and waited for
    assert files_of(gallery.folder) == files
    assert gallery.models.all() == models


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_training_is_told_in_plain_words_and_leaves_no_trace(
    gallery: Gallery, processes: list[subprocess.Popen[str]]
) -> None:
    files, models = files_of(gallery.folder), gallery.models.all()

    def listen(event: Event) -> None:
        assert isinstance(event, Progress)
        processes[0].kill()

    with pytest.raises(TrainingError, match=r"killed \(signal 9\).*nothing was changed"):
        gallery.models.train(MLP, Reporter(listen))
    assert files_of(gallery.folder) == files
    assert gallery.models.all() == models


ORPHAN = """
import subprocess, sys
from engine.gallery import Gallery
from engine.records.jobs import TrainingRequest
from engine.progress import Reporter
from engine.utils import worker_process
start = subprocess.Popen
def noted(*arguments, **options):
    process = start(*arguments, **options)
    print(process.pid, flush=True)
    return process
worker_process.subprocess.Popen = noted
gallery = Gallery.open(sys.argv[1])
gallery.models.train(TrainingRequest(("mlp",)), Reporter(lambda event: print("on", flush=True)))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_when_the_parent_is_killed_the_training_ends_and_the_next_opening_is_clean(
    folder: Path,
) -> None:
    with Gallery.open(folder) as gallery:
        models = gallery.models.all()
    files = files_of(folder)
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert parent.stdout.readline() == "on\n"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    while runs(child):
        time.sleep(0.01)
    with Gallery.open(folder) as gallery:
        assert files_of(folder) == files
        assert gallery.models.all() == models
        assert gallery.check().ok


def runs(process: int) -> bool:
    """Whether a process that is none of ours is there and no corpse that waits for its parent."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] != "Z"


def test_what_killed_processes_left_is_gone_after_the_next_opening_for_writing(
    folder: Path,
) -> None:
    files = files_of(folder)
    models = folder / "models"
    with Gallery.open(folder, write=False) as reader:
        version = models / id_of(reader, "mlp")
    (models / ".unfinished-job-x1").mkdir()
    (models / ".unfinished-job-x1" / "data.npz").write_bytes(b"faces")
    (models / ".writing-x2").write_bytes(b"half")
    another_version(version, models / "mlp-20300101-000000-0000")
    (folder / "index" / "triplet-20300101-000000-0000").mkdir()
    with Gallery.open(folder, write=False):
        assert len(files_of(folder)) > len(files) + 4  # a reader leaves them alone
    with Gallery.open(folder):
        assert files_of(folder) == files


def test_without_tensorflow_it_is_said_before_and_when_it_is_tried(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gallery.models.obstacle() == ""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tensorflow" else find(name)
    )
    files = files_of(gallery.folder)
    assert "TensorFlow, which is not installed" in gallery.models.obstacle()
    with pytest.raises(TrainingError, match="TensorFlow"):
        gallery.models.train(MLP)
    assert files_of(gallery.folder) == files


def test_a_gallery_open_for_reading_says_why_it_cannot_train(folder: Path) -> None:
    with Gallery.open(folder, write=False) as reader:
        assert "read-only" in reader.models.obstacle()
        with pytest.raises(GalleryReadOnlyError, match="cannot be trained"):
            reader.models.train(MLP)
        with pytest.raises(GalleryReadOnlyError):
            reader.models.deactivate("mlp")


def test_a_gallery_of_one_face_each_says_why_it_cannot_train(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "thin.gallery", dimension=3) as gallery:
        for name in "AB":
            gallery.enroll(name, np.random.default_rng(ord(name)).normal(size=3))
        assert "two people with two faces each" in gallery.models.obstacle()


@pytest.mark.parametrize(
    "request_",
    [
        TrainingRequest(changes={"epoch": 3}),
        TrainingRequest(changes={"epochs": 0}),
        TrainingRequest(changes={"epochs": "many"}),
        TrainingRequest(kinds=("mlp",), changes={"margin": 0.2}),
        TrainingRequest(kinds=("triplet",), changes={"restart": "perhaps"}),
        TrainingRequest(kinds=("forest",)),  # type: ignore[arg-type]
        TrainingRequest(kinds=()),
        TrainingRequest(preset="best"),  # type: ignore[arg-type]
    ],
    ids=lambda one: f"{one.kinds} {one.preset} {dict(one.changes)}",
)
def test_what_cannot_be_asked_for_is_refused_before_anything_starts(
    gallery: Gallery, processes: list[subprocess.Popen[str]], request_: TrainingRequest
) -> None:
    with pytest.raises(InputError):
        gallery.models.train(request_)
    assert processes == []


# -- what the process brings, made up --------------------------------------------------------------


Brings = Callable[..., None]


@pytest.fixture
def brings(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> Brings:
    """What the training process is to leave: copies of a version, under names of their own."""

    def set_up(*brought: tuple[str, Mapping[str, object]], activate: bool = True) -> None:
        def run(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
            for name, changes in brought:
                kind = name.split("-")[0]
                old = gallery.folder / "models" / id_of(gallery, kind)
                another_version(old, folder / name, **changes)
            return {"models": [{"id": name, "activate": activate} for name, _ in brought]}

        monkeypatch.setattr(training_service, "run_job", run)

    return set_up


def test_what_is_better_is_in_use_when_the_call_returns(gallery: Gallery, brings: Brings) -> None:
    new = "triplet-20301231-000000-aaaa"
    gallery.identify(a_face_of(gallery))
    brings((new, {"sentence": "It is better."}))
    outcome = gallery.models.train(MLP)
    assert [(one.id, one.active) for one in outcome.models] == [(new, True)]
    assert outcome.sentence == "It is better."
    assert new in in_use(gallery)
    assert "triplet" in gallery.recogniser.methods()
    assert (gallery.folder / "models" / new / "network.npz").exists()


def test_what_is_not_better_is_kept_and_not_in_use(gallery: Gallery, brings: Brings) -> None:
    before, new = in_use(gallery), "mlp-20301231-000000-aaaa"
    brings((new, {}), activate=False)
    gallery.models.train(MLP)
    assert in_use(gallery) == before
    assert new in {one.id for one in gallery.models.all()}


def test_a_collapsed_model_is_never_in_use(gallery: Gallery, brings: Brings) -> None:
    before, new = in_use(gallery), "triplet-20301231-000000-aaaa"
    brings((new, {"collapsed": True}), activate=False)
    (model,) = gallery.models.train(MLP).models
    assert model.collapsed
    with pytest.raises(ModelError, match="has collapsed"):
        gallery.models.activate(new)
    assert in_use(gallery) == before


def test_a_version_that_the_registry_refuses_leaves_nothing(
    gallery: Gallery, brings: Brings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, models = files_of(gallery.folder), gallery.models.all()

    def full(*_: object, **__: object) -> None:
        raise GalleryWriteError("The disk is full")

    monkeypatch.setattr(ModelsTable, "add", full)
    brings(("mlp-20301231-000000-aaaa", {}))
    with pytest.raises(GalleryWriteError, match="full"):
        gallery.models.train(MLP)
    assert files_of(gallery.folder) == files
    assert gallery.models.all() == models


def test_one_cancelled_at_the_last_moment_is_not_kept(
    gallery: Gallery, brings: Brings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, token = files_of(gallery.folder), CancelToken()
    brings(("mlp-20301231-000000-aaaa", {}))
    run = training_service.run_job

    def cancelled(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
        result = run(folder, reporter)
        token.cancel()
        return result

    monkeypatch.setattr(training_service, "run_job", cancelled)
    with pytest.raises(CancelledError):
        gallery.models.train(MLP, Reporter(None, token))
    assert files_of(gallery.folder) == files


def test_two_trainings_at_once_are_refused(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, over = threading.Event(), threading.Event()

    def slow(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
        begun.set()
        over.wait()
        return {"models": []}

    monkeypatch.setattr(training_service, "run_job", slow)
    first = threading.Thread(target=gallery.models.train, args=(MLP,))
    first.start()
    begun.wait()
    for ask in (lambda: gallery.models.train(MLP), gallery.models.evaluate):
        with pytest.raises(TrainingError, match=r"already running.*cancel it"):
            ask()
    over.set()
    first.join()
    assert gallery.models.train(MLP).models == ()  # and now there is room again


def test_decisions_reach_the_training_and_outlive_it(
    gallery: Gallery, brings: Brings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gallery.people.all()[0]
    query = a_face_of(gallery) + np.float32(0.001)
    gallery.corrections.reject(query, first.id)
    brings(("triplet-20301231-000000-aaaa", {}), ("mlp-20301231-000000-aaaa", {}))
    run, seen = training_service.run_job, Ends()

    def looked_at(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
        with np.load(folder / "data.npz", allow_pickle=False) as data:
            seen.update({name: data[name] for name in data.files})
        return run(folder, reporter)

    monkeypatch.setattr(training_service, "run_job", looked_at)
    gallery.models.train(MLP)
    assert np.array_equal(seen["rejected"], query[None])
    assert np.array_equal(seen["rejected_owners"], [first.id])
    for method in ("auto", "knn", "triplet", "mlp"):
        (answer,) = gallery.identify(query, method=method, top=50)  # type: ignore[arg-type]
        assert first.name not in [one.name for one in answer.candidates]
        assert first.name not in [one.name for one in answer.opinions]


def test_a_face_that_is_said_not_to_be_whom_it_is_under_is_not_learned_from(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gallery.people.all()[0]
    face = gallery.faces.of(first.name)[0].id
    gallery.corrections.reject(gallery.faces.vector(face), first.id)

    def looked_at(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
        with np.load(folder / "data.npz", allow_pickle=False) as data:
            assert face not in data["faces"]
            assert len(data["faces"]) == gallery.people.counts()[1] - 1
        return {"models": []}

    monkeypatch.setattr(training_service, "run_job", looked_at)
    gallery.models.train(MLP)


def test_a_face_that_is_said_to_be_somebody_else_is_not_learned_from(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = gallery.people.all()[:2]
    face = gallery.faces.of(first.name)[0].id
    (copy,) = gallery.enroll(second.name, gallery.faces.vector(face)).face_ids
    gallery.corrections.confirm([face])
    gallery.corrections.ignore([gallery.faces.of(first.name)[1].id])  # that is learned from

    people = gallery.people.all()
    enrolled = {face.id for person in people for face in gallery.faces.of(person.id)}

    def looked_at(folder: Path, reporter: Reporter) -> Mapping[str, Any]:
        with np.load(folder / "data.npz", allow_pickle=False) as data:
            assert enrolled - set(data["faces"]) == {copy}
        return {"models": []}

    monkeypatch.setattr(training_service, "run_job", looked_at)
    gallery.models.train(MLP)


# -- damage ----------------------------------------------------------------------------------------


def harm_network(version: Path) -> None:
    file = version / "network.npz"
    file.write_bytes(file.read_bytes()[:-200])


HARMS: dict[str, Callable[[Path], object]] = {
    "network truncated": harm_network,
    "network missing": lambda version: (version / "network.npz").unlink(),
    "record of garbage": lambda version: (version / "version.json").write_bytes(b"\xff{"),
    "calibration of garbage": lambda version: (version / "calibration.json").write_text("{}"),
    "folder missing": shutil.rmtree,
}


def told_by(folder: Path, ask: Callable[[Gallery], object]) -> list[str]:
    events: list[Event] = []
    with Gallery.open(folder, listener=events.append) as gallery:
        ask(gallery)
    return [event.text for event in events if not isinstance(event, Progress | Measured)]


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS.keys())
def test_a_harmed_model_is_told_of_once_and_left_out_and_knn_answers(
    folder: Path, harm: Callable[[Path], object]
) -> None:
    with Gallery.open(folder) as gallery:
        mlp, query = id_of(gallery, "mlp"), a_face_of(gallery)
    harm(folder / "models" / mlp)

    def ask(gallery: Gallery) -> None:
        assert gallery.recogniser.methods() == ("knn",)
        for _ in range(2):
            (answer,) = gallery.identify(query)
            assert answer.candidates[0].name == gallery.people.all()[0].name
        with pytest.raises(InputError, match="no mlp model in use"):
            gallery.identify(query, method="mlp")
        (problem,) = gallery.check().problems
        assert problem.startswith(f"Model {mlp}: ")
        assert "train it again" in problem.lower()
        gallery.models.all()

    (told,) = told_by(folder, ask)
    assert told.startswith("The mlp model is not used: ")


@pytest.mark.parametrize("name", ["trials.npz", "knn-trials.npz"])
@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(b"PK")])
def test_harmed_trials_cost_the_choice_and_not_the_model(
    folder: Path, name: str, harm: Callable[[Path], object]
) -> None:
    with Gallery.open(folder) as gallery:
        mlp, query = id_of(gallery, "mlp"), a_face_of(gallery)
    (folder / "models" / "auto.json").unlink(missing_ok=True)
    harm(folder / "models" / mlp / name)

    def ask(gallery: Gallery) -> None:
        assert gallery.recogniser.methods() == ("knn", "mlp")
        assert gallery.identify(query)[0].method == "knn"
        assert gallery.auto()[0] == ("knn",)

    (told,) = told_by(folder, ask)
    assert told.startswith("auto is k-NN: ")


def test_a_harmed_version_can_be_deleted(gallery: Gallery) -> None:
    mlp = id_of(gallery, "mlp")
    shutil.rmtree(gallery.folder / "models" / mlp)
    gallery.models.delete(mlp)
    assert mlp not in {one.id for one in gallery.models.all()}
    assert gallery.check().ok


# -- the check of the index ------------------------------------------------------------------------


def test_a_decision_after_the_index_was_saved_does_not_hide_that_it_lacks_faces(
    folder: Path, newcomer: np.ndarray
) -> None:
    with Gallery.open(folder) as gallery:
        gallery.prepare()
        saved = {path.name: path.read_bytes() for path in (folder / "index").glob("faces*")}
        gallery.enroll("A", newcomer[:2])
    with Gallery.open(folder) as gallery:
        assert gallery.check().ok
        change = gallery.history.last_change()
    _forge(folder, saved, change)  # an index without the two that claims to be of this change
    with Gallery.open(folder) as gallery:
        (problem,) = gallery.check().problems
        assert problem.startswith("Index: holds 72 faces, the database 74")
        gallery.corrections.reject(np.ones(128, dtype=np.float32), gallery.people.all()[0].id)
        assert gallery.check().problems == (problem,)
        assert gallery.check(repair=True).ok


def test_an_index_that_is_merely_old_is_no_problem(folder: Path, newcomer: np.ndarray) -> None:
    with Gallery.open(folder) as gallery:
        gallery.prepare()
    saved = {path.name: path.read_bytes() for path in (folder / "index").glob("faces*")}
    with Gallery.open(folder) as gallery:
        gallery.enroll("A", newcomer[:2])
    for path in (folder / "index").glob("faces*"):
        path.unlink()
    for name, data in saved.items():
        (folder / "index" / name).write_bytes(data)
    with Gallery.open(folder, write=False) as gallery:
        assert gallery.check().ok


def test_the_index_of_the_learned_space_is_checked_and_repaired(gallery: Gallery) -> None:
    triplet = id_of(gallery, "triplet")
    gallery.models.activate(triplet)
    gallery.prepare()
    assert gallery.check().ok
    (graph,) = (gallery.folder / "index" / triplet).glob("faces-*.bin")
    graph.write_bytes(graph.read_bytes()[:-8])
    (problem,) = gallery.check().problems
    assert problem.startswith(f"Index of {triplet}: ")
    report = gallery.check(repair=True)
    assert report.ok
    assert report.repaired == (problem,)


def _forge(folder: Path, saved: dict[str, bytes], change: int) -> None:
    from engine.index.snapshot import sealed_record

    for path in (folder / "index").glob("faces*"):
        path.unlink()
    for name, data in saved.items():
        (folder / "index" / name).write_bytes(data)
    sidecar = folder / "index" / "faces.json"
    record = json.loads(json.loads(sidecar.read_bytes())["snapshot"])
    sidecar.write_bytes(sealed_record({**record, "change": change}))
