"""“Not this person” is remembered for good, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.operations.enrolment import enroll_query
from tests.app.test_window import answered, ask

pytestmark = pytest.mark.slow


def first(app: App) -> str:
    query = app.state.query
    assert query is not None
    assert query.answer is not None
    return query.answer.candidates[0].name


def reject(app: App, qtbot: QtBot) -> str:
    """Clicks “Not this person”; returns who it was."""
    name = first(app)
    qtbot.mouseClick(app.window.query.actions.reject, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: first(app) != name)
    return name


def test_the_next_candidate_comes_forward_and_that_is_told(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    assert reject(app, qtbot) == "Tiger Woods"
    assert app.window.query.name.text() != "Tiger Woods"
    assert app.window.query.candidates.rows[0].name.text() == first(app)
    assert app.window.query.actions.message.text() == "Saved: this is not Tiger Woods."
    assert app.window.query.evidence.heading.text().endswith(first(app))
    qtbot.waitUntil(lambda: {tile.name for tile in app.window.query.evidence.tiles} == {first(app)})


def test_it_is_remembered_after_the_window_closes(
    app: App, qtbot: QtBot, query_file: Path, gallery_folder: Path
) -> None:
    ask(app, qtbot, query_file)
    reject(app, qtbot)
    app.window.close()
    with Gallery.open(gallery_folder) as gallery:
        answer = gallery.identify(np.load(query_file))[0]
    assert "Tiger Woods" not in {candidate.name for candidate in answer.candidates}


def test_it_can_be_taken_back_one_by_one(app: App, qtbot: QtBot, query_file: Path) -> None:
    ask(app, qtbot, query_file)
    actions = app.window.query.actions
    reject(app, qtbot)
    second = reject(app, qtbot)
    assert actions.message.text() == f"Saved: this is not {second}."
    qtbot.mouseClick(actions.undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: first(app) == second)
    assert actions.message.text() == "Saved: this is not Tiger Woods."
    qtbot.mouseClick(actions.undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: first(app) == "Tiger Woods")
    assert not actions.message.isVisible()
    assert not actions.undo.isVisible()


def test_the_menu_says_it_too(app: App, qtbot: QtBot, query_file: Path) -> None:
    action = app.window.menus.actions["reject"]
    assert not action.isEnabled()
    ask(app, qtbot, query_file)
    action.trigger()
    qtbot.waitUntil(lambda: first(app) != "Tiger Woods")


def test_a_stranger_can_be_said_not_to_be_the_nearest_person(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    ask(app, qtbot, stranger_file)
    assert app.window.query.verdict.text().startswith("Unknown")
    rejected = reject(app, qtbot)
    assert rejected not in app.window.query.verdict.text()


def test_a_double_click_rejects_one_person_only(app: App, qtbot: QtBot, query_file: Path) -> None:
    ask(app, qtbot, query_file)
    button = app.window.query.actions.reject
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: first(app) != "Tiger Woods")
    qtbot.mouseDClick(button, Qt.MouseButton.LeftButton)
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    qtbot.wait(100)
    assert app.state.query is not None
    assert [name for _, name in app.state.query.rejected] == ["Tiger Woods"]


def test_an_enrolled_face_that_is_asked_about_can_be_rejected_too(app: App, qtbot: QtBot) -> None:
    grid = app.window.faces.grid
    grid.setCurrentIndex(app.window.faces.model.index(0))
    app.window.faces.ask.trigger()
    qtbot.waitUntil(lambda: answered(app))
    actions = app.window.query.actions
    assert not actions.confirm.isVisible()
    reject(app, qtbot)
    assert "this is not Tiger Woods. The face stays enrolled" in actions.message.text()
    assert len(app.context.gallery.faces.of("Tiger Woods")) == 9


def test_enrolling_under_the_rejected_name_after_all_ends_the_rejection(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    reject(app, qtbot)
    query = app.state.query
    assert query is not None
    enroll_query(app.context, query, "Tiger Woods")
    actions = app.window.query.actions
    qtbot.waitUntil(lambda: actions.message.text().startswith("Added to Tiger Woods"))
    qtbot.mouseClick(actions.undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not actions.message.isVisible())
    qtbot.waitUntil(lambda: first(app) == "Tiger Woods")


def test_when_everybody_was_rejected_nobody_is_offered(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    vector = np.load(query_file)
    for identity in app.context.gallery.people.all():
        if identity.name != "Tiger Woods":
            app.context.gallery.corrections.reject(vector, identity.id)
    ask(app, qtbot, query_file)
    qtbot.mouseClick(app.window.query.actions.reject, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not app.window.query.candidates.rows)
    assert app.window.query.name.text() == "Not recognised"
    assert app.window.query.verdict.text() == "Unknown · no other candidates"
    assert not app.window.query.actions.reject.isVisible()
    assert not app.window.query.actions.confirm.isVisible()
    assert app.window.query.actions.undo.isVisible()
    assert app.window.query.candidates.heading.text() == "CANDIDATES"


def test_a_reader_may_not_reject(
    app: App, qtbot: QtBot, start: Callable[..., App], gallery_folder: Path, query_file: Path
) -> None:
    second = start(gallery_folder)
    qtbot.waitUntil(lambda: second.window.faces.model.rowCount() > 0)
    ask(second, qtbot, query_file)
    assert not second.window.query.actions.reject.isEnabled()
    assert not second.window.menus.actions["reject"].isEnabled()
