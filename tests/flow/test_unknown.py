"""Unknown queries from the command line: kept, listed by who looks alike, named, dismissed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.gallery import Gallery

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def strangers(sample: Path) -> list[Path]:
    """Five faces of one person who is not in the gallery, and one of another."""
    ryder = sorted((sample / "Winona_Ryder").glob("*.npy"))
    near = [ryder[number] for number in (7, 8, 10, 11)]
    return [*near, sorted((sample / "Hans_Blix").glob("*.npy"))[0]]


@pytest.fixture
def kept(run: Run, folder: Path, strangers: list[Path], sample: Path) -> list[dict[str, Any]]:
    known = sorted((sample / "Tiger_Woods").glob("*.npy"))[9]
    done = run("identify", *strangers, known, "--keep-unknown", "-g", folder, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["kept"] == len(strangers)
    assert answer["results"][-1]["verdict"] == "known"
    return listed(run, folder)


def listed(run: Run, folder: Path) -> list[dict[str, Any]]:
    done = run("unknown", "-g", folder, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def files(cluster: dict[str, Any]) -> set[str]:
    return {one["file"] for one in cluster["queries"]}


def test_those_who_look_alike_are_listed_together(
    run: Run, folder: Path, kept: list[dict[str, Any]], strangers: list[Path]
) -> None:
    assert [one["cluster"] for one in kept] == list(range(1, len(kept) + 1))
    assert files(kept[0]) == {str(file) for file in strangers[:4]}
    assert kept[0]["likeness"]["known"] is False
    done = run("unknown", "-g", folder)
    assert done.stdout.startswith("   1  4 queries, nearest ")
    assert "and 1 more" in done.stdout


def test_a_cluster_is_named_in_one_step(
    run: Run, folder: Path, kept: list[dict[str, Any]], strangers: list[Path]
) -> None:
    done = run("unknown", "name", "1", "Winona Ryder", "-g", folder)
    assert (done.returncode, done.stdout) == (0, "4 unknown faces named “Winona Ryder”.\n")
    assert {str(strangers[4])} == set().union(*map(files, listed(run, folder)))
    with Gallery.open(folder) as gallery:
        assert gallery.people.find("Winona Ryder").faces == 4  # type: ignore[union-attr]
        gallery.history.undo()
        assert gallery.people.find("Winona Ryder") is None
        assert gallery.unknowns.count() == 5


def test_files_are_named_and_dismissed_by_their_own_name(
    run: Run, folder: Path, kept: list[dict[str, Any]], strangers: list[Path]
) -> None:
    done = run("unknown", "name", strangers[0], strangers[1], "Somebody", "-g", folder, "--json")
    assert json.loads(done.stdout)["name"] == "Somebody"
    assert run("unknown", "dismiss", strangers[4], "-g", folder).returncode == 0
    left = set().union(*map(files, listed(run, folder)))
    assert left == {str(file) for file in strangers[2:4]}


def test_what_is_not_there_is_refused_in_one_line(
    run: Run, folder: Path, kept: list[dict[str, Any]]
) -> None:
    for arguments, words in (
        (("name", "99", "Somebody"), "There is no cluster 99"),
        (("dismiss", "nothing.npy"), "nothing.npy: No unknown query of this file is kept"),
        (("name", "1", " "), "name"),
    ):
        done = run("unknown", *arguments, "-g", folder)
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


def test_nothing_is_kept_unless_asked(run: Run, folder: Path, strangers: list[Path]) -> None:
    assert "kept" not in json.loads(run("identify", *strangers, "-g", folder, "--json").stdout)
    done = run("unknown", "-g", folder)
    assert done.stdout == "No unknown queries are kept.\n"


def test_all_are_dismissed_at_once(run: Run, folder: Path, kept: list[dict[str, Any]]) -> None:
    assert run("unknown", "dismiss", "-g", folder).returncode == 2
    assert run("unknown", "dismiss", "1", "--all", "-g", folder).returncode == 2
    done = run("unknown", "dismiss", "--all", "-g", folder)
    assert (done.returncode, done.stdout) == (0, "5 unknown faces dismissed.\n")
    assert listed(run, folder) == []
    assert run("undo", "-g", folder).returncode == 0
    assert sum(len(one["queries"]) for one in listed(run, folder)) == 5
    run("unknown", "dismiss", "--all", "-g", folder)
    again = run("unknown", "dismiss", "--all", "-g", folder, "--json")
    assert json.loads(again.stdout) == {"unknowns": []}


def test_strangers_are_kept_counted_and_forgotten(
    run: Run, folder: Path, kept: list[dict[str, Any]], strangers: list[Path]
) -> None:
    assert run("unknown", "strangers", "-g", folder).stdout == "No strangers are kept.\n"
    done = run("unknown", "dismiss", "1", "--strangers", "-g", folder)
    assert (done.returncode, done.stdout) == (0, "4 unknown faces kept as strangers.\n")
    assert [files(one) for one in listed(run, folder)] == [{str(strangers[4])}]
    done = run("unknown", "dismiss", strangers[4], "--strangers", "-g", folder)
    assert done.stdout == "1 unknown face kept as a stranger.\n"
    done = run("unknown", "strangers", "-g", folder)
    assert done.stdout == "5 faces of 2 people kept as strangers.\n"
    done = run("unknown", "strangers", "--forget", "-g", folder, "--json")
    assert json.loads(done.stdout) == {"faces": 5, "people": 2, "removed": True}
    assert run("undo", "-g", folder).stdout == "Undone: 5 faces of strangers removed.\n"
    done = run("unknown", "strangers", "-g", folder, "--json")
    assert json.loads(done.stdout) == {"faces": 5, "people": 2, "removed": False}
    done = run("unknown", "strangers", "--forget", "-g", folder)
    assert done.stdout == "5 faces of strangers removed.\n"
