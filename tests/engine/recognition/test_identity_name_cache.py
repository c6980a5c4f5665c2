"""Names that an answer speaks of: at hand, looked up, gone, and more than are kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.recognition import state
from engine.recognition.state import IdentityNameCache


class People:
    """The part of a store that is asked, and what it was asked for."""

    def __init__(self, *gone: int) -> None:
        self.gone, self.asked = gone, list[list[int]]()
        self.people = self

    def names(self, ids: Sequence[int]) -> dict[int, str]:
        self.asked.append(sorted(ids))
        return {one: f"P{one}" for one in ids if one not in self.gone}


def test_a_name_is_asked_for_once() -> None:
    people = People()
    names = IdentityNameCache(people)  # type: ignore[arg-type]
    assert {one: names({1, 2})[one] for one in (1, 2)} == {1: "P1", 2: "P2"}
    assert names({2, 3})[3] == "P3"
    assert people.asked == [[1, 2], [3]]


def test_who_is_gone_has_no_name() -> None:
    people = People(2)
    assert 2 not in IdentityNameCache(people)({1, 2})  # type: ignore[arg-type]


def test_people_may_be_called_something_else_now() -> None:
    people = People()
    names = IdentityNameCache(people)  # type: ignore[arg-type]
    before = names({1})
    names.forget()
    names({1})
    assert people.asked == [[1], [1]]
    assert before[1] == "P1"  # who has the old ones keeps them


def test_beyond_a_number_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_MOST_NAMES", 3)
    people = People()
    names = IdentityNameCache(people)  # type: ignore[arg-type]
    first = names({1, 2, 3})
    assert names({2, 4}) == {2: "P2", 4: "P4"}
    assert first == {1: "P1", 2: "P2", 3: "P3"}
    assert names({1, 4})[1] == "P1"
    assert people.asked == [[1, 2, 3], [4], [1]]
