"""Who a query is: candidates, evidence and confidence on people whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.index.exact import ExactIndex
from engine.recognition import shortlist
from engine.recognition.calibration.gallery_calibration import calibrate
from engine.recognition.identifier import Identifier
from engine.recognition.knn import Knn
from engine.recognition.spaces import VectorSpace
from engine.recognition.templates import Templates
from engine.records.types import Distance, Identification
from engine.utils.distances import between, prepare
from engine.utils.id_map import IdMap
from tests.engine.recognition.galleries import DIMENSION, Crowd, InMemory, crowd_of, people


def first_names(answers: list[Identification]) -> list[str]:
    return [answer.candidates[0].name for answer in answers]


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_new_faces_of_enrolled_people_are_named(crowd: Crowd, distance: Distance) -> None:
    gallery = InMemory.of(*crowd.draw(range(150), 8), distance=distance)
    owners, queries = crowd.draw(range(150), 2)
    answers = gallery.knn.identify(queries)
    right = [f"P{owner}" for owner in owners]
    assert np.mean([a == b for a, b in zip(first_names(answers), right, strict=True)]) > 0.97
    assert np.mean([a.name == b for a, b in zip(answers, right, strict=True)]) > 0.85
    assert {answer.fpir for answer in answers} == {0.01}
    assert {answer.note for answer in answers} == {""}


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_strangers_get_a_name_as_seldom_as_promised(crowd: Crowd, distance: Distance) -> None:
    gallery = InMemory.of(*crowd.draw(range(150), 8), distance=distance)
    _, strangers = crowd.draw(range(150, 400), 4)
    named = sum(a.verdict == "known" for a in gallery.knn.identify(strangers, fpir=0.05))
    assert named <= 0.05 * 1000 + 2 * np.sqrt(0.05 * 0.95 * 1000)


def test_asking_for_fewer_false_names_never_gives_more(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(100), 6))
    thresholds = [gallery.calibration.threshold(fpir) for fpir in (0.001, 0.01, 0.1, 0.5)]
    assert thresholds == sorted(thresholds, reverse=True)
    missed = [gallery.calibration.fnir_at(fpir) for fpir in (0.001, 0.01, 0.1, 0.5)]
    assert missed == sorted(missed, reverse=True)  # type: ignore[type-var]


def test_evidence_is_the_k_nearest_faces_nearest_first(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(20), 6))
    _, queries = crowd.draw([3], 1)
    answer = gallery.knn.identify(queries, k=7)[0]
    distances = between(prepare(queries, "cosine"), prepare(gallery.vectors, "cosine"), "cosine")[0]
    nearest = np.argsort(distances)[:7]
    assert [face.face for face in answer.evidence] == gallery.ids[nearest].tolist()
    assert [face.distance for face in answer.evidence] == pytest.approx(distances[nearest].tolist())
    owners = [f"P{owner}" for owner in gallery.owners[nearest]]
    assert [face.name for face in answer.evidence] == owners


def test_a_candidates_distance_is_to_its_nearest_evidence_else_to_its_template(
    crowd: Crowd,
) -> None:
    gallery = InMemory.of(*crowd.draw(range(20), 6))
    _, queries = crowd.draw([3], 1)
    answer = gallery.knn.identify(queries, k=2)[0]
    seen = {face.identity_id: face.distance for face in reversed(answer.evidence)}
    table = gallery.templates.table()
    to_template = between(prepare(queries, "cosine"), table.means, "cosine")[0]
    for candidate in answer.candidates:
        expected = seen.get(candidate.identity_id, to_template[candidate.identity_id])
        assert candidate.distance == pytest.approx(expected, abs=1e-6)
    assert len(seen) < len(answer.candidates)


def test_how_much_evidence_is_shown_does_not_change_the_judgement(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(30), 5))
    _, queries = crowd.draw(range(10), 1)
    few, many = (gallery.knn.identify(queries, k=k) for k in (1, 10))
    for one, other in zip(few, many, strict=True):
        assert [c.confidence for c in one.candidates] == [c.confidence for c in other.candidates]


def test_a_face_that_is_enrolled_comes_back_first_and_surely(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(60), 6))
    answers = gallery.knn.identify(gallery.vectors)
    right = [f"P{owner}" for owner in gallery.owners]
    assert first_names(answers) == right
    assert (
        np.mean([answer.name == name for answer, name in zip(answers, right, strict=True)]) > 0.95
    )
    assert all(answer.evidence[0].distance < 1e-5 for answer in answers)


def test_the_same_query_gets_the_same_answer_alone_and_in_a_crowd(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(30), 5))
    _, queries = crowd.draw(range(40), 1)
    together = gallery.knn.identify(queries)
    for row, answer in enumerate(together):
        alone = gallery.knn.identify(queries[row : row + 1])[0]
        assert [c.name for c in alone.candidates] == [c.name for c in answer.candidates]
        assert alone.verdict == answer.verdict


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    people=st.integers(2, 12),
    faces=st.integers(1, 5),
    spread=st.sampled_from([0.05, 0.4, 3.0]),
    top=st.integers(1, 12),
)
def test_candidates_stand_in_order_and_confidences_are_probabilities(
    seed: int, people: int, faces: int, spread: float, top: int
) -> None:
    crowd = crowd_of(seed, spread, people=people + 2)
    gallery = InMemory.of(*crowd.draw(range(people), faces))
    _, queries = crowd.draw(range(people + 2), 1)
    for answer in gallery.knn.identify(queries, top=top):
        scores = [candidate.score for candidate in answer.candidates]
        assert scores == sorted(scores, reverse=True)
        assert 1 <= len(scores) <= min(top, people)
        assert len({candidate.name for candidate in answer.candidates}) == len(scores)
        assert (answer.name is not None) == (answer.verdict == "known")
        confidences = [candidate.confidence for candidate in answer.candidates]
        assert answer.confidence == confidences[0]
        if faces == 1:
            assert set(confidences) == {None}
            continue
        assert all(0 <= share <= 1 for share in confidences if share is not None)
        assert confidences == sorted(confidences, reverse=True)  # type: ignore[type-var]
        assert sum(share for share in confidences if share is not None) <= 1 + 1e-9


def test_leaving_a_face_out_is_as_if_it_had_never_been_enrolled(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(12), 4))
    row = 17
    left_out = gallery.knn.identify_enrolled(
        gallery.ids[[row]], gallery.owners[[row]], gallery.vectors[[row]]
    )[0]
    others = np.delete(np.arange(len(gallery.ids)), row)
    index, templates = ExactIndex(DIMENSION, "cosine"), Templates(DIMENSION, "cosine")
    index.add(gallery.ids[others], gallery.vectors[others])
    templates.add(gallery.owners[others], gallery.vectors[others])
    knn = Knn(
        index,
        templates,
        IdMap(gallery.ids, gallery.owners),
        space=VectorSpace("original", DIMENSION, "cosine"),
        calibration=gallery.calibration,
    )
    truly_gone = Identifier([knn], names=people).identify(gallery.vectors[[row]])[0]
    assert gallery.ids[row] not in [face.face for face in left_out.evidence]
    assert [face.face for face in left_out.evidence] == [face.face for face in truly_gone.evidence]
    assert [c.name for c in left_out.candidates] == [c.name for c in truly_gone.candidates]
    for one, other in zip(left_out.candidates, truly_gone.candidates, strict=True):
        assert one.distance == pytest.approx(other.distance, abs=1e-5)
        assert one.score == pytest.approx(other.score, abs=0.5)  # the face still counts as one


def test_an_identity_whose_only_face_is_left_out_is_no_candidate(crowd: Crowd) -> None:
    owners, vectors = crowd.draw(range(6), 3)
    gallery = InMemory.of(np.append(owners, 99), np.vstack([vectors, crowd.centres[[200]]]))
    answer = gallery.knn.identify_enrolled(
        gallery.ids[-1:], gallery.owners[-1:], gallery.vectors[-1:]
    )[0]
    assert answer.candidates
    assert "P99" not in [candidate.name for candidate in answer.candidates]


def test_a_gallery_that_is_not_calibrated_lists_candidates_and_names_nobody(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(6), 3))
    knn = Knn(
        gallery.knn.methods["knn"].index,
        gallery.templates,
        IdMap(gallery.ids, gallery.owners),
        space=VectorSpace("original", DIMENSION, "cosine"),
        calibration=None,
    )
    answer = Identifier([knn], names=people).identify(gallery.vectors[:1])[0]
    assert answer.candidates[0].name == "P0"
    assert (answer.verdict, answer.confidence) == ("unknown", None)
    assert answer.note


def test_a_larger_gallery_is_searched_without_meeting_every_template(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortlist, "EXACT_TEMPLATES", 50)
    gallery = InMemory.of(*crowd.draw(range(100), 6))
    owners, queries = crowd.draw(range(100), 1)
    answers = gallery.knn.identify(queries)
    assert np.mean([a == f"P{b}" for a, b in zip(first_names(answers), owners, strict=True)]) > 0.95
    for answer in gallery.knn.identify(queries, k=10, top=15):
        owners_near = {face.identity_id for face in answer.evidence}
        assert {candidate.identity_id for candidate in answer.candidates} == owners_near


def test_no_query_gives_no_answer(crowd: Crowd) -> None:
    gallery = InMemory.of(*crowd.draw(range(6), 3))
    assert gallery.knn.identify(np.empty((0, DIMENSION), dtype=np.float32)) == []


def test_calibrating_does_not_depend_on_the_order_of_the_faces(crowd: Crowd) -> None:
    owners, vectors = crowd.draw(range(12), 4)
    ids = np.arange(len(owners), dtype=np.int64)
    shuffled = np.random.default_rng(1).permutation(len(owners))
    one = calibrate(ids, owners, vectors, "cosine")
    other = calibrate(ids[shuffled], owners[shuffled], vectors[shuffled], "cosine")
    assert one == other
