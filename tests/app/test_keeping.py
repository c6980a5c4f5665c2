"""Backing up, restoring and mending a gallery in the window."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from engine.store import recovery
from gallery_app import settings
from gallery_app.app import App
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.report_dialog import DamagedDialog, ReportDialog
from gallery_app.dialogs.restore_dialog import RestoreDialog
from gallery_app.state import EVERYTHING

pytestmark = pytest.mark.slow


def dialog(kind: type, qtbot: QtBot):  # type: ignore[no-untyped-def]
    """The dialog of this kind, once it is open."""

    def shown() -> list:  # type: ignore[type-arg]
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def choosing(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Whatever file is asked for, this is the answer."""
    for name in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_, **__: (str(path), ""))


def click(qtbot: QtBot, button) -> None:  # type: ignore[no-untyped-def]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def enrol_somebody(app: App, qtbot: QtBot) -> None:
    app.context.gallery.enroll("Somebody", app.context.gallery.faces.vector(1))
    app.state.contents_changed.emit(EVERYTHING)
    qtbot.waitUntil(lambda: "7 people" in app.window.left_status.text())


def restore_dialog(app: App, qtbot: QtBot) -> RestoreDialog:
    app.window.menus.actions["restore"].trigger()
    return dialog(RestoreDialog, qtbot)


def test_a_backup_is_written_where_it_was_asked_for_and_that_is_told(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choosing(monkeypatch, tmp_path / "mine")
    app.window.menus.actions["backup"].trigger()
    qtbot.waitUntil(lambda: app.window.message.isVisible())
    assert str(tmp_path / "mine.zip") in app.window.message.words.text()
    assert recovery.preview_backup(tmp_path / "mine.zip", None).backup.faces == 54


def test_a_backup_is_proposed_where_the_last_one_went_never_where_faces_came_from(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported, kept = tmp_path / "photos", tmp_path / "kept"
    kept.mkdir()
    app.settings.set(settings.FOLDER, str(imported))
    proposed: list[Path] = []

    def save(parent: object, title: str, start: str, *_: object, **__: object) -> tuple[str, str]:
        proposed.append(Path(start).parent)
        return str(kept / Path(start).name), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", save)
    for _ in range(2):
        file_choosers.choose_new_backup(app.window, app.settings, "mine.zip")
    file_choosers.choose_receipt(app.window, app.settings)
    assert imported not in proposed
    assert proposed[1] == kept
    assert app.settings.get(settings.FOLDER) == str(imported)


def test_a_backup_that_is_refused_is_one_message(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QMessageBox

    (tmp_path / "mine.zip").write_text("mine")
    choosing(monkeypatch, tmp_path / "mine.zip")
    app.window.menus.actions["backup"].trigger()
    box = dialog(QMessageBox, qtbot)
    assert "already exists" in box.text()
    box.close()


def test_the_gallery_is_put_back_as_it_was_and_can_be_put_forward_again(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = app.context.gallery.backups.write(tmp_path / "b.zip").path
    enrol_somebody(app, qtbot)
    asking = restore_dialog(app, qtbot)
    assert not asking.restore_button.isEnabled()
    choosing(monkeypatch, source)
    click(qtbot, asking.file_button)
    qtbot.waitUntil(asking.restore_button.isEnabled)
    assert "6 people, 54 faces" in asking.headline.text()
    assert "Will be lost: 1 face, including all of Somebody." in asking.sentences.text()
    assert asking.replace.isChecked()
    assert asking.safety.isVisible()
    click(qtbot, asking.restore_button)
    done = dialog(ReportDialog, qtbot)
    qtbot.waitUntil(lambda: "6 people · 54 faces" in app.window.left_status.text())
    assert app.context.gallery.writable
    done.close()

    asking = restore_dialog(app, qtbot)
    qtbot.waitUntil(asking.restore_button.isEnabled)
    assert asking.table.rowCount() == 1
    assert "Will be restored: 1 face" in asking.sentences.text()
    click(qtbot, asking.restore_button)
    dialog(ReportDialog, qtbot).close()
    qtbot.waitUntil(lambda: "7 people · 55 faces" in app.window.left_status.text())


def test_a_new_gallery_is_made_of_a_backup_where_none_is_open(
    start: Callable[..., App],
    gallery_folder: Path,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Gallery.open(gallery_folder) as gallery:
        source = gallery.backups.write(tmp_path / "b.zip").path
    app = start()
    assert not app.window.menus.actions["backup"].isEnabled()
    asking = restore_dialog(app, qtbot)
    choosing(monkeypatch, source)
    click(qtbot, asking.file_button)
    qtbot.waitUntil(asking.restore_button.isEnabled)
    choosing(monkeypatch, tmp_path / "new.gallery")
    click(qtbot, asking.restore_button)
    qtbot.waitUntil(lambda: "6 people · 54 faces" in app.window.left_status.text())
    assert app.context.gallery.folder == tmp_path / "new.gallery"
    dialog(ReportDialog, qtbot).close()


def test_how_many_backups_are_kept_is_chosen_in_the_dialog(app: App, qtbot: QtBot) -> None:
    asking = restore_dialog(app, qtbot)
    qtbot.waitUntil(asking.kept.isVisible)
    assert asking.keep.value() == 5
    asking.keep.setValue(2)
    asking.file_button.setFocus()
    asking.keep.editingFinished.emit()
    qtbot.waitUntil(lambda: app.context.gallery.backups.kept == 2)
    asking.close()


def test_a_broken_file_is_told_in_the_dialog_and_cannot_be_restored(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(
        app.context.gallery.backups.write(tmp_path / "b.zip").path.read_bytes()[:9_000]
    )
    asking = restore_dialog(app, qtbot)
    choosing(monkeypatch, broken)
    click(qtbot, asking.file_button)
    qtbot.waitUntil(asking.problem.isVisible)
    assert "not a complete backup" in asking.problem.text()
    assert not asking.restore_button.isEnabled()
    qtbot.keyClick(asking, Qt.Key.Key_Escape)
    assert app.context.gallery.people.counts() == (6, 54)


def test_a_restore_that_fails_opens_the_gallery_as_it_was(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QMessageBox

    source = app.context.gallery.backups.write(tmp_path / "b.zip").path
    asking = restore_dialog(app, qtbot)
    choosing(monkeypatch, source)
    click(qtbot, asking.file_button)
    qtbot.waitUntil(asking.restore_button.isEnabled)
    source.unlink()
    click(qtbot, asking.restore_button)
    box = dialog(QMessageBox, qtbot)
    assert "no such file" in box.text()
    box.close()
    qtbot.waitUntil(lambda: app.state.gallery is not None)
    assert app.context.gallery.people.counts() == (6, 54)
    assert app.context.gallery.writable


# -- damage ------------------------------------------------------------------------------------


def harm(folder: Path) -> None:
    """The beginning of the database is gone; its rows are there."""
    database = folder / "gallery.db"
    database.write_bytes(b"x" * 4_096 + database.read_bytes()[4_096:])


def test_a_damaged_index_is_rebuilt_at_a_click(app: App, qtbot: QtBot) -> None:
    app.context.gallery.prepare()
    (graph,) = (app.context.gallery.folder / "index").glob("faces-*.bin")
    graph.write_bytes(np.random.default_rng(0).bytes(graph.stat().st_size))
    app.window.menus.actions["check"].trigger()
    asking = dialog(DamagedDialog, qtbot)
    assert "No face is lost" in " ".join(_texts(asking))
    assert not asking.salvage.isVisible()
    click(qtbot, asking.rebuild)
    qtbot.waitUntil(lambda: "is intact" in app.window.message.words.text())
    assert app.context.gallery.check().ok


def test_a_gallery_with_a_link_among_its_files_is_refused_and_nothing_is_offered(
    start: Callable[..., App], gallery_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "mine").write_text("mine")
    (gallery_folder / "gallery.lock.json").symlink_to(tmp_path / "mine")
    app = start(gallery_folder)
    refusal = dialog(QMessageBox, qtbot)
    assert "gallery.lock.json" in f"{refusal.text()} {refusal.informativeText()}"
    assert app.context.state.gallery is None
    assert (tmp_path / "mine").read_text() == "mine"
    refusal.reject()


def test_a_gallery_that_cannot_be_opened_leads_to_its_newest_sound_backup(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    with Gallery.open(gallery_folder) as gallery:
        gallery.backups.write_automatic("import")
        gallery.enroll("Somebody", gallery.faces.vector(1))
        gallery.backups.write_automatic("import")
        newest, older = gallery.backups.automatic()
    newest.path.write_bytes(newest.path.read_bytes()[:-2_000] + bytes(2_000))
    harm(gallery_folder)
    app = start(gallery_folder)
    asking = dialog(DamagedDialog, qtbot)
    assert "6 people, 54 faces" in " ".join(_texts(asking))
    assert not asking.rebuild.isVisible()
    click(qtbot, asking.restore)
    choosing_ = dialog(RestoreDialog, qtbot)
    qtbot.waitUntil(choosing_.restore_button.isEnabled)
    assert choosing_.replace.isChecked()
    assert not choosing_.safety.isVisible()
    click(qtbot, choosing_.restore_button)
    dialog(ReportDialog, qtbot).close()
    qtbot.waitUntil(lambda: "6 people · 54 faces" in app.window.left_status.text())
    assert older.path.exists()
    assert list(gallery_folder.glob("damaged-*/gallery.db"))


def test_what_can_be_read_is_salvaged_into_a_new_gallery_and_opened(
    start: Callable[..., App],
    gallery_folder: Path,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harm(gallery_folder)
    damaged = (gallery_folder / "gallery.db").read_bytes()
    app = start(gallery_folder)
    asking = dialog(DamagedDialog, qtbot)
    assert "no intact automatic backup" in " ".join(_texts(asking))
    choosing(monkeypatch, tmp_path / "saved.gallery")
    click(qtbot, asking.salvage)
    told = dialog(ReportDialog, qtbot)
    assert "6 people, 54 faces saved" in " ".join(_texts(told))
    told.close()
    qtbot.waitUntil(lambda: "6 people · 54 faces" in app.window.left_status.text())
    assert (gallery_folder / "gallery.db").read_bytes() == damaged


def _texts(shown) -> list[str]:  # type: ignore[no-untyped-def]
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in shown.findChildren(QLabel)]


def test_a_face_that_has_changed_on_the_disk_is_taken_out_at_a_click_and_named(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    with closing(sqlite3.connect(gallery_folder / "gallery.db")) as connection:
        query = "UPDATE embeddings SET vector = zeroblob(length(vector))"
        connection.execute(f"{query} WHERE face_id = 5")
        connection.commit()
    app = start(gallery_folder)
    box = dialog(QMessageBox, qtbot)  # what was asked of all faces names the one
    assert "face 5" in box.text()
    box.close()
    app.window.menus.actions["check"].trigger()
    asking = dialog(DamagedDialog, qtbot)
    click(qtbot, asking.take_out)
    told = dialog(ReportDialog, qtbot)
    assert "face 5" in " ".join(_texts(told))
    told.close()
    qtbot.waitUntil(lambda: "53 faces" in app.window.left_status.text())
