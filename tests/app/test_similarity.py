"""Comparing two people or two faces, and the charts of the gallery."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PySide6.QtCore import QCoreApplication, QEvent, QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from engine.records.similarity import Similarity, Usual
from gallery_app.app import App
from gallery_app.cli import cli
from gallery_app.dialogs.similarity_dialog import SimilarityDialog
from gallery_app.widgets.charts.chart_saving import content
from gallery_app.widgets.charts.heat_map import HeatMap, ramp
from gallery_app.wording.similarity_words import verdict


def select(app: App, *names: str) -> None:
    people = app.window.identities
    people.list.clearSelection()
    for name in names:
        row = people.model.row_of(people.model.roster.named(name).id)
        flag = QItemSelectionModel.SelectionFlag.Select
        people.list.selectionModel().select(people.model.index(row), flag)


def dialog_of(name: str, qtbot: QtBot):  # type: ignore[no-untyped-def]
    def shown() -> list[QDialog]:
        every = QApplication.topLevelWidgets()
        return [one for one in every if type(one).__name__ == name and one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def test_two_people_are_compared_face_with_face(app: App, qtbot: QtBot) -> None:
    select(app, "Tom Hanks", "Tom Ridge")
    app.window.menus.actions["compare"].trigger()
    dialog: SimilarityDialog = dialog_of("SimilarityDialog", qtbot)
    assert dialog.verdict.text() == "Two people"
    found = dialog.compared.similarity
    assert found.distances.shape == (9, 9)
    assert f"{found.median:.3f}" in dialog.detail.text()
    for _ in range(9):
        QTest.keyClick(dialog.heat, Qt.Key.Key_Down)
    assert dialog.pointed.distance.text() == f"{found.distances[8, 0]:.3f}"
    dialog.reject()


def test_two_faces_of_one_person(app: App, qtbot: QtBot) -> None:
    app.people_controller.go_to_identity(app.context.gallery.people.find("Tony Blair").id)
    qtbot.waitUntil(lambda: app.window.faces.title.text() == "Tony Blair")
    actions = app.window.menus.actions
    assert not actions["compare_faces"].isEnabled()
    app.window.faces.grid.select_rows(np.array([0, 1]))
    assert actions["compare_faces"].isEnabled()
    actions["compare_faces"].trigger()
    dialog = dialog_of("SimilarityDialog", qtbot)
    assert dialog.verdict.text() == "One person"
    assert dialog.detail.text().startswith("The distance is ")
    dialog.reject()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    app.pictures.ready.emit([1])  # late pictures find nobody


def test_three_people_cannot_be_compared(app: App) -> None:
    action = app.window.menus.actions["compare"]
    select(app, "Tom Hanks", "Tom Ridge")
    assert action.isEnabled()
    select(app, "Tom Hanks", "Tom Ridge", "Tony Blair")
    assert not action.isEnabled()


def similarity(distance: float, pairs: int) -> Similarity:
    steps = np.linspace(0, 1, pairs, dtype=np.float32)
    table = np.full((1, 1), distance, dtype=np.float32)
    ids = np.array([1])
    return Similarity(ids, ids + 1, table, (), (), Usual(0.4 * steps, 0.3 + steps, 9))


@pytest.mark.parametrize(
    ("distance", "pairs", "names", "headline"),
    [
        (0.8, 100, ("A", "B"), "Two people"),
        (0.1, 100, ("A", "B"), "Look like one person under two names"),
        (0.1, 100, ("A", "A"), "One person"),
        (0.8, 100, ("A", "A"), "Enrolled as one person, but look like two"),
        (0.1, 5, ("A", "B"), "Too few faces to judge"),
        (float("nan"), 100, ("A", "A"), "Nothing to compare"),
    ],
)
def test_the_verdict_in_words(
    distance: float, pairs: int, names: tuple[str, str], headline: str
) -> None:
    assert verdict(similarity(distance, pairs), *names)[0] == headline


def test_the_verdict_states_both_error_rates() -> None:
    detail = verdict(similarity(0.2, 100), "A", "B")[1]
    assert "None of pairs of different people are this near" in detail
    assert "50 % of pairs of the same person are nearer" in detail


@pytest.mark.parametrize("dark", [True, False])
def test_colours_go_in_even_steps_of_lightness(dark: bool) -> None:
    colours = ramp(dark)
    channels = [(colours >> shift & 0xFF).astype(float) for shift in (16, 8, 0)]
    grey = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    steps = np.diff(grey) * (-1 if dark else 1)
    assert (steps > -0.5).all()
    assert abs(grey[-1] - grey[0]) > 120


def test_arrow_keys_walk_over_the_heat_map(qtbot: QtBot) -> None:
    heat = HeatMap()
    qtbot.addWidget(heat)
    heat.show_distances(
        np.zeros((3, 4), dtype=np.float32), (0, 1), 0.5, (["a", "b", "c"], ["d", "e", "f", "g"])
    )
    cells: list[tuple[int, int]] = []
    heat.pointed.connect(lambda row, column: cells.append((row, column)))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(heat, key)
    assert cells == [(0, 0), (0, 1), (0, 2), (1, 2)]
    heat.grab()


def test_the_threshold_is_dragged_and_read_out(app: App, qtbot: QtBot) -> None:
    app.window.menus.actions["charts"].trigger()
    dialog = dialog_of("ChartsDialog", qtbot)
    tile = dialog.distances
    place = tile.place.value() + 0.05
    tile.line.setValue(place)
    assert tile.place.value() == pytest.approx(place, abs=1e-3)
    assert "% of pairs of the same person" in tile.message.text()
    tile.place.setValue(0.0)
    assert tile.line.value() == pytest.approx(0.0, abs=1e-3)
    assert (
        "0.0 % of pairs of the same person, 0.0 % of pairs of different people"
        in tile.message.text()
    )
    dialog.reject()


def test_figures_count_who_is_recognised(made_gallery: Path) -> None:
    with Gallery.open(made_gallery, write=False) as gallery:
        figures = gallery.exports.figures()
    assert sum(figures.counts.values()) == 54
    assert all(asked == 9 for _, asked in figures.recognised.values())
    assert sum(right for right, _ in figures.recognised.values()) >= 50
    assert figures.separation.nearer(float("inf")) == (1.0, 1.0)


def test_the_command_compares(made_gallery: Path, tmp_path: Path) -> None:
    asked = ["compare", "Tom Hanks", "Tom Ridge", "-g", str(made_gallery)]
    told = CliRunner().invoke(cli, asked)
    assert told.exit_code == 0
    assert told.stdout.startswith("Two people\n")
    as_json = json.loads(CliRunner().invoke(cli, [*asked, "--json"]).stdout)
    assert as_json["same"] is False
    assert as_json["faces"] == [9, 9]
    assert len(as_json["distances"]) == 9
    assert as_json["closest"][0]["distance"] <= as_json["furthest"][0]["distance"]


def test_the_heat_map_is_saved_as_picture_and_as_table(qtbot: QtBot) -> None:
    heat = HeatMap()
    qtbot.addWidget(heat)
    distances = np.array([[0.25, np.nan], [0.5, 0.125]], dtype=np.float32)
    heat.show_distances(distances, (0, 1), 0.3, (["one, 1", "one, 2"], ["two, 1", "two, 2"]))
    assert content(heat, "CSV", heat.table).decode().splitlines() == [
        ',"two, 1","two, 2"', '"one, 1",0.25,', '"one, 2",0.5,0.125',
    ]  # fmt: skip
    assert content(heat, "PNG", heat.table).startswith(b"\x89PNG")
    assert b"<svg" in content(heat, "SVG", heat.table)
