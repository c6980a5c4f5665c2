"""Faces of another size: by slider and wheel, in both grids, remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication
from pytestqt.qtbot import QtBot

from gallery_app.app import App


def turn(view: QAbstractItemView, degrees: int, *, control: bool = True) -> None:
    """Turns the wheel over a view; a notch is 120."""
    keys = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    place = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        place, place, QPoint(), QPoint(0, degrees), Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_the_wheel_with_ctrl_makes_faces_larger_and_alone_scrolls(app: App) -> None:
    faces = app.window.faces
    before = faces.grid.visualRect(faces.model.index(0)).width()
    turn(faces.grid, 240)
    assert faces.delegate.side == faces.size.side == 128
    assert faces.grid.visualRect(faces.model.index(0)).width() == before + 32
    turn(faces.grid, 240, control=False)
    assert faces.delegate.side == 128
    turn(faces.grid, -60)  # half a notch, as touchpads turn
    assert faces.delegate.side == 128
    turn(faces.grid, -60)
    assert faces.delegate.side == 112


def test_sizes_stay_within_bounds(app: App) -> None:
    faces = app.window.faces
    turn(faces.grid, 120 * 40)
    assert faces.delegate.side == 256
    turn(faces.grid, -120 * 40)
    assert faces.delegate.side == 64


def test_the_slider_is_reached_and_moved_by_keys(app: App, qtbot: QtBot) -> None:
    size = app.window.faces.size
    size.setFocus()
    qtbot.keyClick(size, Qt.Key.Key_Right)
    assert app.window.faces.delegate.side == 112
    qtbot.keyClick(size, Qt.Key.Key_End)
    assert app.window.faces.delegate.side == 256
    assert size.accessibleName()


def test_both_grids_follow_and_the_size_is_remembered(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    first = start(gallery_folder)
    first.window.faces.size.set_side(160)
    assert first.window.unknown.size.side == 160
    first.window.close()
    second = start(gallery_folder)
    assert second.window.faces.delegate.side == 160
    assert second.window.unknown.size.side == 160


def test_what_stands_at_the_top_stays_there(app: App, qtbot: QtBot) -> None:
    grid, model = app.window.faces.grid, app.window.faces.model
    gallery = app.context.gallery
    faces = [face for person in gallery.people.all() for face in gallery.faces.of(person.id)]
    model.set_faces(faces)
    assert grid.verticalScrollBar().value() == 0
    app.window.faces.size.set_side(256)
    assert grid.verticalScrollBar().value() == 0
    grid.executeDelayedItemsLayout()
    grid.verticalScrollBar().setValue(grid.visualRect(model.index(30)).top())
    top = grid.indexAt(QPoint(2, 2)).row()
    app.window.faces.size.set_side(128)
    shown = np.array([grid.visualRect(model.index(row)).top() for row in range(len(faces))])
    assert abs(shown[top]) < 40


@pytest.mark.parametrize("side", [64, 256])
def test_the_unknown_panel_keeps_room_for_its_list(app: App, side: int) -> None:
    panel = app.window.unknown
    app.window.resize(1360, 700)
    app.window.middle.setCurrentWidget(panel)
    app.window.faces.size.set_side(side)
    assert 64 <= panel.card.delegate.side <= side
    assert panel.card.delegate.side + 34 <= max(98, panel.height() - 380)
