"""Training, versions, evaluation and methods on the command line, as processes."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.gallery import Gallery
from tests.flow.conftest import ROOT, Run
from tests.trained import PEOPLE, TrainedOnce

pytestmark = [
    pytest.mark.training,
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
]
QUICK = ("--set", "epochs=3", "--set", "hidden=16", "--set", "rate=0.01")


@pytest.fixture
def folder(trained_once: TrainedOnce, tmp_path: Path) -> Path:
    return trained_once.copy(tmp_path / "some.gallery")


def started(folder: Path, home: Path, *arguments: str) -> subprocess.Popen[str]:
    """``face-gallery`` in a group of its own, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "gallery_app", *arguments, "-g", str(folder)],
        cwd=ROOT,
        env=os.environ | {"FACE_GALLERY_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def document(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """The one line on stderr of a command that was refused."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    if code == 1:
        assert len(done.stderr.splitlines()) == 1
    return done.stderr


def versions(run: Run, folder: Path) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in document(run("models", "-g", folder, "--json"))}


def a_face(folder: Path, sample: Path) -> tuple[Path, str]:
    """A face that is enrolled, and whose it is."""
    with Gallery.open(folder, write=False) as gallery:
        name = gallery.people.all()[0].name
    return sorted((sample / name.replace(" ", "_")).glob("*.npy"))[0], name


# -- train -----------------------------------------------------------------------------------------


def test_train_prints_one_document_of_what_came_of_it(folder: Path, tmp_path: Path) -> None:
    process = started(folder, tmp_path / "home", "train", "mlp", *QUICK, "--seed", "3", "--json")
    said, noise = process.communicate()
    assert process.returncode == 0, noise
    (model,) = json.loads(said)["models"]
    assert {"id", "kind", "activated", "reason", "metrics", "seconds"} <= set(model)
    assert model["kind"] == "mlp"
    assert model["reason"]
    assert model["seconds"] > 0
    assert 0 <= model["metrics"]["rank1"] <= 1
    assert "Traceback" not in noise
    with Gallery.open(folder) as gallery:
        found = next(one for one in gallery.models.all() if one.id == model["id"])
        assert (found.active, found.seed) == (model["activated"], 3)
        assert found.parameters["hidden"] == (16,)


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("epochs", 2, "NAME=VALUE"),
        ("epoch=3", 1, "no parameter “epoch”"),
        ("epochs=many", 1, "epochs cannot be “many”"),
        ("epochs=0", 1, "Choose between 1 and"),
        ("mining=hardest", 1, "Choose one of semi-hard"),
        ("hidden=10,x", 1, "hidden cannot be"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_trained(
    run: Run, folder: Path, setting: str, code: int, said: str
) -> None:
    assert said in refused(run("train", "all", "--set", setting, "-g", folder, "--json"), code)


def test_train_knows_no_other_kind(run: Run, folder: Path) -> None:
    assert "forest" in refused(run("train", "forest", "-g", folder), 2)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_training_with_one_line_and_no_trace(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    before = versions(run, folder)
    left = sorted(path.name for path in (folder / "models").iterdir())
    process = started(folder, tmp_path / "home", "train", "mlp", "--json")
    child = training_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everybody in the group
    said, noise = process.communicate()
    assert process.returncode == 130
    assert said == ""
    (line,) = noise.split("\n")[1:-1]  # the first one ends the line on which ^C stands
    assert line.startswith("Stopped.")
    while runs(child):  # interrupted while it started it, the parent's end is what ends it
        time.sleep(0.01)
    assert versions(run, folder) == before
    assert sorted(path.name for path in (folder / "models").iterdir()) == left


def training_of(parent: int) -> int:
    """The training process that a process has started, as soon as there is one."""
    while True:
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text(encoding="utf-8")
                command = (status.parent / "cmdline").read_text(encoding="utf-8")
            except OSError:
                continue  # it ended meanwhile
            if f"PPid:\t{parent}\n" in text and "engine.training" in command:
                return int(status.parent.name)
        time.sleep(0.01)


def runs(process: int) -> bool:
    """Whether it is there and no corpse that waits for whoever inherited it."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] != "Z"


# -- models ----------------------------------------------------------------------------------------


def test_models_lists_every_version_with_its_figures(run: Run, folder: Path) -> None:
    listed = document(run("models", "-g", folder, "--json"))
    assert sorted(one["kind"] for one in listed) == ["mlp", "triplet"]
    for one in listed:
        assert {"id", "kind", "active", "reason", "metrics", "seconds", "stale"} <= set(one)
        assert not one["stale"]
    text = run("models", "-g", folder).stdout
    assert all(one["id"] in text for one in listed)
    assert [line[0] for line in text.splitlines()].count("*") == 1


def test_models_of_a_gallery_without_any_says_how_to_get_one(run: Run, tmp_path: Path) -> None:
    assert run("new", tmp_path / "new.gallery").returncode == 0
    done = run("models", "-g", tmp_path / "new.gallery")
    assert (done.returncode, done.stdout) == (0, "")
    assert "face-gallery train" in done.stderr
    assert document(run("models", "-g", tmp_path / "new.gallery", "--json")) == []


def test_a_version_is_put_to_use_out_of_use_and_deleted(run: Run, folder: Path) -> None:
    triplet = versions(run, folder)["triplet"]["id"]
    done = document(run("models", "activate", triplet, "-g", folder, "--json"))
    assert done["activated"] == triplet
    assert {"auto", "reason"} <= set(done)
    assert versions(run, folder)["triplet"]["active"]
    assert "auto is now" in run("models", "deactivate", "triplet", "-g", folder).stdout
    assert not versions(run, folder)["triplet"]["active"]
    assert document(run("models", "delete", triplet, "-g", folder, "--json")) == {
        "deleted": triplet
    }
    assert "triplet" not in versions(run, folder)
    assert not (folder / "models" / triplet).exists()


def test_options_may_stand_before_the_subcommand(run: Run, folder: Path) -> None:
    done = document(run("models", "-g", folder, "--json", "deactivate", "mlp"))
    assert done["deactivated"] == "mlp"


@pytest.mark.parametrize("verb", ["activate", "delete"])
def test_a_version_that_does_not_exist_is_one_line(run: Run, folder: Path, verb: str) -> None:
    assert "no model mlp-0" in refused(run("models", verb, "mlp-0", "-g", folder, "--json"))


def test_a_damaged_version_is_told_of_by_check_and_identify_goes_on(
    run: Run, folder: Path, sample: Path
) -> None:
    mlp = versions(run, folder)["mlp"]["id"]
    query, _ = a_face(folder, sample)
    shutil.rmtree(folder / "models" / mlp)
    checked = run("check", "-g", folder, "--json")
    assert checked.returncode == 1
    (problem,) = json.loads(checked.stdout)["problems"]
    assert f"Model {mlp}: its folder is missing" in problem
    answered = run("identify", query, "-g", folder, "--json")
    assert document(answered)["results"][0]["method"] == "knn"
    assert answered.stderr.count("mlp model is not used") == 1


# -- identify --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", "knn", "mlp"])
def test_identify_by_a_method_says_which_and_what_the_others_say(
    run: Run, folder: Path, sample: Path, method: str
) -> None:
    query, name = a_face(folder, sample)
    done = document(run("identify", query, "--method", method, "-g", folder, "--json"))
    (result,) = done["results"]
    assert result["candidates"]
    assert {one["method"] for one in result["opinions"]} == {"knn", "mlp"}
    if method != "auto":
        assert result["method"] == method
    if method == "knn":
        assert result["candidates"][0]["name"] == name


def test_identify_by_a_method_without_a_model_is_one_line_with_the_remedy(
    run: Run, folder: Path, sample: Path
) -> None:
    query, _ = a_face(folder, sample)
    done = run("identify", query, "--method", "triplet", "-g", folder, "--json")
    assert "no triplet model in use" in refused(done)
    assert "face-gallery models activate" in done.stderr
    assert "svm" in refused(run("identify", query, "--method", "svm", "-g", folder), 2)


def test_identify_by_the_triplet_model_names_whom_it_should(
    run: Run, folder: Path, sample: Path
) -> None:
    query, name = a_face(folder, sample)
    triplet = versions(run, folder)["triplet"]["id"]
    assert run("models", "activate", triplet, "-g", folder).returncode == 0
    done = document(run("identify", query, "--method", "triplet", "-g", folder, "--json"))
    (result,) = done["results"]
    assert result["method"] == "triplet"
    assert result["candidates"][0]["name"] == name


# -- evaluate and train where nothing may be written -----------------------------------------------


def test_a_gallery_that_may_not_be_written_is_evaluated_and_not_trained(
    run: Run, folder: Path
) -> None:
    before = sorted(path.name for path in (folder / "models").iterdir())
    with Gallery.open(folder):  # somebody else writes it
        done = run("train", "mlp", "-g", folder, "--json")
        assert done.returncode == 1
        assert done.stdout == ""
        assert "cannot be trained" in done.stderr
        asked = ("--protocol", "closed", "--method", "knn", "--repeats", "2", "--json")
        evaluated = run("evaluate", "-g", folder, *asked)
    figures = document(evaluated)
    assert {"protocol", "repeats", "methods"} <= set(figures)
    assert (figures["protocol"], figures["repeats"]) == ("closed", 2)
    assert figures["identities"] == PEOPLE
    knn = figures["methods"]["knn"]
    low, high = knn["interval"]
    assert low <= knn["rank1"] <= high
    assert not knn["reference"]
    assert any(one["reference"] for one in figures["methods"].values())
    assert sorted(path.name for path in (folder / "models").iterdir()) == before


def test_evaluate_refuses_what_does_not_exist(run: Run, folder: Path, tmp_path: Path) -> None:
    assert "svm" in refused(run("evaluate", "--method", "svm", "-g", folder), 2)
    assert "200" in refused(run("evaluate", "--repeats", "200", "-g", folder), 2)
    report = tmp_path / "nowhere" / "report.html"
    assert "folder does not exist" in refused(run("evaluate", "--report", report, "-g", folder))
