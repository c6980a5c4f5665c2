"""Training as a person meets it: the dialog, the running panel, versions, report and charts."""

from __future__ import annotations

import csv
import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from engine.progress import Measured, Message, Progress
from engine.records.jobs import TrainingOutcome, TrainingRequest
from gallery_app.dialogs.retrain_dialog import RetrainDialog, RetrainState
from gallery_app.dialogs.training_report import CurvesDialog, TrainingReport
from gallery_app.dialogs.versions_dialog import VersionsDialog
from gallery_app.theme.colours import DARK, LIGHT, apply_theme, current_theme
from gallery_app.widgets.charts.chart_style import STYLES, Axis, style_of
from gallery_app.window.training_panel import TrainingPanel, TrainingState
from gallery_app.wording.model_words import outcome_text, use_anyway_text
from tests.training_scenes import (
    collapsing_point,
    mlp_point,
    triplet_point,
    version,
    versions_made,
)

ROOT = Path(__file__).resolve().parents[2]
READY = RetrainState(158, 4_324)


@pytest.fixture
def panel(qtbot: QtBot) -> TrainingPanel:
    made = TrainingPanel()
    qtbot.addWidget(made)
    made.resize(1360, 116)
    return made


@pytest.fixture
def versions(qtbot: QtBot) -> VersionsDialog:
    made = VersionsDialog()
    qtbot.addWidget(made)
    made.set_versions(versions_made())
    made.show()
    return made


def retrain(qtbot: QtBot, state: RetrainState = READY) -> RetrainDialog:
    made = RetrainDialog(state)
    qtbot.addWidget(made)
    made.show()
    return made


def words(widget: object) -> str:
    """All that can be read on a widget."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel))  # type: ignore[attr-defined]


@pytest.mark.slow
def test_opening_the_views_does_not_load_pyqtgraph() -> None:
    code = (
        "import sys, gallery_app.app, gallery_app.window.training_panel,"
        " gallery_app.dialogs.versions_dialog, gallery_app.dialogs.training_report,"
        " gallery_app.dialogs.retrain_dialog,"
        " gallery_app.dialogs.evaluation_window; print('pyqtgraph' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stderr


def test_retrain_asks_for_both_models_by_the_default_preset_unless_told(qtbot: QtBot) -> None:
    dialog = retrain(qtbot)
    assert dialog.request() == TrainingRequest()
    assert "158 people, 4,324 faces" in dialog.learns.text()


def test_enter_starts_and_escape_does_not(qtbot: QtBot) -> None:
    started: list[TrainingRequest] = []
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
        dialog = retrain(qtbot)
        dialog.start_requested.connect(started.append)
        qtbot.keyClick(dialog, key)
        assert not dialog.isVisible()
    assert started == [TrainingRequest()]


def test_only_what_was_changed_is_asked_for(qtbot: QtBot) -> None:
    dialog = retrain(qtbot)
    dialog.more.click()
    qtbot.keyClicks(dialog.fields.numbers["rate"], "0,01")
    qtbot.keyClicks(dialog.fields.balance, "30")
    dialog.seed.setValue(7)
    dialog.activate.setChecked(False)
    asked = dialog.request()
    assert dict(asked.changes) == {"rate": 0.01, "balance": 30}
    assert (asked.seed, asked.activate) == (7, False)


def test_fields_follow_what_is_trained(qtbot: QtBot) -> None:
    dialog = retrain(qtbot)
    dialog.more.click()
    qtbot.keyClicks(dialog.fields.numbers["margin"], "0.5")
    dialog.kinds.setCurrentIndex(dialog.kinds.findText("MLP"))
    assert not dialog.fields.numbers["margin"].isVisible()
    assert dialog.fields.numbers["batch"].isVisible()
    assert dict(dialog.request().changes) == {}
    dialog.kinds.setCurrentIndex(dialog.kinds.findText("Triplet model"))
    assert dict(dialog.request().changes) == {"margin": 0.5}
    assert not dialog.fields.numbers["batch"].isVisible()


def test_empty_fields_show_the_presets_own_values(qtbot: QtBot) -> None:
    dialog = retrain(qtbot)
    dialog.kinds.setCurrentIndex(dialog.kinds.findText("Triplet model"))
    before = dialog.fields.numbers["margin"].placeholderText()
    dialog.preset.setCurrentIndex(dialog.preset.findText("Notebook"))
    assert dialog.fields.numbers["margin"].placeholderText() == "0.3" != before
    assert dialog.request().preset == "notebook"


@pytest.mark.parametrize("typed", ["5", "abc", "inf", "nan", "-1"])
def test_a_value_out_of_range_is_refused_in_words(qtbot: QtBot, typed: str) -> None:
    dialog = retrain(qtbot)
    dialog.more.click()
    field = dialog.fields.numbers["rate"]
    qtbot.keyClicks(field, typed)
    assert dialog.problem.text().startswith("Learning rate cannot be")
    assert not dialog.start.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    assert dialog.start.isEnabled()


def test_a_reason_against_training_stands_there_and_nothing_can_be_started(qtbot: QtBot) -> None:
    dialog = retrain(qtbot, RetrainState(1, 1, "Fewer than two people have two faces."))
    assert dialog.problem.isVisible()
    assert dialog.problem.text() == "Fewer than two people have two faces."
    dialog.accept()
    assert dialog.isVisible()


def test_the_running_panel_says_what_how_far_and_whether_it_collapses(
    panel: TrainingPanel,
) -> None:
    panel.start(TrainingRequest(kinds=("triplet",)))
    assert panel.title.text() == "Training the triplet model"
    panel.take(Progress("Training", 62, 100))
    panel.take(triplet_point(62))
    panel.refresh()
    assert panel.detail.text() == "epoch 62 of 100 · spread 1.39, no collapse"
    assert panel.bar.value() / panel.bar.maximum() == pytest.approx(0.62)
    panel.take(collapsing_point(63))
    panel.refresh()
    assert "the faces collapse" in panel.detail.text()


def test_of_two_trainings_the_panel_says_which_one_runs() -> None:
    state = TrainingState("Training both", ("mlp", "triplet"))
    state.take(Progress("Training", 0, 100), 0.0)
    state.take(mlp_point(1), 0.0)
    assert state.title == "Training the MLP (1 of 2)"
    state.take(triplet_point(1), 6.0)
    assert state.title == "Training the triplet model (2 of 2)"


def test_a_time_left_that_is_foreseen_is_of_the_whole_and_runs_on_between_two_events() -> None:
    state = TrainingState("Training both", ("mlp", "triplet"))
    state.take(mlp_point(1), 0.0)
    state.take(Progress("Evaluating the MLP", 400, 800, 0.25, 60.0), 20.0)
    assert state.share == 0.25
    assert "about 50 s left" in state.detail(30.0)
    assert "almost done" in state.detail(100.0)


def test_other_stages_are_told_by_their_name() -> None:
    state = TrainingState("Training", ("mlp",))
    state.take(Progress("Training", 1, 100), 0.0)
    state.take(mlp_point(1), 0.0)
    state.take(Progress("Judging on faces held out", 3, 5), 1.0)
    assert state.detail(1.0) == "Judging on faces held out · 3 of 5"


def test_hundreds_of_points_a_second_are_drawn_in_a_few_pictures(
    panel: TrainingPanel, qtbot: QtBot
) -> None:
    panel.start(TrainingRequest(kinds=("mlp",)))
    panel.take(mlp_point(1, 2000))
    assert panel.curves is not None
    chart, drawn = panel.curves.charts[0], []
    plain = chart.plot.dress
    chart.plot.dress = lambda *args, **names: (drawn.append(1), plain(*args, **names))
    for step in range(2, 2001):
        panel.take(mlp_point(step, 2000))
    assert not drawn
    qtbot.waitUntil(lambda: bool(drawn))
    assert len(chart.drawn()[0].x) == 2000


def test_a_training_that_begins_anew_begins_an_empty_chart(panel: TrainingPanel) -> None:
    panel.start(TrainingRequest(kinds=("triplet",)))
    for step in (1, 2, 3, 1, 2):
        panel.take(triplet_point(step))
    assert panel.curves is not None
    assert panel.curves.charts[0].drawn()[0].x == [1, 2]


def test_messages_go_to_the_log_and_an_alarm_also_beside_its_sign(panel: TrainingPanel) -> None:
    panel.start(TrainingRequest())
    panel.take(Message("24 people held out"))
    panel.take(Message("It collapses", alarm=True))
    panel.refresh()
    assert panel.log.toPlainText() == "24 people held out\nWarning: It collapses"
    assert panel.alarm.text() == "It collapses"
    assert panel.sign.isVisible()
    assert not panel.log.isVisible()
    panel.log_button.click()
    assert panel.log.isVisible()


def test_cancel_asks_once(panel: TrainingPanel, qtbot: QtBot) -> None:
    asked: list[int] = []
    panel.cancel_requested.connect(lambda: asked.append(1))
    panel.start(TrainingRequest())
    panel.cancel.click()
    panel.cancel.click()
    assert asked == [1]
    panel.show_cancelled()
    assert panel.title.text() == "The training was cancelled"
    assert not panel.cancel.isVisible()


def test_the_outcome_is_one_sentence_with_the_report_behind_it(
    panel: TrainingPanel, qtbot: QtBot
) -> None:
    panel.start(TrainingRequest())
    panel.show_outcome(TrainingOutcome((version(4, active=True),), "It is now in use.", 9.0))
    assert panel.sentence.text() == "It is now in use."
    with qtbot.waitSignal(panel.report_requested):
        panel.report.click()
    with qtbot.waitSignal(panel.closed):
        panel.close_button.click()
    assert not panel.isVisible()


def test_of_what_is_not_put_to_use_it_is_said_how_it_can_be(panel: TrainingPanel) -> None:
    measured, untested = version(4, metrics={"rank1": 0.6}), version(5, metrics={})
    panel.start(TrainingRequest())
    panel.show_outcome(TrainingOutcome((measured, version(6, active=True)), "No better.", 9.0))
    assert panel.sentence.text() == ("No better. You can still use it: Model ▸ Versions….")
    assert outcome_text(TrainingOutcome((measured, measured), "No better.", 9.0), "there") == (
        "No better. You can still use them: there."
    )
    assert use_anyway_text(untested, "there").endswith("candidates but never gives a name.")
    assert use_anyway_text(version(7, collapsed=True), "there") == ""


def test_a_late_event_does_not_take_the_outcome_away(panel: TrainingPanel, qtbot: QtBot) -> None:
    panel.start(TrainingRequest())
    panel.show_failed("Its process died.")
    panel.take(Progress("Training", 5, 10))
    qtbot.wait(80)
    assert panel.title.text() == "The training failed"
    assert panel.alarm.text() == "Its process died."


def test_an_evaluation_runs_in_the_same_panel_without_curves(panel: TrainingPanel) -> None:
    panel.start_evaluation("Evaluating 4 methods")
    panel.take(Progress("Open set", 3, 10))
    panel.take(mlp_point(1))
    panel.refresh()
    assert panel.title.text() == "Evaluating 4 methods"
    assert panel.detail.text() == "Open set · 3 of 10"
    assert panel.curves is None
    panel.dismiss()
    assert not panel.isVisible()


def column(dialog: VersionsDialog, place: int) -> list[str]:
    return [dialog.table.item(row, place).text() for row in range(dialog.table.rowCount())]


def test_versions_are_newest_first_and_sort_by_what_figures_mean(versions: VersionsDialog) -> None:
    assert column(versions, 0) == ["Triplet model", "Triplet model", "MLP", "MLP"]
    versions.table.sortItems(3, Qt.SortOrder.AscendingOrder)
    assert column(versions, 3) == ["6.1 %", "78.1 %", "99.5 %", "99.8 %"]
    versions.table.sortItems(5, Qt.SortOrder.AscendingOrder)
    assert column(versions, 5)[:2] == ["–", "–"]


def test_what_can_be_done_follows_the_selected_version(versions: VersionsDialog) -> None:
    for made, activate, stop in zip(
        versions_made(), (False, True, False, False), (True, False, False, True), strict=True
    ):
        versions.table.select([made.id])
        assert (versions.activate.isEnabled(), versions.stop.isEnabled()) == (activate, stop)
    versions.table.select([made.id for made in versions_made()])
    assert not versions.activate.isEnabled()
    assert versions.curves.text() == "&Compare curves…"


def test_collapse_and_staleness_are_said_in_words(versions: VersionsDialog) -> None:
    versions.table.select([versions_made()[2].id])
    assert "collapsed" in versions.remark.text()
    versions.table.select([versions_made()[0].id])
    assert "12 new faces, 2 new people" in versions.remark.text()
    assert "in use · stale: 12 new faces, 2 new people" in column(versions, 7)


def test_buttons_tell_which_version_is_meant(versions: VersionsDialog, qtbot: QtBot) -> None:
    mlp, other = versions_made()[0], versions_made()[1]
    versions.table.select([other.id])
    with qtbot.waitSignal(versions.activate_requested) as asked:
        versions.activate.click()
    assert asked.args == [other.id]
    versions.table.select([mlp.id])
    with qtbot.waitSignal(versions.deactivate_requested) as asked:
        versions.stop.click()
    assert asked.args == ["mlp"]


@pytest.mark.parametrize(("button", "deleted"), [("Delete", True), ("Cancel", False)])
def test_a_version_is_deleted_only_after_a_yes(
    versions: VersionsDialog, monkeypatch: pytest.MonkeyPatch, button: str, deleted: bool
) -> None:
    asked: list[str] = []
    versions.delete_requested.connect(asked.append)

    def answer(box: QMessageBox) -> int:
        next(one for one in box.buttons() if button in one.text().replace("&", "")).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    chosen = versions_made()[1].id
    versions.table.select([chosen])
    versions.delete.click()
    assert asked == ([chosen] if deleted else [])


def test_a_new_list_keeps_what_was_selected(versions: VersionsDialog) -> None:
    chosen = versions_made()[1].id
    versions.table.select([chosen])
    versions.set_versions([*versions_made(), version(5)])
    assert versions.selected() == [chosen]


def test_without_versions_there_is_a_way_to_the_first(qtbot: QtBot) -> None:
    dialog = VersionsDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.empty.isVisible()
    with qtbot.waitSignal(dialog.retrain_requested):
        dialog.empty.buttons[0].click()


def test_curves_of_several_versions_lie_over_one_another(
    versions: VersionsDialog, qtbot: QtBot
) -> None:
    from gallery_app.widgets.charts.training_curves import ComparedCurves

    made = versions_made()
    versions.show_curves({
        made[3].id: [triplet_point(1), triplet_point(2)],
        made[0].id: [mlp_point(1), mlp_point(2)],
    })  # fmt: skip
    shown = versions.findChild(CurvesDialog)
    curves = shown.findChild(ComparedCurves)
    assert [line.x for line in curves.accuracy.drawn()] == [[1, 2], [1, 2]]
    assert curves.loss.drawn()[1].y[0] == mlp_point(1).values["validation_loss"]
    shown.close()


def test_the_columns_keep_their_width(versions: VersionsDialog, qtbot: QtBot) -> None:
    versions.table.setColumnWidth(0, 222)
    other = VersionsDialog()
    qtbot.addWidget(other)
    other.restore_columns(versions.column_state())
    assert other.table.columnWidth(0) == 222


def test_the_report_compares_before_and_after_and_names_a_collapse(qtbot: QtBot) -> None:
    made = versions_made()
    outcome = TrainingOutcome((made[3], made[2]), "It is now in use.", 60.0)
    report = TrainingReport(outcome, {made[3].id: [triplet_point(1), triplet_point(2)]})
    qtbot.addWidget(report)
    text = words(report)
    assert "2.5 points fewer" in text
    assert "It collapsed: it gives nearly the same embedding for every face" in text
    assert "No curves were saved." in text


def test_the_report_tells_a_model_alone_from_what_answers_with_it(qtbot: QtBot) -> None:
    metrics = {"rank1": 0.8, "before_rank1": 0.9, "with_others_rank1": 0.95}
    outcome = TrainingOutcome((version(4, active=True, metrics=metrics),), "Better.", 9.0)
    report = TrainingReport(outcome, {})
    qtbot.addWidget(report)
    text = words(report)
    for said in ("With the others", "90.0 %", "80.0 %", "95.0 %", "5.0 points more"):
        assert said in text


def chart(qtbot: QtBot, **axis: object):  # type: ignore[no-untyped-def]
    from gallery_app.widgets.charts.line_chart import LineChart

    made = LineChart("Loss", Axis("epoch", whole=True), Axis("loss", **axis))  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(480, 300)
    made.set_line("training", [1, 2, 3], [0.9, 0.5, 0.25])
    made.set_line("validation", [1, 3], [1.0, 0.5])
    made.show()
    made.refresh()
    return made


def test_a_chart_reads_out_what_is_under_the_mouse_and_under_the_arrow_keys(qtbot: QtBot) -> None:
    made = chart(qtbot)
    box = made.plot.plotItem.getViewBox()
    at = box.mapViewToScene(QPointF(2.1, 0.5))
    qtbot.mouseMove(made.plot.viewport(), at.toPoint())
    qtbot.waitUntil(lambda: bool(made.key.values()))
    assert made.accessibleDescription().startswith("epoch 2; training 0.5")
    made.read_at(None)
    assert not made.key.values()
    for _ in range(2):
        qtbot.keyClick(made, Qt.Key.Key_Right)
    assert made.accessibleDescription().startswith("epoch 2; training 0.5")


def test_a_chart_can_be_copied_and_saved_as_picture_and_table(qtbot: QtBot) -> None:
    from gallery_app.widgets.charts.chart_saving import content, table

    made = chart(qtbot)
    texts = [action.text() for action in made.menu().actions() if not action.isSeparator()]
    assert texts == ["&Copy", "Save as PNG…", "Save as SVG…", "Save as CSV…"]

    def rows_of(separator: str) -> str:
        return table(made.drawn(), "epoch", separator)

    rows = list(csv.reader(io.StringIO(content(made, "CSV", rows_of).decode())))
    assert rows == [["epoch", "training", "validation"], ["1", "0.9", "1"], ["2", "0.5", ""],
                    ["3", "0.25", "0.5"]]  # fmt: skip
    assert content(made, "PNG", rows_of).startswith(b"\x89PNG")
    assert b"<svg" in content(made, "SVG", rows_of)
    made.menu().actions()[0].trigger()
    clipboard = QGuiApplication.clipboard()
    assert clipboard.text().startswith("epoch\ttraining")
    assert not clipboard.image().isNull()


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    from gallery_app.widgets.charts.chart_saving import write

    folder = tmp_path / "charts"
    assert write(str(folder / "chart.csv"), b"x")
    folder.mkdir()
    assert write(str(folder / "chart.csv"), b"x") == ""
    assert [file.name for file in folder.iterdir()] == ["chart.csv"]


def test_a_chart_follows_the_theme_and_goes_quietly(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "light")
    made = chart(qtbot)
    light = made.grab().toImage().pixelColor(5, 20)
    apply_theme(app, "dark")
    assert made.grab().toImage().pixelColor(5, 20) == current_theme().panel != light
    with qtbot.waitSignal(made.destroyed):
        made.deleteLater()
    apply_theme(app, "light")


def test_a_chart_stands_nothing_to_draw_and_values_no_axis_can_hold(qtbot: QtBot) -> None:
    made = chart(qtbot, log=True)
    made.clear()
    made.set_line("odd", [1, 2, 3, 4], [math.nan, math.inf, 0.0, -1.0])
    made.refresh()
    made.grab()
    made.read_at(3)
    assert made.accessibleDescription() == "epoch 3; odd 0"


@pytest.mark.parametrize(
    ("axis", "low", "high", "texts"),
    [
        (Axis(percent=True), 0.0, 1.0, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (Axis(log=True, percent=True), -3.0, 0.0, ["0.1 %", "1 %", "10 %", "100 %"]),
        (Axis(whole=True), 0.0, 3.0, ["0", "1", "2", "3"]),
        (Axis(), 0.25, 1.25, ["0.4", "0.6", "0.8", "1.0", "1.2"]),
        (Axis(log=True), -3.3, -3.0, ["0.0006", "0.0007", "0.0008", "0.0009", "0.001"]),
    ],
)
def test_ticks_are_round_and_read_alike(
    axis: Axis, low: float, high: float, texts: list[str]
) -> None:
    assert [text for _, text in axis.ticks(low, high, 5)] == texts


def test_no_two_lines_look_alike_even_without_colour() -> None:
    seen = {(style.dashes, style.mark) for style in map(style_of, range(len(STYLES)))}
    assert len(seen) == len(STYLES)
    twelve = {(s.light, s.dashes, s.mark) for s in map(style_of, range(12))}
    assert len(twelve) == 12


# Machado, Oliveira, Fernandes: "A physiologically-based model for simulation of color vision
# deficiency", 2009: what a deuteranope and a protanope see, in linear RGB
BLIND = {
    "deuteranope": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanope": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
}


def linear(name: str) -> np.ndarray:  # type: ignore[type-arg]
    color = np.array(QColor(name).getRgbF()[:3])
    return np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)


def luminance(name: str) -> float:
    return float(linear(name) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("eye", sorted(BLIND))
@pytest.mark.parametrize("shade", ["light", "dark"])
def test_the_four_methods_of_ours_are_told_apart_by_colour_blind_eyes(eye: str, shade: str) -> None:
    sight = np.array(BLIND[eye])
    seen = [np.clip(sight @ linear(getattr(style, shade)), 0, 1) ** (1 / 2.2) for style in STYLES]
    for one in range(4):
        for other in range(one):
            assert np.linalg.norm(seen[one] - seen[other]) > 0.15, (one, other)


def test_every_line_has_three_to_one_on_its_ground() -> None:
    for style in STYLES:
        for name, theme in ((style.light, LIGHT), (style.dark, DARK)):
            for ground in (theme.panel, theme.window):
                pair = sorted((luminance(name), luminance(ground.name())))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3


def test_a_point_without_a_name_of_its_own_is_still_drawn(panel: TrainingPanel) -> None:
    panel.start(TrainingRequest(kinds=("mlp",)))
    panel.take(Measured("mlp", 1, 0, {"loss": 1.0, "something": 2.0}))
    panel.refresh()
    assert panel.curves is not None
    assert panel.curves.charts[0].drawn()[0].y == [1.0]


def test_narrow_windows_show_fewer_cards_and_never_none(panel: TrainingPanel, qtbot: QtBot) -> None:
    panel.start(TrainingRequest(kinds=("triplet",)))
    panel.take(triplet_point(1))
    assert panel.curves is not None
    charts = panel.curves.charts

    def shown() -> int:
        return sum(one.isVisible() for one in charts)

    panel.resize(1360, 116)
    qtbot.waitUntil(lambda: shown() >= 3)
    panel.resize(700, 116)
    qtbot.waitUntil(lambda: shown() == 1)


def test_while_there_are_no_curves_yet_the_buttons_are_as_wide_as_their_words(
    panel: TrainingPanel, qtbot: QtBot
) -> None:
    panel.resize(1360, 140)
    panel.start(TrainingRequest())
    qtbot.waitExposed(panel)
    for button in (panel.log_button, panel.cancel):
        assert button.isVisible()
        assert button.width() <= button.sizeHint().width() + 1
