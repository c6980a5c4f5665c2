"""Encrypted galleries in the window: asked for, changed, locked, and nothing left on the screen."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery, is_encrypted
from engine.store import encryption
from gallery_app import settings
from gallery_app.app import App
from gallery_app.controllers import encryption_controller
from gallery_app.dialogs.encryption_dialog import EncryptionDialog, PassphraseDialog
from gallery_app.dialogs.history_dialog import HistoryDialog
from gallery_app.dialogs.restore_dialog import RestoreDialog
from gallery_app.state import EVERYTHING
from tests.app.conftest import DATA
from tests.sealed import OTHER, PASSPHRASE, needs_sqlcipher

pytestmark = pytest.mark.slow

PERSON = "Tom Ridge"


def dialog(kind: type, qtbot: QtBot):  # type: ignore[no-untyped-def]
    """The dialog of this kind, once it is open."""

    def shown() -> list:  # type: ignore[type-arg]
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def type_in(qtbot: QtBot, asking: PassphraseDialog, words: str) -> None:
    qtbot.keyClicks(asking.field, words)
    qtbot.keyClick(asking.field, Qt.Key.Key_Return)


def click(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def filled(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: app.state.gallery is not None)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)


@pytest.fixture
def sealed(gallery_folder: Path) -> Path:
    encryption.encrypt(gallery_folder, PASSPHRASE)
    return gallery_folder


@pytest.fixture
def unlocked(start: Callable[..., App], sealed: Path, qtbot: QtBot) -> App:
    """The window on an encrypted gallery, opened with its passphrase, at one of its people."""
    app = start(sealed)
    type_in(qtbot, dialog(PassphraseDialog, qtbot), PASSPHRASE)
    filled(app, qtbot)
    identity = app.context.gallery.people.find(PERSON)
    app.people_controller.go_to_identity(identity.id)
    qtbot.waitUntil(lambda: app.window.faces.title.text() == PERSON)
    return app


def words_in(window: QWidget, names: list[str]) -> dict[str, list[str]]:
    """Which widgets have any of these names to read, in lists and tables too, shown or hidden."""
    holders: dict[str, list[str]] = {}
    for widget in [window, *window.findChildren(QWidget)]:
        found = [widget.toolTip(), widget.accessibleName(), widget.windowTitle()]
        found += [action.text() for action in QWidget.actions(widget)]
        if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
            found.append(widget.text())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            found += [
                str(model.index(row, 0).data(role))
                for row in range(model.rowCount())
                for role in range(Qt.ItemDataRole.UserRole + 8)
            ]
        for name in names:
            if any(name in text for text in found):
                holders.setdefault(name, []).append(f"{type(widget).__name__} {found}")
    return holders


@needs_sqlcipher
def test_opening_asks_and_says_when_it_is_wrong(
    start: Callable[..., App], sealed: Path, qtbot: QtBot
) -> None:
    app = start(sealed)
    asking = dialog(PassphraseDialog, qtbot)
    assert not asking.ok.isEnabled()
    assert asking.field.echoMode() == QLineEdit.EchoMode.Password
    type_in(qtbot, asking, OTHER)
    qtbot.waitUntil(lambda: "wrong" in asking.message.text())
    assert asking.field.text() == ""
    assert app.state.gallery is None
    asking.field.eye.trigger()
    assert asking.field.echoMode() == QLineEdit.EchoMode.Normal
    type_in(qtbot, asking, PASSPHRASE)
    filled(app, qtbot)
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, PassphraseDialog)]
    assert app.window.menus.actions["lock"].isEnabled()


@needs_sqlcipher
def test_a_gallery_is_encrypted_from_the_menu_and_stays_open(app: App, qtbot: QtBot) -> None:
    folder = app.context.gallery.folder
    assert not app.window.menus.actions["lock"].isEnabled()
    app.window.menus.actions["encryption"].trigger()
    asking = dialog(EncryptionDialog, qtbot)
    qtbot.keyClicks(asking.new, PASSPHRASE)
    qtbot.keyClicks(asking.again, PASSPHRASE[:-1])
    asking.sure.click()
    assert not asking.ok.isEnabled()
    assert "do not match" in asking.message.text()
    qtbot.keyClicks(asking.again, PASSPHRASE[-1])
    click(qtbot, asking.ok)
    qtbot.waitUntil(lambda: "now encrypted" in app.window.message.words.text())
    filled(app, qtbot)
    assert is_encrypted(folder)
    assert app.context.gallery.encrypted


@needs_sqlcipher
def test_the_passphrase_is_changed_and_the_encryption_removed(unlocked: App, qtbot: QtBot) -> None:
    app = unlocked
    app.window.menus.actions["encryption"].trigger()
    asking = dialog(EncryptionDialog, qtbot)
    qtbot.keyClicks(asking.present, OTHER)
    click(qtbot, asking.remove_button)
    qtbot.waitUntil(lambda: "is wrong" in asking.message.text())
    assert is_encrypted(app.context.gallery.folder)
    qtbot.keyClicks(asking.present, PASSPHRASE)
    qtbot.keyClicks(asking.new, OTHER)
    qtbot.keyClicks(asking.again, OTHER)
    click(qtbot, asking.ok)
    qtbot.waitUntil(lambda: "passphrase was changed" in app.window.message.words.text())
    qtbot.waitUntil(lambda: app.window.faces.title.text() == PERSON)
    assert app.context.gallery.is_passphrase(OTHER)
    app.window.menus.actions["encryption"].trigger()
    asking = dialog(EncryptionDialog, qtbot)
    qtbot.keyClicks(asking.present, OTHER)
    click(qtbot, asking.remove_button)
    qtbot.waitUntil(lambda: "no longer encrypted" in app.window.message.words.text())
    assert not is_encrypted(app.context.gallery.folder)


@needs_sqlcipher
def test_a_conversion_that_is_refused_leaves_the_gallery_open(
    unlocked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    app = unlocked
    folder = app.context.gallery.folder
    with Gallery.open(folder, write=False, passphrase=PASSPHRASE) as reader:
        reader.people.all()
        app.window.menus.actions["encryption"].trigger()
        asking = dialog(EncryptionDialog, qtbot)
        qtbot.keyClicks(asking.present, PASSPHRASE)
        click(qtbot, asking.remove_button)
        box = dialog(QMessageBox, qtbot)
        assert "using the database" in box.text()
        box.close()
        filled(app, qtbot)
    assert is_encrypted(folder)


@needs_sqlcipher
def test_locking_leaves_nothing_of_it_and_unlocking_goes_back_to_the_same_person(
    unlocked: App, qtbot: QtBot, query_file: Path
) -> None:
    from gallery_app.operations.queries import open_queries

    app = unlocked
    open_queries(app.context, [query_file])
    qtbot.waitUntil(lambda: bool(app.state.query and app.state.query.answer))
    names = [person.name for person in app.context.gallery.people.all()]
    wrong = app.context.gallery.read_queries(query_file).vectors  # of Tiger Woods
    app.context.gallery.enroll("Tim Henman", wrong)
    app.state.contents_changed.emit(EVERYTHING)
    app.window.middle.setCurrentWidget(app.window.review)
    qtbot.waitUntil(lambda: app.window.review.model.rowCount() > 0)
    app.window.middle.setCurrentWidget(app.window.faces)
    app.window.faces.grid.setCurrentIndex(app.window.faces.model.index(0))
    qtbot.waitUntil(app.window.faces.details.nearest[0].isVisible)
    app.window.menus.actions["rename"].trigger()
    dialog(QDialog, qtbot)
    assert set(words_in(app.window, names)) == set(names)
    app.window.menus.actions["lock"].trigger()
    asking = dialog(PassphraseDialog, qtbot)
    shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    assert shown == [asking]
    assert app.state.gallery is None
    assert app.window.pages.currentWidget() is app.window.locked
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert words_in(app.window, names) == {}
    assert app.pictures.kept == {}
    asking.reject()
    click(qtbot, app.window.locked.buttons[0])
    type_in(qtbot, dialog(PassphraseDialog, qtbot), PASSPHRASE)
    qtbot.waitUntil(lambda: app.window.faces.title.text() == PERSON)


@needs_sqlcipher
def test_it_locks_itself_without_input_and_not_while_something_runs(
    unlocked: App, qtbot: QtBot
) -> None:
    app = unlocked
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert app.encryption_controller.timer.isActive()
    assert app.encryption_controller.timer.interval() == 10 * 60_000
    app.encryption_controller.timer.start(30)
    qtbot.keyClick(app.window.identities.search, Qt.Key.Key_Down)
    assert app.encryption_controller.timer.interval() == 10 * 60_000  # from the start, after input
    stop: list[bool] = []
    app.tasks.run("Holding it", lambda _: qtbot.waitUntil(lambda: bool(stop)) or None, shown=False)
    with qtbot.waitSignal(app.encryption_controller.timer.timeout):
        app.encryption_controller.timer.start(30)
    assert app.state.gallery is not None
    assert app.encryption_controller.timer.isActive()
    stop.append(True)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    app.encryption_controller.timer.start(30)
    dialog(PassphraseDialog, qtbot)
    assert app.state.gallery is None
    assert not app.encryption_controller.timer.isActive()


@needs_sqlcipher
def test_after_a_sleep_the_first_input_locks_it(
    unlocked: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = unlocked
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    later = time.time() + 11 * 60
    monkeypatch.setattr(encryption_controller, "time", SimpleNamespace(time=lambda: later))
    qtbot.keyClick(app.window.identities.search, Qt.Key.Key_Down)
    dialog(PassphraseDialog, qtbot)
    assert app.state.gallery is None


@needs_sqlcipher
def test_never_is_never(unlocked: App, qtbot: QtBot) -> None:
    app = unlocked
    app.window.menus.actions["encryption"].trigger()
    asking = dialog(EncryptionDialog, qtbot)
    asking.minutes.setValue(0)
    assert not app.encryption_controller.timer.isActive()
    assert app.settings.get(settings.LOCK_AFTER) == 0
    asking.close()


def test_a_plain_gallery_is_not_watched(app: App, qtbot: QtBot) -> None:
    qtbot.keyClick(app.window.identities.search, Qt.Key.Key_Down)
    assert not app.encryption_controller.timer.isActive()
    app.encryption_controller.lock()
    assert app.state.gallery is not None


@needs_sqlcipher
def test_a_backup_with_the_passphrase_of_then_is_asked_for_that(
    unlocked: App, qtbot: QtBot, tmp_path: Path
) -> None:
    app = unlocked
    ours = app.context.gallery.backups.write(tmp_path / "ours.zip").path
    with Gallery.create(tmp_path / "other.gallery", passphrase=OTHER) as other:
        other.enroll("Somebody", app.context.gallery.faces.vector(1))
        theirs = other.backups.write(tmp_path / "theirs.zip").path
    app.backup_controller.restore(source=ours)
    restoring = dialog(RestoreDialog, qtbot)
    qtbot.waitUntil(restoring.restore_button.isEnabled)
    restoring.preview_requested.emit(theirs)
    asking = dialog(PassphraseDialog, qtbot)
    type_in(qtbot, asking, "these are the wrong ones")
    qtbot.waitUntil(lambda: not asking.isVisible())
    asking = dialog(PassphraseDialog, qtbot)
    assert "wrong" in asking.message.text()
    type_in(qtbot, asking, OTHER)
    qtbot.waitUntil(restoring.restore_button.isEnabled)
    restoring.restore_requested.emit(ours, True)
    qtbot.waitUntil(lambda: not app.tasks.is_busy() and app.state.gallery is not None)
    filled(app, qtbot)
    dialog(QDialog, qtbot).close()


@needs_sqlcipher
def test_that_a_backup_in_clear_cannot_replace_an_encrypted_gallery_is_said_at_once(
    unlocked: App, qtbot: QtBot, tmp_path: Path, made_gallery: Path
) -> None:
    app = unlocked
    shutil.copytree(made_gallery, tmp_path / "in clear.gallery")
    with Gallery.open(tmp_path / "in clear.gallery") as gallery:
        plain = gallery.backups.write(tmp_path / "plain.zip").path
    app.backup_controller.restore(source=plain)
    restoring = dialog(RestoreDialog, qtbot)
    qtbot.waitUntil(restoring.restore_button.isEnabled)
    assert "not encrypted but" in restoring.sentences.text()
    assert not restoring.replace.isEnabled()
    assert restoring.new.isChecked()
    restoring.close()


def test_without_the_library_the_menu_says_how_to_get_it(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    app.window.menus.actions["encryption"].trigger()
    asking = dialog(EncryptionDialog, qtbot)
    assert "-m pip install sqlcipher3" in asking.message.text()
    assert not asking.new.isEnabled()
    assert not asking.ok.isEnabled()
    asking.close()


@needs_sqlcipher
def test_locking_clears_the_shelf_the_history_and_open_menus(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    ryder = sorted((DATA / "Winona_Ryder").glob("*.npy"))
    with Gallery.open(gallery_folder) as gallery:
        gallery.enroll("Winona Ryder", gallery.read_queries(ryder[0]))
        for file in ryder[7:10]:
            gallery.unknowns.add(gallery.read_queries(file))
        gallery.corrections.rename("Winona Ryder", "Winona R.")
    encryption.encrypt(gallery_folder, PASSPHRASE)
    app = start(gallery_folder)
    type_in(qtbot, dialog(PassphraseDialog, qtbot), PASSPHRASE)
    filled(app, qtbot)
    names = [*(one.name for one in app.context.gallery.people.all()), "Winona_Ryder"]
    shelf, actions = app.window.unknown, app.window.menus.actions
    app.window.middle.setCurrentWidget(shelf)
    qtbot.waitUntil(lambda: shelf.model.count() == 3 and bool(app.shelf_pictures.kept))
    qtbot.keyClicks(shelf.card.name, PERSON)
    qtbot.waitUntil(lambda: "Winona" in actions["undo"].text())
    actions["history"].trigger()
    history = dialog(HistoryDialog, qtbot)
    qtbot.waitUntil(lambda: history.model.rowCount() > 0)
    menu = QMenu(f"About {PERSON}", app.window)
    menu.addAction(PERSON)
    menu.popup(app.window.pos())
    app.query_controller.picture = (
        app.context.gallery.read_queries(ryder[7]).vectors[0],
        app.window.grab(),
    )
    assert {PERSON, "Winona R.", "Winona_Ryder"} <= set(words_in(app.window, names))
    app.encryption_controller.lock()
    dialog(PassphraseDialog, qtbot)
    assert not menu.isVisible()
    menu.deleteLater()
    assert not history.isVisible()
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    qtbot.waitUntil(lambda: words_in(app.window, names) == {})
    assert app.shelf_pictures.kept == {}
    assert shelf.card.name.completer().model().stringList() == []  # type: ignore[attr-defined]
    assert app.query_controller.picture is None


@needs_sqlcipher
def test_a_second_window_takes_over_with_its_key(
    start: Callable[..., App], sealed: Path, qtbot: QtBot
) -> None:
    with Gallery.open(sealed, passphrase=PASSPHRASE) as first:
        app = start(sealed)
        type_in(qtbot, dialog(PassphraseDialog, qtbot), PASSPHRASE)
        filled(app, qtbot)
        assert not app.context.gallery.writable
        first.corrections.rename(PERSON, "Tom Bridge")
        app.external_changes_controller.timer.setInterval(50)
        qtbot.waitUntil(lambda: "Tom Bridge" in app.window.identities.model.roster.names)
    qtbot.waitUntil(lambda: not app.external_changes_controller.timer.isActive())
    assert app.context.gallery.writable
    app.context.gallery.corrections.rename("Tom Bridge", PERSON)
