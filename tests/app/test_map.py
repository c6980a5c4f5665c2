"""The map in the window: who stands out, what is done with faces chosen on it, and its queries."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QItemSelectionModel, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from pytestqt.qtbot import QtBot

from engine.errors import CancelledError
from engine.maps.face_maps import Layouts, Maps
from engine.maps.layout import Layout
from gallery_app.app import App
from gallery_app.dialogs.export_dialog import ExportDialog
from gallery_app.dialogs.prompts import NameDialog
from gallery_app.dialogs.selected_faces_dialog import SelectedFacesDialog
from gallery_app.operations import galleries, queries
from gallery_app.state import EVERYTHING
from gallery_app.window.map_panel import MapPanel
from tests.handmade import put_to_use

pytestmark = pytest.mark.slow


def shown_map(app: App, qtbot: QtBot) -> MapPanel:
    panel = app.window.map
    app.window.middle.setCurrentWidget(panel)
    qtbot.waitUntil(lambda: bool(panel.views()))
    return panel


def press(panel: MapPanel, value: str) -> None:
    buttons = [*panel.tools.methods.buttons(), *panel.tools.dimensions.buttons()]
    next(one for one in buttons if one.property("value") == value).click()


def standing_out(app: App, view=None) -> set[str] | None:  # type: ignore[no-untyped-def]
    """Names of those who stand out; None where nobody is dimmed."""
    view = view or app.window.map.left
    chosen = view.canvas.points.chosen
    if chosen is None:
        return None
    roster = app.window.identities.model.roster
    owners = np.unique(view.drawn.map.owners[chosen])
    return {roster.identity(int(one)).name for one in owners}


def lasso_everything(panel: MapPanel) -> None:
    canvas = panel.left.canvas
    right, low = canvas.width() - 2, canvas.height() - 2
    corners = [QPoint(1, 1), QPoint(right, 1), QPoint(right, low), QPoint(1, low)]
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, shift, corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(canvas, corner)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, shift, corners[-1])


def dialog_of(kind: type[QDialog], qtbot: QtBot):  # type: ignore[no-untyped-def]
    def shown() -> list[QDialog]:
        every = QApplication.topLevelWidgets()
        return [one for one in every if isinstance(one, kind) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def faces_of(app: App, name: str) -> np.ndarray:  # type: ignore[type-arg]
    gallery = app.context.gallery
    return np.array([face.id for face in gallery.faces.of(gallery.people.find(name).id)])


def test_what_the_search_finds_stands_out(app: App, qtbot: QtBot) -> None:
    shown_map(app, qtbot)
    assert standing_out(app) is None
    app.window.identities.search.setText("tom")
    assert standing_out(app) == {"Tom Hanks", "Tom Ridge"}
    names = [name for name, _ in app.window.map.left.canvas.marks.names]
    assert set(names) == {"Tom Hanks", "Tom Ridge"}
    app.window.identities.search.clear()
    assert standing_out(app) is None


def test_several_people_selected_in_the_list_stand_out(app: App, qtbot: QtBot) -> None:
    panel = shown_map(app, qtbot)
    people = app.window.identities.list
    flags = QItemSelectionModel.SelectionFlag
    people.setCurrentIndex(people.model().index(1, 0))
    assert len(standing_out(app) or ()) == 1
    people.selectionModel().select(people.model().index(3, 0), flags.Select)
    names = {one.name for one in app.window.identities.selected()}
    assert len(names) == 2
    assert standing_out(app) == names
    assert app.window.middle.shows(panel)  # the map stays in front


def test_faces_chosen_on_the_map_are_moved_by_the_real_dialog(app: App, qtbot: QtBot) -> None:
    panel = shown_map(app, qtbot)
    wrong = faces_of(app, "Tom Ridge")[:2]
    panel.left.lassoed.emit(wrong)
    qtbot.waitUntil(panel.selection.isVisible)
    qtbot.mouseClick(panel.selection.move_them, Qt.MouseButton.LeftButton)
    dialog = dialog_of(NameDialog, qtbot)
    dialog.name.setText("Tom Hanks")
    dialog.accept()
    qtbot.waitUntil(lambda: set(wrong) <= set(faces_of(app, "Tom Hanks")))
    qtbot.waitUntil(lambda: "Tom Hanks" in panel.selection.detail.text())
    assert standing_out(app) == {"Tom Hanks"}


def test_a_lasso_around_everything_selects_everybody(app: App, qtbot: QtBot) -> None:
    panel = shown_map(app, qtbot)
    lasso_everything(panel)
    qtbot.waitUntil(panel.selection.isVisible)
    assert panel.selection.title.text() == "54 faces"
    QTest.keyClick(panel.left.canvas, Qt.Key.Key_Escape)
    assert not panel.selection.isVisible()
    assert standing_out(app) is None


def test_exactly_the_chosen_faces_are_exported(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    panel = shown_map(app, qtbot)
    some = np.sort(np.concatenate([faces_of(app, "Tom Ridge")[:2], faces_of(app, "Tom Hanks")[:1]]))
    panel.left.lassoed.emit(some)
    qtbot.waitUntil(panel.selection.isVisible)
    entries = panel.selection.export.menu().actions()
    next(one for one in entries if one.text().startswith("NumPy")).trigger()
    dialog = dialog_of(ExportDialog, qtbot)
    assert dialog.on_the_map.isChecked()
    dialog.place.setText(str(tmp_path / "some.npz"))
    qtbot.mouseClick(dialog.ok, Qt.MouseButton.LeftButton)
    qtbot.waitUntil((tmp_path / "some.npz").exists)
    with np.load(tmp_path / "some.npz") as archive:
        assert sorted(archive["names"].tolist()) == ["Tom Hanks", "Tom Ridge", "Tom Ridge"]


def test_chosen_faces_are_reviewed_side_by_side(app: App, qtbot: QtBot) -> None:
    panel = shown_map(app, qtbot)
    some = np.concatenate([faces_of(app, "Tom Ridge"), faces_of(app, "Tom Hanks")])
    panel.left.lassoed.emit(some)
    qtbot.waitUntil(panel.selection.isVisible)
    qtbot.mouseClick(panel.selection.review, Qt.MouseButton.LeftButton)
    dialog = dialog_of(SelectedFacesDialog, qtbot)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 18)
    assert dialog.message.text() == "18 faces of 2 people. Select some to change them."
    assert not dialog.remove.isEnabled()
    dialog.grid.select_rows(np.array([0, 1]))
    gone = set(dialog.picked())
    qtbot.mouseClick(dialog.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 16)
    assert not gone & set(faces_of(app, "Tom Hanks"))
    dialog.grid.select_rows(np.array([0]))
    qtbot.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "onfirmed" in app.window.statusBar().currentMessage())
    dialog.reject()


def test_the_star_follows_the_query_that_is_shown(
    app: App, qtbot: QtBot, query_file: Path, stranger_file: Path
) -> None:
    panel = shown_map(app, qtbot)
    queries.open_queries(app.context, [query_file, stranger_file])
    marks = panel.left.canvas
    qtbot.waitUntil(lambda: len(marks.marks.star) == 1)
    first = marks.marks
    assert len(first.evidence)
    app.state.step(1)
    qtbot.waitUntil(
        lambda: len(marks.marks.star) == 1 and not np.array_equal(marks.marks.star, first.star)
    )
    queries.clear_queries(app.context)
    qtbot.waitUntil(lambda: not len(marks.marks.star))


def test_unknown_queries_are_shown_as_soon_as_they_are_kept(
    app: App, qtbot: QtBot, stranger_file: Path
) -> None:
    panel = shown_map(app, qtbot)
    assert not len(panel.left.canvas.marks.unknowns)
    gallery = app.context.gallery
    gallery.unknowns.add(gallery.read_queries(stranger_file))
    app.state.contents_changed.emit(EVERYTHING)
    qtbot.waitUntil(lambda: len(panel.left.canvas.marks.unknowns) == 1)


def compared(start, gallery_folder: Path, qtbot: QtBot) -> tuple[App, MapPanel]:  # type: ignore[no-untyped-def]
    """Two maps side by side: as the faces came, and by the triplet model."""
    put_to_use(gallery_folder, "triplet")
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    panel = shown_map(app, qtbot)
    qtbot.waitUntil(panel.tools.compare.isEnabled)
    panel.tools.compare.click()
    qtbot.waitUntil(lambda: len(panel.views()) == 2)
    return app, panel


def test_two_spaces_share_selection_star_and_what_is_pointed_at(
    start, gallery_folder: Path, query_file: Path, qtbot: QtBot
) -> None:  # type: ignore[no-untyped-def]
    app, panel = compared(start, gallery_folder, qtbot)
    assert [view.drawn.map.space for view in panel.views()] == ["original", "triplet"]
    panel.left.lassoed.emit(faces_of(app, "Tom Ridge")[:3])
    for view in panel.views():
        assert view.canvas.points.chosen.sum() == 3
        assert standing_out(app, view) == {"Tom Ridge"}
    panel.left.pointed.emit(int(faces_of(app, "Tom Hanks")[0]), QPoint())
    assert all(view.canvas.hovered >= 0 for view in panel.views())
    queries.open_queries(app.context, [query_file])
    qtbot.waitUntil(lambda: all(len(view.canvas.marks.star) for view in panel.views()))
    assert all(len(view.canvas.marks.evidence) for view in panel.views())
    assert "nearest faces" in panel.right.figures.text()


def test_the_space_that_is_chosen_is_that_of_the_second_map_and_the_first_one_stays(
    start, gallery_folder: Path, qtbot: QtBot
) -> None:  # type: ignore[no-untyped-def]
    _, panel = compared(start, gallery_folder, qtbot)
    assert panel.tools.space.currentData() == "triplet"
    panel.tools.space.setCurrentIndex(panel.tools.space.findData("original"))
    panel.tools.space.activated.emit(panel.tools.space.currentIndex())
    assert panel.tools.space.currentData() == "triplet"
    panel.tools.compare.click()
    qtbot.waitUntil(lambda: len(panel.views()) == 1)
    assert panel.left.drawn.map.space == panel.tools.space.currentData() == "original"


def test_a_map_of_a_model_that_was_put_out_of_use_gives_way_without_an_error(
    start, gallery_folder: Path, query_file: Path, qtbot: QtBot
) -> None:  # type: ignore[no-untyped-def]
    app, panel = compared(start, gallery_folder, qtbot)
    app.state.gallery.models.deactivate("triplet")  # as an undo does; nobody was told yet
    queries.open_queries(app.context, [query_file])
    qtbot.waitUntil(lambda: app.state.query is not None and app.state.query.answer is not None)
    panel.redraw_requested.emit(False)
    qtbot.waitUntil(lambda: len(panel.views()) == 1)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert panel.left.drawn.map.space == "original"
    assert not [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox)]


def laid_out(self, where, faces, method, dimensions, seed, reporter):  # type: ignore[no-untyped-def]
    """As UMAP would, in no time."""
    points = np.random.default_rng(seed).normal(size=(len(faces), dimensions)).astype(np.float32)
    return Layout(faces, points, np.ones(len(faces), bool), method, seed)


def test_principal_components_are_shown_while_another_map_is_made(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods: list[str] = []
    panel = shown_map(app, qtbot)
    panel.forget()
    monkeypatch.setattr(Layouts, "_laid_out", laid_out)
    monkeypatch.setattr(Maps, "obstacle", lambda self, method: "")
    app.map_controller.shown.connect(lambda: methods.append(panel.left.drawn.map.layout.method))
    press(panel, "umap")
    qtbot.waitUntil(lambda: methods == ["pca", "umap"])
    assert panel.note.text() == ""


def test_cancelling_keeps_the_map_that_was_there(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = shown_map(app, qtbot)

    def endless(self, where, faces, method, dimensions, seed, reporter):  # type: ignore[no-untyped-def]
        while True:
            reporter.progress("Computing layout", 0, 0)

    monkeypatch.setattr(Layouts, "_laid_out", endless)
    monkeypatch.setattr(Maps, "obstacle", lambda self, method: "")
    press(panel, "tsne")
    qtbot.waitUntil(lambda: app.tasks.is_running("map") and not app.tasks.is_running("map-choices"))
    qtbot.waitUntil(lambda: "while t-SNE is computed" in panel.note.text())
    app.tasks.cancel("map")
    qtbot.waitUntil(lambda: panel.tools.method == "pca")
    assert panel.left.drawn.map.layout.method == "pca"
    assert panel.left.isVisible()
    assert panel.note.text() == ""


def test_a_first_map_that_is_cancelled_can_be_asked_for_again(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = app.window.map

    def given_up(*_: object, **__: object) -> None:
        raise CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(Maps, "draw", given_up)
        app.window.middle.setCurrentWidget(panel)
        qtbot.waitUntil(lambda: panel.undrawn.isVisible())
    qtbot.mouseClick(panel.undrawn.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(panel.views()))


def test_a_library_that_is_missing_is_told_where_the_method_is_chosen(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "This map needs umap, which is not installed."
    monkeypatch.setattr(Maps, "obstacle", lambda self, method: sentence * (method == "umap"))
    panel = shown_map(app, qtbot)
    _, umap, tsne = panel.tools.methods.buttons()
    qtbot.waitUntil(lambda: not umap.isEnabled())
    assert umap.toolTip() == sentence
    assert tsne.isEnabled()


def test_another_seed_makes_another_map(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Layouts, "_laid_out", laid_out)
    monkeypatch.setattr(Maps, "obstacle", lambda self, method: "")
    panel = shown_map(app, qtbot)
    assert not any(one.isEnabled() for one in panel.menu().actions()[-2:])
    press(panel, "umap")
    qtbot.waitUntil(lambda: panel.left.drawn.map.layout.method == "umap")
    assert panel.menu().actions()[-1].text() == "Use another &seed (now 1)"
    panel.menu().actions()[-1].trigger()
    qtbot.waitUntil(lambda: panel.left.drawn.map.layout.seed == 2)


def test_nothing_of_a_gallery_stays_when_it_is_closed(app: App, qtbot: QtBot) -> None:
    panel = shown_map(app, qtbot)
    panel.left.lassoed.emit(faces_of(app, "Tom Ridge"))
    drawn = weakref.ref(panel.left.drawn)
    galleries.close_gallery(app.context)
    qtbot.waitUntil(lambda: app.state.gallery is None and not app.tasks.is_busy())
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert drawn() is None
    assert not panel.selection.isVisible()


def test_l_lassoes_and_escape_ends_it(app: App, qtbot: QtBot) -> None:
    panel = shown_map(app, qtbot)
    QTest.keyClick(panel.left.canvas, Qt.Key.Key_L)
    assert panel.tools.lasso.isChecked()
    QTest.keyClick(panel.left.canvas, Qt.Key.Key_Escape)
    assert not panel.tools.lasso.isChecked()
