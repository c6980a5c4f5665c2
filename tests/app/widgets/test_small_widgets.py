"""The small widgets: what they say, and mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.progress import Message, Progress
from engine.records.types import Candidate
from engine.utils.number_text import confidence_text
from gallery_app.widgets.controls.confidence_bar import ConfidenceBar
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.labels import ElidedLabel
from gallery_app.widgets.controls.strips import BusyStrip, MessageBar, progress_text
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.window.candidates_list import CandidateRow
from gallery_app.window.evidence import FaceTile
from gallery_app.wording.number_words import left_text


def show(widget: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)


@pytest.mark.parametrize(
    ("confidence", "text"),
    [(None, "–"), (0.0, "<1 %"), (0.0099, "<1 %"), (0.01, "1 %"), (0.5, "50 %"), (0.984, "98 %"),
     (0.99, "99 %"), (0.9901, ">99 %"), (1.0, ">99 %")],
)  # fmt: skip
def test_a_confidence_is_never_certain_and_never_over_precise(
    confidence: float | None, text: str
) -> None:
    assert confidence_text(confidence) == text


@pytest.mark.parametrize("value", [None, -1.0, 0.0, 0.5, 1.0, 2.0])
def test_a_confidence_bar_paints_any_value_and_says_it(
    value: float | None, mode: str, qtbot: QtBot
) -> None:
    bar = ConfidenceBar(value)
    show(bar, qtbot)
    assert not bar.grab().isNull()
    assert "onfidence" in bar.accessibleName()


def test_the_bar_of_a_likelier_candidate_is_longer(mode: str, qtbot: QtBot) -> None:
    low, high = ConfidenceBar(0.2), ConfidenceBar(0.8)
    for bar in (low, high):
        bar.resize(100, 4)
    middle = [bar.grab().toImage().pixelColor(50, 2) for bar in (low, high)]
    assert middle[0] != middle[1]


@pytest.mark.parametrize("kind", [CandidateRow, FaceTile])
def test_space_asks_for_a_row_or_a_tile_in_full_size(kind: type, qtbot: QtBot, mode: str) -> None:
    widget = candidate_row() if kind is CandidateRow else FaceTile(7, "A", 0.4)
    show(widget, qtbot)
    clicked: list[bool] = []
    widget.clicked.connect(lambda: clicked.append(True))
    with qtbot.waitSignal(widget.preview_requested):
        qtbot.keyClick(widget, Qt.Key.Key_Space)
    assert clicked == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
@pytest.mark.parametrize("kind", [CandidateRow, FaceTile])
def test_a_row_and_a_tile_answer_to_the_keyboard(
    kind: type, key: Qt.Key, qtbot: QtBot, mode: str
) -> None:
    widget = candidate_row() if kind is CandidateRow else FaceTile(7, "A", 0.4)
    show(widget, qtbot)
    signal = widget.chosen if isinstance(widget, CandidateRow) else widget.activated
    with qtbot.waitSignal(signal) as told:
        qtbot.keyClick(widget, key)
    assert told.args == [7]


def candidate_row(
    name: str = "A",
    confidence: float | None = 0.98,
    distance: float = 0.4,
    parent: QWidget | None = None,
) -> CandidateRow:
    return CandidateRow(Candidate(7, name, 2.5, confidence, distance), 1, parent)


def test_a_click_that_ends_elsewhere_does_nothing(qtbot: QtBot) -> None:
    row = candidate_row()
    show(row, qtbot)
    with qtbot.assertNotEmitted(row.chosen):
        qtbot.mousePress(row, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
        qtbot.mouseRelease(row, Qt.MouseButton.LeftButton, pos=QPoint(5, 500))
        qtbot.mouseClick(row, Qt.MouseButton.RightButton)


def test_a_click_on_any_part_of_a_candidate_counts(qtbot: QtBot) -> None:
    row = candidate_row()
    show(row, qtbot)
    for part in (row, row.picture, row.name, row.bar, row.number):
        with qtbot.waitSignal(row.chosen):
            qtbot.mouseClick(part, Qt.MouseButton.LeftButton)


def test_a_candidate_says_all_it_shows(qtbot: QtBot, mode: str, picture: QPixmap) -> None:
    row = candidate_row("<b>A</b>", None, 0.4016)
    row.set_picture(picture)
    show(row, qtbot)
    words = "<b>A</b>, confidence not calibrated, score 2.50, distance 0.402"
    assert row.accessibleName() == words
    row.set_chosen(True)
    assert row.accessibleName() == f"{words}, chosen"
    assert "&lt;b&gt;" in row.toolTip()
    assert (row.number.text(), row.figures.text()) == ("–", "score 2.50 · distance 0.402")


def test_the_focus_ring_is_there_for_the_keyboard_only(qtbot: QtBot, mode: str) -> None:
    host = QWidget()
    row = candidate_row(parent=host)
    row.resize(300, 60)
    show(host, qtbot)
    host.activateWindow()
    qtbot.waitUntil(host.isActiveWindow)
    plain = row.grab().toImage()
    row.setFocus(Qt.FocusReason.MouseFocusReason)
    by_mouse = row.grab().toImage()
    row.clearFocus()
    row.setFocus(Qt.FocusReason.TabFocusReason)
    assert row.hasFocus()
    assert plain == by_mouse
    assert row.grab().toImage() != plain


def test_a_picture_label_shows_a_placeholder_until_there_is_a_picture(
    qtbot: QtBot, mode: str, picture: QPixmap
) -> None:
    label = PictureLabel(96)
    show(label, qtbot)
    before = label.grab().toImage()
    label.set_picture(picture)
    assert label.grab().toImage() != before


def test_an_elided_label_shows_the_whole_text_as_a_tip_only_where_it_is_cut(
    qtbot: QtBot, mode: str
) -> None:
    label = ElidedLabel("A <b> name " * 40)
    label.resize(120, 20)
    show(label, qtbot)
    assert label.shown_text().endswith("…")
    assert "&lt;b&gt;" in label.toolTip()
    label.setText("A")
    assert (label.shown_text(), label.toolTip()) == ("A", "")


def test_an_elided_label_can_become_as_narrow_as_its_place(qtbot: QtBot) -> None:
    assert ElidedLabel("A" * 500).minimumSizeHint().width() < 80


def test_an_empty_state_has_its_buttons_and_the_first_is_the_obvious_one(
    qtbot: QtBot, mode: str
) -> None:
    pressed: list[str] = []
    doors = [("Open", lambda: pressed.append("open")), ("Import", lambda: pressed.append("import"))]
    state = EmptyState("face", "Nothing yet", "Open something.", doors)
    show(state, qtbot)
    for button in state.buttons:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == ["open", "import"]
    assert [bool(button.property("primary")) for button in state.buttons] == [True, False]
    state.set_texts("Still nothing", "Try again.")
    assert state.headline.text() == "Still nothing"


@pytest.mark.parametrize("level", ["show_info", "show_warning"])
def test_a_message_is_plain_text_and_can_be_closed(level: str, qtbot: QtBot, mode: str) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    assert not bar.isVisible()
    getattr(bar, level)("<b>A</b> went wrong")
    assert bar.isVisible()
    assert not bar.button.isVisible()
    assert bar.words.textFormat() == Qt.TextFormat.PlainText
    qtbot.mouseClick(bar.cross, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()


def test_the_action_of_a_message_is_called_once_and_closes_it(qtbot: QtBot) -> None:
    called: list[int] = []
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.show_warning("A", "Try again", lambda: called.append(1))
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    assert called == [1]
    assert not bar.isVisible()


class Work(QObject):
    reported = Signal(object)
    ended = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def strip(qtbot: QtBot) -> BusyStrip:
    made = BusyStrip()
    qtbot.addWidget(made)
    return made


def test_short_work_shows_no_strip_and_long_work_does(strip: BusyStrip, qtbot: QtBot) -> None:
    work = Work("Importing")
    strip.watch(work)
    assert not strip.isVisible()
    qtbot.waitUntil(strip.isVisible)
    work.reported.emit(Progress("Reading", 1200, 4324))
    assert strip.detail.text() == "Reading · 1,200 of 4,324"
    assert strip.bar.value() == 277
    work.reported.emit(Message("The index was rebuilt"))
    assert strip.detail.text() == "The index was rebuilt"
    work.ended.emit()
    assert not strip.isVisible()


def test_work_that_ended_in_time_never_shows(strip: BusyStrip, qtbot: QtBot) -> None:
    work = Work("Looking")
    strip.watch(work)
    work.ended.emit()
    qtbot.wait(400)
    assert not strip.isVisible()


def test_cancel_asks_the_work_once_and_says_so(strip: BusyStrip, qtbot: QtBot) -> None:
    work = Work("Importing")
    strip.watch(work)
    strip.show()
    qtbot.mouseClick(strip.button, Qt.MouseButton.LeftButton)
    assert work.cancelled
    assert not strip.button.isEnabled()


def test_when_the_newest_work_ends_the_older_is_shown_again(strip: BusyStrip) -> None:
    older, newer = Work("Importing"), Work("Checking")
    strip.watch(older)
    strip.watch(newer)
    older.reported.emit(Progress("Reading", 1, 2))
    assert (strip.title.text(), strip.detail.text()) == ("Checking", "")
    newer.ended.emit()
    assert strip.title.text() == "Importing"
    assert strip.detail.text() == "Reading · 1 of 2"


def test_the_time_left_is_told_once_it_means_something() -> None:
    assert progress_text(Progress("Reading", 10, 100), 0.5) == "Reading · 10 of 100"
    assert progress_text(Progress("Reading", 50, 100), 20) == (
        "Reading · 50 of 100 · about 20 s left"
    )
    assert progress_text(Progress("Reading", 7, 0), 20) == "Reading"
    assert left_text(300) == "about 5 min left"
    assert left_text(0.2) == "almost done"


def test_work_that_foresees_the_whole_shows_that(strip: BusyStrip) -> None:
    work = Work("Importing")
    strip.watch(work)
    work.reported.emit(Progress("Saving faces", 10, 100, overall=0.25, left=42.0))
    assert (strip.bar.value(), strip.bar.maximum()) == (250, 1000)
    assert strip.detail.text() == "Saving faces · 10 of 100 · about 42 s left"
    work.reported.emit(Progress("Compacting", 0, 0, overall=0.3))
    assert (strip.bar.value(), strip.detail.text()) == (300, "Compacting")
