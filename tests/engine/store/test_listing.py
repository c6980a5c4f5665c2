"""Long lists read in columns; test_corrections_model.py holds what was read before against them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from engine.errors import GalleryDamagedError
from engine.records.names import search_key
from engine.store import Store


def listed(store: Store) -> list:
    return [store.people.roster()[row] for row in range(len(store.people.roster()))]


def test_an_empty_gallery_lists_nobody(store):
    assert len(store.people.roster()) == 0
    assert list(store.faces.columns(1)) == []


def test_all_identities_and_faces_are_listed_as_they_are(store, batch_of):
    store.faces.add(
        batch_of(("Émile", 1), ("emil", 2), ("Zoë", 3), ("Émile", 4), ("a  b", 5)),
        thumbnails={3: b"photo"},
    )  # fmt: skip
    store.people.set_note("Zoë", "two\nlines")
    store.people.choose_portrait("Émile", 1)
    assert listed(store) == sorted(
        store.people.all(), key=lambda one: (search_key(one.name), one.name)
    )
    for one in store.people.all():
        assert list(store.faces.columns(one.id)) == store.faces.of_identity(one.id)


def test_what_is_known_already_is_not_read_again(store, batch_of):
    store.faces.add(batch_of(("A", 1), ("B", 2)))
    known = store.people.roster()
    assert store.people.roster(known) is known
    store.people.rename("A", "C")
    assert list(store.people.roster(known).names) == ["B", "C"]
    assert list(known.names) == ["A", "B"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE identities SET face_count = 'many'",
        "UPDATE identities SET name = 'A' || char(10) || 'B'",
    ],
)
def test_values_that_make_no_sense_are_told_of(store, batch_of, folder, damage):
    store.faces.add(batch_of(("A", 1)))
    with closing(sqlite3.connect(folder / "gallery.db")) as base:
        base.execute(damage)
        base.commit()
    with pytest.raises(GalleryDamagedError, match="invalid values"):
        store.people.roster()
