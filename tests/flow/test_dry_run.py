"""What the command line says would become of every file, and that it then does."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def more(sample: Path, tmp_path: Path) -> Path:
    """Two enrolled faces of Tiger Woods and one that is not, a near-duplicate, a broken file."""
    person = tmp_path / "more" / "Tiger_Woods"
    person.mkdir(parents=True)
    for face in sorted((sample / "Tiger_Woods").glob("*.npy"))[7:10]:
        shutil.copy(face, person)
    np.save(person / "twin.npy", np.load(person / "Tiger_Woods_0010.npy") + np.float32(1e-5))
    (person / "void.npy").touch()
    return tmp_path / "more"


def document(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def outcomes(files: list[dict[str, Any]]) -> dict[str, str]:
    return {Path(one["file"]).name: one["outcome"] for one in files}


def test_an_import_lists_what_would_happen_to_each_file(run: Run, folder: Path, more: Path) -> None:
    foretold = document(run("import", more, "-g", folder, "--dry-run", "--json"))
    assert outcomes(foretold["files"]) == {
        "Tiger_Woods_0008.npy": "duplicate",
        "Tiger_Woods_0009.npy": "duplicate",
        "Tiger_Woods_0010.npy": "added",
        "twin.npy": "added",
        "void.npy": "rejected",
    }
    twin = next(one for one in foretold["files"] if one["file"].endswith("twin.npy"))
    assert [one["kind"] for one in twin["advice"]] == ["near-duplicate"]
    assert (foretold["faces_added"], foretold["duplicates"], foretold["dry_run"]) == (2, 2, True)
    people = document(run("people", "-g", folder, "--json"))
    assert {"name": "Tiger Woods", "faces": 9} in people


def test_people_read_a_table_and_one_sentence(run: Run, folder: Path, more: Path) -> None:
    done = run("import", more, "-g", folder, "--dry-run")
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    assert lines[3].split()[0] == "added"
    assert "Almost the same photo as Tiger_Woods_0010.npy" in lines[3]
    assert lines[4].split()[0] == "rejected"
    assert lines[5].startswith("2 faces would be added, 0 new people, 2 already enrolled")


def test_an_import_can_skip_what_adds_nothing(run: Run, folder: Path, more: Path) -> None:
    done = document(run("import", more, "-g", folder, "--skip-duplicates", "--json"))
    assert (done["faces_added"], done["dry_run"]) == (1, False)
    assert outcomes(done["files"])["twin.npy"] == "left-out"
    assert document(run("import", more, "-g", folder, "--json"))["faces_added"] == 1


def test_an_enrolment_lists_each_face_and_the_file_that_keeps_it_from_happening(
    run: Run, folder: Path, more: Path, sample: Path
) -> None:
    faces = sorted(more.rglob("*.npy"))
    done = run("enroll", "Eldrick", *faces, "-g", folder, "--dry-run", "--json")
    foretold = document(done)
    assert done.returncode == 1
    assert (foretold["faces_added"], foretold["dry_run"]) == (0, True)
    assert outcomes(foretold["files"])["void.npy"] == "rejected"
    fresh = next(one for one in foretold["files"] if one["file"].endswith("0010.npy"))
    assert (fresh["outcome"], fresh["suggestion"]) == ("new", "Tiger Woods")
    assert "2 of 4 faces are already enrolled as Tiger Woods" in foretold["warnings"]


def test_an_enrolment_can_skip_what_adds_nothing(run: Run, folder: Path, more: Path) -> None:
    faces = sorted(more.rglob("T*.npy")) + sorted(more.rglob("twin.npy"))
    options = ("-g", folder, "--skip-duplicates", "--json")
    foretold = document(run("enroll", "Tiger Woods", *faces, "--dry-run", *options))
    done = document(run("enroll", "Tiger Woods", *faces, *options))
    assert (done["name"], done["faces_added"], done["duplicates"]) == ("Tiger Woods", 1, 2)
    assert {**foretold, "dry_run": False} == done
    assert document(run("people", "-g", folder, "--sort", "faces", "--json"))[0]["faces"] == 10
