"""The preview of an import: what it says of each file, and that exactly what is chosen is done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.dialogs.import_preview import ImportPreview
from gallery_app.item_models.import_plan_model import FILE, NAME, OUTCOME, PORTRAIT, WHY
from gallery_app.item_models.roles import PictureRole
from gallery_app.pictures import RowPictures
from tests.app.test_window import dialog

pytestmark = pytest.mark.slow

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """Of every outcome something; two faces of Tom Ridge are in a folder of another name."""
    tree = tmp_path / "more"
    for folder, source, chosen in (
        ("Hans_Blix", "Hans_Blix", slice(0, 3)),
        ("Tiger_Woods", "Tiger_Woods", slice(8, 11)),
        ("Wrong", "Tom_Ridge", slice(9, 11)),
    ):
        (tree / folder).mkdir(parents=True)
        for face in sorted((DATA / source).glob("*.npy"))[chosen]:
            shutil.copy(face, tree / folder)
    first = np.load(DATA / "Hans_Blix" / "Hans_Blix_0001.npy")
    np.save(tree / "Hans_Blix" / "Twin.npy", first + np.float32(1e-5))
    (tree / "Wrong" / "void.npy").touch()
    return tree


@pytest.fixture
def preview(app: App, qtbot: QtBot, more: Path, monkeypatch: pytest.MonkeyPatch) -> ImportPreview:
    """Import folder…, chosen in the menu."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(more))
    app.window.menus.actions["import_folder"].trigger()
    return dialog(ImportPreview, qtbot)  # type: ignore[no-any-return]


def texts(preview: ImportPreview, column: int) -> list[str]:
    model = preview.model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def row_of(preview: ImportPreview, file: str) -> int:
    return texts(preview, FILE).index(file)


def cell(preview: ImportPreview, file: str, column: int) -> str:
    return texts(preview, column)[row_of(preview, file)]


def select(preview: ImportPreview, *files: str) -> None:
    preview.table.clearSelection()
    preview.table.setSelectionMode(preview.table.SelectionMode.MultiSelection)
    for file in files:
        preview.table.selectRow(row_of(preview, file))


def click(button, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def faces(app: App, name: str) -> list[str]:
    return [Path(face.file).name for face in app.context.gallery.faces.of(name)]


def test_it_says_what_happens_to_each_file_and_changes_nothing(
    app: App, qtbot: QtBot, preview: ImportPreview
) -> None:
    assert cell(preview, "Hans_Blix_0001.npy", OUTCOME) == "New person"
    assert cell(preview, "Tiger_Woods_0009.npy", OUTCOME) == "Already enrolled"
    assert cell(preview, "Tiger_Woods_0010.npy", OUTCOME) == "Added"
    assert cell(preview, "Tom_Ridge_0010.npy", WHY).startswith("Looks like Tom Ridge")
    assert cell(preview, "Twin.npy", WHY) == "Almost the same photo as Hans_Blix_0001.npy"
    assert cell(preview, "void.npy", OUTCOME) == "Cannot be used"
    assert preview.sentence.text() == (
        "8 faces of 2 new people and 1 person already in the gallery will be imported; "
        "1 already enrolled, 1 cannot be used."
    )
    qtbot.waitUntil(lambda: preview.model.index(0, PORTRAIT).data(PictureRole) is not None)
    preview.reject()
    assert app.context.gallery.people.counts() == (6, 54)


def test_import_does_what_it_said(app: App, qtbot: QtBot, preview: ImportPreview) -> None:
    assert preview.ok.text() == "Import 8 faces"
    click(preview.ok, qtbot)
    qtbot.waitUntil(lambda: "8 people · 62 faces" in app.window.left_status.text())
    assert faces(app, "Wrong") == ["Tom_Ridge_0010.npy", "Tom_Ridge_0011.npy"]


def test_rows_are_left_out_and_sent_to_whom_they_look_like(
    app: App, qtbot: QtBot, preview: ImportPreview
) -> None:
    select(preview, "Tom_Ridge_0010.npy", "Tom_Ridge_0011.npy")
    assert preview.send.text() == "&Add to Tom Ridge instead"
    click(preview.send, qtbot)
    assert cell(preview, "Tom_Ridge_0010.npy", NAME) == "Tom Ridge"
    assert cell(preview, "Tom_Ridge_0010.npy", WHY) == "The source says Wrong"
    click(preview.twins, qtbot)
    assert not preview.twins.isVisible()
    select(preview, "Hans_Blix_0002.npy")
    qtbot.keyClick(preview.table, Qt.Key.Key_Delete)
    assert preview.sentence.text().startswith(
        "6 faces of 1 new person and 2 people already in the gallery will be imported; "
        "1 already enrolled, 2 left"
    )
    click(preview.ok, qtbot)
    qtbot.waitUntil(lambda: "7 people · 60 faces" in app.window.left_status.text())
    assert faces(app, "Hans Blix") == ["Hans_Blix_0001.npy", "Hans_Blix_0003.npy"]
    assert len(faces(app, "Tom Ridge")) == 11
    assert app.context.gallery.people.find("Wrong") is None


def test_a_choice_can_be_taken_back(app: App, qtbot: QtBot, preview: ImportPreview) -> None:
    before = preview.plan.faces
    select(preview, "Tom_Ridge_0010.npy", "Hans_Blix_0001.npy")
    click(preview.send, qtbot)
    click(preview.leave, qtbot)
    assert preview.plan.report().faces_added == 6
    click(preview.restore, qtbot)
    assert preview.plan.faces == before
    preview.reject()


def test_the_tick_of_a_row_is_turned_by_mouse_and_keyboard(
    app: App, qtbot: QtBot, preview: ImportPreview
) -> None:
    row = row_of(preview, "Hans_Blix_0001.npy")
    at = preview.table.visualRect(preview.model.index(row, PORTRAIT))
    box = QPoint(at.left() + 16, at.center().y())
    qtbot.mouseClick(preview.table.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert cell(preview, "Hans_Blix_0001.npy", OUTCOME) == "Left out"
    preview.table.setCurrentIndex(preview.model.index(row, NAME))
    qtbot.keyClick(preview.table, Qt.Key.Key_Space)
    assert cell(preview, "Hans_Blix_0001.npy", OUTCOME) == "New person"
    duplicate = row_of(preview, "Tiger_Woods_0009.npy")
    preview.table.setCurrentIndex(preview.model.index(duplicate, NAME))
    qtbot.keyClick(preview.table, Qt.Key.Key_Space)
    assert cell(preview, "Tiger_Woods_0009.npy", OUTCOME) == "Already enrolled"
    preview.reject()


@pytest.mark.parametrize(
    ("which", "files"),
    [
        (  # one of the new person passes for somebody enrolled, as 1 stranger in 100 may
            "remarks",
            {"Hans_Blix_0002.npy", "Twin.npy", "Tom_Ridge_0010.npy", "Tom_Ridge_0011.npy"},
        ),
        ("added", {"Tiger_Woods_0010.npy", "Tiger_Woods_0011.npy"}),
        ("out", {"Tiger_Woods_0009.npy"}),
        ("rejected", {"void.npy"}),
    ],
)
def test_a_filter_shows_one_outcome(
    qtbot: QtBot, preview: ImportPreview, which: str, files: set[str]
) -> None:
    place = preview.filter.findData(which)
    assert preview.filter.itemText(place).endswith(f"({len(files)})")
    preview.filter.setFocus()
    qtbot.keyClick(preview.filter, Qt.Key.Key_Home)
    for _ in range(place):
        qtbot.keyClick(preview.filter, Qt.Key.Key_Down)
    assert set(texts(preview, FILE)) == files
    preview.reject()


def test_what_is_left_out_stays_in_its_place(qtbot: QtBot, preview: ImportPreview) -> None:
    preview.model.show_only("remarks")
    before = texts(preview, FILE)
    select(preview, before[0])
    click(preview.leave, qtbot)
    assert texts(preview, FILE) == before
    preview.reject()


def test_a_click_on_a_heading_sorts(qtbot: QtBot, preview: ImportPreview) -> None:
    for column in (NAME, OUTCOME, WHY, PORTRAIT, FILE):
        preview.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        rising = texts(preview, FILE)
        preview.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
        assert texts(preview, FILE) == rising[::-1]
    preview.table.sortByColumn(WHY, Qt.SortOrder.AscendingOrder)
    assert set(texts(preview, FILE)[:3]) == {
        "Twin.npy", "Tom_Ridge_0010.npy", "Tom_Ridge_0011.npy"
    }  # fmt: skip
    preview.reject()


def test_the_widths_of_the_columns_are_remembered(
    app: App, qtbot: QtBot, preview: ImportPreview
) -> None:
    preview.table.setColumnWidth(NAME, 333)
    preview.reject()
    app.window.menus.actions["import_folder"].trigger()
    again = dialog(ImportPreview, qtbot)
    assert again.table.columnWidth(NAME) == 333
    again.reject()


def test_with_nothing_new_there_is_nothing_to_import(
    app: App, qtbot: QtBot, small_tree: Path
) -> None:
    app.menu_controller.preview([small_tree])
    preview = dialog(ImportPreview, qtbot)
    assert preview.sentence.text() == "Nothing will be imported; 54 already enrolled."
    assert not preview.ok.isEnabled()
    preview.reject()


def test_a_table_of_thousands_of_rows_draws_only_the_portraits_that_are_shown(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    ground = np.load(DATA / "Hans_Blix" / "Hans_Blix_0001.npy")
    vectors = ground + 0.02 * random.normal(size=(3_000, len(ground)))
    names = [f"Person {number // 10}" for number in range(3_000)]
    np.savez(tmp_path / "big.npz", embeddings=vectors.astype(np.float32), names=np.array(names))
    app.menu_controller.preview([tmp_path / "big.npz"])
    preview = dialog(ImportPreview, qtbot)
    assert preview.model.rowCount() == 3_000
    assert texts(preview, FILE)[:2] == ["big.npz · row 1", "big.npz · row 2"]
    asked: list[int] = []
    get = RowPictures.get
    monkeypatch.setattr(
        RowPictures, "get", lambda self, row: (asked.append(row), get(self, row))[1]
    )
    preview.table.scrollToBottom()
    qtbot.waitUntil(lambda: 2_999 in asked)
    assert len(set(asked)) < 100
    preview.reject()


def test_an_empty_gallery_is_filled_through_the_preview_and_keeps_its_portraits(
    start: Callable[..., App], qtbot: QtBot, small_tree: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new.gallery"
    Gallery.create(folder).close()
    app = start(folder)
    qtbot.waitUntil(lambda: app.state.gallery is not None)
    app.menu_controller.preview([small_tree])
    preview = dialog(ImportPreview, qtbot)
    qtbot.waitUntil(lambda: preview.model.index(0, PORTRAIT).data(PictureRole) is not None)
    click(preview.ok, qtbot)
    qtbot.waitUntil(lambda: "6 people · 54 faces" in app.window.left_status.text())
    face = app.context.gallery.faces.of("Tom Hanks")[0].id
    shown = app.context.gallery.faces.traits([face])
    app.window.close()
    with Gallery.open(folder) as again:
        assert np.array_equal(again.faces.traits([face]), shown)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Faces of two people, whose names are in two columns of text without known titles."""
    lines = [",".join(["first", "last", *(f"e{number}" for number in range(128))])]
    for person in ("Hans_Blix", "Winona_Ryder"):
        for face in sorted((DATA / person).glob("*.npy"))[:3]:
            lines.append(",".join([*person.split("_"), *map(repr, np.load(face).tolist())]))
    (tmp_path / "faces.csv").write_text("\n".join(lines))
    return tmp_path / "faces.csv"


def imported_table(app: App, qtbot: QtBot, path: Path) -> ImportPreview:
    app.menu_controller.preview([path])
    return dialog(ImportPreview, qtbot)  # type: ignore[no-any-return]


def choose(preview: ImportPreview, column: str) -> None:
    preview.columns.setCurrentText(column)
    preview.columns.activated.emit(preview.columns.currentIndex())


def test_where_the_column_of_names_is_in_doubt_the_person_chooses(
    app: App, qtbot: QtBot, table: Path
) -> None:
    doubtful = imported_table(app, qtbot, table)
    assert not doubtful.ok.isEnabled()
    assert texts(doubtful, WHY)[0].startswith("The names may be in the columns “first” and “last”")
    assert doubtful.columns.currentText() == ""
    choose(doubtful, "last")
    qtbot.waitUntil(lambda: app.window.findChild(ImportPreview) is not doubtful)
    preview = dialog(ImportPreview, qtbot)
    assert preview.columns.currentText() == "last"
    assert set(texts(preview, NAME)) == {"Blix", "Ryder"}
    click(preview.ok, qtbot)
    qtbot.waitUntil(lambda: "8 people · 60 faces" in app.window.left_status.text())


def test_a_choice_that_cannot_be_planned_leaves_the_preview_as_it_was(
    app: App, qtbot: QtBot, table: Path
) -> None:
    doubtful = imported_table(app, qtbot, table)
    table.unlink()
    choose(doubtful, "first")
    assert not doubtful.columns.isEnabled()
    qtbot.waitUntil(doubtful.columns.isEnabled)
    assert doubtful.columns.currentIndex() == -1
    doubtful.reject()


def test_where_one_column_can_hold_the_names_there_is_no_choice(
    app: App, qtbot: QtBot, preview: ImportPreview
) -> None:
    assert preview.plan.columns == ()
    assert preview.findChildren(QComboBox) == [preview.filter]
    preview.reject()
