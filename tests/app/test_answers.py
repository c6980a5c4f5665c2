"""The list of all answers to a batch: looked through, confirmed, kept and saved."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from engine.records.types import Candidate, Identification, VectorRecord
from gallery_app import settings
from gallery_app.app import App
from gallery_app.cli import run
from gallery_app.dialogs.answers_dialog import AnswersDialog
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.face_queries import (
    ENROLLED,
    KNOWN,
    UNKNOWN,
    UNSURE,
    AnswerTable,
    FaceQuery,
    QueryList,
)
from gallery_app.item_models.answer_model import CONFIDENCE, PERSON, PLACE
from gallery_app.operations.queries import as_queries, identify_all, open_queries
from tests.app.conftest import DATA, PEOPLE
from tests.detected import batch_of_faces, detected, photograph


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Four faces of people who are enrolled, and two of a stranger."""
    files = [sorted((DATA / person).glob("*.npy"))[9] for person in PEOPLE[:4]]
    files += sorted((DATA / "Winona_Ryder").glob("*.npy"))[:2]
    np.savez(tmp_path / "batch.npz", embeddings=np.stack([np.load(file) for file in files]))
    return tmp_path / "batch.npz"


@pytest.fixture
def listed(app: App, batch: Path, qtbot: QtBot) -> AnswersDialog:
    """The list of answers to them, open."""
    open_queries(app.context, [batch])
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    qtbot.mouseClick(app.window.query.stepper.all, Qt.MouseButton.LeftButton)
    dialog = app.answers_controller.dialog
    assert dialog is not None
    return dialog


def wait(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not app.tasks.is_busy())


def column(dialog: AnswersDialog, number: int) -> list[str]:
    model = dialog.model
    return [model.index(row, number).data() for row in range(model.rowCount())]


def faces_of(app: App, name: str) -> int:
    return len(app.context.gallery.faces.of(name))


def test_a_click_on_a_row_shows_its_query_and_arrows_go_on(
    app: App, listed: AnswersDialog, qtbot: QtBot
) -> None:
    view = listed.view
    place = view.visualRect(listed.model.index(2, PERSON)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert app.state.position == 2
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert app.state.position == 3
    assert app.window.query.stepper.place.text() == "4 of 6"
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert app.state.position == 5
    app.state.step(-1)
    assert view.currentIndex().row() == 4
    assert view.selected_positions().tolist() == [4]


def test_the_button_is_there_for_several_queries_only(
    app: App, batch: Path, query_file: Path, qtbot: QtBot
) -> None:
    action, button = app.window.menus.actions["answers"], app.window.query.stepper.all
    open_queries(app.context, [query_file])
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    assert not button.isVisible()
    assert not action.isEnabled()
    open_queries(app.context, [batch])
    qtbot.waitUntil(lambda: len(app.state.queries) == 6)
    assert button.text() == "All 6 answers…"
    action.trigger()
    assert app.answers_controller.dialog is not None


def test_it_closes_with_the_queries_and_keeps_nothing(
    app: App, listed: AnswersDialog, qtbot: QtBot
) -> None:
    app.window.query.stepper.close_button.click()
    assert app.answers_controller.dialog is None
    assert listed.model.rowCount() == 0
    assert app.context.query_pictures.kept == {}


def test_filter_search_and_sort(app: App, listed: AnswersDialog, qtbot: QtBot) -> None:
    table = app.state.queries.table
    assert table is not None
    strangers = int((~table.known).sum())
    assert strangers >= 2
    listed.view.horizontalHeader().setSortIndicator(PERSON, Qt.SortOrder.AscendingOrder)
    names = column(listed, PERSON)
    assert [name.removeprefix("closest: ") for name in names] == sorted(
        (name.removeprefix("closest: ") for name in names), key=str.casefold
    )
    listed.view.horizontalHeader().setSortIndicator(CONFIDENCE, Qt.SortOrder.DescendingOrder)
    order = listed.model.positions_at(np.arange(6))
    assert (np.diff(table.confidences[order]) <= 0).all()
    listed.view.horizontalHeader().setSortIndicator(PLACE, Qt.SortOrder.AscendingOrder)
    assert listed.model.positions_at(np.arange(6)).tolist() == [0, 1, 2, 3, 4, 5]
    qtbot.keyClicks(listed.search, "tiger")
    qtbot.waitUntil(lambda: listed.model.rowCount() < 6)
    assert all("Tiger Woods" in name for name in column(listed, PERSON))
    listed.search.clear()
    qtbot.waitUntil(lambda: listed.model.rowCount() == 6)
    listed.search.setText("batch.npz")
    qtbot.waitUntil(lambda: not listed._pause.isActive())
    assert listed.model.rowCount() == 6
    listed.search.setText("nobody at all")
    qtbot.waitUntil(lambda: listed.nothing.isVisible())


def test_letters_typed_in_the_table_are_searched_for(
    app: App, listed: AnswersDialog, qtbot: QtBot
) -> None:
    qtbot.keyClick(listed.view, "t")
    assert listed.search.text() == "t"


def test_selection_stays_with_its_queries_when_rows_move(
    app: App, listed: AnswersDialog, qtbot: QtBot
) -> None:
    listed.view.setCurrentIndex(listed.model.index(1, PERSON))
    listed.view.horizontalHeader().setSortIndicator(PLACE, Qt.SortOrder.DescendingOrder)
    assert listed.view.selected_positions().tolist() == [1]
    assert listed.view.currentIndex().row() == 4
    listed.view.selectAll()
    listed.view.horizontalHeader().setSortIndicator(PLACE, Qt.SortOrder.AscendingOrder)
    assert listed.view.selected_count() == 6


def test_column_widths_are_remembered(
    app: App, listed: AnswersDialog, start: Callable[..., App], batch: Path, qtbot: QtBot
) -> None:
    listed.resize(900, 600)
    listed.view.setColumnWidth(PERSON, 231)
    listed.close()
    app.window.close()
    other = start(app.context.gallery.folder if app.state.gallery else None)
    other.settings.save()
    assert other.settings.get(settings.ANSWERS).split()[PERSON] == "231"


def test_tab_goes_from_the_filters_through_search_and_list_to_the_buttons(
    listed: AnswersDialog,
) -> None:
    order, widget = [], listed.filters[None]
    for _ in range(40):
        order.append(widget)
        widget = widget.nextInFocusChain()
    wanted = [listed.filters["unknown"], listed.search, listed.view, listed.confirm,
              listed.save, listed.close_button]  # fmt: skip
    places = [order.index(one) for one in wanted]
    assert places == sorted(places)


def test_confirming_all_known_is_one_change_that_undo_takes_back(
    app: App, listed: AnswersDialog, qtbot: QtBot
) -> None:
    table = app.state.queries.table
    assert table is not None
    known = int(table.known.sum())
    assert known >= 3
    before = {name: faces_of(app, name.replace("_", " ")) for name in PEOPLE}
    changes = len(app.context.gallery.history.changes())
    listed.view.selectAll()
    assert listed.confirm.text() == f"Confirm {known}"
    unsure = int((table.standings[table.known] == UNSURE).sum())
    assert (f"{unsure} of the {known} to confirm are unsure" in listed.count.text()) == (unsure > 0)
    listed.confirm.click()
    qtbot.waitUntil(lambda: app.state.queries.table.counts()["enrolled"] == known)
    wait(app, qtbot)
    after = {name: faces_of(app, name.replace("_", " ")) for name in PEOPLE}
    assert sum(after.values()) == sum(before.values()) + known
    assert len(app.context.gallery.history.changes()) == changes + 1
    assert not listed.confirm.isEnabled()
    app.state.go_to(int(np.flatnonzero(table.known)[0]))
    assert app.state.query is not None
    assert app.state.query.added_faces
    app.window.menus.actions["undo"].trigger()
    qtbot.waitUntil(lambda: app.state.queries.table.counts()["enrolled"] == 0)
    wait(app, qtbot)
    assert {name: faces_of(app, name.replace("_", " ")) for name in PEOPLE} == before


def test_what_is_confirmed_leaves_the_filter_and_the_next_comes_forward(
    app: App, listed: AnswersDialog, qtbot: QtBot
) -> None:
    which = "known" if app.state.queries.table.counts()["known"] > 1 else "unsure"
    listed.filters[which].click()
    count = listed.model.rowCount()
    listed.view.setCurrentIndex(listed.model.index(0, PERSON))
    listed.confirm.click()
    qtbot.waitUntil(lambda: listed.model.rowCount() == count - 1)
    assert listed.view.currentIndex().row() == 0
    assert app.state.position == listed.model.position_at(0)


def test_several_are_enrolled_under_one_name(app: App, listed: AnswersDialog, qtbot: QtBot) -> None:
    rows = np.array([listed.model.row_of(4), listed.model.row_of(5)])
    listed.view._select(rows)
    assert listed.enroll.text() == "Enroll 2 as…"
    listed.enroll.click()
    (dialog,) = listed.findChildren(EnrollDialog)
    dialog.name.setText("Winona Ryder")
    qtbot.waitUntil(dialog.ok.isEnabled)
    dialog.ok.click()
    qtbot.waitUntil(lambda: app.context.gallery.people.find("Winona Ryder") is not None)
    qtbot.waitUntil(lambda: app.state.queries.table.standings[[4, 5]].tolist() == [ENROLLED] * 2)
    assert faces_of(app, "Winona Ryder") == 2


def test_several_are_kept_as_unknown(app: App, listed: AnswersDialog, qtbot: QtBot) -> None:
    listed.view._select(np.array([4, 5]))
    listed.keep.click()
    qtbot.waitUntil(lambda: app.context.gallery.unknowns.count() == 2)
    qtbot.waitUntil(lambda: app.window.middle.tabText(3) == "Unknown · 2")


def test_saved_json_is_what_the_command_line_prints(
    app: App, listed: AnswersDialog, batch: Path, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "out.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    listed.save.menu().actions()[1].trigger()
    qtbot.waitUntil(path.exists)
    saved = json.loads(path.read_text())
    folder = str(app.context.gallery.folder)
    assert run(["identify", str(batch), "-g", folder, "--json"]) == 0
    assert saved == json.loads(capsys.readouterr().out)


def test_faces_of_photographs_are_saved_with_their_places(
    app: App, query_file: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = np.load(query_file)
    faces = detected(photograph("/friends.jpg"), [vector, vector + np.float32(0.001)])
    vectors = np.stack([face.vector for face in faces])
    app.state.set_queries(as_queries(batch_of_faces(faces, vectors)))
    identify_all(app.context)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    app.answers_controller.show()
    path = tmp_path / "out.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    assert app.answers_controller.dialog is not None
    app.answers_controller.dialog.save.menu().actions()[1].trigger()
    qtbot.waitUntil(path.exists)
    results = json.loads(path.read_text())["results"]
    assert [result["face"] for result in results] == [0, 1]
    assert results[1]["box"] == [401.0, 250.0, 100.0, 100.0]
    assert "quality" in results[0]


def test_small_faces_are_unsure_and_not_confirmed_among_others(
    app: App, query_file: Path, qtbot: QtBot
) -> None:
    vector = np.load(query_file)
    large = detected(photograph("/one.jpg"), [vector], side=100)
    small = detected(photograph("/two.jpg"), [vector + np.float32(0.0005)], side=40)
    faces = [*large, *small]
    vectors = np.stack([face.vector for face in faces])
    app.state.set_queries(as_queries(batch_of_faces(faces, vectors)))
    identify_all(app.context)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    table = app.state.queries.table
    assert table is not None
    assert table.known.tolist() == [True, True]
    assert table.standings[1] == UNSURE
    app.answers_controller.show()
    listed = app.answers_controller.dialog
    assert listed is not None
    listed.view.selectAll()
    assert listed.confirm.text() == "Confirm"
    assert "smaller than 50 pixels" in listed.count.text()
    before = faces_of(app, "Tiger Woods")
    listed.confirm.click()
    qtbot.waitUntil(lambda: faces_of(app, "Tiger Woods") == before + 1)
    wait(app, qtbot)
    listed.view.setCurrentIndex(listed.model.index(1, PERSON))
    assert listed.confirm.isEnabled()
    listed.confirm.click()
    qtbot.waitUntil(lambda: faces_of(app, "Tiger Woods") == before + 2)
    wait(app, qtbot)


def test_saved_csv_has_the_rows_that_are_listed_in_their_order(
    app: App, listed: AnswersDialog, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    listed.view.horizontalHeader().setSortIndicator(PLACE, Qt.SortOrder.DescendingOrder)
    listed.save.menu().actions()[0].trigger()
    qtbot.waitUntil(path.exists)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [int(row["row"]) for row in rows] == [5, 4, 3, 2, 1, 0]
    assert {row["verdict"] for row in rows} == {"known", "unknown"}
    assert all(row["closest"] for row in rows)


def test_files_that_could_not_be_read_are_in_the_json(
    app: App, batch: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    bad = tmp_path / "bad.npy"
    bad.write_text("no vector")
    open_queries(app.context, [batch, bad])
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    assert [Path(error.file).name for error in app.state.queries.errors] == ["bad.npy"]
    for box in app.window.findChildren(QMessageBox):
        box.reject()


def test_a_gallery_for_reading_only_can_be_looked_at_and_saved(
    app: App, listed: AnswersDialog
) -> None:
    listed.set_writable(False)
    listed.view.selectAll()
    assert not listed.confirm.isEnabled()
    assert not listed.enroll.isEnabled()
    assert not listed.keep.isEnabled()
    assert listed.save.isEnabled()


# -- what an answer counts as -------------------------------------------------------------------


def _answer(verdict: str, confidence: float | None, *, offered: bool = True) -> Identification:
    candidates = (Candidate(1, "Ann", 1.0, confidence, 0.1),) if offered else ()
    name = "Ann" if verdict == "known" else None
    return Identification(verdict, name, confidence, "knn", candidates, (), 0.01)  # type: ignore[arg-type]


def test_unsure_is_a_name_below_95_or_a_stranger_from_10_percent() -> None:
    cases = [
        (_answer("known", 0.95), VectorRecord(), KNOWN),
        (_answer("known", 0.949), VectorRecord(), UNSURE),
        (_answer("unknown", 0.10), VectorRecord(), UNSURE),
        (_answer("unknown", 0.099), VectorRecord(), UNKNOWN),
        (_answer("unknown", None), VectorRecord(), UNSURE),
        (_answer("unknown", None, offered=False), VectorRecord(), UNKNOWN),
        (_answer("known", 0.99), VectorRecord(faces=((7, "Bea"),)), ENROLLED),
    ]
    asked = [FaceQuery(np.zeros(2, np.float32), "a", "a.npy", row) for row in range(len(cases))]
    answers, records, expected = zip(*cases, strict=True)
    table = AnswerTable.of(asked, answers, records)
    assert tuple(table.standings) == expected
    assert [table.names[person] for person in table.people[[0, 6]]] == ["Ann", "Bea"]
    assert table.people[5] == -1


def test_a_choice_made_while_queries_are_answered_again_stays() -> None:
    asked = [FaceQuery(np.zeros(2, np.float32), "a", "a.npy", row) for row in range(3)]
    first = QueryList(asked).answered([_answer("known", 0.99)] * 3, [VectorRecord()] * 3)
    first.change({1: {"chosen": 5, "record": VectorRecord(faces=((1, "Ann"),))}})
    again = first.answered([_answer("unknown", 0.01)] * 3, [VectorRecord()] * 3)
    again.take_choices(first)
    assert again[1].chosen == 5
    assert again[1].record.faces == ()
    assert again[1].answer is not None
    assert again[1].answer.verdict == "unknown"
    assert again[0].chosen is None
