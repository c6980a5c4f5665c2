"""A row of widgets that goes on in the next line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gallery_app.widgets.controls.flow_layouts import WrappingRow


@dataclass
class Row:
    """Three buttons 100 wide and 30 high, 8 apart, in a widget that is shown."""

    holder: QWidget
    buttons: list[QPushButton]

    def places(self, width: int) -> list[tuple[int, int]]:
        """The corners of those that are shown, where there is so much room."""
        self.holder.resize(width, 200)
        self.holder.layout().activate()
        return [(button.x(), button.y()) for button in self.buttons if button.isVisible()]


@pytest.fixture
def row(qtbot: QtBot) -> Row:
    made = Row(QWidget(), [QPushButton(str(number)) for number in range(3)])
    qtbot.addWidget(made.holder)
    layout = WrappingRow(made.holder)
    for button in made.buttons:
        button.setFixedSize(100, 30)
        layout.addWidget(button)
    made.holder.show()
    return made


def test_widgets_stand_in_one_line_while_they_fit(row: Row) -> None:
    assert row.places(316) == [(0, 0), (108, 0), (216, 0)]


def test_those_that_do_not_fit_go_below(row: Row) -> None:
    assert row.places(315) == [(0, 0), (108, 0), (0, 38)]
    assert row.places(120) == [(0, 0), (0, 38), (0, 76)]
    assert row.holder.layout().heightForWidth(120) == 106


def test_hidden_widgets_take_no_place(row: Row) -> None:
    row.buttons[0].hide()
    assert row.places(400) == [(0, 0), (108, 0)]
    assert row.holder.layout().heightForWidth(400) == 30
