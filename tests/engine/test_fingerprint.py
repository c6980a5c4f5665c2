"""Telling two embedding networks apart, and not two people of one network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import MismatchError
from engine.gallery import Gallery
from engine.tools.fingerprint import Fingerprint


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
        Fingerprint.of(strong, owners).check(Fingerprint.of(weak))


def test_vectors_of_the_same_length_that_point_elsewhere_are_refused(shared_data: Path) -> None:
    strong, owners = dlib(shared_data)
    with pytest.raises(MismatchError, match="point another way"):
        Fingerprint.of(strong, owners).check(Fingerprint.of(strong[:, ::-1].copy()))


def test_no_single_stranger_of_the_same_network_is_refused(shared_data: Path) -> None:
    known = Fingerprint.of(*dlib(shared_data))
    for face in np.load(shared_data / "lfw-others-dlib.npz")["embeddings"][::10]:
        known.check(Fingerprint.of(face[None]))


def test_a_damaged_fingerprint_counts_as_none() -> None:
    assert Fingerprint.from_json("{") is None
    assert Fingerprint.from_json("[]") is None


def test_it_survives_being_written_down() -> None:
    known = Fingerprint.of(centred_network(3, 10, seed=1), np.repeat(np.arange(3), 10))
    assert Fingerprint.from_json(known.to_json()) == known
