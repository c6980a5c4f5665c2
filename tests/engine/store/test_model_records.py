"""The registry of trained models: what there is, and which one of each kind is in use."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import GalleryReadOnlyError, ModelError
from engine.index.hnsw import HnswIndex
from engine.index.manager import IndexManager
from engine.records.changes import event
from engine.records.jobs import ModelVersion
from engine.records.training_parameters import MlpParameters, as_json
from engine.records.types import FaceBatch
from engine.store import Store


def version(name: str, kind: str = "mlp", *, created: float = 1.0, **others) -> ModelVersion:
    made = ModelVersion(
        id=name,
        kind=kind,
        preset="default",
        seed=3,
        created=created,
        seconds=12.5,
        active=False,
        collapsed=False,
        sentence="It names 0.4 % more people right; “é”.",
        metrics={"rank1": 0.995, "before_rank1": 0.991},
        parameters=as_json(MlpParameters(hidden=(64, 32))),
        identities=158,
        faces=4324,
    )
    return replace(made, **others)


def active(store: Store) -> list[str]:
    return [one.id for one in store.models.all() if one.active]


def test_a_new_gallery_has_no_models(store):
    assert store.models.all() == []


def test_a_version_comes_back_as_it_was_added(store, folder):
    store.models.add(version("a"), activate=False)
    store.models.add(version("b", "triplet"), activate=True)
    store.close()
    with Store.open(folder, write=False) as reader:
        assert reader.models.all() == [version("b", "triplet", active=True), version("a")]


def test_how_stale_a_version_was_is_not_kept(store):
    store.models.add(version("a", new_faces=7, gone_faces=1, active=True), activate=False)
    assert store.models.all() == [version("a")]


def test_the_last_one_noted_comes_first_whatever_the_clock_said(store):
    for name, created in (("b", 2.0), ("c", 3.0), ("a", 1.0), ("d", 3.0)):
        store.models.add(version(name, created=created), activate=False)
    assert [one.id for one in store.models.all()] == ["d", "a", "c", "b"]


def test_one_of_each_kind_is_in_use_at_most(store):
    store.models.add(version("a"), activate=True)
    store.models.add(version("t", "triplet"), activate=True)
    store.models.add(version("b"), activate=True)
    assert sorted(active(store)) == ["b", "t"]
    store.models.activate("a", "mlp")
    assert sorted(active(store)) == ["a", "t"]
    store.models.activate(None, "mlp")
    assert active(store) == ["t"]


def test_the_database_itself_refuses_two_active_ones(store, folder):
    store.models.add(version("a"), activate=True)
    store.models.add(version("b"), activate=False)
    store.close()
    connection = sqlite3.connect(folder / "gallery.db")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE models SET active = 1")
    connection.close()


def test_each_change_is_one_entry_of_the_history(store):
    store.models.add(version("a"), activate=True)
    store.models.add(version("b"), activate=False)
    store.models.activate("b", "mlp")
    store.models.activate(None, "mlp")
    store.models.delete("a")
    told = [(entry.action, entry.summary) for entry in reversed(store.history.entries())]
    assert told == [
        ("train", event("used", "mlp", "a")),
        ("train", event("trained", "mlp", "b")),
        ("activate", event("activated", "mlp", "b")),
        ("activate", event("unused", "mlp")),
        ("delete-model", event("model-deleted", "mlp", "a")),
    ]
    assert [entry.payload.get("before") for entry in store.history.entries()] == [
        None,
        "b",
        "a",
        None,
        None,
    ]
    assert store.checks.problems() == []


def test_activating_what_is_in_use_changes_nothing(store):
    store.models.add(version("a"), activate=True)
    store.models.activate("a", "mlp")
    store.models.activate(None, "triplet")
    assert store.history.last_change() == 1


def test_a_version_in_use_can_be_deleted_and_is_not_in_use_then(store):
    store.models.add(version("a"), activate=True)
    store.models.delete("a")
    assert store.models.all() == []
    store.models.add(version("b"), activate=True)
    assert active(store) == ["b"]


def test_a_collapsed_version_is_kept_but_never_put_to_use(store):
    with pytest.raises(ModelError, match="collapsed"):
        store.models.add(version("a", "triplet", collapsed=True), activate=True)
    assert store.models.all() == []
    store.models.add(version("a", "triplet", collapsed=True), activate=False)
    with pytest.raises(ModelError, match="collapsed"):
        store.models.activate("a", "triplet")
    assert active(store) == []


def test_a_version_that_does_not_exist_or_is_of_the_other_kind_is_said(store):
    store.models.add(version("a"), activate=True)
    with pytest.raises(ModelError, match="no model b"):
        store.models.activate("b", "mlp")
    with pytest.raises(ModelError, match="no model b"):
        store.models.delete("b")
    with pytest.raises(ModelError, match="a is not a version of the triplet model"):
        store.models.activate("a", "triplet")
    with pytest.raises(ModelError, match="already"):
        store.models.add(version("a"), activate=False)
    assert store.models.all() == [version("a", active=True)]
    assert store.history.last_change() == 1


def test_a_damaged_record_is_never_put_to_use_but_can_be_deleted(store, folder):
    store.models.add(version("a"), activate=False)
    store.close()
    connection = sqlite3.connect(folder / "gallery.db")
    connection.execute("""UPDATE models SET record = '{"seed": "x"}'""")
    connection.commit()
    connection.close()
    with Store.open(folder) as again:
        with pytest.raises(ModelError, match="record of model a is damaged"):
            again.models.activate("a", "mlp")
        again.models.delete("a")
        assert again.models.all() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.models.add(version("b"), activate=False),
        lambda store: store.models.activate(None, "mlp"),
        lambda store: store.models.delete("a"),
    ],
)
def test_a_reader_changes_nothing_but_sees_what_the_writer_does(store, folder, change):
    with Store.open(folder, write=False) as reader:
        store.models.add(version("a"), activate=True)
        assert active(reader) == ["a"]
        with pytest.raises(GalleryReadOnlyError):
            change(reader)


def test_a_change_that_is_refused_halfway_leaves_the_old_model_in_use(store, folder):
    store.models.add(version("a"), activate=True)
    connection = sqlite3.connect(folder / "gallery.db")
    connection.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    connection.close()
    with pytest.raises(Exception, match="no"):
        store.models.add(version("b"), activate=True)
    assert store.models.all() == [version("a", active=True)]


def test_models_and_decisions_do_not_cost_the_index_a_rebuild(store, folder, monkeypatch):
    vectors = np.random.default_rng(0).standard_normal((30, 8)).astype(np.float32)
    store.faces.add(FaceBatch(vectors, ["A"] * 30, ["A"] * 30, [0] * 30, [None] * 30))
    told: list[object] = []

    def take_up() -> IndexManager:
        keeper = IndexManager(folder / "index", dimension=8, distance="cosine", writable=True)
        keeper.start(
            store.history.last_change(),
            lambda: store.faces.membership()[0],
            lambda ids: (part[::2] for part in store.faces.vector_batches(ids)),
            background=False,
            listener=told.append,
        )
        return keeper

    take_up().close()
    told.clear()
    store.models.add(version("a"), activate=True)
    store.decisions.reject(vectors[0], 1)
    monkeypatch.setattr(HnswIndex, "add", lambda *_, **__: pytest.fail("the index was built"))
    keeper = take_up()
    assert (keeper.state, told) == ("ready", [])
    assert keeper.ids().tolist() == store.faces.membership()[0].tolist()
    keeper.close()


@pytest.mark.parametrize(
    "spoilt",
    [
        {"kind": "forest"},
        {"preset": "best"},
        {"seed": "3"},
        {"collapsed": None},
        {"metrics": ["rank1"]},
        {"metrics": {"rank1": "high"}},
        {"parameters": None},
        {"faces": None},
    ],
)
def test_a_record_that_makes_no_sense_is_not_read(spoilt):
    with pytest.raises(ValueError, match="not a model of this version"):
        ModelVersion.from_json({**version("a").to_json(), **spoilt})


def test_models_are_neither_undone_nor_do_they_cut_off_what_can_be_redone(store, batch_of):
    store.faces.add(batch_of(("A", 1)))
    store.people.rename("A", "B")
    store.history.undo()
    store.models.add(version("a"), activate=True)
    assert store.history.redo_step() == event("renamed", "A", "B")
    store.history.redo()
    store.history.undo()
    store.history.undo()
    assert active(store) == ["a"]
    assert [entry.state for entry in store.history.changes()] == ["aside", "undone", "undone"]
