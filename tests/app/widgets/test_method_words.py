"""How the methods are called, and what is said of their agreement."""

from __future__ import annotations

import pytest

from engine.records.changes import event
from engine.records.types import Candidate, Identification, Opinion
from gallery_app.wording.method_words import (
    agreement_text,
    agreement_tip,
    auto_reason,
    choice_text,
    dissent_text,
    in_learned_space,
    method_phrase,
    method_title,
    status_text,
)


def answer(*names: str | None, verdict: str = "known") -> Identification:
    """The first of A and B is A; the methods say these names."""
    candidates = tuple(Candidate(place, name, 0.0, 0.5, 1.0) for place, name in enumerate("AB"))
    methods = ("knn", "triplet", "mlp")
    opinions = tuple(
        Opinion(method, name, "known", 0.12) for method, name in zip(methods, names, strict=False)
    )
    return Identification(verdict, "A", 0.5, "knn", candidates, (), 0.01, "", opinions)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), ""),
        (("A", "A"), "BOTH METHODS AGREE"),
        (("A", "A", "A"), "ALL THREE METHODS AGREE"),
        (("A", "B", "A"), "2 OF 3 METHODS AGREE"),
        (("A", "B"), "THE METHODS DISAGREE"),
        (("B", "C", None), "THE METHODS DISAGREE"),
    ],
)
def test_agreement_is_the_same_first_candidate(names: tuple[str | None, ...], words: str) -> None:
    assert agreement_text(answer(*names)) == words


def test_verdicts_that_differ_are_mentioned() -> None:
    one = answer("A", "A")
    unsure = Opinion("triplet", "A", "unknown", None)
    differing = Identification(
        one.verdict, one.name, one.confidence, one.method, one.candidates, (), 0.01, "",
        (one.opinions[0], unsure),
    )  # fmt: skip
    assert "Their verdicts differ. k-NN: A, known, 12 %; Triplet: A, unknown." in agreement_tip(
        differing
    )
    assert "They all say this face is known." in agreement_tip(one)


def test_a_dissenting_method_is_quoted_with_its_confidence_where_it_has_one() -> None:
    assert dissent_text(Opinion("mlp", "B", "unknown", 0.12)) == "MLP says B, 12 %"
    assert dissent_text(Opinion("triplet", "B", "unknown", 0.0)) == "Triplet says B, <1 %"
    assert dissent_text(Opinion("knn", "B", "unknown", None)) == "k-NN says B"
    assert dissent_text(Opinion("mlp", None, "unknown", None)) == "MLP finds no one"


def test_a_choice_is_called_by_what_it_stands_for() -> None:
    assert choice_text("auto", ("knn", "triplet")) == "Auto (k-NN + triplet)"
    assert [choice_text(one, ()) for one in ("knn", "triplet", "mlp")] == ["k-NN", "Triplet", "MLP"]
    assert status_text("auto", ("knn",), "index up to date") == "auto: k-NN · index up to date"
    assert status_text("triplet", ("knn",), "") == "triplet"


def test_distances_are_learned_where_k_nn_has_no_part() -> None:
    assert in_learned_space("triplet")
    assert in_learned_space("triplet + mlp")
    assert not in_learned_space("knn + triplet")
    assert not in_learned_space("mlp")


def test_the_reason_of_auto_is_worded_and_an_older_sentence_stays() -> None:
    figures = ("0.995000", "0.021000", "0.993000", "0.030000")
    assert auto_reason(event("better", "mlp", *figures)) == (
        "On this gallery, the MLP names 99.5 % of the faces correctly (k-NN 99.3 %) and misses "
        "2.1 % of known people when 1 in 100 strangers may be wrongly named (k-NN 3.0 %)."
    )
    assert "k-NN + triplet names" in auto_reason(event("better", "knn + triplet", *figures))
    assert auto_reason("untested", "And so on.").endswith("so auto is k-NN. And so on.")
    assert auto_reason("On this gallery mlp did well.") == "On this gallery mlp did well."


def test_methods_and_references_are_called_as_people_write_them() -> None:
    assert [method_title(name) for name in ("auto", "mlp (notebook)", "whitening + 5-NN")] == [
        "Auto", "MLP (notebook)", "Whitening + 5-NN",
    ]  # fmt: skip
    assert [method_phrase(name) for name in ("knn", "mlp", "triplet (notebook)")] == [
        "k-NN", "the MLP", "the notebooks' triplet model",
    ]  # fmt: skip
    assert method_phrase("nearest class mean") == "the nearest class mean"


def test_auto_says_how_many_people_it_takes_to_compare_models() -> None:
    said = auto_reason("too-few-people\t7")
    assert said.startswith("With fewer than 7 people it cannot be measured")
    assert auto_reason("too-few-people")  # a damaged file
