"""Networks are told apart by where they put faces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.cohorts.cohort import Cohort
from engine.cohorts.network_profile import MOST_ALIEN, NetworkProfile
from engine.records.types import Vectors
from tests.engine.cohorts.networks import network

FACES = 1_500


def test_faces_of_the_same_network_belong() -> None:
    faces = network(seed=1).faces(FACES, seed=2)
    profile = NetworkProfile.of(faces, "cosine")
    assert profile.share_alien(network(seed=1).faces(FACES, seed=3)) < 0.01
    assert profile.share_alien(network(seed=1).faces(10, seed=4)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_those_of_another_network_do_not(seed: int) -> None:
    profile = NetworkProfile.of(network(seed=seed).faces(FACES, seed=0), "cosine")
    assert profile.share_alien(network(seed=seed + 100).faces(10, seed=0)) == 1


def test_a_mixture_is_told_by_its_share() -> None:
    profile = NetworkProfile.of(network(seed=1).faces(FACES, seed=2), "cosine")
    mixed = np.concatenate([network(seed=1).faces(80, seed=3), network(seed=9).faces(20, seed=3)])
    assert profile.share_alien(mixed) == pytest.approx(0.2, abs=0.02)


def test_length_counts_only_where_it_is_compared() -> None:
    faces = network(seed=1).faces(FACES, seed=2)
    shorter = faces / np.linalg.norm(faces, axis=1, keepdims=True)
    assert NetworkProfile.of(faces, "cosine").share_alien(shorter) < 0.01
    assert NetworkProfile.of(faces, "euclidean").share_alien(shorter) == 1


def test_real_vectors_of_other_networks_are_refused(shared_data: object) -> None:
    def read(name: str) -> Vectors:
        with np.load(f"{shared_data}/{name}", allow_pickle=False) as arrays:
            return np.asarray(arrays["embeddings"])

    strangers, people = read("lfw-others-dlib.npz"), read("lfw-158-dlib.npz")
    profile = NetworkProfile.of(strangers, "cosine")
    random = np.random.default_rng(0)
    rotation, _ = np.linalg.qr(random.normal(size=(128, 128)))
    assert profile.share_alien(people) < 0.01
    for other in (
        read("lfw-158-weak.npz"),
        people @ rotation.astype(np.float32),
        people[:, random.permutation(128)],
        people - people.mean(axis=0),
        random.normal(size=(500, 128)).astype(np.float32),
    ):
        assert profile.share_alien(other) > 0.99
        assert profile.share_alien(other[:10]) > MOST_ALIEN


def test_a_network_that_spreads_faces_evenly_is_not_taken_for_one_that_leans() -> None:
    random = np.random.default_rng(0)
    even = random.normal(size=(FACES, 32)).astype(np.float32)
    leaning, people = network(seed=1).faces(30, seed=2), np.arange(30)
    assert NetworkProfile.of(even, "cosine").share_alien(leaning, people) == 1
    assert NetworkProfile.of(even, "cosine").share_alien(even[:30], people) < MOST_ALIEN


@pytest.mark.parametrize("people", [1, 2, 10, 30])
def test_people_of_one_gallery_may_lean_by_chance(people: int) -> None:
    profile = NetworkProfile.of(network(seed=1).faces(FACES, seed=2), "cosine")
    for seed in range(20):
        faces = network(seed=1).people(people, 5, seed)
        assert profile.share_alien(faces, np.repeat(np.arange(people), 5)) < MOST_ALIEN


def test_few_faces_make_a_wider_profile_not_a_wrong_one() -> None:
    few = Cohort("few", network(seed=1).faces(100, seed=2), np.arange(100))
    profile = NetworkProfile.of(few.vectors, "cosine")
    assert profile.share_alien(network(seed=1).faces(500, seed=3)) < MOST_ALIEN
    assert profile.share_alien(network(seed=9).faces(500, seed=3)) > MOST_ALIEN
