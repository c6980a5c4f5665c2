"""The benchmarks: made-up faces, a whole run at the smallest size, and the page about it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import datasets, generator, report
from benchmarks.bench import Bench, engine_code
from benchmarks.common import described, is_installed
from benchmarks.difficulty import difficulty, intrinsic_dimension, real_faces
from benchmarks.figures import Aim
from benchmarks.isolation import IsolatedObject, run_isolated
from tests.trained import people_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
SIZE = 300
DRIVER = """
import contextlib, io, json, runpy, sys, traceback
from benchmarks import isolation

class Here:  # in this process, which is quicker; real ones have a test of their own
    def __init__(self, make, *arguments):
        self.made = make(*arguments)
    def call(self, method, *arguments):
        return getattr(self.made, method)(*arguments)
    def end(self):
        pass

isolation.IsolatedObject = Here
isolation.run_isolated = lambda work, *arguments: work(*arguments)
sys.modules.update(faiss=None, usearch=None)  # as where they are not installed
found = {}
for name, arguments in json.loads(sys.argv[1]).items():
    said, sys.argv = io.StringIO(), [name, *arguments]
    with contextlib.redirect_stdout(said):
        try:
            runpy.run_module(f"benchmarks.{name}", run_name="__main__")
        except BaseException:
            traceback.print_exc(file=said)
    found[name] = said.getvalue()
print("FOUND", json.dumps(found))
"""


# -- each of them at its smallest ------------------------------------------------------------

TOGETHER = {
    "bench": f"{SIZE} --work {{place}}/work --results {{place}}/results",
    "at_scale": "{faces} 300 --only open preview",
    "corrections": "{faces} --times 1",
    "difficulty": "--seeds 1 --to {place}/difficulty.json --data {people}",
    "encryption": "300",
    "files_entered": "",
    "fitting": "--to {place}/fitted.npz",
    "generator": "60 8 {place}/faces.npz",
    "hard_vectors": "--seeds 1",
    "label_noise": "--seeds 1",
    "map": "1000 --methods pca --data {people}",
    "openset": "--only '3 people, 5 faces' --draws 1",
    "photos": "--only bad",
    "scan": "--photographs 4 --kills 0",
    "versions": f"--old {ROOT} --sizes {SIZE} --runs 1",
    "window": "{faces} --clicks 3 --starts 1",
}
TRAINING = {"training_speed": "--runs 1 --epochs 2 --batches 128 --data {people}"}
"""In a process of its own: TensorFlow brings an SQLite that must not stand in for SQLCipher's."""
NEEDS = {
    "encryption": "sqlcipher3",
    "map": "PySide6",
    "photos": "dlib",
    "scan": "dlib",
    "window": "PySide6",
    "training_speed": "tensorflow",
}
SILENT = {"generator"}
ELSEWHERE = {"report", "soak"}  # tested below, and in a file of its own


@pytest.fixture(scope="module")
def material(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Made-up faces as each of the tables that benchmarks read, and a few real people."""
    place = tmp_path_factory.mktemp("material")
    generator.write(place / "lfw-158-dlib.npz", 600, 12)
    generator.write(place / "lfw-158-weak.npz", 600, 12, seed=2)
    generator.write(place / "lfw-others-dlib.npz", 700, 600, seed=1)
    people = people_of(sample, place / "people")
    return {"place": place, "faces": place / "lfw-158-dlib.npz", "people": people}


def run(benchmarks: dict[str, str], material: dict[str, Path]) -> dict[str, str]:
    """What each of some benchmarks prints; several share a process, whose start takes longest."""
    installed = [name for name in benchmarks if is_installed(NEEDS.get(name, "numpy"))]
    commands = {name: shlex.split(benchmarks[name].format(**material)) for name in installed}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(commands)],
        cwd=ROOT,
        env=os.environ | {"FACE_GALLERY_SHARED": str(material["place"])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    _, found = done.stdout.split("FOUND")
    return dict(json.loads(found))


@pytest.fixture(scope="module")
def printed(material: dict[str, Path]) -> dict[str, str]:
    return run(TOGETHER, material)


@pytest.fixture(scope="module")
def results(printed: dict[str, str], material: dict[str, Path]) -> Path:
    """What a run of ``bench`` at the smallest size leaves, without faiss and usearch."""
    assert "Traceback" not in printed["bench"]
    assert not list((material["place"] / "work").rglob("*.gallery")), "galleries are left behind"
    return material["place"] / "results"


@pytest.mark.parametrize("name", TOGETHER)
def test_a_benchmark_runs_to_its_end(name: str, printed: dict[str, str]) -> None:
    if name not in printed:
        pytest.skip(f"{NEEDS[name]} is not installed")
    assert "Traceback" not in printed[name], printed[name]
    assert printed[name] or name in SILENT


def test_training_beside_keras_runs_to_its_end(material: dict[str, Path]) -> None:
    pytest.importorskip("tensorflow")
    (said,) = run(TRAINING, material).values()
    assert "Traceback" not in said, said
    assert said.count("Keras") == 3


def test_every_benchmark_is_run_by_a_test() -> None:
    files = (ROOT / "benchmarks").glob("*.py")
    runnable = {file.stem for file in files if "__main__" in file.read_text(encoding="utf-8")}
    assert TOGETHER.keys() | TRAINING.keys() | ELSEWHERE == runnable


def test_work_runs_in_a_process_of_its_own() -> None:
    assert run_isolated(os.getpid) != os.getpid()
    numbers = IsolatedObject(list, [3, 1, 2])
    numbers.call("sort")
    assert numbers.call("pop") == 3
    with pytest.raises(RuntimeError, match="IndexError"):
        numbers.call("pop", 7)
    numbers.end()


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
    said = datasets.lay_out(SIZE, tmp_path)
    enrolled = np.load(tmp_path / datasets.ENROLLED)["embeddings"]
    asked = np.load(tmp_path / datasets.ASKED)
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


def test_the_page_shows_every_library_and_every_aim_and_is_the_same_for_the_same_figures(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    page = written(results, first, monkeypatch)
    assert "| faiss, HNSW | not installed |" in page
    assert "recall@5 | 300 | at least 0.99" in page
    assert written(results, second, monkeypatch) == page
    for name in ("single", "build", "memory", "recall"):
        assert f"(plots/{name}.svg)" in page
        plot = (first / "plots" / f"{name}.svg").read_bytes()
        assert len(plot) < 100_000
        assert plot == (second / "plots" / f"{name}.svg").read_bytes()


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
