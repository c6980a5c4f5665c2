"""Names are offered as they are typed, a few of however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from pytestqt.qtbot import QtBot

from engine.records.roster import Roster
from engine.records.types import Identity
from gallery_app.widgets.controls.fields import NameField

MANY = [f"Person {number:06}" for number in range(20_000)]


def roster_of(names: Sequence[str]) -> Roster:
    return Roster.of(1, [Identity(at, name, 1, None) for at, name in enumerate(names, start=1)])


@pytest.fixture
def make(qtbot: QtBot) -> Callable[[Sequence[str]], NameField]:
    def field(names: Sequence[str]) -> NameField:
        made = NameField(roster_of(names))
        qtbot.addWidget(made)
        made.show()
        return made

    return field


def offered(field: NameField) -> list[str]:
    model = field.completer().completionModel()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_any_part_of_a_name_finds_it_in_either_case(make, qtbot):
    field = make(["Tiger Woods", "Tim Henman", "Tony Blair"])
    qtbot.keyClicks(field, "OOD")
    assert offered(field) == ["Tiger Woods"]
    assert field.completer().popup().isVisible()
    qtbot.keyClicks(field, "x")
    assert offered(field) == []


def test_those_who_begin_so_come_first_and_accents_do_not_matter(make, qtbot):
    field = make(["Ana Ember", "Émile Zola", "Tim Henman"])
    qtbot.keyClicks(field, "em")
    assert offered(field) == ["Émile Zola", "Ana Ember"]
    qtbot.keyClicks(field, "ber an")
    assert offered(field) == ["Ana Ember"]


def test_among_many_the_first_that_match_are_offered(make, qtbot):
    field = make(MANY)
    qtbot.keyClicks(field, "p")
    assert offered(field) == MANY[:50]
    qtbot.keyClicks(field, "erson 0199")
    assert offered(field) == MANY[19_900:19_950]


def test_a_name_means_the_only_person_whose_name_differs_in_case_or_form(make):
    field = make(["Jos\xe9", "Tim", "tiger woods", "Tiger Woods"])
    for text, name in (
        (" Tiger Woods ", "Tiger Woods"),
        ("tiger woods", "tiger woods"),
        ("TIM", "Tim"),
        ("Jose\u0301", "Jos\xe9"),
    ):
        field.setText(text)
        assert (field.identity().name, field.name()) == (name, name)
    for text in ("TIGER WOODS", "Jose", ""):
        field.setText(text)
        assert (field.identity(), field.name()) == (None, text)


def test_names_that_are_forgotten_are_offered_no_longer(make, qtbot):
    field = make(["Tiger Woods"])
    qtbot.keyClicks(field, "t")
    field.set_roster(Roster())
    assert offered(field) == []
    qtbot.keyClicks(field, "i")
    assert offered(field) == []
