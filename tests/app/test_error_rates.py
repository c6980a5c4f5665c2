"""Strictness promises what the gallery measures, and the page of error rates shows what it rests
on: both kinds of strangers, and the cohorts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from engine.cohorts.cohort import FEWEST, Cohort
from engine.cohorts.cohort_library import THIS_COMPUTERS
from engine.gallery import Gallery
from engine.records.error_rates import CohortUse, ErrorRate, ErrorRates
from engine.records.types import Strangers
from gallery_app import settings
from gallery_app.app import App
from gallery_app.dialogs.error_rates_dialog import ErrorRatesDialog
from gallery_app.operations.queries import ask_about_face
from gallery_app.widgets.charts.chart_style import Axis
from gallery_app.widgets.charts.line_chart import LineChart
from gallery_app.window.method_choice import STEPS, Strictness
from gallery_app.wording.error_rate_words import (
    NO_COHORT,
    NOT_MEASURED,
    ONE_MORE_UNKNOWN,
    basis_text,
)
from tests.app.test_window import ask

BUNDLED = "Labeled Faces in the Wild, by dlib's network"
Begin = Callable[..., App]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says which button of the next question is pressed."""

    def press(button: str) -> None:
        def pressed(box: QMessageBox) -> int:
            next(one for one in box.buttons() if button in one.text().replace("&", "")).click()
            return 0

        monkeypatch.setattr(QMessageBox, "exec", pressed)

    return press


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A gallery whose faces no cohort belongs to."""
    random = np.random.default_rng(5)
    people = random.normal(size=(12, 1, 64)) + 0.3 * random.normal(size=(12, 9, 64))
    with Gallery.create(tmp_path / "alone.gallery", dimension=64) as gallery:
        for number, faces in enumerate(people.astype(np.float32)):
            gallery.enroll(f"Person {number + 1}", faces)
    return tmp_path / "alone.gallery"


def strangers(folder: Path, people: int, *, dimension: int = 128) -> Path:
    """A file of faces that the bundled cohort's network could have made, or another."""
    bundled = Cohort.load(THIS_COMPUTERS.entries()[0].file).vectors
    faces = bundled[:people] if dimension == 128 else np.ones((people, dimension), np.float32)
    faces = faces + 0.001 * np.random.default_rng(3).normal(size=faces.shape)
    np.savez(folder / "guests.npz", embeddings=faces.astype(np.float32))
    return folder / "guests.npz"


def page(app: App, qtbot: QtBot) -> ErrorRatesDialog:
    """The page, with everything on it."""
    measured(app, qtbot)
    app.window.menus.actions["error_rates"].trigger()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in pages()))
    (dialog,) = (one for one in pages() if one.isVisible())
    qtbot.waitUntil(lambda: dialog.cohorts.table.rowCount() > 0 and not app.tasks.is_busy())
    return dialog


def pages() -> list[ErrorRatesDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, ErrorRatesDialog)]


def measured(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    qtbot.waitUntil(lambda: "missed" in app.window.query.strictness.words.text())


def listed(dialog: ErrorRatesDialog) -> dict[str, str]:
    """The cohorts, with what is said of each."""
    items = [dialog.cohorts.table.item(row, 0) for row in range(dialog.cohorts.table.rowCount())]
    return {one.text(): one.data(Qt.ItemDataRole.AccessibleTextRole) for one in items}


def message(qtbot: QtBot) -> QMessageBox:
    def shown() -> list[QMessageBox]:
        tops = QApplication.topLevelWidgets()
        return [one for one in tops if isinstance(one, QMessageBox) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


# -- the sentences ------------------------------------------------------------------------------


def rates(
    fnir: float | None, alike: float | None, promised: float = 0.01, *, cohort: bool = True
) -> ErrorRates:
    use = CohortUse("Strangers", 4_000, 2_000, 0) if cohort else None
    return ErrorRates((ErrorRate(0.01, promised, fnir, alike),), promised, 2_000, use, ())


@pytest.mark.parametrize(
    ("people", "kind", "told", "words", "alike"),
    [
        (2, "at-large", rates(0.0645, None),
         "Up to 1 in 100 strangers is wrongly named; about 6 in 100 known faces are missed.", ""),
        (2, "alike", rates(0.94, None, 0.607),
         "No limit can be promised; about 94 in 100 known faces are missed.", ""),
        (10, "at-large", rates(0.018, 0.1687),
         "Up to 1 in 100 strangers is wrongly named; about 2 in 100 known faces are missed.",
         "Among people like those enrolled: about 1 in 5."),
        (10, "alike", rates(0.1227, None, 0.02245),
         "Up to 1 in 44 people like those enrolled is wrongly named; about 12 in 100 known faces "
         "are missed.", ""),
        (10, "at-large", rates(0.0, 0.7),
         "Up to 1 in 100 strangers is wrongly named; no known faces are missed.",
         "Among people like those enrolled: more than half."),
        (158, "at-large", rates(0.0178, 0.0198),
         "Up to 1 in 100 strangers is wrongly named; about 2 in 100 known faces are missed.",
         "Among people like those enrolled: about 1 in 50."),
    ],
)  # fmt: skip
def test_what_is_promised_and_to_whom(
    people: int, kind: Strangers, told: ErrorRates, words: str, alike: str, qtbot: QtBot
) -> None:
    strictness = Strictness()
    qtbot.addWidget(strictness)
    strictness.show_strangers(kind)
    assert strictness.words.text().endswith("is wrongly named.")
    strictness.show_rates({"at-large": told, "alike": told})
    assert strictness.words.text() == words
    assert strictness.alike.text() == alike
    assert strictness.alike.isVisibleTo(strictness) == bool(alike)


def test_strangers_kept_in_the_gallery_are_told_apart_from_the_cohort() -> None:
    use = CohortUse("Strangers", 4_000, 2_000, 0, kept=3)
    told = ErrorRates((ErrorRate(0.01, 0.01, 0.1),), 0.001, 2_003, use, ())
    words = "This limit rests on 2,000 people of “Strangers” and 3 people kept as strangers."
    assert basis_text(told, 0.01) == words


def test_whom_the_limit_is_for_is_chosen_and_remembered(
    app: App, start: Begin, qtbot: QtBot, query_file: Path, gallery_folder: Path
) -> None:
    ask(app, qtbot, query_file)
    measured(app, qtbot)
    strictness = app.window.query.strictness
    assert strictness.choice.text() == "People at large"
    assert strictness.alike.isVisible()
    assert app.state.query is not None
    first = app.state.query.answer
    strictness.slider.setValue(len(STEPS) - 1)
    strictness.kinds["alike"].trigger()
    assert strictness.choice.text() == "People like those enrolled"
    assert "people like those enrolled" in strictness.words.text()
    assert not strictness.alike.isVisible()
    qtbot.waitUntil(lambda: "too small for a limit" in strictness.note.text())
    assert app.state.query.answer != first
    assert app.settings.get(settings.STRANGERS) == "alike"
    app.window.close()
    again = start(gallery_folder)
    assert again.state.strangers == "alike"
    assert again.window.query.strictness.choice.text() == "People like those enrolled"
    assert again.window.query.strictness.kinds["alike"].isChecked()


def test_a_setting_that_nobody_knows_is_people_at_large(
    start: Begin, home: Path, gallery_folder: Path
) -> None:
    remembered = settings.Settings()
    remembered.set(settings.STRANGERS, "martians")
    remembered.save()
    assert start(gallery_folder).state.strangers == "at-large"


def test_queries_and_enrolled_faces_are_asked_for_those_who_were_chosen(
    app: App, qtbot: QtBot, query_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(app, qtbot)
    recogniser, asked = app.context.gallery.recogniser, []
    for name in ("identify", "identify_enrolled"):
        real = getattr(recogniser, name)

        def noted(*args: Any, real: Any = real, **named: Any) -> Any:
            asked.append(named.get("strangers"))
            return real(*args, **named)

        monkeypatch.setattr(recogniser, name, noted)
    app.window.query.strictness.kinds["alike"].trigger()
    ask(app, qtbot, query_file)
    assert asked == ["alike"]
    ask_about_face(app.context, app.context.gallery.faces.of("Tiger Woods")[0].id)
    qtbot.waitUntil(lambda: len(asked) > 1 and not app.tasks.is_busy())
    assert set(asked) == {"alike"}


def test_without_a_cohort_there_is_nobody_to_choose(
    start: Begin, alone: Path, qtbot: QtBot
) -> None:
    app = start(alone)
    measured(app, qtbot)
    strictness = app.window.query.strictness
    assert not strictness.choice.isEnabled()
    assert NO_COHORT in strictness.choice.toolTip()
    assert strictness.choice.text() == "People like those enrolled"
    assert app.state.strangers == "at-large"
    assert "strangers is wrongly named" in strictness.words.text()


def test_a_gallery_with_a_cohort_after_one_without_offers_the_choice_again(
    start: Begin, alone: Path, qtbot: QtBot, gallery_folder: Path
) -> None:
    app = start(alone)
    measured(app, qtbot)
    app.open(gallery_folder)
    choice = app.window.query.strictness.choice
    qtbot.waitUntil(choice.isEnabled)
    measured(app, qtbot)
    assert choice.isEnabled()
    assert choice.text() == "People at large"


def test_the_words_follow_every_change_of_the_gallery(app: App, qtbot: QtBot) -> None:
    from gallery_app.operations.corrections import correct

    measured(app, qtbot)
    words = app.window.query.strictness
    words.show_rates({})
    names = [one.name for one in app.context.gallery.people.all()][:2]
    correct(app.context, "Deleting", lambda gallery: gallery.corrections.delete(names))
    qtbot.waitUntil(lambda: len(app.context.gallery.people.all()) == 4)
    measured(app, qtbot)
    expected = app.context.gallery.error_rates.measure(STEPS).at(0.01)
    assert expected is not None
    assert expected.fnir is not None
    assert f"{round(100 * expected.fnir)} in 100" in words.words.text() or expected.fnir == 0


# -- the page -----------------------------------------------------------------------------------


def test_the_page_shows_both_curves_and_what_they_rest_on(app: App, qtbot: QtBot) -> None:
    app.window.query.strictness.details.click()
    dialog = page(app, qtbot)
    strictness = app.window.query.strictness
    assert dialog.promise.text() == strictness.words.text()
    assert dialog.remark.text() == strictness.alike.text()
    at_large, alike = dialog.chart.drawn()
    assert (at_large.name, alike.name) == ("People at large", "People like those enrolled")
    assert list(at_large.x) == sorted(at_large.x)
    assert set(STEPS) <= set(at_large.x)
    strictest = app.context.gallery.error_rates.measure(STEPS, strangers="alike").strictest
    assert min(alike.x) >= strictest  # no promise, no point
    assert "2,795 people" in dialog.basis.text()
    assert "95 % certainty" in dialog.basis.text()
    assert "one more face" in dialog.one_more.text()
    table = [line.split("\t") for line in dialog.table.as_text().splitlines()]
    assert [row[0].split(" (")[0] for row in table[1:]] == [
        f"up to 1 in {round(1 / fpir):,}" for fpir in STEPS
    ]
    assert [row[0] for row in table if "your setting" in row[0]] == [
        "up to 1 in 100 (your setting)"
    ]
    assert table[-1][3] == "–"
    dialog.reject()


def test_the_page_follows_the_slider(app: App, qtbot: QtBot) -> None:
    dialog = page(app, qtbot)
    app.window.query.strictness.slider.setValue(0)
    assert "1 in 10 strangers" in dialog.promise.text()
    assert "up to 1 in 10 (your setting)" in dialog.table.as_text()
    app.window.query.strictness.kinds["alike"].trigger()
    assert "people like those enrolled" in dialog.promise.text()
    assert "6 people enrolled" in dialog.basis.text()
    app.window.query.strictness.slider.setValue(len(STEPS) - 1)
    assert "too small for a limit of 1 in 1,000" in dialog.remark.text()
    qtbot.waitUntil(lambda: "Measuring" not in dialog.one_more.text())
    dialog.reject()


def test_what_one_more_face_wins_is_measured_when_the_page_is_open_only(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(app, qtbot)
    asked: list[float] = []

    def never(fpir: float, *_: object) -> None:
        asked.append(fpir)

    monkeypatch.setattr(app.context.gallery.error_rates, "fnir_with_one_more", never)
    app.window.query.strictness.slider.setValue(2)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert not asked
    dialog = page(app, qtbot)
    assert asked == [STEPS[2]]
    assert dialog.one_more.text() == ONE_MORE_UNKNOWN
    dialog.reject()
    app.window.query.strictness.slider.setValue(3)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert asked == [STEPS[2]]


def test_without_a_cohort_there_is_one_curve(start: Begin, alone: Path, qtbot: QtBot) -> None:
    dialog = page(start(alone), qtbot)
    assert [line.name for line in dialog.chart.drawn()] == ["People like those enrolled"]
    assert dialog.table.isColumnHidden(2)
    assert dialog.table.isColumnHidden(3)
    assert "12 people enrolled" in dialog.basis.text()
    assert listed(dialog) == {
        BUNDLED: f"{BUNDLED}, Not used here: faces of this gallery have 64 numbers."
    }
    dialog.reject()


def test_an_empty_gallery_has_no_figures_but_its_cohorts(
    start: Begin, tmp_path: Path, qtbot: QtBot
) -> None:
    Gallery.create(tmp_path / "empty.gallery").close()
    app = start(tmp_path / "empty.gallery")
    qtbot.waitUntil(lambda: app.state.gallery is not None)
    app.window.menus.actions["error_rates"].trigger()
    qtbot.waitUntil(lambda: bool(pages()) and pages()[-1].empty.isVisible())
    dialog = pages()[-1]
    assert not dialog.is_measured()
    assert dialog.empty.sentence.text() == NOT_MEASURED
    assert "Not used here yet" in listed(dialog)[BUNDLED]
    dialog.reject()


def test_the_page_goes_with_its_gallery(app: App, qtbot: QtBot, alone: Path) -> None:
    dialog = page(app, qtbot)
    app.open(alone)
    qtbot.waitUntil(lambda: not any(one.isVisible() for one in pages()))
    assert dialog is not None


# -- cohorts ------------------------------------------------------------------------------------


def test_every_cohort_that_cannot_be_used_says_why(app: App, qtbot: QtBot) -> None:
    random = np.random.default_rng(5)
    for name, dimension in (("other", 128), ("wide", 512)):
        faces = (0.1 * random.normal(size=(300, dimension)) + 0.2).astype(np.float32)
        THIS_COMPUTERS.add(Cohort(name, faces, np.arange(300)))
    assert THIS_COMPUTERS.folder is not None
    (THIS_COMPUTERS.folder / "damaged.npz").write_bytes(b"nothing")
    measured(app, qtbot)
    app.context.gallery.recogniser.cohorts_changed()
    app.strictness_controller._load()
    said = listed(page(app, qtbot))
    assert said[BUNDLED].endswith("Used for this gallery.")
    assert "another network made" in said["other"]
    assert "faces of this gallery have 128 numbers" in said["wide"]
    assert "cannot be read" in said["damaged"] or "not a cohort" in said["damaged"]
    pages()[-1].reject()


def test_a_cohort_is_added_used_and_removed(
    app: App,
    qtbot: QtBot,
    tmp_path: Path,
    query_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[str], None],
) -> None:
    ask(app, qtbot, query_file)
    dialog = page(app, qtbot)
    file = strangers(tmp_path, 200)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(file), ""))
    with qtbot.waitSignal(app.state.query_changed):  # what is shown is answered anew
        qtbot.mouseClick(dialog.cohorts.add_file, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: "guests" in listed(dialog))
    qtbot.waitUntil(lambda: "2,995 people" in dialog.basis.text())
    qtbot.waitUntil(lambda: listed(dialog).get("guests") == "guests, Used for this gallery.")
    assert str(tmp_path) == app.settings.get(settings.FOLDER)
    (row,) = (row for row in range(2) if dialog.cohorts.table.item(row, 0).text() == "guests")
    assert not dialog.cohorts.remove.isEnabled()
    dialog.cohorts.table.selectRow(1 - row)
    assert not dialog.cohorts.remove.isEnabled()  # it came with the program
    dialog.cohorts.table.selectRow(row)
    answer("Cancel")
    dialog.cohorts.remove.click()
    assert "guests" in [entry.name for entry in THIS_COMPUTERS.entries()]
    answer("Remove")
    dialog.cohorts.remove.click()
    qtbot.waitUntil(lambda: list(listed(dialog)) == [BUNDLED])
    qtbot.waitUntil(lambda: "2,795 people" in dialog.basis.text())
    assert file.exists()
    dialog.reject()


def test_a_folder_is_a_cohort_too(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = page(app, qtbot)
    faces = np.load(strangers(tmp_path, FEWEST + 5))["embeddings"]
    for number, face in enumerate(faces):
        (tmp_path / "passers" / f"Person {number}").mkdir(parents=True)
        np.save(tmp_path / "passers" / f"Person {number}" / "0001.npy", face)
    chosen = str(tmp_path / "passers")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: chosen)
    qtbot.mouseClick(dialog.cohorts.add_folder, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "passers" in listed(dialog))
    dialog.reject()


def test_a_file_that_is_no_cohort_is_refused_in_words(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = page(app, qtbot)
    for make, words in (
        (lambda: strangers(tmp_path, 3), f"a cohort needs {FEWEST} or more"),
        (lambda: (tmp_path / "guests.npz").write_bytes(b"nothing"), "guests.npz"),
    ):
        make()
        chosen = str(tmp_path / "guests.npz")
        monkeypatch.setattr(
            QFileDialog, "getOpenFileName", lambda *_, chosen=chosen, **__: (chosen, "")
        )
        qtbot.mouseClick(dialog.cohorts.add_file, Qt.MouseButton.LeftButton)
        box = message(qtbot)
        assert words in box.text() + box.informativeText()
        box.close()
    assert list(listed(dialog)) == [BUNDLED]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: ("", ""))
    qtbot.mouseClick(dialog.cohorts.add_file, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert list(listed(dialog)) == [BUNDLED]
    dialog.reject()


def test_a_cohort_that_went_meanwhile_leaves_the_list(
    app: App,
    qtbot: QtBot,
    tmp_path: Path,
    answer: Callable[[str], None],
) -> None:
    entry = THIS_COMPUTERS.import_file(strangers(tmp_path, 200))
    dialog = page(app, qtbot)
    assert set(listed(dialog)) == {BUNDLED, "guests"}
    entry.file.unlink()
    rows = range(dialog.cohorts.table.rowCount())
    (row,) = (row for row in rows if dialog.cohorts.table.item(row, 0).text() == "guests")
    dialog.cohorts.table.selectRow(row)
    answer("Remove")
    dialog.cohorts.remove.click()
    message(qtbot).close()
    qtbot.waitUntil(lambda: list(listed(dialog)) == [BUNDLED])
    dialog.reject()


# -- the mark in the chart ----------------------------------------------------------------------


def test_a_place_of_a_chart_is_marked_in_words(qtbot: QtBot) -> None:
    chart = LineChart("Errors", Axis("named", log=True, low=0.001, high=0.1), Axis("missed"))
    qtbot.addWidget(chart)
    chart.resize(500, 300)
    chart.set_line("one", [0.001, 0.01, 0.1], [0.3, 0.2, 0.1])
    chart.show()
    before = chart.grab().toImage()
    chart.mark_x(0.01, "your {setting}")
    chart.refresh()
    marked = chart.grab().toImage()
    assert marked != before
    chart.mark_x(0.02, "your setting")
    chart.refresh()
    assert chart.grab().toImage() != marked
    assert QColor(marked.pixel(5, 5)).isValid()
