"""Lists and grids of equal cells: where rows are, what keys and mouse select, at any length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate
from pytestqt.qtbot import QtBot

from gallery_app.widgets.lists.uniform_view import UniformView

Make = Callable[..., UniformView]


class Rows(QAbstractListModel):
    """So many rows, which are asked for one by one only."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.asked = count, set[int]()

    def rowCount(self, parent=QModelIndex()):  # type: ignore[no-untyped-def]  # noqa: B008
        return 0 if parent.isValid() else self.count

    def data(self, index, role=0):  # type: ignore[no-untyped-def]
        self.asked.add(index.row())
        return f"{index.row()}" if role == Qt.ItemDataRole.DisplayRole else None


class Cells(QStyledItemDelegate):
    def sizeHint(self, option, index):  # type: ignore[no-untyped-def]
        return QSize(50, 20)


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    """A view of 230 by 110 pixels: four cells across where it is a grid."""

    def view(count: int, *, grid: bool = False) -> UniformView:
        made = UniformView(grid=grid)
        made.setModel(Rows(count))
        made.model().setParent(made)
        made.setItemDelegate(Cells(made))
        qtbot.addWidget(made)
        made.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        made.setFrameStyle(0)
        made.resize(230 + made.verticalScrollBar().sizeHint().width(), 110)
        made.show()
        made.executeDelayedItemsLayout()
        return made

    return view


@pytest.mark.parametrize("grid", [False, True])
def test_every_row_is_found_where_it_is_shown(make: Make, grid: bool) -> None:
    view = make(23, grid=grid)
    rects = [view.visualRect(view.model().index(row, 0)) for row in range(23)]
    for row, rect in enumerate(rects):
        assert view.indexAt(rect.center()).row() == row
        assert not any(rect.intersects(other) for other in rects[:row])
    assert view.visualRect(QModelIndex()) == QRect()
    assert not view.indexAt(QPoint(10, 2_000)).isValid()
    assert view.indexAt(QPoint(225, 5)).isValid() != grid


@pytest.mark.slow
def test_a_million_rows_are_reached_and_only_those_seen_are_asked_for(make: Make) -> None:
    view = make(1_000_000)
    assert view.verticalScrollBar().maximum() == 20_000_000 - view.viewport().height()
    view.scrollTo(view.model().index(654_321, 0))
    view.grab()
    model = view.model()
    assert isinstance(model, Rows)
    assert 654_321 in model.asked
    assert len(model.asked) < 20
    view.selectAll()
    assert view.selected_count() == 1_000_000


def test_keys_move_by_cells_lines_and_pages(make: Make, qtbot: QtBot) -> None:
    view = make(23, grid=True)
    view.setCurrentIndex(view.model().index(5, 0))
    for key, row in (
        (Qt.Key.Key_Right, 6), (Qt.Key.Key_Down, 10), (Qt.Key.Key_Left, 9), (Qt.Key.Key_Up, 5),
        (Qt.Key.Key_Up, 1), (Qt.Key.Key_Up, 1), (Qt.Key.Key_PageDown, 21), (Qt.Key.Key_End, 22),
        (Qt.Key.Key_Down, 22), (Qt.Key.Key_PageUp, 2), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Left, 0),
    ):  # fmt: skip
        qtbot.keyClick(view, key)
        assert view.currentIndex().row() == row, key


def test_shift_selects_all_between_in_reading_order(make: Make, qtbot: QtBot) -> None:
    view = make(23, grid=True)
    click(view, qtbot, 3)
    click(view, qtbot, 9, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_rows().tolist() == list(range(3, 10))
    click(view, qtbot, 1, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_rows().tolist() == [1, 2, 3]
    click(view, qtbot, 20, Qt.KeyboardModifier.ControlModifier)
    assert view.selected_rows().tolist() == [1, 2, 3, 20]
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(215, 10))
    assert view.selected_count() == 0


def click(
    view: UniformView,
    qtbot: QtBot,
    row: int,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    view.scrollTo(view.model().index(row, 0))
    at = view.visualRect(view.model().index(row, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, keys, at)


def test_a_rubber_band_selects_the_cells_it_touches(make: Make) -> None:
    view = make(23, grid=True)
    view.setState(QAbstractItemView.State.DragSelectingState)
    select = view.selectionModel().SelectionFlag.ClearAndSelect
    view.setSelection(QRect(QPoint(140, 50), QPoint(60, 25)), select)
    assert view.selected_rows().tolist() == [5, 6, 9, 10]
    view.setSelection(QRect(QPoint(205, 5), QPoint(220, 15)), select)
    assert view.selected_count() == 0


def test_rows_are_brought_into_sight_and_no_further(make: Make) -> None:
    view = make(100)
    bar = view.verticalScrollBar()
    low = 220 - view.viewport().height()  # the theme may take a frame from it
    for row, place in ((2, 0), (10, low), (9, low), (0, 0)):
        view.scrollTo(view.model().index(row, 0))
        assert bar.value() == place
    view.scrollTo(view.model().index(50, 0), QAbstractItemView.ScrollHint.PositionAtTop)
    assert bar.value() == 1_000


def test_many_rows_are_selected_in_one_go(make: Make, qtbot: QtBot) -> None:
    view = make(100)
    changes = []
    view.selectionModel().selectionChanged.connect(lambda *_: changes.append(1))
    view.select_rows(np.array([7, 3, 4, 5, 50]))
    assert view.selected_rows().tolist() == [3, 4, 5, 7, 50]
    view.select_rows(np.array([], dtype=np.int64))
    assert len(changes) == 1


def test_letters_typed_in_quick_succession_belong_together(make: Make, qtbot: QtBot) -> None:
    view = make(10)
    typed: list[str] = []
    view.typed.connect(typed.append)
    qtbot.keyClicks(view, "ab")
    assert typed == ["a", "ab"]
