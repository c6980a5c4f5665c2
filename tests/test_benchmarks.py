"""The benchmarks: made-up faces, a whole run at the smallest size, and the page about it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import faces, generator, report
from benchmarks.bench import Bench, engine_code
from benchmarks.difficulty import difficulty, intrinsic_dimension, real_faces
from benchmarks.figures import Aim
from benchmarks.machine import described
from tests.trained import people_of

ROOT = Path(__file__).resolve().parent.parent
SIZE = 300
RUN = f"""
import runpy, sys
sys.modules.update(faiss=None, usearch=None)  # as where they are not installed
sys.argv = ["bench", "{SIZE}", "--work", sys.argv[1], "--results", sys.argv[2]]
runpy.run_module("benchmarks.bench", run_name="__main__")
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run at the smallest size leaves, without faiss and usearch."""
    place = tmp_path_factory.mktemp("bench")
    arguments = [sys.executable, "-c", RUN, str(place / "work"), str(place / "results")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list((place / "work").rglob("*.gallery")), "galleries are left behind"
    return place / "results"


# -- each of them at its smallest ------------------------------------------------------------

ALONE = {
    "at_scale": "{faces} 300 --only open review preview",
    "correcting": "{faces} --times 1",
    "difficulty": "--seeds 1 --to {place}/difficulty.json",
    "encrypted": "300",
    "erasing": "--people 1 --kills 1 --gallery {trained}",
    "fitting": "--to {place}/fitted.npz",
    "generator": "60 8 {place}/faces.npz",
    "importing": "--runs 1 --data {people}",
    "importing of archives": "{faces}",
    "killing": "--kills 2 --data {people}",
    "label_noise": "--seeds 1",
    "map": "1000 --methods pca --data {people}",
    "openset": "--data {people}",
    "promise": "{trained}",
    "retraining_killed": "--times 1 --seed 14 --epochs 3 --gallery {trained}",
    "sampling": "{faces} --seeds 1",
    "startup": "--runs 1",
    "training_mlp": "--runs 1 --epochs 2 --presets default --data {people}",
    "training_triplet": "--rounds 1 --epochs 1 --sets lfw-158-weak --presets default --seeds 1",
    "window": "{faces} --clicks 3",
}
NEEDS = {
    "encrypted": "sqlcipher3",
    "map": "PySide6",
    "startup": "tensorflow",
    "training_mlp": "tensorflow",
    "training_triplet": "tensorflow",
    "window": "PySide6",
}
TRAINED = ("erasing", "promise", "retraining_killed")
ELSEWHERE = {"bench", "report", "soak"}  # tested below, and in a file of its own


@pytest.fixture(scope="module")
def material(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Some made-up faces as each of the tables that benchmarks read, and a few real people."""
    place = tmp_path_factory.mktemp("material")
    generator.write(place / "lfw-158-dlib.npz", 600, 12)
    generator.write(place / "lfw-others-dlib.npz", 700, 600, seed=1)
    shutil.copy(place / "lfw-158-dlib.npz", place / "lfw-158-weak.npz")
    people = people_of(sample, place / "people")
    return {"place": place, "faces": place / "lfw-158-dlib.npz", "people": people}


@pytest.mark.parametrize("name", ALONE)
def test_a_benchmark_runs_to_its_end(
    name: str, material: dict[str, Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    module = name.split()[0]
    if module in NEEDS:
        pytest.importorskip(NEEDS[module])
    if module in TRAINED:
        trained = request.getfixturevalue("trained_once").copy(tmp_path / "trained.gallery")
        material = material | {"trained": trained}
    command = [sys.executable, "-m", f"benchmarks.{module}"]
    done = subprocess.run(
        [*command, *(part.format(**material) for part in ALONE[name].split())],
        cwd=ROOT,
        env=os.environ | {"FACE_GALLERY_SHARED": str(material["place"])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout or module in ("fitting", "generator")


def test_every_benchmark_is_run_by_a_test() -> None:
    files = (ROOT / "benchmarks").glob("*.py")
    runnable = {file.stem for file in files if "__main__" in file.read_text(encoding="utf-8")}
    assert {name.split()[0] for name in ALONE} | ELSEWHERE == runnable


# -- made-up faces ---------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_faces_and_another_seed_others() -> None:
    counts = generator.faces_per_person(200, 20, seed=3)
    owners, rows = generator.make(counts, seed=3)
    again, same = generator.make(counts, seed=3)
    _, others = generator.make(counts, seed=4)
    assert np.array_equal(owners, again)
    assert np.array_equal(rows, same)
    assert not np.isclose(rows, others).any(axis=1).all()


def test_a_person_looks_the_same_however_many_others_there_are() -> None:
    _, few = generator.make(np.array([3, 2]), seed=5)
    _, many = generator.make(np.array([3, 2, 40, 1]), seed=5)
    assert np.allclose(few, many[:5], atol=1e-6)


@pytest.mark.parametrize(("count", "people"), [(1, 1), (10, 10), (5000, 500), (999, 100)])
def test_everybody_has_a_face_and_together_they_have_as_many_as_asked(
    count: int, people: int
) -> None:
    counts = generator.faces_per_person(count, people, seed=1)
    assert len(counts) == people
    assert counts.min() >= 1
    assert counts.sum() == count


def test_few_people_have_many_faces() -> None:
    counts = np.sort(generator.faces_per_person(10_000, 1000))
    assert counts[500] < 8
    assert counts[-1] > 60


def test_fewer_faces_than_people_are_refused() -> None:
    with pytest.raises(ValueError, match="5 faces cannot be of 6 people"):
        generator.faces_per_person(5, 6)


def test_made_up_faces_have_the_mean_and_the_covariance_that_were_fitted() -> None:
    known = generator.Statistics.load()
    _, rows = generator.make(np.ones(6000, dtype=np.int64), seed=2)
    total = np.cov(rows.T)
    expected = known.between + known.within
    assert np.trace(total) == pytest.approx(np.trace(expected), rel=0.06)
    assert np.linalg.norm(rows.mean(axis=0) - known.mean) < 0.15
    assert np.corrcoef(np.diag(total), np.diag(expected))[0, 1] > 0.8


def test_made_up_faces_are_as_hard_to_search_as_the_real_ones() -> None:
    owners, rows = real_faces()
    real = difficulty(rows, owners)
    own, made_rows = generator.make(np.bincount(owners))
    made = difficulty(made_rows, own)
    for rank in ("1", "5", "50"):
        assert made["distance"][rank][2] == pytest.approx(real["distance"][rank][2], rel=0.06)
    assert made["dimension"][2] == pytest.approx(real["dimension"][2], rel=0.2)
    assert made["contrast"] == pytest.approx(real["contrast"], rel=0.1)
    assert made["1-NN"] == pytest.approx(real["1-NN"], abs=0.006)
    assert made["recall"]["12"] == pytest.approx(real["recall"]["12"], abs=0.01)


def test_the_intrinsic_dimension_of_a_square_is_two() -> None:
    points = np.random.default_rng(0).random((3000, 2))
    apart = np.linalg.norm(points[:300, None] - points[None], axis=2)
    nearest = np.sort(apart, axis=1)[:, 1:21]
    assert np.median(intrinsic_dimension(nearest)) == pytest.approx(2, abs=0.2)


def test_what_is_asked_is_not_enrolled(tmp_path: Path) -> None:
    said = faces.lay_out(SIZE, tmp_path)
    enrolled = np.load(tmp_path / faces.ENROLLED)["embeddings"]
    asked = np.load(tmp_path / faces.ASKED)
    assert len(enrolled) == SIZE == said["faces"]
    assert len(asked) == said["mated"] + said["strangers"]
    assert not (asked[:, None] == enrolled[None]).all(axis=2).any()


# -- a run and its page ----------------------------------------------------------------------


def test_a_run_measures_the_engine_beside_what_is_installed(results: Path) -> None:
    found = json.loads((results / f"{SIZE}.json").read_text(encoding="utf-8"))
    assert {"Face Gallery", "hnswlib", "NumPy, exact"} <= found["asked"].keys()
    assert found["missing"]["faiss, flat"] == found["missing"]["usearch"] == "not installed"
    assert found["asked"]["Face Gallery"]["recall"]["all"] >= 0.95
    assert found["asked"]["NumPy, exact"]["recall"]["all"] == 1
    assert found["builds"]["Face Gallery"][0]["faces"] == SIZE


def test_the_page_shows_every_library_and_every_aim(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = written(results, tmp_path, monkeypatch)
    assert "| faiss, HNSW | not installed |" in page
    assert "recall@5 | 300 | at least 0.99" in page
    for plot in ("single", "build", "memory", "recall"):
        assert f"(plots/{plot}.svg)" in page
        assert (tmp_path / "plots" / f"{plot}.svg").stat().st_size < 100_000


def test_the_same_figures_give_the_same_page_and_plots(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert written(results, first, monkeypatch) == written(results, second, monkeypatch)
    for plot in (first / "plots").iterdir():
        assert plot.read_bytes() == (second / "plots" / plot.name).read_bytes()


def test_what_other_benchmarks_printed_and_the_soak_stand_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "soak").mkdir()
    assert report.printed(tmp_path) == report.soaked(tmp_path / "soak") == ()
    (tmp_path / "window.txt").write_text("The window\npython benchmarks/window.py\nkey 12 ms\n")
    (tmp_path / "soak" / "soak.md").write_text("No limit was broken.\n")
    _, section = report.printed(tmp_path)
    assert section == "### The window\n\n```text\n$ python benchmarks/window.py\nkey 12 ms\n```"
    assert "No limit was broken.\n" in report.soaked(tmp_path / "soak")


def written(results: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    arguments = ["report", "--results", str(results), "--to", str(place)]
    monkeypatch.setattr(sys, "argv", arguments)
    report.main()
    return (place / "RESULTS.md").read_text(encoding="utf-8")


def test_an_aim_says_whether_it_is_met_and_by_how_much_not() -> None:
    assert Aim("recall@5", 300, 0.99, 0.995, most=False).verdict == "met"
    assert Aim("enrol one face", 300, 50, 60, " ms").verdict == "missed by 10 ms (20.0%)"
    assert Aim("enrol one face", 300, 50, 470, " ms").verdict.endswith("(9.4 times the aim)")


def never() -> Any:
    raise AssertionError("It was done again")


def ended(tmp_path: Path, **others: Any) -> Path:
    """Where a run of another time was ended after its first import."""
    place = tmp_path / "60"
    place.mkdir()
    done = {"machine": described(), "engine": engine_code(), "steps": {"import 1": 1.5}} | others
    (place / "state.json").write_text(json.dumps(done), encoding="utf-8")
    return tmp_path


def test_a_run_that_was_ended_goes_on_where_it_was(tmp_path: Path) -> None:
    work = ended(tmp_path)
    assert Bench(60, work)._once("import 1", never) == 1.5
    assert Bench(60, work, fresh=True).state["steps"] == {}


@pytest.mark.parametrize("other", [{"machine": {"processor": "another"}}, {"engine": "another"}])
def test_what_another_machine_or_engine_gave_is_not_gone_on_with(
    other: dict[str, Any], tmp_path: Path
) -> None:
    assert Bench(60, ended(tmp_path, **other)).state["steps"] == {}
