"""Erasing a person in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.records.receipts import SEARCHED, Receipt
from gallery_app.app import App
from gallery_app.dialogs.erase_dialog import EraseDialog, ReceiptDialog
from tests.app.test_keeping import choosing, click, dialog

pytestmark = pytest.mark.slow

NAME = "Tiger Woods"


def asked(app: App, qtbot: QtBot, name: str = NAME) -> EraseDialog:
    identity = app.context.gallery.people.find(name)
    assert identity is not None
    app.people_controller.go_to_identity(identity.id)
    app.window.menus.actions["erase"].trigger()
    found = dialog(EraseDialog, qtbot)
    assert isinstance(found, EraseDialog)
    return found


def words(widget) -> str:  # type: ignore[no-untyped-def]
    from PySide6.QtWidgets import QLabel

    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_it_says_what_goes_and_wants_the_name_typed(app: App, qtbot: QtBot) -> None:
    app.context.gallery.backups.write(app.context.gallery.folder / "mine.zip")
    asking = asked(app, qtbot)
    said = words(asking)
    assert "9 faces" in said
    assert "mine.zip" in said
    assert "cannot" in said
    assert not asking.searched.isVisible()
    click(qtbot, asking.search)
    assert asking.searched.isVisible()
    for sentence in SEARCHED:
        assert sentence in asking.searched.text()
    assert not asking.erase.isEnabled()
    qtbot.keyClicks(asking.name, "Tiger Wood")
    assert not asking.erase.isEnabled()
    qtbot.keyClicks(asking.name, "s")
    assert asking.erase.isEnabled()
    click(qtbot, asking.cancel)
    assert app.context.gallery.people.find(NAME) is not None


def test_the_person_goes_and_the_receipt_is_handed_over(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = app.context.gallery.backups.write(app.context.gallery.folder / "mine.zip").path
    asking = asked(app, qtbot)
    qtbot.keyClicks(asking.name, NAME)
    click(qtbot, asking.erase)
    receipt = dialog(ReceiptDialog, qtbot)
    assert not backup.exists()
    qtbot.waitUntil(lambda: "5 people" in app.window.left_status.text())
    assert NAME not in app.window.identities.model.roster.names
    assert "9 faces" in words(receipt)
    assert "mine.zip" in words(receipt)
    assert not receipt.retrain.isVisible()
    click(qtbot, receipt.copy)
    copied = QApplication.clipboard().text()
    assert "SSD" in copied
    assert NAME not in copied
    choosing(monkeypatch, tmp_path / "receipt.txt")
    click(qtbot, receipt.save)
    qtbot.waitUntil(lambda: app.window.message.isVisible())
    assert (tmp_path / "receipt.txt").read_text(encoding="utf-8") == copied
    click(qtbot, receipt.close_button)


def test_files_that_hold_the_person_may_be_left(app: App, qtbot: QtBot) -> None:
    backup = app.context.gallery.backups.write(app.context.gallery.folder / "mine.zip").path
    asking = asked(app, qtbot)
    asking.files.setChecked(False)
    qtbot.keyClicks(asking.name, NAME)
    click(qtbot, asking.erase)
    receipt = dialog(ReceiptDialog, qtbot)
    assert str(backup) in words(receipt)
    assert backup.exists()
    receipt.close()


def test_it_needs_one_chosen_person_and_a_gallery_that_can_be_written(
    app: App, qtbot: QtBot
) -> None:
    action = app.window.menus.actions["erase"]
    qtbot.waitUntil(action.isEnabled)
    app.window.identities.list.selectAll()
    assert not action.isEnabled()


def test_the_receipt_of_an_erasure_finished_by_the_opening_is_shown(app: App, qtbot: QtBot) -> None:
    gallery = app.context.gallery
    gallery.erasure.receipt = Receipt(
        0.0, "someone", "g", "00", ("x",), gallery.erasure.foresee([NAME]).removed
    )
    app.state.gallery_changed.emit()
    receipt = dialog(ReceiptDialog, qtbot)
    assert "9 faces" in words(receipt)
    receipt.close()
