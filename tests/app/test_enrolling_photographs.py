"""Enrolment from photographs: one face of each at first, and the question which one it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.queries import QueriesRead
from engine.records.types import FaceBatch
from gallery_app.app import App
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.item_models.roles import WordsRole
from tests.app.conftest import DATA
from tests.app.test_window import dialog
from tests.detected import batch_of_faces, detected, photograph

PEOPLE = ("Ann_Veneman", "Winona_Ryder", "Bill_McBride")


def a_batch(file: str, people: tuple[str, ...], side: float = 100) -> FaceBatch:
    vectors = np.stack([np.load(sorted((DATA / name).glob("*.npy"))[0]) for name in people])
    return batch_of_faces(detected(photograph(file), list(vectors), side), vectors)


def opened(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *batches: FaceBatch
) -> EnrollDialog:
    read = QueriesRead(FaceBatch.joined(list(batches), 128), ())
    monkeypatch.setattr(app.context.gallery.queries, "read_all", lambda *_, **__: read)
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([Path("any")])
    qtbot.waitUntil(lambda: enroll.model.rowCount() > 0)
    return enroll


def tick(enroll: EnrollDialog, row: int, on: bool) -> None:
    state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
    enroll.model.setData(enroll.model.index(row), state, Qt.ItemDataRole.CheckStateRole)


def words(enroll: EnrollDialog, row: int) -> str:
    return str(enroll.model.index(row).data(WordsRole))


def test_of_several_faces_the_main_one_is_taken_and_the_others_are_offered(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll = opened(app, qtbot, monkeypatch, a_batch("/photos/party.jpg", PEOPLE))
    assert enroll.model.rowCount() == 3
    assert enroll.model.draft.taken() == [1]
    assert words(enroll, 0) == "Left out: another face in the photograph"
    assert enroll.model.index(2).data() == "party.jpg · face 3"
    assert "party.jpg shows 3 faces: is the right one ticked?" in enroll.warnings.text()
    tick(enroll, 0, True)
    assert "is the right one" not in enroll.warnings.text()
    assert "2 faces of party.jpg cannot all be of one person" in enroll.warnings.text()
    tick(enroll, 1, False)
    assert enroll.warnings.text() == ""
    enroll.name.setText("Ann")
    qtbot.waitUntil(enroll.ok.isEnabled)
    enroll.ok.click()
    qtbot.waitUntil(lambda: enroll.report is not None)
    assert enroll.report is not None
    assert enroll.report.faces_added == 1
    (face,) = app.context.gallery.faces.of("Ann")
    assert face.row == 0


def test_small_faces_are_left_out_with_the_reason_and_may_be_taken_in(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll = opened(app, qtbot, monkeypatch, a_batch("/photos/far.jpg", PEOPLE[:1], 49))
    assert enroll.model.draft.taken() == []
    assert "Left out: 49 px; under 50 px" in words(enroll, 0)
    assert not enroll.ok.isEnabled()
    tick(enroll, 0, True)
    assert enroll.model.draft.taken() == [0]


def test_several_crowded_photographs_are_asked_about_in_one_line(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll = opened(
        app, qtbot, monkeypatch,
        a_batch("/photos/one.jpg", PEOPLE), a_batch("/photos/two.jpg", PEOPLE[:2]),
    )  # fmt: skip
    assert enroll.warnings.text().startswith("2 photographs show several faces")
    tick(enroll, 0, True)
    assert "two.jpg shows 2 faces" in enroll.warnings.text()


def test_a_photograph_with_two_people_asks_which_one(
    app: App, qtbot: QtBot, shared_data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("dlib")
    pytest.importorskip("onnxruntime")
    both = Image.new("RGB", (500, 250))
    for place, name in enumerate(("Winona_Ryder", "Bill_McBride")):
        file = sorted((shared_data / "photos" / name).glob("*.jpg"))[0]
        both.paste(Image.open(file), (place * 250, 0))
    both.save(tmp_path / "both.png")
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([tmp_path / "both.png"])
    qtbot.waitUntil(lambda: enroll.model.rowCount() > 1)
    assert len(enroll.model.draft.taken()) == 1
    assert "both.png shows" in enroll.warnings.text()
    assert "is the right one ticked?" in enroll.warnings.text()
