"""What an evaluation says: right in number, honest about noise, plain."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from engine.evaluation.conclusions import counted, interval, listed, one_in
from engine.evaluation.references import references
from engine.evaluation.runner import evaluate
from engine.records.figures import Estimate
from tests.engine.evaluation.crowds import Known, crowd

PLAIN_ONES = references("cosine")[:-1]  # discriminant analysis takes longer and says no more


@lru_cache
def said(*methods: Known, people: int = 12, faces: int = 5, repeats: int = 2) -> str:
    vectors, labels = crowd(people, faces, spread=0.25)
    every = [*methods, *PLAIN_ONES]
    return "\n".join(evaluate(vectors, labels, every, repeats=repeats).sentences)


def test_numbers_and_lists_read_naturally() -> None:
    assert counted(1, "search", "searches") == "1 search"
    assert counted(4324, "search", "searches") == "4,324 searches"
    assert listed(["A"]) == "A"
    assert listed(["A", "B"]) == "A and B"
    assert listed(["A", "B", "C"], "or") == "A, B or C"
    assert one_in("0.001") == "1 in 1000"
    assert one_in("0.01", "strangers") == "1 in 100 strangers"
    assert interval(Estimate(0.123, 0.1, 0.15)) == "12.3 % (10.0 to 15.0 %)"


def test_one_repeat_is_not_called_several() -> None:
    text = said(Known("auto"), repeats=1)
    assert "In one repeat 4 people were left out" in text
    assert "In each of 2 repeats 4 people were left out" in said(Known("auto"))


def test_a_single_method_of_ours_is_not_called_the_best_of_ours() -> None:
    assert "best of ours" not in said(Known("auto"))
    assert "best of ours" in said(Known("auto"), Known("mlp", right=False))


def test_without_any_of_ours_the_best_reference_is_named() -> None:
    text = said()
    assert "the best of the references" in text
    assert "loses to" not in text
    assert "No reference beats" not in text


def test_where_no_threshold_can_be_set_the_first_names_are_compared() -> None:
    text = said(Known("auto"), people=6, faces=2)
    assert "With strangers, auto puts the right name first for" in text
    assert "too small to measure 1 in 10:" in text
    assert "may be wrongly named" not in text


def test_the_most_frequent_person_and_whitening_alone_are_always_spoken_of() -> None:
    text = said(Known("auto"))
    assert "Always naming the most frequent person would be right 8.3 % of the time." in text
    assert "Over plain 5-NN auto gains" in text
    assert "whitening alone, without any training," in text


@pytest.mark.parametrize("people", [12, 40])
def test_a_sentence_begins_large_ends_with_a_stop_and_has_no_gap(people: int) -> None:
    for sentence in said(Known("auto"), Known("mlp", right=False), people=people).splitlines():
        assert sentence[0].isupper() or sentence[0] == "“"
        assert sentence.endswith(".")
        assert "  " not in sentence
        assert " ," not in sentence


def test_a_difference_within_noise_is_called_so_and_one_beyond_it_too() -> None:
    random = np.random.default_rng(0)
    vectors, labels = crowd(30, 8, spread=0.3)
    vectors[::9] = random.normal(size=vectors[::9].shape)
    every = [Known("mlp", right=False), *PLAIN_ONES]
    text = "\n".join(evaluate(vectors, labels, every, protocol="closed", repeats=2).sentences)
    assert "a difference beyond noise" in text
