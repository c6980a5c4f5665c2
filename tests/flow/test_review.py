"""What looks wrong, from the command line and through the façade."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import InputError
from engine.gallery import Gallery

PEOPLE = ("Ariel_Sharon", "Tiger_Woods", "Tim_Henman", "Tom_Ridge", "Tony_Blair", "Hans_Blix")
STRAYED = "Tiger_Woods_0001.npy"
COPY = "Hans_Blix_again.npy"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def made(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of real faces: one of Tiger Woods is called Tom Ridge, one of Hans Blix is there
    twice, and somebody has one face."""
    tree = tmp_path_factory.mktemp("review") / "people"
    for person in PEOPLE:
        (tree / person).mkdir(parents=True)
        for face in sorted((sample / person).glob("*.npy"))[:20]:
            shutil.copy(face, tree / person)
    shutil.move(tree / "Tiger_Woods" / STRAYED, tree / "Tom_Ridge")
    first = np.load(tree / "Hans_Blix/Hans_Blix_0001.npy")
    np.save(tree / "Hans_Blix" / COPY, first * np.float32(1.0001))
    (tree / "Venus_Williams").mkdir()
    shutil.copy(sample / "Venus_Williams/Venus_Williams_0001.npy", tree / "Venus_Williams")
    folder = tree.parent / "review.gallery"
    with Gallery.create_from(folder, [tree])[0]:
        return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "review.gallery")


def listed(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_kind_is_one_list_worst_first(run: Run, folder: Path) -> None:
    found = listed(run("review", "-g", folder, "--json"))
    first = found[0]
    assert (first["kind"], first["identity"], first["suggestion"]) == (
        "labels",
        "Tom Ridge",
        "Tiger Woods",
    )
    assert Path(first["file"]).name == STRAYED
    assert 0.5 < first["score"] <= 1
    assert first["evidence"][0]["name"] == "Tiger Woods"
    copies = [one for one in found if one["kind"] == "duplicates"]
    assert (Path(copies[0]["file"]).name, copies[0]["score"]) == (COPY, 1.0)
    few = [one for one in found if one["kind"] == "few"]
    assert few[0]["identity"] == "Venus Williams"
    assert (few[0]["face"], few[0]["file"], few[0]["suggestion"]) == (None, None, None)


def test_only_the_kinds_asked_for_and_so_many_of_each(run: Run, folder: Path) -> None:
    arguments = ("--kind", "labels", "--kind", "duplicates", "--limit", "1", "--json")
    found = listed(run("review", "-g", folder, *arguments))
    assert [one["kind"] for one in found] == ["labels", "duplicates"]
    assert run("review", "-g", folder, "--kind", "beauty").returncode == 2


def test_a_person_reads_names_and_files_in_columns(run: Run, folder: Path) -> None:
    done = run("review", "-g", folder)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "Looks like someone else: 1"
    assert "Tom Ridge  → Tiger Woods  " in lines[1]
    assert lines[1].endswith(STRAYED)
    assert any("Hans_Blix_0001.npy" in line and COPY in line for line in lines)
    assert "From 1 to " in done.stderr


def test_where_nothing_looks_wrong_it_says_so(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "empty.gallery"
    run("new", folder)
    done = run("review", "-g", folder)
    assert (done.returncode, done.stdout) == (0, "Nothing looks wrong.\n")
    assert listed(run("review", "-g", folder, "--json")) == []


def test_a_kind_that_does_not_exist_is_refused(folder: Path) -> None:
    with Gallery.open(folder) as gallery, pytest.raises(InputError, match="beauty"):
        gallery.review(("labels", "beauty"))  # type: ignore[arg-type]


def test_nobody_is_suggested_whom_a_person_rejected(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        (finding,) = gallery.review(("labels",)).findings
        assert finding.face is not None
        assert finding.suggestion_id is not None
        gallery.corrections.reject(gallery.faces.vector(finding.face), finding.suggestion_id)
        again = gallery.review(("labels", "outliers")).findings
    assert [(one.kind, one.suggestion) for one in again if one.face == finding.face] == [
        ("outliers", None)
    ]


def test_what_a_person_confirmed_or_ignored_does_not_come_up_again(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        (finding,) = gallery.review(("labels",)).findings
        assert finding.face is not None
        for settle, take_back in (
            (gallery.corrections.confirm, gallery.corrections.unconfirm),
            (gallery.corrections.ignore, gallery.corrections.unignore),
        ):
            settle([finding.face])
            again = gallery.review(("labels", "outliers")).findings
            assert finding.face not in [one.face for one in again]
            take_back([finding.face])
            assert gallery.review(("labels",)).findings == (finding,)
