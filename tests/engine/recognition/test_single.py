"""One query by itself is told the same as in a crowd, though by another way."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recognition import knn as knn_recognition
from engine.recognition import shortlist
from engine.recognition.identifier import Identifier
from engine.recognition.knn import Knn
from engine.records.types import Distance, Identification, Vectors
from engine.utils.id_map import IdMap
from tests.alike import assert_alike
from tests.engine.recognition.galleries import InMemory, crowd_of, people


def told(identifier: Identifier, queries: Vectors, **asked: object) -> list[Identification]:
    """By the way of many queries, however few they are."""
    twice = identifier.identify(np.repeat(queries, 2, axis=0), **asked)  # type: ignore[arg-type]
    return twice[::2]


@pytest.mark.parametrize("exact", [0, 500], ids=["neighbours alone", "every template"])
@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    people=st.integers(1, 12),
    faces=st.integers(1, 6),
    spread=st.sampled_from([0.05, 0.4, 3.0]),
    distance=st.sampled_from(["cosine", "euclidean"]),
    k=st.integers(1, 14),
    top=st.integers(1, 14),
    fpir=st.sampled_from([0.001, 0.01, 0.2]),
)
def test_one_query_is_told_the_same_as_in_a_crowd(
    exact: int,
    seed: int,
    people: int,
    faces: int,
    spread: float,
    distance: Distance,
    k: int,
    top: int,
    fpir: float,
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        for module in (shortlist, knn_recognition):
            patched.setattr(module, "EXACT_TEMPLATES", exact)
        crowd = crowd_of(seed, spread, people=people + 2)
        gallery = InMemory.of(*crowd.draw(range(people), faces), distance=distance)
        _, queries = crowd.draw(range(people + 2), 1)
        for query in queries[:, None]:
            asked = {"k": k, "top": top, "fpir": fpir}
            alone = gallery.knn.identify(query, **asked)  # type: ignore[arg-type]
            assert_alike(alone, told(gallery.knn, query, **asked), close=1e-4)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_neighbours_of_nobody_offer_nobody(
    distance: Distance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (shortlist, knn_recognition):
        monkeypatch.setattr(module, "EXACT_TEMPLATES", 0)
    crowd = crowd_of(1)
    gallery = InMemory.of(*crowd.draw(range(6), 3), distance=distance)
    knn = gallery.knn.methods["knn"]
    assert isinstance(knn, Knn)
    orphaned = Knn(
        knn.index,
        knn.templates,
        IdMap(),
        space=knn.space,
        calibration=knn.calibration,
    )
    identifier, query = Identifier([orphaned], names=people), crowd.draw([2], 1)[1]
    for answer in (*identifier.identify(query), *told(identifier, query)):
        assert (answer.candidates, answer.evidence, answer.verdict) == ((), (), "unknown")


def test_nobody_enrolled_is_nobody_offered() -> None:
    crowd = crowd_of(1)
    gallery = InMemory.of(*crowd.draw([], 1))
    query = crowd.draw([3], 1)[1]
    (answer,) = gallery.knn.identify(query)
    assert (answer.candidates, answer.evidence, answer.verdict) == ((), (), "unknown")
    assert_alike([answer], told(gallery.knn, query))


def test_who_is_gone_meanwhile_is_neither_offered_nor_evidence() -> None:
    crowd = crowd_of(1)
    gallery = InMemory.of(*crowd.draw(range(6), 3))
    query = crowd.draw([2], 1)[1]

    def names(identities: Iterable[int]) -> dict[int, str]:
        return {one: f"P{one}" for one in identities if one != 2}

    knn = gallery.knn.methods["knn"]
    identifier = Identifier([knn], names=names)
    for answer in (*identifier.identify(query), *told(identifier, query)):
        assert answer.candidates
        assert 2 not in {one.identity_id for one in (*answer.candidates, *answer.evidence)}


def test_who_is_refused_gives_way_to_others_in_a_large_gallery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortlist, "EXACT_TEMPLATES", 0)
    crowd = crowd_of(1, spread=0.1)
    gallery = InMemory.of(*crowd.draw(range(6), 20))  # all ten neighbours are one person's
    query = crowd.draw([2], 1)[1]
    (answer,) = gallery.knn.identify(query, refused=[frozenset({2})])
    assert 2 not in {one.identity_id for one in answer.candidates}
    assert len(answer.candidates) > 1
