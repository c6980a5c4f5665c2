"""What the way back rests on; test_corrections_model.py walks it at random."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import GalleryDamagedError
from engine.records.changes import event
from engine.store import Store


@pytest.fixture
def peopled(store: Store, batch_of: Callable) -> Store:
    """A (identity 1) has the faces 1 and 2, B (identity 2) has 3, of the vectors 1, 2 and 1."""
    store.faces.add(batch_of(("A", 1), ("A", 2), ("B", 1)), thumbnails={0: b"photo"})
    return store


def kept(folder: Path) -> int:
    """Rows that are kept for undoing."""
    tables = ("undo_identities", "undo_faces", "undo_spans", "undo_decisions")
    with closing(sqlite3.connect(folder / "gallery.db")) as base:
        return sum(base.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in tables)


def test_a_removed_face_comes_back_as_it_was(peopled, vectors_of):
    before = peopled.faces.by_ids([1, 2, 3])
    peopled.faces.remove([1, 3])
    assert peopled.faces.thumbnail(1) is None
    peopled.history.undo()
    assert peopled.faces.by_ids([1, 2, 3]) == before
    assert peopled.faces.vectors()[2].tobytes() == vectors_of(1, 2, 1).tobytes()
    assert peopled.faces.thumbnail(1) == b"photo"


def test_an_import_that_is_undone_leaves_nothing_and_its_ids_are_not_given_again(
    peopled, batch_of, vectors_of
):
    peopled.history.undo()
    assert (peopled.people.counts(), peopled.people.all()) == ((0, 0), [])
    peopled.history.redo()
    assert peopled.faces.vectors()[2].tobytes() == vectors_of(1, 2, 1).tobytes()
    assert peopled.faces.thumbnail(1) == b"photo"
    peopled.history.undo()
    assert peopled.faces.add(batch_of(("A", 1))).face_ids.tolist() == [4]


def test_duplicates_that_a_merge_drops_come_back(peopled):
    changed = peopled.people.merge(["B"], "A")
    assert changed.summary == event("merged", "A", 0, 1, "B")
    assert peopled.faces.membership()[0].tolist() == [1, 2]
    peopled.history.undo()
    assert [face.name for face in peopled.faces.by_ids([1, 2, 3])] == ["A", "A", "B"]


def test_a_new_change_takes_the_place_of_what_was_undone(peopled, folder):
    rows = kept(folder)
    peopled.faces.remove([1])
    peopled.history.undo()
    assert kept(folder) > rows
    peopled.people.set_note("B", "a note")
    assert peopled.history.redo_step() is None
    assert [entry.state for entry in peopled.history.changes()] == ["done", "cut", "done"]
    assert kept(folder) == rows + 1


def test_undoing_that_fails_halfway_changes_nothing(peopled, folder):
    peopled.faces.remove([1, 2])
    with closing(sqlite3.connect(folder / "gallery.db")) as base:
        base.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON photos BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    before = peopled.people.all(), peopled.history.entries(), kept(folder)
    with pytest.raises(GalleryDamagedError, match="no"):
        peopled.history.undo()
    assert (peopled.people.all(), peopled.history.entries(), kept(folder)) == before
    with closing(sqlite3.connect(folder / "gallery.db")) as base:
        base.execute("DROP TRIGGER refuse")
    assert peopled.history.undo() is not None
    assert peopled.checks.problems() == []


def test_rows_that_belong_to_no_change_are_told_of(peopled, folder):
    peopled.faces.remove([1])
    peopled.close()
    with closing(sqlite3.connect(folder / "gallery.db")) as base, base:
        base.execute("UPDATE undo_faces SET step = 99")
    with Store.open(folder) as store:
        assert store.checks.problems() == ["What was kept to undo step 99 belongs to no change"]


def test_a_chosen_portrait_lasts_while_the_face_is_theirs(peopled, batch_of):
    peopled.people.choose_portrait("A", 2)
    assert (peopled.people.find("A").portrait, peopled.people.find("A").chosen) == (2, True)
    peopled.faces.add(batch_of(("A", 7)), thumbnails={0: b"photo"})
    assert peopled.people.find("A").portrait == 2
    peopled.faces.move([2], "B")
    assert (peopled.people.find("A").portrait, peopled.people.find("A").chosen) == (1, False)
    peopled.history.undo()
    assert (peopled.people.find("A").portrait, peopled.people.find("A").chosen) == (2, True)


def test_notes_are_joined_by_a_merge(peopled):
    peopled.people.set_note("A", "of A")
    peopled.people.set_note("B", "of B")
    peopled.people.merge(["A"], "B")
    assert peopled.people.find("B").note == "of B\n\nof A"


def test_decisions_follow_a_merge_unless_they_contradict_it(peopled, vectors_of):
    peopled.decisions.confirm([2])
    peopled.decisions.reject(vectors_of(9)[0], 1)  # not A: not the survivor either
    peopled.decisions.reject(vectors_of(2)[0], 2)  # not B, but what is A now is B
    peopled.people.merge(["A"], "B")
    assert peopled.decisions.rejections(vectors_of(9, 2)) == [{2}, frozenset()]
    assert peopled.decisions.confirmed().tolist() == [2]
    peopled.history.undo()
    assert peopled.decisions.rejections(vectors_of(9, 2)) == [{1}, {2}]


def test_what_contradicts_a_move_is_overruled(peopled, vectors_of):
    peopled.decisions.confirm([2])
    peopled.decisions.reject(vectors_of(2)[0], 2)
    peopled.faces.move([2], "B")
    assert peopled.decisions.rejections(vectors_of(2)) == [frozenset()]
    assert peopled.decisions.confirmed().tolist() == []
    assert peopled.decisions.contradicted().tolist() == []


def test_a_vector_confirmed_under_one_name_contradicts_the_other(peopled):
    peopled.decisions.confirm([3])
    assert peopled.decisions.contradicted().tolist() == [1]
    peopled.decisions.confirm([1])
    assert peopled.decisions.contradicted().tolist() == []
