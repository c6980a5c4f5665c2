"""“Not this person”: remembered for good, and for exactly this vector."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import (
    EmbeddingError,
    GalleryReadOnlyError,
    MismatchError,
    UnknownIdentityError,
)
from engine.records.changes import event
from engine.store import Store, faces_table


@pytest.fixture
def peopled(store, batch_of) -> Store:
    """A (identity 1) has the vectors 1 and 2, B (identity 2) has 3."""
    store.faces.add(batch_of(("A", 1), ("A", 2), ("B", 3)))
    return store


def test_a_refusal_is_remembered_for_this_vector_and_this_person_alone(peopled, vectors_of):
    assert peopled.decisions.reject(vectors_of(9)[0], 1)
    found = peopled.decisions.rejections(vectors_of(8, 9, 1))
    assert found == [frozenset(), {1}, frozenset()]
    peopled.decisions.reject(vectors_of(9)[0], 2)
    assert peopled.decisions.rejections(vectors_of(9)) == [{1, 2}]


def test_a_vector_that_differs_in_its_last_bit_is_another_one(peopled, vectors_of):
    peopled.decisions.reject(vectors_of(9)[0], 1)
    near = vectors_of(9)
    near[0, 0] = np.nextafter(near[0, 0], np.float32(np.inf))
    assert peopled.decisions.rejections(near) == [frozenset()]


def test_saying_it_twice_changes_nothing_the_second_time(peopled, vectors_of):
    assert peopled.decisions.reject(vectors_of(9)[0], 1)
    change = peopled.history.last_change()
    assert not peopled.decisions.reject(vectors_of(9)[0], 1)
    assert peopled.history.last_change() == change
    assert len(peopled.decisions.rejected_vectors()[1]) == 1


def test_a_refusal_can_be_taken_back_once(peopled, vectors_of):
    peopled.decisions.reject(vectors_of(9)[0], 1)
    peopled.decisions.reject(vectors_of(9)[0], 2)
    assert peopled.decisions.unreject(vectors_of(9)[0], 1)
    assert not peopled.decisions.unreject(vectors_of(9)[0], 1)
    assert peopled.decisions.rejections(vectors_of(9)) == [{2}]


def test_what_is_known_of_a_vector_follows_every_change(peopled, vectors_of):
    peopled.decisions.reject(vectors_of(1)[0], 2)
    peopled.decisions.reject(vectors_of(9)[0], 2)
    peopled.decisions.reject(vectors_of(9)[0], 1)
    enrolled, fresh, nobody = peopled.decisions.records(vectors_of(1, 9, 8))
    assert (enrolled.faces, enrolled.rejected) == (((1, "A"),), ((2, "B"),))
    assert (fresh.faces, fresh.rejected) == ((), ((2, "B"), (1, "A")))
    assert (nobody.faces, nobody.rejected) == ((), ())
    peopled.people.rename("B", "C")
    peopled.history.undo()
    peopled.history.undo()
    assert peopled.decisions.records(vectors_of(9))[0].rejected == ((2, "B"),)
    peopled.people.merge(["A"], "B")
    assert peopled.decisions.records(vectors_of(1))[0].faces == ((1, "B"),)


def test_each_decision_is_one_entry_of_the_history(peopled, vectors_of):
    peopled.decisions.reject(vectors_of(9)[0], 2)
    peopled.decisions.unreject(vectors_of(9)[0], 2)
    taken_back, refused, _ = peopled.history.entries()
    assert (refused.action, refused.summary) == ("reject", event("rejected", "B"))
    assert (taken_back.action, taken_back.summary) == ("unreject", event("unrejected", "B"))
    assert refused.payload["identity_id"] == taken_back.payload["identity_id"] == 2
    assert peopled.checks.problems() == []


def test_all_decisions_come_out_for_training_in_their_order(peopled, vectors_of):
    vectors, identities = peopled.decisions.rejected_vectors()
    assert (vectors.shape, identities.shape) == ((0, 8), (0,))
    peopled.decisions.reject(vectors_of(9)[0], 2)
    peopled.decisions.reject(vectors_of(7)[0], 1)
    vectors, identities = peopled.decisions.rejected_vectors()
    assert vectors.tobytes() == vectors_of(9, 7).tobytes()
    assert (vectors.dtype, identities.dtype) == (np.float32, np.int64)
    assert identities.tolist() == [2, 1]


def test_decisions_survive_reopening_and_are_seen_by_a_reader(peopled, folder, vectors_of):
    with Store.open(folder, write=False) as reader:
        assert reader.decisions.rejections(vectors_of(9)) == [frozenset()]
        peopled.decisions.reject(vectors_of(9)[0], 1)
        assert reader.decisions.rejections(vectors_of(9)) == [{1}]
        for change in (reader.decisions.reject, reader.decisions.unreject):
            with pytest.raises(GalleryReadOnlyError):
                change(vectors_of(9)[0], 1)
    peopled.close()
    with Store.open(folder) as again:
        assert again.decisions.rejections(vectors_of(9)) == [{1}]


def test_a_decision_outlives_faces_and_imports_but_not_its_identity(peopled, batch_of, vectors_of):
    peopled.decisions.reject(vectors_of(9)[0], 1)
    peopled.faces.remove([1])
    peopled.faces.add(batch_of(("A", 1), ("A", 2), ("B", 3), ("B", 9)))
    assert peopled.decisions.rejections(vectors_of(9)) == [{1}]
    peopled.faces.remove([face.id for face in peopled.faces.of_identity(1)])
    assert peopled.decisions.rejections(vectors_of(9)) == [frozenset()]
    assert len(peopled.decisions.rejected_vectors()[1]) == 0
    assert peopled.checks.problems() == []


def test_a_person_who_enrolls_the_refused_vector_overrules(peopled, batch_of, vectors_of):
    for identity in (1, 2):
        peopled.decisions.reject(vectors_of(9)[0], identity)
        peopled.decisions.reject(vectors_of(7)[0], identity)
    peopled.faces.add(batch_of(("A", 9), ("A", 8)), overrule=True)
    assert peopled.decisions.rejections(vectors_of(9, 7)) == [{2}, {1, 2}]


def test_an_import_overrules_nothing(peopled, batch_of, vectors_of):
    peopled.decisions.reject(vectors_of(9)[0], 1)
    peopled.faces.add(batch_of(("A", 9), ("A", 8)))
    assert peopled.decisions.rejections(vectors_of(9)) == [{1}]


def test_an_enrolment_that_finds_only_duplicates_overrules_nothing(peopled, batch_of, vectors_of):
    peopled.decisions.reject(vectors_of(1)[0], 1)
    peopled.faces.add(batch_of(("A", 1)), overrule=True)
    peopled.faces.add(batch_of(("A", 1), ("A", 5)), overrule=True)
    assert peopled.decisions.rejections(vectors_of(1)) == [{1}]


def test_an_enrolment_that_is_undone_halfway_leaves_the_decision(
    peopled, batch_of, vectors_of, monkeypatch
):
    def fail(*_: object) -> None:
        raise KeyError

    peopled.decisions.reject(vectors_of(9)[0], 1)
    monkeypatch.setattr(faces_table, "record_step", fail)
    with pytest.raises(KeyError):
        peopled.faces.add(batch_of(("A", 9), ("C", 4)), overrule=True)
    assert peopled.decisions.rejections(vectors_of(9)) == [{1}]


def test_an_identity_that_does_not_exist_is_said(peopled, vectors_of):
    for change in (peopled.decisions.reject, peopled.decisions.unreject):
        with pytest.raises(UnknownIdentityError, match="99"):
            change(vectors_of(9)[0], 99)
    assert peopled.history.last_change() == 1


@pytest.mark.parametrize(
    ("vector", "error"),
    [
        (np.ones(7, dtype=np.float32), MismatchError),
        (np.ones((1, 8), dtype=np.float32), MismatchError),
        (np.full(8, np.nan, dtype=np.float32), EmbeddingError),
    ],
)
def test_what_is_no_vector_of_this_gallery_is_refused(peopled, vector, error):
    with pytest.raises(error):
        peopled.decisions.reject(vector, 1)
    assert len(peopled.decisions.rejected_vectors()[1]) == 0


def test_many_queries_are_looked_up_at_once(peopled):
    queries = np.random.default_rng(0).standard_normal((25_000, 8)).astype(np.float32)
    for row in (0, 12_345, 24_999):
        peopled.decisions.reject(queries[row], 2)
    found = peopled.decisions.rejections(np.concatenate([queries, queries[:1]]))
    assert len(found) == 25_001
    assert [row for row, refused in enumerate(found) if refused] == [0, 12_345, 24_999, 25_000]
