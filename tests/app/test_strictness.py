"""The strictness slider: what it promises, what that costs, and a verdict that follows it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gallery_app.app import App
from gallery_app.settings import FPIR
from gallery_app.window.method_choice import STEPS
from gallery_app.wording.error_rate_words import missed_text
from tests.app.test_window import ask
from tests.handmade import put_to_use


def test_the_words_say_what_it_costs_by_the_chosen_method(
    start: Callable[..., App], qtbot: QtBot, gallery_folder: Path
) -> None:
    put_to_use(gallery_folder, "mlp")
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: "mlp" in app.state.methods.available)
    gallery, words = app.context.gallery, app.window.query.strictness.words
    qtbot.waitUntil(lambda: "missed" in words.text())
    app.window.query.strictness.slider.setValue(len(STEPS) - 1)
    missed = {method: gallery.error_rates.fnir(STEPS[-1], method) for method in ("knn", "mlp")}
    assert missed["mlp"] != missed["knn"]
    app.window.menus.methods["mlp"].trigger()
    qtbot.waitUntil(
        lambda: (
            words.text() == "Up to 1 in 1,000 strangers is wrongly named; "
            f"{missed_text(missed['mlp'])} known faces are missed."
        )
    )


def test_a_strictness_that_is_not_the_default_is_marked_and_leads_back(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    strictness = app.window.query.strictness
    assert not strictness.mark.isVisible()
    strictness.slider.setValue(0)
    assert strictness.mark.isVisible()
    assert app.settings.get(FPIR) == 0.1
    qtbot.mouseClick(strictness.reset, Qt.MouseButton.LeftButton)
    assert (strictness.fpir, app.state.fpir, app.settings.get(FPIR)) == (0.01, 0.01, 0.01)
    assert not strictness.reset.isVisible()


def test_every_step_has_its_words_at_once(app: App, qtbot: QtBot) -> None:
    strictness = app.window.query.strictness
    qtbot.waitUntil(lambda: "missed" in strictness.words.text())
    for step, fpir in enumerate(STEPS):
        strictness.slider.setValue(step)
        assert f"Up to 1 in {round(1 / fpir):,} strangers is" in strictness.words.text()
        assert "missed" in strictness.words.text()


def test_of_a_dragged_slider_the_last_step_wins_with_one_question_under_way(
    app: App, qtbot: QtBot, query_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(app, qtbot, query_file)
    gallery, gate = app.context.gallery, threading.Event()
    identify, asked = gallery.identify, []

    def slowly(queries: np.ndarray, **others: Any) -> Any:
        asked.append(others["fpir"])
        gate.wait()
        return identify(queries, **others)

    monkeypatch.setattr(gallery, "identify", slowly)
    names: list[str] = []
    app.state.query_changed.connect(lambda: names.append(app.window.query.name.text()))
    slider = app.window.query.strictness.slider
    slider.setValue(0)
    qtbot.waitUntil(lambda: len(asked) == 1)
    for step in (1, 2, 5, 6):
        slider.setValue(step)
    gate.set()
    qtbot.waitUntil(lambda: len(asked) == 2)
    qtbot.waitUntil(lambda: bool(names))
    assert asked == [STEPS[0], STEPS[6]]
    assert "Identifying…" not in names


def test_the_panel_keeps_its_candidates_and_the_chosen_face_while_the_slider_moves(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    panel = app.window.query
    rows, tiles = panel.candidates.rows, panel.evidence.tiles
    tiles[2].activated.emit(tiles[2].face_id)
    compared = panel.comparison.enrolled_caption.text()
    with qtbot.waitSignal(app.state.query_changed):
        panel.strictness.slider.setValue(0)
    assert panel.candidates.rows == rows
    assert panel.evidence.tiles == tiles
    assert panel.comparison.enrolled_caption.text() == compared


def test_nothing_above_the_slider_moves_when_the_gallery_cannot_promise_so_much(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    panel = app.window.query
    slider = panel.strictness.slider
    panel.strictness.kinds["alike"].trigger()
    slider.setValue(0)
    qtbot.waitUntil(lambda: not panel.strictness.note.isVisible() or app.state.fpir == STEPS[0])
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    qtbot.wait(50)
    before = slider.mapTo(panel, slider.rect().topLeft())
    slider.setValue(len(STEPS) - 1)
    qtbot.waitUntil(lambda: "too small for a limit of 1 in 1000" in panel.strictness.note.text())
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    qtbot.waitUntil(lambda: slider.mapTo(panel, slider.rect().topLeft()) == before)
    assert panel.strictness.note.isVisible()
    assert not panel.note.isVisible()


def test_the_photograph_of_a_query_is_read_once_whatever_is_asked(
    app: App, qtbot: QtBot, query_file: Path, tmp_path: Path
) -> None:
    from PySide6.QtGui import QColor, QImage

    np.save(tmp_path / "query.npy", np.load(query_file))
    image = QImage(96, 96, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    assert image.save(str(tmp_path / "query.jpg"))
    ask(app, qtbot, tmp_path / "query.npy")
    assert app.state.query is not None
    assert app.state.query.photo is not None
    shown: list[bool] = []
    qtbot.waitUntil(lambda: app.query_controller.picture is not None)
    comparison = app.window.query.comparison
    show = comparison.show_query
    comparison.show_query = lambda picture: (shown.append(picture is not None), show(picture))  # type: ignore[method-assign]
    with qtbot.waitSignal(app.state.query_changed):
        app.window.query.strictness.slider.setValue(0)
    assert shown
    assert all(shown)
