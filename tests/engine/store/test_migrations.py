"""Galleries of older and newer versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    GalleryDamagedError,
    GalleryReadOnlyError,
    GalleryTooNewError,
    HistoryError,
)
from engine.records.changes import event
from engine.records.types import Identity
from engine.store import Store
from engine.store import schema as migrations

V1, V2 = (
    Path(__file__).with_name(f"v{version}.sql").read_text(encoding="utf-8") for version in (1, 2)
)
ADDS_NOTES = "CREATE TABLE notes (face_id INTEGER PRIMARY KEY, note TEXT NOT NULL);"
FAILS_LATE = f"{ADDS_NOTES} DELETE FROM settings; INSERT INTO nowhere VALUES (1);"


@pytest.fixture
def old_gallery(folder) -> Path:
    """The folder of a gallery as version 1 wrote it."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "gallery.db")
    connection.executescript(V1)
    connection.close()
    return folder


@pytest.fixture
def newer_gallery(folder) -> Path:
    """The folder of a gallery as version 2 wrote it."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "gallery.db")
    connection.executescript(V2)
    connection.close()
    return folder


def schema(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    connection.close()
    return set(rows)


def user_version(folder: Path) -> int:
    connection = sqlite3.connect(folder / "gallery.db")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return version


def test_a_gallery_of_version_1_opens_for_writing_with_all_that_is_in_it(old_gallery):
    with Store.open(old_gallery) as store:
        assert (store.dimension, store.distance) == (2, "euclidean")
        assert store.people.all() == [Identity(1, "A", 2, 3), Identity(2, "B", 1, 2)]
        expected = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
        assert np.array_equal(store.faces.vectors()[2], expected)
        assert store.faces.thumbnail(3) == b"\xff\xd8\xff"
        assert store.faces.find_exact(expected[:1]) == [[(1, "A")]]
        assert [entry.action for entry in store.history.entries()] == ["enroll", "import"]
        assert store.settings.get("fingerprint") == "kept"
        assert store.models.all() == []
        assert store.decisions.rejections(expected) == [frozenset()] * 3
        assert store.checks.problems() == []
    assert user_version(old_gallery) == migrations.newest()


def test_a_gallery_of_version_1_can_be_read_once_it_was_opened_for_writing(old_gallery):
    with pytest.raises(GalleryReadOnlyError, match="older version"):
        Store.open(old_gallery, write=False)
    with Store.open(old_gallery) as store:
        assert store.decisions.reject(np.array([1, 0], dtype=np.float32), 2)
    with Store.open(old_gallery, write=False) as store:
        assert store.people.counts() == (2, 3)
        assert store.decisions.rejected_vectors()[1].tolist() == [2]


def test_a_gallery_of_version_3_keeps_what_can_be_undone(old_gallery, monkeypatch):
    connection = sqlite3.connect(old_gallery / "gallery.db", isolation_level=None)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:3])
        migrations.migrate(connection)
    connection.executescript(
        "UPDATE identities SET note = 'new' WHERE id = 1;"
        "UPDATE gallery SET change = change + 1, step = step + 1;"
        "INSERT INTO history (change, at, actor, action, summary, payload, state, step)"
        "SELECT change, 0, 'A', 'note', 'Note', '{}', 'done', step - 1 FROM gallery;"
    )
    connection.close()
    with Store.open(old_gallery) as store:
        assert store.people.find("A").note == "new"
        assert store.history.undo() is not None
        assert store.people.find("A").note == ""
        assert store.decisions.mark_distinct("A", "B") is not None
        assert store.history.redo() is None
        assert store.checks.problems() == []


def test_the_first_step_is_still_the_one_that_was_released(old_gallery, tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
    connection = sqlite3.connect(tmp_path / "new.db")
    migrations.migrate(connection)
    connection.close()
    assert schema(tmp_path / "new.db") == schema(old_gallery / "gallery.db")


def test_the_first_two_steps_are_still_those_that_were_released(
    newer_gallery, tmp_path, monkeypatch
):
    monkeypatch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:2])
    connection = sqlite3.connect(tmp_path / "new.db")
    migrations.migrate(connection)
    connection.close()
    assert schema(tmp_path / "new.db") == schema(newer_gallery / "gallery.db")


def test_a_gallery_of_version_2_keeps_its_decisions_and_can_be_corrected(newer_gallery):
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    with Store.open(newer_gallery) as store:
        assert store.decisions.rejections(vectors) == [{2}, {1}, frozenset()]
        assert store.decisions.rejected_vectors()[1].tolist() == [2, 1]
        assert store.people.all() == [Identity(1, "A", 2, 3), Identity(2, "B", 1, 2)]
        assert store.checks.problems() == []
        before = (
            store.faces.vectors()[2].tobytes(),
            store.decisions.rejections(vectors),
            store.people.all(),
        )
        store.people.merge(["A"], "B")
        assert store.people.counts() == (1, 3)
        store.history.undo()
        after = (
            store.faces.vectors()[2].tobytes(),
            store.decisions.rejections(vectors),
            store.people.all(),
        )
        assert after == before


def test_what_was_done_before_there_was_undo_stays_done(newer_gallery):
    with Store.open(newer_gallery) as store:
        change = store.history.last_change()
        assert store.history.undo_step() is None
        assert store.history.undo() is None
        store.people.rename("A", "C")
        assert {entry.state for entry in store.history.entries()[1:]} == {"fixed"}
        with pytest.raises(HistoryError, match=f"Change {change} and those before it"):
            store.history.go_to(change - 1)
        assert store.history.go_to(change).summary == event("undo", "renamed", "A", "C")
        assert store.history.undo() is None


def test_a_gallery_brought_up_to_date_is_made_like_a_new_one(old_gallery, tmp_path):
    Store.open(old_gallery).close()
    Store.create(tmp_path / "new").close()
    assert schema(tmp_path / "new" / "gallery.db") == schema(old_gallery / "gallery.db")


def test_an_old_gallery_opened_for_writing_is_brought_up_to_date(old_gallery, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, ADDS_NOTES))
    with Store.open(old_gallery) as store:
        assert store.people.counts() == (2, 3)
        assert store.checks.problems() == []
    assert user_version(old_gallery) == len(migrations.MIGRATIONS)
    assert "notes" in {name for name, _ in schema(old_gallery / "gallery.db")}


def test_an_old_gallery_opened_for_reading_is_refused_with_the_way_out(old_gallery, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, ADDS_NOTES))
    with pytest.raises(GalleryReadOnlyError, match="older version") as caught:
        Store.open(old_gallery, write=False)
    assert "bring it up to date" in caught.value.remedy
    assert user_version(old_gallery) == 1


def test_a_step_that_fails_leaves_the_gallery_as_it_was(old_gallery, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, FAILS_LATE))
        with pytest.raises(GalleryDamagedError, match="nowhere"):
            Store.open(old_gallery)
    assert user_version(old_gallery) == migrations.newest()  # the steps before it are done
    with Store.open(old_gallery) as store:
        assert store.settings.get("fingerprint") == "kept"
    assert "notes" not in {name for name, _ in schema(old_gallery / "gallery.db")}


@pytest.mark.parametrize("write", [True, False])
def test_a_gallery_of_a_newer_version_is_refused_and_not_touched(old_gallery, write):
    connection = sqlite3.connect(old_gallery / "gallery.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (old_gallery / "gallery.db").read_bytes()
    with pytest.raises(GalleryTooNewError, match="newer version") as caught:
        Store.open(old_gallery, write=write)
    assert caught.value.file == str(old_gallery / "gallery.db")
    assert "Update" in caught.value.remedy
    assert (old_gallery / "gallery.db").read_bytes() == before
