"""The lens that turns embeddings into the traits of a drawn portrait."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.avatars.appearance import TRAITS, Appearance
from engine.errors import GalleryDamagedError
from engine.records.types import Vectors


def some(n: int, dimension: int = 128, seed: int = 0) -> Vectors:
    return np.random.default_rng(seed).standard_normal((n, dimension)).astype(np.float32)


@pytest.mark.parametrize("n", [1, 2, 15, 63, 64, 500])
@pytest.mark.parametrize("dimension", [1, 2, 5, 16, 128])
def test_any_number_of_vectors_of_any_length_gives_sixteen_finite_traits(
    n: int, dimension: int
) -> None:
    vectors = some(n, dimension)
    traits = Appearance.fit(vectors).traits(vectors)
    assert traits.shape == (n, TRAITS)
    assert traits.dtype == np.float32
    assert np.isfinite(traits).all()
    assert np.abs(traits).max() <= 1


def test_vectors_that_are_all_the_same_still_have_a_portrait() -> None:
    vectors = np.ones((100, 128), np.float32)
    assert np.isfinite(Appearance.fit(vectors).traits(vectors)).all()


def test_the_same_vectors_give_the_same_lens() -> None:
    first, second = Appearance.fit(some(300)), Appearance.fit(some(300))
    assert np.array_equal(first.mean, second.mean)
    assert np.array_equal(first.axes, second.axes)


@pytest.mark.parametrize("n", [3, 300])
def test_a_lens_survives_being_written_and_read_to_the_last_bit(n: int) -> None:
    lens = Appearance.fit(some(n))
    again = Appearance.from_json(lens.to_json())
    assert np.array_equal(lens.traits(some(9, seed=1)), again.traits(some(9, seed=1)))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"mean": 1, "axes": 2}', '{"mean": "AAAA", "axes": "AAAA"}',
     '{"mean": "AACAPw==", "axes": "AACAPw=="}', '{"mean": "*", "axes": "é"}'],
)  # fmt: skip
def test_a_damaged_lens_is_refused(text: str) -> None:
    with pytest.raises(GalleryDamagedError, match="computed again"):
        Appearance.from_json(text)


def test_a_small_step_of_the_embedding_is_a_small_step_of_the_traits() -> None:
    vectors = some(300)
    lens = Appearance.fit(vectors)
    near = vectors + np.float32(0.001)
    assert np.abs(lens.traits(near) - lens.traits(vectors)).max() < 0.02


def test_the_traits_use_their_whole_range() -> None:
    vectors = some(1000)
    spread = Appearance.fit(vectors).traits(vectors).std(axis=0)
    assert spread.min() > 0.4


def test_two_faces_of_one_person_are_nearer_than_faces_of_two_people(shared_data: Path) -> None:
    table = np.load(shared_data / "lfw-158-dlib.npz")
    vectors, names = table["embeddings"], table["names"]
    traits = Appearance.fit(vectors).traits(vectors)
    _, identity = np.unique(names, return_inverse=True)
    rows = np.arange(0, len(vectors), 7)
    apart = np.linalg.norm(traits[rows, None] - traits[None, rows], axis=-1)
    same = identity[rows, None] == identity[None, rows]
    own, other = apart[same & (apart > 0)], apart[~same]
    assert np.quantile(own, 0.9) < np.quantile(other, 0.1)
