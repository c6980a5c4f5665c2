"""Which of our methods an evaluation runs."""

from __future__ import annotations

import pytest

from engine.training.worker.evaluate_job import OURS, mlp_limits, our_methods

pytestmark = pytest.mark.training

MANY = 10_000


def names(asked: tuple[str, ...], people: int) -> list[str]:
    return [one.name for one in our_methods("cosine", asked, people=people)[0]]


def test_of_few_people_every_method_is_run_and_the_notebooks_models_too() -> None:
    methods, left_out = our_methods("cosine", people=158)
    assert [one.name for one in methods] == [*OURS, "mlp (notebook)", "triplet (notebook)"]
    assert left_out == {}


def test_of_very_many_people_the_notebooks_models_are_left_out_of_all() -> None:
    methods, left_out = our_methods("cosine", people=MANY)
    assert [one.name for one in methods] == [*OURS]
    assert left_out == {"mlp (notebook)": "", "triplet (notebook)": ""}


@pytest.mark.parametrize("asked", [("mlp",), ("knn", "mlp"), ("knn", "auto")])
def test_what_is_asked_for_by_name_is_run_whatever_it_takes(asked: tuple[str, ...]) -> None:
    assert set(asked) <= set(names(asked, MANY))
    assert our_methods("cosine", asked, people=MANY)[1] == {}


def test_of_very_many_people_the_mlp_learns_less_thoroughly() -> None:
    assert mlp_limits(OURS, 158) is mlp_limits(("knn", "triplet"), MANY) is None
    limits = mlp_limits(("mlp",), MANY)
    assert limits is not None
    assert limits.people < MANY
    assert limits.epochs == 20
