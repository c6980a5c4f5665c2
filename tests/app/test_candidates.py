"""Every candidate of an answer can be chosen: pictures, evidence and buttons are about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from gallery_app.app import App
from gallery_app.state import EVERYTHING
from tests.app.test_window import ask


def name_at(app: App, place: int) -> str:
    query = app.state.query
    assert query is not None
    assert query.answer is not None
    return query.answer.candidates[place].name


def is_about(app: App, name: str) -> bool:
    """Whether all parts of the panel that speak of a candidate speak of this one."""
    panel = app.window.query
    tiles = panel.evidence.tiles
    marked = [row.name.text() for row in panel.candidates.rows if row.is_chosen]
    return (
        marked == [name]
        and len(tiles) == 5
        and {tile.name for tile in tiles} == {name}
        and panel.evidence.heading.text().endswith(f"· {name}")
        and panel.comparison.enrolled_caption.text().startswith(f"{name} · ")
        and panel.actions.confirm.text() == f"It is {name}"
        and panel.actions.reject.text() == f"Not {name}"
    )


def test_at_first_the_panel_is_about_the_first_candidate(
    app: App, qtbot: QtBot, query_file: Path, stranger_file: Path
) -> None:
    ask(app, qtbot, query_file)
    qtbot.waitUntil(lambda: is_about(app, "Tiger Woods"))
    assert app.window.query.evidence.heading.text() == "MATCHING FACES · Tiger Woods"
    ask(app, qtbot, stranger_file)
    qtbot.waitUntil(lambda: is_about(app, name_at(app, 0)))
    assert app.window.query.name.text() == "Not recognised"
    assert f"closest match: {name_at(app, 0)}" in app.window.query.verdict.text()
    assert app.window.query.evidence.heading.text().startswith("NEAREST FACES")


def test_a_click_chooses_a_candidate_and_the_whole_panel_follows(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    ask(app, qtbot, stranger_file)
    qtbot.waitUntil(lambda: is_about(app, name_at(app, 0)))
    shown = app.window.faces.title.text()
    for place in (1, 2, 0):
        row = app.window.query.candidates.rows[place]
        before = row.mapTo(app.window, QPoint(0, 0))
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
        assert row.mapTo(app.window, QPoint(0, 0)) == before  # nothing moves under the cursor
        qtbot.waitUntil(lambda place=place: is_about(app, name_at(app, place)))
    assert app.window.faces.title.text() == shown


def test_its_faces_are_its_nearest_ones(app: App, qtbot: QtBot, stranger_file: Path) -> None:
    ask(app, qtbot, stranger_file)
    app.window.query.candidates.chosen.emit(app.window.query.candidates.rows[2].identity_id)
    name = name_at(app, 2)
    qtbot.waitUntil(lambda: is_about(app, name))
    query = np.load(stranger_file)
    query /= np.linalg.norm(query)
    faces = app.context.gallery.faces.of(name)
    vectors = np.stack([app.context.gallery.faces.vector(face.id) for face in faces])
    away = 1 - vectors @ query / np.linalg.norm(vectors, axis=1)
    nearest = [faces[at].id for at in np.argsort(away)[:5]]
    assert [tile.face_id for tile in app.window.query.evidence.tiles] == nearest
    shown = float(app.window.query.comparison.enrolled_caption.text().rpartition(" ")[2])
    assert shown == pytest.approx(float(away.min()), abs=1e-3)


def test_the_keys_one_to_five_choose_from_anywhere_but_a_field(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    ask(app, qtbot, stranger_file)
    app.window.activateWindow()
    focus: list[QWidget] = [app.window.faces.grid, app.window.query.actions.enroll]
    for place, widget in zip((1, 2), focus, strict=True):
        widget.setFocus()
        qtbot.keyClick(widget, str(place + 1))  # type: ignore[call-overload]
        qtbot.waitUntil(lambda place=place: is_about(app, name_at(app, place)))
    search = app.window.identities.search
    search.setFocus()
    qtbot.waitUntil(search.hasFocus)
    qtbot.keyClicks(search, "12345")
    assert search.text() == "12345"
    assert is_about(app, name_at(app, 2))


@pytest.mark.slow
def test_what_is_confirmed_and_rejected_is_the_chosen_one(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    ask(app, qtbot, stranger_file)
    second = name_at(app, 1)
    qtbot.mouseClick(app.window.query.candidates.rows[1], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(app.window.query.actions.reject, Qt.MouseButton.LeftButton)
    told = app.window.query.actions.message
    qtbot.waitUntil(lambda: told.text() == f"Saved: this is not {second}.")
    qtbot.waitUntil(lambda: is_about(app, name_at(app, 0)))
    third = name_at(app, 1)
    qtbot.mouseClick(app.window.query.candidates.rows[1], Qt.MouseButton.LeftButton)
    app.window.menus.actions["confirm"].trigger()
    qtbot.waitUntil(lambda: told.text().startswith(f"Added to {third}"))
    assert len(app.context.gallery.faces.of(third)) == 10


def test_the_context_menu_chooses_and_offers_what_can_be_done(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    ask(app, qtbot, stranger_file)
    row, name = app.window.query.candidates.rows[1], name_at(app, 1)
    at = row.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, row.mapToGlobal(at))
    QApplication.sendEvent(row, event)
    (menu,) = (m for m in app.window.query.findChildren(QMenu) if m.isVisible())
    entries = {entry.text(): entry for entry in menu.actions() if entry.text()}
    assert list(entries) == [f"It is {name}", f"Not {name}", "Show their faces"]
    entries["Show their faces"].trigger()
    menu.close()
    qtbot.waitUntil(lambda: app.window.faces.title.text() == name)
    qtbot.waitUntil(lambda: is_about(app, name))


def test_a_double_click_shows_the_faces_of_a_candidate(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    ask(app, qtbot, stranger_file)
    row = app.window.query.candidates.rows[1]
    qtbot.mouseDClick(row, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: app.window.faces.title.text() == name_at(app, 1))


def test_candidates_stand_in_the_order_of_the_figure_that_each_shows(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    ask(app, qtbot, stranger_file)
    rows = app.window.query.candidates.rows
    scores = [float(row.figures.text().split()[1].replace("−", "-")) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert len(rows) >= 3


def test_a_long_name_is_cut_on_the_buttons_and_whole_in_their_tips(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff & daughters of the very long name"
    app.context.gallery.corrections.rename("Tiger Woods", name)
    app.state.contents_changed.emit(EVERYTHING)
    ask(app, qtbot, query_file)
    actions = app.window.query.actions
    qtbot.waitUntil(lambda: "Wolfe" in actions.confirm.text())
    for button in (actions.confirm, actions.reject):
        assert button.text().endswith("…")
        assert button.width() >= button.sizeHint().width()
        told = QLabel(button.toolTip())
        assert name.replace("&", "&amp;") in told.text()
        assert name in button.accessibleName()
