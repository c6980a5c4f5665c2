"""Corrections as a person or a script makes them: processes, exit codes, one JSON document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.gallery import Gallery
from tests.flow.conftest import Run


def people(folder: Path) -> dict[str, int]:
    with Gallery.open(folder, write=False) as gallery:
        return {one.name: one.faces for one in gallery.people.all()}


BEFORE = {"Tiger Woods": 9, "Tim Henman": 9, "Tom Ridge": 9, "Tony Blair": 9}


def test_a_name_that_is_taken_is_refused_unless_merging_is_meant(run: Run, folder: Path) -> None:
    refused = run("rename", "Tiger Woods", "Tom Ridge", "-g", folder)
    assert refused.returncode == 1
    assert "Merge “Tiger Woods” into it" in refused.stderr
    done = run("rename", "Tiger Woods", "Tom Ridge", "--merge", "-g", folder)
    assert done.stdout == "“Tiger Woods” merged into “Tom Ridge” with 9 faces.\n"
    assert people(folder) == {"Tim Henman": 9, "Tom Ridge": 18, "Tony Blair": 9}


def test_a_merge_says_first_what_it_would_come_to(run: Run, folder: Path) -> None:
    told = run("merge", "Tim Henman", "--into", "Tony Blair", "--dry-run", "-g", folder)
    first, second, third = told.stdout.splitlines()
    assert first == "“Tony Blair” would have 18 faces."
    assert "(18 of 18) after" in second
    assert third.startswith("Tim Henman and Tony Blair look like two people")
    asked = run("merge", "Tim Henman", "--into", "Tony Blair", "--dry-run", "--json", "-g", folder)
    (compared,) = json.loads(asked.stdout)["compared"]
    assert compared["name"] == "Tim Henman"
    assert compared["same"] is False
    assert compared["distance"] > compared["threshold"]
    assert people(folder) == BEFORE
    done = run("merge", "Tim Henman", "--into", "Tony Blair", "--json", "-g", folder)
    assert done.stderr.startswith("Tim Henman and Tony Blair look like two people")
    changed = json.loads(done.stdout)
    assert changed["action"] == "merge"
    assert len(changed["faces"]) == 9
    assert len(changed["identities"]) == 2


@pytest.mark.slow
def test_there_is_a_way_back_and_forth_over_processes(run_apart: Run, folder: Path) -> None:
    assert run_apart("delete", "Tim Henman", "--yes", "-g", folder).returncode == 0
    moved = run_apart("move", "1", "Tiger_Woods_0002.npy", "Somebody", "-g", folder)
    assert moved.stdout == "2 faces moved to “Somebody”.\n"
    after = people(folder)
    assert after == {"Somebody": 2, "Tiger Woods": 7, "Tom Ridge": 9, "Tony Blair": 9}
    assert run_apart("undo", "-g", folder).stdout == "Undone: 2 faces moved to “Somebody”.\n"
    assert run_apart("history", "--to", "1", "-g", folder).returncode == 0
    assert people(folder) == BEFORE
    entries = json.loads(run_apart("history", "--json", "-g", folder).stdout)
    assert [(one["change"], one["undone"]) for one in entries] == [(3, True), (2, True), (1, False)]
    assert run_apart("history", "--to", "3", "-g", folder).stdout == "Redone: 2 changes.\n"
    assert people(folder) == after
    nothing = run_apart("redo", "-g", folder)
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "nothing to redo" in nothing.stderr


def test_deleting_asks_and_where_nobody_answers_needs_to_be_told(run: Run, folder: Path) -> None:
    refused = run("delete", "Tim Henman", "-g", folder)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert people(folder) == BEFORE
    assert run("delete", "-g", folder, "--yes").returncode == 2
    done = run("delete", "--face", "1", "--face", "Tom_Ridge_0001.npy", "--yes", "-g", folder)
    assert done.stdout == "2 faces removed.\n"
    unknown = run("delete", "--face", "nowhere.npy", "--yes", "-g", folder)
    assert unknown.returncode == 1
    assert "nowhere.npy" in unknown.stderr


def test_a_note_and_a_portrait_are_kept(run: Run, folder: Path) -> None:
    assert run("note", "Tom Ridge", "from Erie", "-g", folder).returncode == 0
    assert run("note", "Tom Ridge", "-g", folder).stdout == "from Erie\n"
    with Gallery.open(folder, write=False) as gallery:
        face = gallery.faces.of("Tom Ridge")[4].id
    assert run("portrait", "Tom Ridge", str(face), "-g", folder).returncode == 0
    with Gallery.open(folder, write=False) as gallery:
        assert gallery.people.find("Tom Ridge").portrait == face
    assert run("portrait", "Tom Ridge", "--auto", "-g", folder).returncode == 0
    with Gallery.open(folder, write=False) as gallery:
        assert gallery.people.find("Tom Ridge").portrait != face


def test_a_person_is_split_into_groups_that_were_shown_first(run: Run, folder: Path) -> None:
    run("merge", "Tim Henman", "--into", "Tiger Woods", "-g", folder)
    shown = run("split", "Tiger Woods", "--groups", "2", "-g", folder)
    first, second, _ = shown.stdout.splitlines()
    assert first.startswith("1. 9 faces: ")
    assert second.startswith("2. 9 faces: ")
    refused = run(
        "split", "Tiger Woods", "--groups", "2", "--into", "A", "--into", "B", "-g", folder
    )
    assert refused.returncode == 1
    assert "2 names are given" in refused.stderr
    done = run("split", "Tiger Woods", "--groups", "2", "--into", "Henman", "-g", folder)
    assert done.stdout == "“Tiger Woods” split: 9 faces moved to “Henman”.\n"
    assert people(folder)["Henman"] == 9
    run("undo", "-g", folder)
    assert people(folder)["Tiger Woods"] == 18


def test_faces_are_confirmed_and_left_out_of_the_review_and_that_is_taken_back(
    run: Run, folder: Path
) -> None:
    assert run("confirm", "1", "2", "-g", folder).stdout == "2 faces confirmed.\n"
    assert run("ignore", "3", "-g", folder).stdout == "1 face excluded from the review.\n"
    with Gallery.open(folder, write=False) as gallery:
        assert gallery.corrections.confirmed().tolist() == [1, 2]
        assert gallery.corrections.ignored().tolist() == [3]
    assert run("confirm", "2", "--undo", "-g", folder).returncode == 0
    assert run("ignore", "3", "--undo", "-g", folder).returncode == 0
    with Gallery.open(folder, write=False) as gallery:
        assert gallery.corrections.confirmed().tolist() == [1]
        assert gallery.corrections.ignored().tolist() == []
