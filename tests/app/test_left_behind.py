"""What is closed is gone: dialogs, and what they were waiting for."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit
from pytestqt.qtbot import QtBot

from gallery_app.app import App
from gallery_app.dialogs.enroll import EnrollDialog
from tests.app.test_window import dialog

Names = tuple[str, ...]


def dialogs() -> list[QDialog]:
    """All that exist, shown or not."""
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog)]


def shown() -> list[QDialog]:
    return [one for one in dialogs() if one.isVisible()]


@pytest.mark.parametrize(
    "entry",
    ["enroll", "shortcuts", "about", "history", "rename", "note", "split", "erase", "restore",
     "retrain"],
)  # fmt: skip
def test_a_dialog_that_is_closed_is_gone(entry: str, app: App, qtbot: QtBot) -> None:
    app.window.menus.actions[entry].trigger()
    qtbot.waitUntil(lambda: bool(shown()))
    before = {type(one) for one in QApplication.topLevelWidgets()}
    for one in shown():
        one.reject()
    qtbot.waitUntil(lambda: dialogs() == [])
    assert QLineEdit not in before | {type(one) for one in QApplication.topLevelWidgets()}


def test_faces_that_are_read_for_a_closed_dialog_trouble_nobody(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([query_file])
    enroll.reject()
    qtbot.waitUntil(lambda: dialogs() == [] and not app.tasks.is_busy())


def test_a_dialog_closed_while_it_enrolls_goes_when_that_is_done(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([query_file])
    qtbot.keyClicks(enroll.name, "Somebody New")
    qtbot.waitUntil(enroll.ok.isEnabled)
    enroll.ok.click()
    enroll.reject()
    people = app.window.identities.model
    qtbot.waitUntil(lambda: "Somebody New" in people.roster.names and dialogs() == [])


def test_a_person_who_is_gone_can_no_longer_be_corrected(app: App, qtbot: QtBot) -> None:
    actions, list_ = app.window.menus.actions, app.window.identities.list
    qtbot.waitUntil(lambda: actions["rename"].isEnabled())
    list_.selectAll()
    actions["delete"].trigger()
    qtbot.waitUntil(lambda: len(app.window.identities.model.roster) == 0)
    for name in ("rename", "note", "split", "delete", "merge", "erase"):
        assert not actions[name].isEnabled()
