"""Which of our methods an evaluation runs."""

from __future__ import annotations

import pytest

from engine.training.worker.evaluate_job import OURS, our_methods, shortened

pytestmark = pytest.mark.training

MANY = 10_000


def names(asked: tuple[str, ...], people: int) -> list[str]:
    return [one.name for one in our_methods("cosine", asked, people=people)[0]]


def test_of_few_people_every_method_is_run_and_the_notebooks_models_too() -> None:
    methods, left_out = our_methods("cosine", people=158)
    assert [one.name for one in methods] == [*OURS, "mlp (notebook)", "triplet (notebook)"]
    assert left_out == {}


def test_of_very_many_people_the_notebooks_models_are_left_out_of_all_and_it_says_why() -> None:
    methods, left_out = our_methods("cosine", people=MANY)
    assert [one.name for one in methods] == [*OURS]
    assert set(left_out) == {"mlp (notebook)", "triplet (notebook)"}
    assert "10,000 people" in left_out["mlp (notebook)"]


@pytest.mark.parametrize("asked", [("mlp",), ("knn", "mlp"), ("knn", "auto")])
def test_what_is_asked_for_by_name_is_run_whatever_it_takes(asked: tuple[str, ...]) -> None:
    assert set(asked) <= set(names(asked, MANY))
    assert our_methods("cosine", asked, people=MANY)[1] == {}


def test_of_very_many_people_it_is_said_that_the_mlp_learns_less_thoroughly() -> None:
    assert shortened(OURS, 158) == shortened(("knn", "triplet"), MANY) == ()
    (sentence,) = shortened(("mlp",), MANY)
    assert "no more than 20 epochs" in sentence
