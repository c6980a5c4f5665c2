"""What goes in comes out again; what is there already is not enrolled twice."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import CancelledError, EmbeddingError, IdentityNameError, MismatchError
from engine.progress import CancelToken, Reporter
from engine.records.changes import event
from engine.records.types import Conflict, Duplicate, FaceBatch, Identity
from engine.store import Store


def test_faces_are_kept_as_they_came_with_all_that_was_said_of_them(store, batch_of):
    batch = replace(batch_of(("A", 1), ("B", 2), ("A", 3)), rows=[0, 4, 7])
    before = time.time()
    added = store.faces.add(batch)
    assert added.face_ids.tolist() == [1, 2, 3]
    assert added.rows.tolist() == [0, 1, 2]
    assert added.new_identities == ("A", "B")
    ids, owners, vectors = store.faces.vectors()
    assert ids.dtype == owners.dtype == np.int64
    assert vectors.dtype == np.float32
    assert vectors.tobytes() == batch.vectors.tobytes()
    assert owners.tolist() == added.identity_ids.tolist()
    first, second = store.faces.of_identity(store.people.find("A").id)
    assert (first.id, first.name, first.file, first.row) == (1, "A", "A/1.npy", 0)
    assert (second.id, second.file, second.row) == (3, "A/3.npy", 7)
    assert before <= first.added <= time.time()
    assert not first.has_photo


def test_identities_come_by_name_with_their_number_of_faces(store, batch_of):
    store.faces.add(batch_of(("B", 1), ("A", 2), ("B", 3)))
    assert store.people.all() == [Identity(2, "A", 1, 2), Identity(1, "B", 2, 1)]
    assert store.people.counts() == (2, 3)
    assert store.people.find("A") == Identity(2, "A", 1, 2)
    assert store.people.find("a") == store.people.find("A")
    assert store.people.find("C") is None


def test_names_that_look_alike_are_found_by_their_key_and_kept_apart(store, batch_of):
    store.faces.add(batch_of(("Zoë", 1), ("ZOË", 2), ("Y", 3)))
    assert store.people.match_names(["zoë", "nobody"]) == {"zoë": ["ZOË", "Zoë"]}


def test_names_and_files_in_any_script_come_back_the_same(store, batch_of):
    names = ["José_Ñandú", "李小龙", "Ελένη", "é", "é", "O'Brien; DROP TABLE faces;--", "🙂"]
    store.faces.add(batch_of(*((name, i) for i, name in enumerate(names))))
    assert {identity.name for identity in store.people.all()} == set(names)
    assert store.faces.of_identity(store.people.find("李小龙").id)[0].file == "李小龙/1.npy"


def test_a_file_name_that_is_not_text_does_not_keep_the_face_out(store, batch_of):
    batch = replace(batch_of(("A", 1)), files=["A/caf\udce9.npy"])
    store.faces.add(batch)
    assert store.faces.of_identity(1)[0].file == "A/caf?.npy"


def test_the_same_vector_is_not_enrolled_twice_under_one_name(store, batch_of, vectors_of):
    store.faces.add(batch_of(("A", 1)))
    added = store.faces.add(batch_of(("A", 1), ("A", 2), ("A", 2)))
    assert added.rows.tolist() == [1]
    assert added.duplicates == (Duplicate("A/1.npy", "A"), Duplicate("A/2.npy", "A"))
    assert store.faces.vectors()[2].tobytes() == vectors_of(1, 2).tobytes()


def test_the_same_vector_under_another_name_is_kept_and_told(store, batch_of):
    store.faces.add(batch_of(("A", 1)))
    added = store.faces.add(batch_of(("B", 1), ("C", 2), ("D", 2)))
    assert len(added.face_ids) == 3
    assert added.conflicts == (Conflict("B/1.npy", "B", "A"), Conflict("D/2.npy", "D", "C"))


def test_nothing_but_duplicates_is_no_change(store, batch_of):
    store.faces.add(batch_of(("A", 1)))
    added = store.faces.add(batch_of(("A", 1)))
    assert len(added.face_ids) == 0
    assert added.duplicates == (Duplicate("A/1.npy", "A"),)
    assert store.history.last_change() == 1
    assert len(store.history.entries()) == 1


def test_an_empty_batch_is_no_change(store, batch_of):
    assert len(store.faces.add(batch_of()).face_ids) == 0
    assert store.history.last_change() == 0


@pytest.mark.parametrize("write", [True, False])
def test_a_dry_run_tells_what_would_be_and_changes_nothing(store, folder, batch_of, write):
    store.faces.add(batch_of(("A", 1)))
    batch = batch_of(("A", 1), ("A", 2), ("B", 1), ("B", 3))
    store.close()
    with Store.open(folder, write=write) as again:
        foreseen = again.faces.add(batch, dry_run=True)
        assert again.people.counts() == (1, 1)
        assert again.history.last_change() == 1
    with Store.open(folder) as again:
        added = again.faces.add(batch)
    assert foreseen.rows.tolist() == added.rows.tolist()
    assert foreseen.new_identities == added.new_identities == ("B",)
    assert foreseen.duplicates == added.duplicates
    assert foreseen.conflicts == added.conflicts


@pytest.mark.parametrize("name", [None, ""])
def test_a_face_without_a_name_is_refused_with_its_file(store, batch_of, name):
    with pytest.raises(IdentityNameError) as caught:
        store.faces.add(batch_of(("A", 1), (name, 2)))
    assert caught.value.file.endswith("2.npy")
    assert store.people.counts() == (0, 0)


def test_a_name_that_is_not_text_is_refused(store, batch_of):
    with pytest.raises(IdentityNameError, match="Unicode"):
        store.faces.add(batch_of(("caf\udce9", 1)))


def test_vectors_of_another_dimension_are_refused(store, batch_of):
    with pytest.raises(MismatchError, match="dimension 8"):
        store.faces.add(batch_of(("A", 1), dimension=9))
    assert store.people.counts() == (0, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vectors_that_are_not_finite_are_refused_with_the_file(store, batch_of, value):
    batch = batch_of(("A", 1), ("A", 2))
    batch.vectors[1, 3] = value
    with pytest.raises(EmbeddingError, match=r"A/2\.npy"):
        store.faces.add(batch)
    assert store.people.counts() == (0, 0)


def test_thumbnails_come_back_and_the_first_one_is_the_portrait(store, batch_of):
    store.faces.add(
        batch_of(("A", 1), ("A", 2), ("A", 3)),
        thumbnails={1: b"second", 2: b"third"},
    )
    assert [store.faces.thumbnail(face) for face in (1, 2, 3, 99)] == [
        None,
        b"second",
        b"third",
        None,
    ]
    assert [face.has_photo for face in store.faces.of_identity(1)] == [False, True, True]
    assert store.people.find("A").portrait == 2


def test_the_thumbnail_of_a_duplicate_goes_to_nobody_else(store, batch_of):
    store.faces.add(batch_of(("A", 1)))
    store.faces.add(batch_of(("A", 1), ("A", 2)), thumbnails={0: b"first", 1: b"second"})
    assert [store.faces.thumbnail(face) for face in (1, 2)] == [None, b"second"]


def test_faces_and_vectors_come_in_the_order_asked(store, batch_of, vectors_of):
    store.faces.add(batch_of(*(("AB"[i % 2], i) for i in range(6))))
    assert [face.id for face in store.faces.by_ids([5, 99, 2, 4, 5])] == [5, 2, 4, 5]
    ids, owners, vectors = store.faces.vectors(np.array([6, 99, 1]))
    assert ids.tolist() == [6, 1]
    assert owners.tolist() == [2, 1]
    assert vectors.tobytes() == vectors_of(5, 0).tobytes()
    assert store.faces.by_ids([]) == []
    assert store.faces.vectors(np.array([], dtype=np.int64))[2].shape == (0, 8)


def test_membership_is_that_of_the_vectors(store, batch_of):
    store.faces.add(batch_of(("B", 1), ("A", 2), ("B", 3), ("A", 4)))
    ids, owners, _ = store.faces.vectors()
    faces, identities = store.faces.membership()
    assert faces.tolist() == ids.tolist()
    assert identities.tolist() == owners.tolist()


def test_a_vector_is_found_under_every_name_that_has_it(store, batch_of, vectors_of):
    store.faces.add(batch_of(("A", 1), ("B", 1), ("B", 2)))
    assert store.faces.find_exact(vectors_of(1, 3, 2, 1)) == [
        [(1, "A"), (2, "B")],
        [],
        [(3, "B")],
        [(1, "A"), (2, "B")],
    ]


@pytest.mark.slow
def test_a_large_batch_is_all_there_and_reports_how_far_it_is(store):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((12_345, 8)).astype(np.float32)
    names = [f"{i % 100}" for i in range(len(vectors))]
    events = []
    added = store.faces.add(_batch(vectors, names), reporter=Reporter(events.append))
    assert store.people.counts() == (100, 12_345)
    assert store.faces.vectors()[2].tobytes() == vectors.tobytes()
    done = [event.done for event in events if event.stage == events[-1].stage]
    assert done == sorted(done)
    assert (events[-1].done, events[-1].total) == (12_345, 12_345)
    found = store.faces.find_exact(vectors)
    assert [pairs[0][0] for pairs in found] == added.face_ids.tolist()
    assert len(store.faces.add(_batch(vectors, names)).duplicates) == 12_345


@pytest.mark.slow
def test_cancelling_at_any_step_leaves_nothing(store, batch_of):
    store.faces.add(batch_of(("A", 1)))
    vectors = np.random.default_rng(0).standard_normal((9_000, 8)).astype(np.float32)
    batch = _batch(vectors, ["B"] * len(vectors))
    steps = []
    store.faces.add(batch, reporter=Reporter(steps.append))
    store.faces.remove(store.faces.membership()[0][1:].tolist())
    for step in range(len(steps) - 1):
        token, seen = CancelToken(), []

        def listen(event, *, step=step, token=token, seen=seen):
            seen.append(event)
            if len(seen) > step:
                token.cancel()

        with pytest.raises(CancelledError):
            store.faces.add(batch, reporter=Reporter(listen, token))
        assert store.people.counts() == (1, 1)
    assert store.history.last_change() == 3
    assert store.checks.problems() == []


def test_removed_faces_are_gone_with_identities_that_have_no_other(store, batch_of, vectors_of):
    store.faces.add(batch_of(("A", 1), ("A", 2), ("B", 3)), thumbnails={0: b"photo"})
    assert store.faces.remove([1, 3, 99, 3]).faces == (1, 3)
    assert store.people.all() == [Identity(1, "A", 1, 2)]
    assert store.faces.vectors()[2].tobytes() == vectors_of(2).tobytes()
    assert store.faces.thumbnail(1) is None
    assert store.faces.find_exact(vectors_of(1, 3)) == [[], []]
    assert store.checks.problems() == []


def test_removing_faces_that_are_not_there_is_no_change(store):
    assert store.faces.remove([7]) is None
    assert store.history.last_change() == 0


def test_an_id_is_never_given_twice(folder, batch_of):
    with Store.create(folder, dimension=8) as store:
        store.faces.add(batch_of(("A", 1), ("B", 2)))
        store.faces.remove([1, 2])
    with Store.open(folder) as store:
        added = store.faces.add(batch_of(("A", 1)))
        assert added.face_ids.tolist() == [3]
        assert added.identity_ids.tolist() == [3]


def test_faces_that_can_come_back_no_more_are_overwritten_in_the_file(folder, batch_of, vectors_of):
    with Store.create(folder, dimension=8) as store:
        store.faces.add(batch_of(("A", 1), ("B", 2)))
        store.faces.add(batch_of(("A", 3)))
        store.history.undo()
        store.faces.add(batch_of(("A", 4)))  # takes the place of what was undone
    data = (folder / "gallery.db").read_bytes()
    assert vectors_of(2).tobytes() in data
    assert vectors_of(3).tobytes() not in data


def test_every_change_is_one_entry_of_the_history_newest_first(store, batch_of):
    store.faces.add(batch_of(("A", 1), ("B", 2)))
    store.faces.add(batch_of(("A", 3)), action="enroll", summary="A once more")
    store.faces.remove([2])
    newest, second, first = store.history.entries()
    assert [entry.change for entry in (newest, second, first)] == [3, 2, 1]
    assert (first.action, first.summary) == ("import", event("added", 2, 2))
    assert (second.action, second.summary) == ("enroll", "A once more")
    assert second.payload["faces"] == [3, 3]
    assert (newest.action, newest.summary) == ("remove", event("removed", 1))
    assert newest.payload["faces"] == [
        {"id": 2, "identity_id": 2, "name": "B", "file": "B/2.npy", "row": 0}
    ]
    assert newest.actor
    assert first.at <= newest.at <= time.time()
    assert store.history.entries(1) == [newest]
    assert store.history.last_change() == 3


def test_settings_are_kept_and_are_no_change(folder):
    with Store.create(folder) as store:
        assert store.settings.get("fingerprint") is None
        store.settings.set("fingerprint", "one")
        store.settings.set("fingerprint", "two")
        assert store.history.last_change() == 0
        assert store.history.entries() == []
    with Store.open(folder) as store:
        assert store.settings.get("fingerprint") == "two"


def _batch(vectors, names):
    count = len(vectors)
    return FaceBatch(
        vectors, names, [f"{i}.npy" for i in range(count)], [0] * count, [None] * count
    )


def test_faces_are_found_by_the_last_parts_of_their_file_and_their_row(store, batch_of):
    batch = batch_of(("A", 1), ("A", 2), ("B", 3))
    batch = replace(batch, files=["x/A/1.npy", "x/A/all.npz", "x/A/all.npz"], rows=[0, 0, 1])
    store.faces.add(batch)

    def found(file: str) -> list[int]:
        return [face.id for face in store.faces.from_file(file)]

    assert found("x/A/1.npy") == found("1.npy") == found("A/1.npy") == found("A\\1.npy") == [1]
    assert found("all.npz") == [2, 3]
    assert found("A/all.npz:2") == [3]
    assert found("npy") == found("2.npy") == found("") == []
