"""How alike two people or two faces are, and what a distance is worth in a gallery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import UnknownIdentityError
from engine.gallery import Gallery


@pytest.fixture
def gallery(sample: Path, tmp_path: Path) -> Iterator[Gallery]:
    people = sorted(sample.glob("[A-C]*"))
    made, _ = Gallery.create_from(tmp_path / "some.gallery", people)
    with made:
        yield made


def test_two_people_are_told_apart_with_error_rates(gallery: Gallery) -> None:
    names = [one.name for one in gallery.people.all()]
    found = gallery.comparison.people(names[0], names[1])
    assert found.distances.shape == (
        len(gallery.faces.of(names[0])),
        len(gallery.faces.of(names[1])),
    )
    assert found.same is False
    assert found.usual.false_match(found.median) > found.usual.false_non_match(found.median)
    own = gallery.comparison.people(names[0], names[0])
    assert own.same is True
    assert np.isnan(np.diag(own.distances)).all()
    assert own.median < found.median


def test_the_closest_and_the_furthest_pair_are_what_they_are_called(gallery: Gallery) -> None:
    names = [one.name for one in gallery.people.all()]
    found = gallery.comparison.people(names[2], names[3])
    one, other, distance = found.closest[0]
    assert distance == pytest.approx(float(np.nanmin(found.distances)))
    vectors = [gallery.faces.vector(face) for face in (one, other)]
    unit = [vector / np.linalg.norm(vector) for vector in vectors]
    assert distance == pytest.approx(1 - float(unit[0] @ unit[1]), abs=1e-5)
    assert found.furthest[0][2] == pytest.approx(float(np.nanmax(found.distances)))
    distances = [pair[2] for pair in found.closest]
    assert distances == sorted(distances)


def test_no_pair_of_one_person_with_itself_comes_twice(gallery: Gallery) -> None:
    name = gallery.people.all()[0].name
    pairs = [frozenset(pair[:2]) for pair in gallery.comparison.people(name, name).closest]
    assert len(pairs) == len(set(pairs))
    assert all(len(pair) == 2 for pair in pairs)


def test_the_threshold_balances_both_errors(gallery: Gallery) -> None:
    usual = gallery.comparison.usual()
    missed = usual.false_non_match(usual.threshold)
    let_in = usual.false_match(usual.threshold)
    assert missed == pytest.approx(let_in, abs=0.01)
    assert missed < 0.1


def test_two_faces_are_compared_too(gallery: Gallery) -> None:
    person = gallery.people.all()[0].name
    one, other = gallery.faces.of(person)[:2]
    found = gallery.comparison.faces(one.id, other.id)
    assert found.distances.shape == (1, 1)
    assert found.same is True
    assert len(found.closest) == 1


def test_a_gallery_with_too_little_says_so(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "two.gallery", dimension=4) as gallery:
        gallery.enroll("Somebody", np.array([1, 2, 3, 4], dtype=np.float32))
        gallery.enroll("Another", np.array([4, 3, 2, 1], dtype=np.float32))
        assert gallery.comparison.people("Somebody", "Another").same is None


def test_whoever_is_not_there_is_named(gallery: Gallery) -> None:
    with pytest.raises(UnknownIdentityError, match="No one named “Nemo”"):
        gallery.comparison.people("Nemo", gallery.people.all()[0].name)
    with pytest.raises(UnknownIdentityError, match="99999"):
        gallery.comparison.faces(gallery.faces.of(gallery.people.all()[0].name)[0].id, 99_999)
