"""What a person is told before faces are enrolled, on real faces and in real galleries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import IdentityNameError, MismatchError
from engine.gallery import Gallery
from engine.recognition.recogniser import Recogniser
from engine.records.advice import Advice, grouped
from engine.records.types import Vectors
from gallery_app.wording.advice_words import advice_text

PEOPLE = ("Tiger_Woods", "Tim_Henman", "Tom_Hanks", "Tom_Ridge", "Tony_Blair", "Venus_Williams")


def faces_of(sample: Path, person: str, count: int, start: int = 0) -> Vectors:
    files = sorted((sample / person).glob("*.npy"))[start : start + count]
    return np.stack([np.load(file) for file in files])


def nearly(vector: Vectors, seed: int = 0) -> Vectors:
    """The vector of the same picture, saved once more: a thousandth of its length away."""
    step = np.random.default_rng(seed).normal(size=vector.shape)
    step *= 0.001 * np.linalg.norm(vector) / np.linalg.norm(step)
    return (vector + step).astype(np.float32)


@pytest.fixture(scope="module")
def table(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine faces of each of six people."""
    file = tmp_path_factory.mktemp("table") / "six.npz"
    vectors = np.concatenate([faces_of(sample, person, 9) for person in PEOPLE])
    np.savez(file, embeddings=vectors, names=np.repeat(PEOPLE, 9))
    return file


@pytest.fixture
def gallery(table: Path, tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.create_from(tmp_path / "six.gallery", [table])[0] as made:
        yield made


def told(advice: tuple[Advice, ...], kind: str) -> list[tuple[tuple[int, ...], str | None]]:
    return [(one.rows, one.identity) for one in advice if one.kind == kind]


def test_faces_that_are_enrolled_are_told_with_their_holder(gallery: Gallery, sample: Path) -> None:
    faces = faces_of(sample, "Tiger_Woods", 3, start=8)  # the first of them is enrolled
    said = gallery.enrolment.check("Tiger Woods", faces)
    assert [(one.kind, one.rows, one.identity) for one in said] == [
        ("enrolled", (0,), "Tiger Woods")
    ]
    assert advice_text(said[0]) == "Already enrolled as this name"


def test_faces_that_look_like_somebody_else_are_told_with_the_name(
    gallery: Gallery, sample: Path
) -> None:
    faces = faces_of(sample, "Tiger_Woods", 3, start=9)
    said = gallery.enrolment.check("Eldrick", faces)
    assert told(said, "looks-like") == [((row,), "Tiger Woods") for row in range(3)]
    assert told(gallery.enrolment.check("Tiger Woods", faces), "looks-like") == []


def test_the_one_that_does_not_fit_its_group_is_told(gallery: Gallery, sample: Path) -> None:
    stranger = faces_of(sample, "Winona_Ryder", 1)
    faces = np.concatenate([faces_of(sample, "Hans_Blix", 4), stranger])
    assert told(gallery.enrolment.check("Hans Blix", faces), "odd") == [((4,), "Hans Blix")]


def test_a_single_face_is_compared_with_those_its_identity_has(
    gallery: Gallery, sample: Path
) -> None:
    stranger = faces_of(sample, "Winona_Ryder", 1)
    assert told(gallery.enrolment.check("Tom Ridge", stranger), "odd") == [((0,), "Tom Ridge")]
    own = faces_of(sample, "Tom_Ridge", 1, start=9)
    assert told(gallery.enrolment.check("Tom Ridge", own), "odd") == []


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_near_duplicates_of_one_another_and_of_enrolled_faces_are_told(
    table: Path, sample: Path, tmp_path: Path, distance: str
) -> None:
    fresh = faces_of(sample, "Tiger_Woods", 2, start=9)
    enrolled = faces_of(sample, "Tiger_Woods", 1)
    faces = np.stack([fresh[0], fresh[1], nearly(fresh[0]), nearly(enrolled[0])])
    made = Gallery.create_from(tmp_path / "g", [table], distance=distance)[0]  # type: ignore[arg-type]
    with made as gallery:
        said = gallery.enrolment.check("Tiger Woods", faces)
    assert told(said, "near-duplicate") == [((2,), None), ((3,), "Tiger Woods")]


def test_a_name_that_differs_only_in_case_is_advised_on_as_the_person_it_means(
    gallery: Gallery, sample: Path
) -> None:
    faces = faces_of(sample, "Tiger_Woods", 2, start=8)
    said = gallery.enrolment.check("tiger woods", faces)
    assert said == gallery.enrolment.check("Tiger Woods", faces) != ()


def test_a_gallery_without_faces_still_finds_copies_among_those_given(
    sample: Path, tmp_path: Path
) -> None:
    fresh = faces_of(sample, "Tiger_Woods", 3)
    with Gallery.create(tmp_path / "empty.gallery") as gallery:
        said = gallery.enrolment.check("Tiger Woods", np.concatenate([fresh, fresh[:1]]))
    assert [(one.kind, one.rows) for one in said] == [("near-duplicate", (3,))]


def test_vectors_of_another_network_are_refused_with_an_explanation(
    gallery: Gallery, sample: Path
) -> None:
    with pytest.raises(MismatchError, match="another embedding network") as refused:
        gallery.enrolment.check("Tiger Woods", -faces_of(sample, "Tiger_Woods", 3))
    assert refused.value.remedy


def test_groups_are_summed_up_what_weighs_most_first(gallery: Gallery, sample: Path) -> None:
    fresh = faces_of(sample, "Tiger_Woods", 3, start=9)
    faces = np.concatenate([fresh, nearly(fresh[0])[None], faces_of(sample, "Tom_Hanks", 1)])
    files = ["a.npy", "b.npy", "c.npy", "d.npy", "e.npy"]
    said = grouped(gallery.enrolment.check("Eldrick", faces), files)
    assert list(map(advice_text, said))[:3] == [
        "e.npy is already enrolled as Tom Hanks",
        "4 of 5 faces look like Tiger Woods",
        "d.npy is almost the same photo as another one",
    ]


def test_checking_changes_nothing(gallery: Gallery, sample: Path) -> None:
    before = gallery.people.counts()
    gallery.enrolment.check("Hans Blix", faces_of(sample, "Hans_Blix", 4))
    gallery.enrolment.plan("Hans Blix", faces_of(sample, "Hans_Blix", 4))
    assert gallery.people.counts() == before


def test_rows_can_go_to_another_identity_in_the_same_change(gallery: Gallery, sample: Path) -> None:
    faces = np.concatenate(
        [faces_of(sample, "Hans_Blix", 2), faces_of(sample, "Tiger_Woods", 1, start=9)]
    )
    change = gallery.history.last_change()
    report = gallery.enroll("Hans Blix", faces, elsewhere={2: "Tiger Woods"})
    assert report.faces_added == 3
    assert gallery.history.last_change() == change + 1
    assert len(gallery.faces.of("Hans Blix")) == 2
    assert len(gallery.faces.of("Tiger Woods")) == 10
    removed = gallery.corrections.remove(report.face_ids)
    assert removed is not None
    assert len(removed.faces) == 3
    with pytest.raises(IdentityNameError):
        gallery.enroll("Hans Blix", faces, elsewhere={2: " "})


def test_advice_has_no_numbers_that_json_cannot_hold(gallery: Gallery, sample: Path) -> None:
    faces = np.concatenate([faces_of(sample, "Tiger_Woods", 2)] * 2)
    for one in gallery.enrolment.check("Tiger Woods", faces):
        json.dumps([asdict(one), advice_text(one)])


@pytest.mark.parametrize("method", ["knn", "triplet"])
def test_a_nearly_same_picture_is_told_whatever_answers_rest_on(
    gallery: Gallery, sample: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    faces = faces_of(sample, "Tiger_Woods", 2)
    pictures = np.stack([nearly(faces[0]), faces_of(sample, "Tiger_Woods", 1, start=9)[0]])
    identify = Recogniser.identify

    def answered(self, queries, **asked):  # type: ignore[no-untyped-def]
        """As by a learned space, where that has another face for the nearest."""
        answers = identify(self, queries, **asked)
        if method == "knn":
            return answers
        return [replace(one, method="triplet", evidence=one.evidence[1:]) for one in answers]

    monkeypatch.setattr(Recogniser, "identify", answered)
    said = gallery.enrolment.check("Tiger Woods", pictures)
    assert told(said, "near-duplicate") == [((0,), "Tiger Woods")]
