"""What an evaluation says: right in number, honest about noise, plain."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from engine.evaluation.references import references
from engine.evaluation.runner import evaluate
from engine.records.figures import Estimate, Evaluation, MlpLimits, Sampled
from engine.utils.number_text import counted
from gallery_app.wording.evaluation_words import conclusions, interval, listed, one_in
from tests.engine.evaluation.crowds import Known, crowd

PLAIN_ONES = references("cosine")[:-1]  # discriminant analysis takes longer and says no more


@lru_cache
def said(*methods: Known, people: int = 12, faces: int = 5, repeats: int = 2) -> str:
    vectors, labels = crowd(people, faces, spread=0.25)
    every = [*methods, *PLAIN_ONES]
    return "\n".join(conclusions(evaluate(vectors, labels, every, repeats=repeats)))


def test_numbers_and_lists_read_naturally() -> None:
    assert counted(1, "search", "searches") == "1 search"
    assert counted(4324, "search", "searches") == "4,324 searches"
    assert listed(["A"]) == "A"
    assert listed(["A", "B"]) == "A and B"
    assert listed(["A", "B", "C"], "or") == "A, B or C"
    assert one_in("0.001") == "1 in 1,000"
    assert one_in("0.01", "strangers") == "1 in 100 strangers"
    assert interval(Estimate(0.123, 0.1, 0.15)) == "12.3 % (10.0 to 15.0 %)"


def test_one_repeat_is_not_called_several() -> None:
    text = said(Known("auto"), repeats=1)
    assert "In one repeat, 4 people were left out" in text
    assert "In each of 2 repeats, 4 people were left out" in said(Known("auto"))


def test_a_single_method_of_ours_is_not_called_the_best_of_ours() -> None:
    assert "best of our methods" not in said(Known("auto"))
    assert "best of our methods" in said(Known("auto"), Known("mlp", right=False))


def test_without_any_of_ours_the_best_reference_is_named() -> None:
    text = said()
    assert "the best of the references" in text
    assert "worse than" not in text
    assert "No reference is" not in text


def test_where_no_threshold_can_be_set_the_first_names_are_compared() -> None:
    text = said(Known("auto"), people=6, faces=2)
    assert "With strangers, auto puts the right name first for" in text
    assert "too small to measure 1 in 10:" in text
    assert "may be wrongly named" not in text


def test_the_most_frequent_person_and_whitening_alone_are_always_spoken_of() -> None:
    text = said(Known("auto"))
    assert "Always naming the most frequent person would be right 8.3 % of the time." in text
    assert "over plain 5-NN; " in text
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
    text = "\n".join(conclusions(evaluate(vectors, labels, every, protocol="closed", repeats=2)))
    assert "; the difference is statistically significant." in text


def test_methods_are_called_as_elsewhere() -> None:
    text = said(Known("auto"), Known("mlp", right=False), people=40)
    assert "the MLP is significantly worse than" in text
    assert "mlp" not in text


def made(**parts: object) -> Evaluation:
    plain = Evaluation("g", 12_000, 60_000, 0, 1, 0.0, 1.0, (), (), ())
    return replace(plain, **parts)


def test_what_is_left_out_sampled_or_cut_short_is_said() -> None:
    left_out = {"mlp": "it learns for long", "triplet (notebook)": ""}
    assert conclusions(made(left_out=left_out)) == (
        "The MLP was left out: it learns for long.",
        "The notebooks' triplet model was left out: training on 12,000 people takes many minutes "
        "in each repeat.",
    )
    (sampled,) = conclusions(made(sampled=(Sampled("closed", 120, 180),)))
    assert "with everyone enrolled 120 of 180" in sampled
    (limits,) = conclusions(made(mlp_limits=MlpLimits(5_000, 1_000, 20)))
    assert "more than 5,000 people are enrolled, the MLP is trained on 1,000 people" in limits
    assert conclusions(made(open_obstacle="Too few.")) == ("Too few.",)


def test_sentences_that_an_earlier_version_stored_stay_as_they_are() -> None:
    stored = ("auto misses 2 of 100.", "mlp loses to 5-NN.")
    assert conclusions(made(sentences=stored)) == stored
