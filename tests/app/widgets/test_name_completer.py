"""Names are offered as they are typed, a few of however many there are."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from gallery_app.widgets.name_completer import NameCompleter

MANY = [f"Person {number:06}" for number in range(100_000)]


@pytest.fixture
def field(qtbot: QtBot) -> QLineEdit:
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    return field


def offered(completer: NameCompleter) -> list[str]:
    model = completer.completionModel()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_any_part_of_a_name_finds_it_in_either_case(field: QLineEdit, qtbot: QtBot) -> None:
    completer = NameCompleter(["Tiger Woods", "Tim Henman", "Tony Blair"], field)
    qtbot.keyClicks(field, "OOD")
    assert offered(completer) == ["Tiger Woods"]
    assert completer.popup().isVisible()
    qtbot.keyClicks(field, "x")
    assert offered(completer) == []


def test_among_many_the_first_that_match_are_offered(field: QLineEdit, qtbot: QtBot) -> None:
    completer = NameCompleter(MANY, field)
    qtbot.keyClicks(field, "p")
    assert offered(completer) == MANY[:50]
    qtbot.keyClicks(field, "erson 0999")
    assert offered(completer) == MANY[99_900:99_950]


def test_names_that_are_forgotten_are_offered_no_longer(field: QLineEdit, qtbot: QtBot) -> None:
    completer = NameCompleter(["Tiger Woods"], field)
    qtbot.keyClicks(field, "t")
    completer.set_names(())
    assert offered(completer) == []
    qtbot.keyClicks(field, "i")
    assert offered(completer) == []
