"""A photograph as the query: boxes, names, mouse and keys, and the strip of all photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRectF, QSizeF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.records.types import FaceBatch
from gallery_app.app import App
from gallery_app.item_models.photograph_model import PhotographListModel
from gallery_app.item_models.roles import CountRole, PictureRole
from gallery_app.operations.queries import as_queries, identify_all, open_queries
from gallery_app.widgets.faces.label_places import place_labels
from gallery_app.widgets.faces.photograph_view import FaceMark, MarkedPhotograph, PhotographView
from gallery_app.wording.number_words import row_text
from tests.app.conftest import DATA
from tests.detected import batch_of_faces, detected, photograph

PERSONS = ("Tiger_Woods", "Winona_Ryder", "Tony_Blair")


def vectors_of(*people: str) -> np.ndarray:  # type: ignore[type-arg]
    """A face of each that is not in the small gallery."""
    return np.stack([np.load(sorted((DATA / person).glob("*.npy"))[9]) for person in people])


def a_batch(file: str, people: tuple[str, ...], side: float = 100) -> FaceBatch:
    vectors = vectors_of(*people)
    return batch_of_faces(detected(photograph(file), list(vectors), side), vectors)


def ask(app: App, qtbot: QtBot, *batches: FaceBatch) -> PhotographView:
    app.state.set_queries(as_queries(FaceBatch.joined(list(batches), 128)))
    identify_all(app.context)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    app.window.resize(1360, 860)
    qtbot.waitUntil(lambda: app.window.query.photograph.width() > 100)
    return app.window.query.photograph


@pytest.fixture
def view(app: App, qtbot: QtBot) -> PhotographView:
    return ask(app, qtbot, a_batch("/photos/party.jpg", PERSONS))


def test_every_face_has_a_box_and_a_name(app: App, view: PhotographView) -> None:
    assert view.isVisible()
    assert [mark.label for mark in view.marks] == ["Tiger Woods", "unknown", "Tony Blair"]
    assert [mark.known for mark in view.marks] == [True, False, True]
    assert view.current == 0
    first, last = view.box_rect(0), view.box_rect(2)
    assert first.left() < last.left() < view.picture_rect().right()
    assert first.width() == pytest.approx(view.picture_rect().width() / 8)


def test_the_verdict_stands_below_the_photograph_without_scrolling(
    app: App, view: PhotographView
) -> None:
    panel = app.window.query
    assert panel.verdict.mapTo(panel, QPoint(0, 0)).y() < panel.height() * 0.7
    assert view.height() <= panel.height() * 0.42 + 1


def test_a_click_on_a_box_makes_that_face_the_query(
    app: App, view: PhotographView, qtbot: QtBot
) -> None:
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.box_rect(2).center().toPoint())
    assert app.state.position == 2
    assert app.window.query.name.text() == "Tony Blair"
    assert view.current == 2
    corner = view.picture_rect().bottomLeft().toPoint() - QPoint(-2, 2)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=corner)
    assert app.state.position == 2


def test_arrows_and_tab_go_through_the_faces_and_tab_leaves_after_the_last(
    app: App, view: PhotographView, qtbot: QtBot
) -> None:
    app.window.activateWindow()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert app.state.position == 1
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    assert app.state.position == 2
    qtbot.keyClick(view, Qt.Key.Key_Backtab)
    assert app.state.position == 1
    qtbot.keyClick(view, Qt.Key.Key_End)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert app.state.position == 2
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    assert app.state.position == 2
    assert QApplication.focusWidget() is not view


def test_a_screen_reader_hears_which_face_it_is(app: App, view: PhotographView) -> None:
    assert view.accessibleName().startswith("Face 1 of 3 in party.jpg: Tiger Woods")
    app.state.step(1)
    assert "Face 2 of 3" in view.accessibleName()
    assert "unknown, closest match" in view.accessibleName()


def test_confirming_a_face_of_the_photograph_enrolls_it_and_its_box_tells(
    app: App, view: PhotographView, qtbot: QtBot
) -> None:
    app.state.go_to(2)
    app.window.query.actions.confirm.click()
    qtbot.waitUntil(lambda: bool(app.state.query and app.state.query.added_to))
    assert view.marks[2].words == "Tony Blair, enrolled"
    assert view.marks[2].known


def test_a_vector_has_no_photograph(app: App, view: PhotographView, query_file: Path) -> None:
    open_queries(app.context, [query_file])
    app.state.query_changed.emit()
    app.state.set_queries([])
    assert not view.marks
    assert not app.window.query.strip.isVisible()


@pytest.mark.parametrize(("side", "said"), [(24, " · 24 px face"), (49, " · 49 px face"), (50, "")])
def test_the_size_of_a_face_is_told_where_it_matters(
    app: App, qtbot: QtBot, side: int, said: str
) -> None:
    ask(app, qtbot, a_batch("/photos/far.jpg", PERSONS, side))
    words = app.window.query.verdict.text()
    assert words.endswith(said) if said else "px" not in words


def test_the_strip_goes_to_another_photograph(app: App, qtbot: QtBot) -> None:
    view = ask(
        app, qtbot,
        a_batch("/photos/one.jpg", PERSONS), a_batch("/photos/two.jpg", PERSONS[1:]),
    )  # fmt: skip
    strip = app.window.query.strip
    assert strip.isVisible()
    place = strip.visualRect(strip.model().index(1, 0)).center()
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert app.state.position == 3
    assert len(view.marks) == 2
    app.state.step(-1)
    assert strip.currentIndex().row() == 0
    assert app.state.position == 2


def test_one_photograph_needs_no_strip(app: App, view: PhotographView) -> None:
    assert not app.window.query.strip.isVisible()


def test_five_thousand_photographs_are_decoded_only_where_they_are_seen(qtbot: QtBot) -> None:
    vector = np.zeros(128, dtype=np.float32)
    faces = [detected(photograph(f"{at}.jpg", 80, 60), [vector])[0] for at in range(5_000)]
    model = PhotographListModel()
    model.set_queries(as_queries(batch_of_faces(faces, np.zeros((5_000, 128), dtype=np.float32))))
    assert model.rowCount() == 5_000
    assert model.row_of(4_321) == 4_321
    for row in range(1_000):
        assert not model.index(row).data(PictureRole).isNull()
    assert len(model._pictures) < 200


def test_rows_of_vectors_between_photographs_are_in_none() -> None:
    vector = np.zeros((1, 128), dtype=np.float32)
    row = FaceBatch(vector, [None], ["a.npy"], [0], [None])
    batches = [a_batch("/one.jpg", PERSONS), row, a_batch("/two.jpg", PERSONS[:2])]
    model = PhotographListModel()
    model.set_queries(as_queries(FaceBatch.joined(batches, 128)))
    assert [model.row_of(at) for at in range(6)] == [0, 0, 0, -1, 1, 1]
    assert [model.index(at).data(CountRole) for at in range(2)] == [3, 2]


def test_what_is_said_of_the_face_stands_beside_the_verdict(app: App, qtbot: QtBot) -> None:
    """Also the reason why a face that looks like somebody is not called so."""
    view = ask(app, qtbot, a_batch("/photos/twins.jpg", ("Tiger_Woods", "Tiger_Woods"), 20))
    panel = app.window.query
    assert [mark.label for mark in view.marks] == ["Tiger Woods", "unknown"]
    assert panel.note.text().startswith("This face is only 20 pixels large; of 100 such faces")
    assert panel.note.isVisible()
    app.state.step(1)
    assert panel.note.text() == "Another face in the photograph is Tiger Woods more surely."


@pytest.mark.parametrize(
    ("file", "words"), [("a.NPZ", "row 2"), ("b/c.jpg", "face 2"), ("pasted picture", "face 2")]
)
def test_a_photograph_has_faces_where_a_table_has_rows(file: str, words: str) -> None:
    assert row_text(file, 1) == words


def test_a_long_verdict_makes_the_panel_no_wider(app: App, qtbot: QtBot) -> None:
    view = ask(app, qtbot, a_batch("/photos/far.jpg", ("Winona_Ryder", "Tony_Blair"), 20))
    panel = app.window.query
    panel.verdict.setText("Unknown · closest match: " + "somebody with a long name " * 4)
    qtbot.wait(50)
    assert view.mapTo(panel, view.rect().topRight()).x() < panel.width()


# -- large ----------------------------------------------------------------------------------------


def test_enter_shows_the_photograph_large_beside_the_answers(
    app: App, view: PhotographView, qtbot: QtBot
) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Return)
    large = app.photograph_controller.dialog
    assert large is not None
    assert large.summary.text() == "2 known, 1 unknown"
    place = large.view.box_rect(1).center().toPoint()
    qtbot.mouseClick(large.view, Qt.MouseButton.LeftButton, pos=place)
    assert app.state.position == 1
    assert (large.view.current, view.current) == (1, 1)
    qtbot.keyClick(large.view, Qt.Key.Key_Right)
    assert app.state.position == 2
    qtbot.keyClick(large.view, Qt.Key.Key_Return)
    assert app.photograph_controller.dialog is None


def test_the_button_on_the_photograph_shows_it_large_and_it_goes_with_the_query(
    app: App, view: PhotographView, qtbot: QtBot
) -> None:
    qtbot.mouseClick(app.window.query.stepper.enlarge, Qt.MouseButton.LeftButton)
    large = app.photograph_controller.dialog
    assert large is not None
    app.state.set_queries([])
    assert app.photograph_controller.dialog is None
    assert large.view.marks == ()
    assert large.name.text() == ""


def test_the_file_is_read_for_the_large_picture_where_it_has_the_same_shape(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    Image.new("RGB", (800, 600), "red").save(tmp_path / "party.png")
    ask(app, qtbot, a_batch(str(tmp_path / "party.png"), PERSONS))
    qtbot.mouseClick(app.window.query.stepper.enlarge, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: app.photograph_controller._image[1].width() == 800)  # type: ignore[index]
    Image.new("RGB", (600, 800), "red").save(tmp_path / "other.png")
    ask(app, qtbot, a_batch(str(tmp_path / "other.png"), PERSONS))
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert app.photograph_controller._image[1].width() == 400  # type: ignore[index]


# -- where labels stand ---------------------------------------------------------------------------


@pytest.mark.parametrize(("faces", "columns"), [(1, 1), (5, 5), (50, 10)])
def test_labels_cover_neither_faces_nor_one_another(faces: int, columns: int) -> None:
    bounds = QRectF(0, 0, 344, 280)
    room = 344 / columns
    boxes = [
        QRectF(at % columns * room + 6, at // columns * 52 + 4, min(60, room - 12), 30)
        for at in range(faces)
    ]
    sizes = dict.fromkeys(range(faces), QSizeF(56, 14))
    labels = place_labels(boxes, sizes, bounds, 1)
    shown = list(labels.values())
    assert 0 in labels
    assert len(shown) >= min(faces, 5)
    for at, place in enumerate(shown):
        assert bounds.contains(place)
        assert not any(place.intersects(other) for other in shown[at + 1 :])
        assert not any(place.intersects(box) for box in boxes)


def test_in_a_crowd_the_face_that_is_meant_has_its_label_all_the_same() -> None:
    boxes = [QRectF(x * 20, y * 20, 20, 20) for y in range(5) for x in range(10)]
    order = [22, *(at for at in range(50) if at != 22)]
    sizes = dict.fromkeys(order, QSizeF(60, 14))
    assert list(place_labels(boxes, sizes, QRectF(0, 0, 200, 100), 1)) == [22]


def test_the_face_under_the_mouse_shows_its_name_in_a_crowd(qtbot: QtBot) -> None:
    from PySide6.QtGui import QImage

    view = PhotographView()
    qtbot.addWidget(view)
    image = QImage(600, 300, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.gray)
    marks = [
        FaceMark(QRectF(x / 12, y / 6, 0.05, 0.1), f"Person {x} {y}", True, f"Person {x} {y}")
        for y in range(5)
        for x in range(10)
    ]
    view.resize(300, 150)
    view.show_photograph(MarkedPhotograph("crowd.jpg", image.size(), image, marks, 0))
    with qtbot.waitExposed(view):
        view.show()
    assert view.label_rects()[33] is None
    for at in (45, 33):
        qtbot.mouseMove(view, view.box_rect(at).center().toPoint())
    qtbot.waitUntil(lambda: view.label_rects()[33] is not None)
    assert "Person 3 3" in view.toolTip()
    assert not view.grab().isNull()
