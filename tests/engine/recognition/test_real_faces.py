"""The figures on real faces: 158 people, and strangers who are not among them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from engine.recognition.agreement import disagreeing
from engine.records.types import Identification, Ids, Vectors
from tests.engine.recognition.conftest import Split
from tests.engine.recognition.galleries import InMemory, calibration_error, held_in

Read = Callable[[str], tuple[Vectors, Ids]]


def right(answers: list[Identification], truth: Ids) -> np.ndarray:
    first = [answer.candidates[0].identity_id for answer in answers]
    return np.array(first) == truth


def known(answers: list[Identification]) -> np.ndarray:
    return np.array([answer.verdict == "known" for answer in answers])


def confidences(answers: list[Identification]) -> np.ndarray:
    return np.array([answer.confidence for answer in answers], dtype=float)


def test_the_right_name_comes_first_for_99_of_100(real: Split) -> None:
    answers = real.gallery.knn.identify(real.queries)
    assert right(answers, real.truth).mean() >= 0.99


def test_at_most_one_stranger_in_100_gets_a_name(real: Split) -> None:
    named = known(real.gallery.knn.identify(real.strangers)).mean()
    assert named <= 0.01
    assert named >= 0.0005  # a threshold that names nobody would pass as well


def test_hardly_four_in_100_enrolled_people_are_missed(real: Split) -> None:
    answers = real.gallery.knn.identify(real.queries)
    missed = 1 - (right(answers, real.truth) & known(answers)).mean()
    foretold = real.gallery.calibration.fnir_at(0.01)
    assert missed <= 0.04
    assert foretold is not None
    assert abs(foretold - missed) < 0.02


def test_confidence_is_met_by_the_share_that_is_right(real: Split) -> None:
    answers = real.gallery.knn.identify(real.queries)
    strangers = real.gallery.knn.identify(real.strangers[:: len(real.strangers) // len(answers)])
    strangers = strangers[: len(answers)]
    outcome = np.concatenate([right(answers, real.truth), np.zeros(len(strangers), dtype=bool)])
    assert calibration_error(confidences(answers + strangers), outcome) < 0.02


def test_the_wrong_names_of_the_dataset_stand_out_when_left_out(faces: Read) -> None:
    vectors, owners = faces("lfw-158-dlib")
    gallery = InMemory.of(owners, vectors)
    answers = gallery.knn.identify_enrolled(gallery.ids, owners, vectors, top=1)
    elsewhere = ~right(answers, owners) & (confidences(answers) > 0.9)
    assert 1 <= elsewhere.sum() <= 10  # among them the two known label errors


def test_vectors_that_cannot_tell_people_apart_give_hardly_any_name(faces: Read) -> None:
    vectors, owners = faces("lfw-158-weak")
    kept = held_in(owners) & (owners < 110)
    gallery = InMemory.of(owners[kept], vectors[kept])
    mated = ~held_in(owners) & (owners < 110)
    answers = gallery.knn.identify(vectors[mated])
    strangers = gallery.knn.identify(vectors[owners >= 110])
    assert known(answers).mean() <= 0.02
    assert known(strangers).mean() <= 0.02
    some = strangers[: len(answers)]
    outcome = np.concatenate([right(answers, owners[mated]), np.zeros(len(some), dtype=bool)])
    assert calibration_error(confidences(answers + some), outcome) < 0.08


def test_euclidean_galleries_keep_the_promise_too(faces: Read) -> None:
    vectors, owners = faces("lfw-158-dlib")
    strangers, _ = faces("lfw-others-dlib")
    kept = held_in(owners, share=0.3)
    gallery = InMemory.of(owners[kept], vectors[kept], distance="euclidean")
    answers = gallery.knn.identify(vectors[~kept])
    assert right(answers, owners[~kept]).mean() >= 0.98
    assert known(gallery.knn.identify(strangers)).mean() <= 0.01


def test_a_face_of_somebody_else_in_a_group_is_pointed_out(real: Split) -> None:
    calibration, gallery = real.gallery.calibration, real.gallery
    groups = [gallery.vectors[gallery.owners == owner][:5] for owner in range(100)]
    alarms = sum(bool(disagreeing(group, "cosine", calibration.agreement)) for group in groups)
    assert alarms <= 8
    found = 0
    for group, other in itertools.pairwise(groups):
        found += disagreeing(np.vstack([group, other[:1]]), "cosine", calibration.agreement) == [
            len(group)
        ]
    assert found >= 60
