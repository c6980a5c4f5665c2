"""The command line as a person or a script calls it: processes, exit codes, one JSON document."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
PEOPLE = ("Tiger_Woods", "Tim_Henman", "Tom_Ridge", "Tony_Blair")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for person in PEOPLE:
        (tmp_path / "people" / person).mkdir(parents=True)
        for face in sorted((DATA / person).glob("*.npy"))[:9]:
            shutil.copy(face, tmp_path / "people" / person)
    return tmp_path / "people"


@pytest.fixture
def gallery(tmp_path: Path, tree: Path, run: Run) -> Path:
    folder = tmp_path / "four.gallery"
    assert run("new", folder).returncode == 0
    assert run("import", tree, "-g", folder).returncode == 0
    return folder


def document(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_new_says_what_it_made(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "small.gallery"
    made = document(run("new", folder, "--dimension", "64", "--distance", "euclidean", "--json"))
    assert made == {"gallery": str(folder), "dimension": 64, "distance": "euclidean"}


def test_new_refuses_a_folder_that_is_taken(run: Run, gallery: Path) -> None:
    done = run("new", gallery)
    assert done.returncode == 1
    assert str(gallery) in done.stderr
    assert "Traceback" not in done.stderr


def test_import_counts_what_came_in_and_nothing_comes_in_twice(
    run: Run, tmp_path: Path, tree: Path
) -> None:
    folder = tmp_path / "new.gallery"
    run("new", folder)
    first = document(run("import", tree, "-g", folder, "--json"))
    again = document(run("import", tree, "-g", folder, "--json"))
    assert (first["faces_added"], first["identities_added"], first["rejected"]) == (36, 4, [])
    assert (again["faces_added"], again["duplicates"]) == (0, 36)


def test_a_dry_run_changes_nothing(run: Run, tmp_path: Path, tree: Path) -> None:
    folder = tmp_path / "new.gallery"
    run("new", folder)
    foretold = document(run("import", tree, "-g", folder, "--dry-run", "--json"))
    assert foretold["faces_added"] == 36
    assert document(run("people", "-g", folder, "--json")) == []


def test_the_gallery_opened_last_is_the_default(run: Run, gallery: Path) -> None:
    listed = document(run("people", "--sort", "faces", "--json"))
    assert listed[0] == {"name": "Tiger Woods", "faces": 9}


def test_identify_names_the_known_and_not_the_stranger(run: Run, gallery: Path) -> None:
    known, stranger = (
        DATA / "Tiger_Woods/Tiger_Woods_0012.npy",
        DATA / "Hans_Blix/Hans_Blix_0001.npy",
    )
    answer = document(run("identify", known, stranger, "-g", gallery, "--json"))
    first, second = answer["results"]
    assert (first["verdict"], first["name"]) == ("known", "Tiger Woods")
    assert (second["verdict"], second["name"]) == ("unknown", None)
    assert first["evidence"][0]["name"] == "Tiger Woods"
    assert first["candidates"][0]["name"] == "Tiger Woods"
    assert set(first) >= {"file", "row", "confidence", "method", "candidates", "evidence"}


def test_a_bad_query_is_listed_beside_the_good_ones(
    run: Run, gallery: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.npy"
    np.save(bad, np.ones(7, dtype=np.float32))
    good = DATA / "Tiger_Woods/Tiger_Woods_0012.npy"
    answer = document(run("identify", good, bad, "-g", gallery, "--json"))
    assert len(answer["results"]) == 1
    assert answer["errors"][0]["file"] == str(bad)


def test_only_bad_queries_fail(run: Run, gallery: Path, tmp_path: Path) -> None:
    done = run("identify", tmp_path / "nothing.npy", "-g", gallery)
    assert done.returncode == 1
    assert "nothing.npy" in done.stderr


@pytest.mark.slow
def test_enrolled_people_are_found_by_the_next_command(run_apart: Run, gallery: Path) -> None:
    faces = sorted((DATA / "Hans_Blix").glob("*.npy"))
    report = document(run_apart("enroll", "Hans Blix", *faces[:5], "-g", gallery, "--json"))
    assert (report["name"], report["faces_added"], report["duplicates"]) == ("Hans Blix", 5, 0)
    answer = document(run_apart("identify", faces[6], "-g", gallery, "--json"))["results"][0]
    assert answer["candidates"][0]["name"] == "Hans Blix"


@pytest.mark.parametrize("name", ["", "   ", "x" * 300, "../../etc", "bell\x07", "two\nlines"])
def test_names_that_nobody_can_have_are_refused(run: Run, gallery: Path, name: str) -> None:
    done = run("enroll", name, DATA / "Hans_Blix/Hans_Blix_0001.npy", "-g", gallery)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert len(document(run("people", "-g", gallery, "--json"))) == 4


def test_one_bad_file_keeps_an_enrolment_from_happening(
    run: Run, gallery: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "empty.npy"
    bad.touch()
    done = run("enroll", "Hans Blix", DATA / "Hans_Blix/Hans_Blix_0001.npy", bad, "-g", gallery)
    assert done.returncode == 1
    assert "empty.npy" in done.stderr
    assert len(document(run("people", "-g", gallery, "--json"))) == 4


def test_check_finds_a_sound_gallery_sound(run: Run, gallery: Path) -> None:
    assert document(run("check", "-g", gallery, "--json"))["ok"] is True


def test_a_gallery_without_its_index_answers_as_before(run: Run, gallery: Path) -> None:
    query = DATA / "Tiger_Woods/Tiger_Woods_0012.npy"
    before = document(run("identify", query, "-g", gallery, "--json"))
    shutil.rmtree(gallery / "index")
    after = document(run("identify", query, "-g", gallery, "--json"))
    assert after["results"][0]["candidates"] == before["results"][0]["candidates"]


@pytest.mark.slow
def test_wrong_usage_ends_with_two(run_apart: Run) -> None:
    assert run_apart("identify").returncode == 2
    assert run_apart("no-such-command").returncode == 2


@pytest.mark.slow
def test_a_gallery_that_is_not_there_is_one_clear_line(run_apart: Run, tmp_path: Path) -> None:
    done = run_apart("people", "-g", tmp_path / "nowhere")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_completion_script_is_printed(run: Run) -> None:
    done = run("completion", "bash")
    assert done.returncode == 0
    assert "_FACE_GALLERY_COMPLETE" in done.stdout


@pytest.mark.slow
def test_commands_that_open_no_window_import_no_qt(gallery: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from gallery_app.cli import run; "
        f"run(['people', '-g', {str(gallery)!r}]); "
        "heavy = {'PySide6', 'tensorflow', 'sklearn'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    environment = os.environ | {"FACE_GALLERY_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_table_in_doubt_is_refused_everywhere_until_the_column_of_names_is_said(
    run: Run, gallery: Path, tmp_path: Path
) -> None:
    lines = [",".join(["first", "last", *(f"e{number}" for number in range(128))])]
    for face in sorted((DATA / "Hans_Blix").glob("*.npy"))[:3]:
        lines.append(",".join(["Hans", "Blix", *map(repr, np.load(face).tolist())]))
    table = tmp_path / "faces.csv"
    table.write_text("\n".join(lines))
    doubt = "The names may be in the columns “first” and “last”"
    ways = (("identify", table), ("enroll", "Hans Blix", table), ("import", table, "--dry-run"))
    for way in ways:
        done = run(*way, "-g", gallery)
        assert doubt in done.stderr + done.stdout
        assert "--name-column" in done.stderr + done.stdout
    for way in ways:
        assert run(*way, "--name-column", "last", "-g", gallery).returncode == 0
    assert run("import", table, "--name-column", "2", "-g", gallery).returncode == 0
    assert "Blix" in run("people", "-g", gallery).stdout
