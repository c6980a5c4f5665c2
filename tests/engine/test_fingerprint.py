"""Telling two embedding networks apart, and not two people of one network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.enrolment.embedding_check import Fingerprint
from engine.errors import MismatchError
from engine.gallery import Gallery
from engine.records.types import Distance


def centred_network(people: int, faces: int, seed: int) -> np.ndarray:
    """Unit vectors round a centre of their own for each person: the faces share no direction."""
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(size=(people, 64)), faces, axis=0)
    vectors = centres + 0.3 * random.normal(size=centres.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def dlib(shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and owners of the 158 people."""
    with np.load(shared_data / "lfw-158-dlib.npz") as table:
        return table["embeddings"], np.unique(table["names"], return_inverse=True)[1]


def test_a_second_person_is_welcome_where_the_first_has_many_faces(tmp_path: Path) -> None:
    faces = centred_network(2, 30, seed=0)
    with Gallery.create(tmp_path / "two.gallery", dimension=64) as gallery:
        gallery.enroll("A", faces[:30])
        assert gallery.enroll("B", faces[30:]).faces_added == 30


def test_vectors_of_another_length_are_refused(shared_data: Path) -> None:
    strong, owners = dlib(shared_data)
    weak = np.load(shared_data / "lfw-158-weak.npz")["embeddings"]
    with pytest.raises(MismatchError, match="another embedding network"):
        Fingerprint.of(strong, owners).check(Fingerprint.of(weak), "euclidean")


def test_where_the_distance_ignores_length_so_does_the_check(shared_data: Path) -> None:
    strong, owners = dlib(shared_data)
    weak = np.load(shared_data / "lfw-158-weak.npz")["embeddings"]
    known = Fingerprint.of(strong, owners)
    known.check(Fingerprint.of(strong * 7), "cosine")
    with pytest.raises(MismatchError, match="another embedding network"):
        known.check(Fingerprint.of(strong * 7), "euclidean")
    with pytest.raises(MismatchError, match="point in a different direction"):
        known.check(Fingerprint.of(weak), "cosine")


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("scale", [0.01, 1, 50])
def test_longer_vectors_are_taken_or_refused_everywhere_alike(
    tmp_path: Path, distance: Distance, scale: float
) -> None:
    faces = centred_network(3, 20, seed=3)
    np.savez(tmp_path / "scaled.npz", embeddings=faces[::7] * scale, names=["A"] * 9)
    scaled = tmp_path / "scaled.npz"
    with Gallery.create(tmp_path / "g.gallery", dimension=64, distance=distance) as gallery:
        for start, name in zip(range(0, 60, 20), "ABC", strict=True):
            gallery.enroll(name, faces[start : start + 20])
        ways: tuple[Callable[[], object], ...] = (
            lambda: gallery.read_queries(scaled),
            lambda: gallery.enrolment.plan_import([scaled]),
            lambda: gallery.enrolment.check("A", faces[::7] * np.float32(scale)),
            lambda: gallery.import_([scaled]),
        )
        for way in ways:
            if distance == "euclidean" and scale != 1:
                with pytest.raises(MismatchError, match="another embedding network"):
                    way()
            else:
                way()


def test_vectors_of_the_same_length_that_point_elsewhere_are_refused(shared_data: Path) -> None:
    strong, owners = dlib(shared_data)
    with pytest.raises(MismatchError, match="point in a different direction"):
        Fingerprint.of(strong, owners).check(Fingerprint.of(strong[:, ::-1].copy()), "cosine")


def test_no_single_stranger_of_the_same_network_is_refused(shared_data: Path) -> None:
    known = Fingerprint.of(*dlib(shared_data))
    for face in np.load(shared_data / "lfw-others-dlib.npz")["embeddings"][::10]:
        known.check(Fingerprint.of(face[None]), "euclidean")


def test_a_damaged_fingerprint_counts_as_none() -> None:
    assert Fingerprint.from_json("{") is None
    assert Fingerprint.from_json("[]") is None


def test_it_survives_being_written_down() -> None:
    known = Fingerprint.of(centred_network(3, 10, seed=1), np.repeat(np.arange(3), 10))
    assert Fingerprint.from_json(known.to_json()) == known
