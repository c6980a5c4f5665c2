"""The evaluation as a person meets it: what is asked for, and how figures are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine.records.figures import Evaluation, Sampled
from gallery_app.dialogs.evaluation_window import EvaluationWindow, closed_table, open_table
from gallery_app.widgets.controls.flow_layouts import Tiles
from gallery_app.widgets.lists.figures_table import FiguresTable
from gallery_app.wording.evaluation_words import conclusions
from gallery_app.wording.method_words import method_title
from tests.training_scenes import evaluation_made

METHODS = ("auto", "knn", "mlp", "triplet")


@pytest.fixture
def window(qtbot: QtBot) -> EvaluationWindow:
    made = EvaluationWindow(METHODS)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def evaluation() -> Evaluation:
    return evaluation_made()


def lines(table: FiguresTable) -> list[list[str]]:
    return [line.split("\t") for line in table.as_text().splitlines()]


def table_of(evaluation: Evaluation, qtbot: QtBot) -> FiguresTable:
    made = open_table(evaluation)
    qtbot.addWidget(made)
    made.show()
    return made


def words(window: EvaluationWindow) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel))


def test_enter_asks_for_both_protocols_five_repeats_and_every_method(
    window: EvaluationWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.evaluate_requested) as asked:
        qtbot.keyClick(window, Qt.Key.Key_Return)
    assert asked.args == [("open", "closed"), 5, METHODS]


def test_only_what_is_ticked_is_asked_for(window: EvaluationWindow, qtbot: QtBot) -> None:
    window.form.protocols["closed"].click()
    window.form.methods["mlp"].click()
    window.form.repeats.setValue(2)
    with qtbot.waitSignal(window.evaluate_requested) as asked:
        window.form.start.click()
    assert asked.args == [("open",), 2, ("auto", "knn", "triplet")]


def test_nothing_ticked_cannot_be_evaluated_and_the_reason_is_said(
    window: EvaluationWindow,
) -> None:
    for box in window.form.protocols.values():
        box.click()
    assert not window.form.start.isEnabled()
    assert "at least one protocol" in window.form.hint.text()


def test_while_one_runs_no_second_can_be_started(window: EvaluationWindow) -> None:
    window.show_running()
    assert not window.form.start.isEnabled()
    assert not window.form.repeats.isEnabled()
    window.show_idle()
    assert window.form.start.isEnabled()
    assert window.form.start.text() == "&Evaluate"


def test_before_the_first_evaluation_there_is_nothing_to_save(window: EvaluationWindow) -> None:
    assert not window.save.isEnabled()
    assert "hides some of the faces" in words(window)


def test_sentences_searches_and_both_tables_are_shown(
    window: EvaluationWindow, evaluation: Evaluation, qtbot: QtBot
) -> None:
    window.show_evaluation(evaluation)
    text = words(window)
    for sentence in conclusions(evaluation):
        assert sentence in text
    assert "6,485 searches for enrolled people and 7,210 for strangers" in text
    assert "53 people were never enrolled" in text
    assert [table.accessibleName() for table in window.tables] == ["Open set", "Closed set"]
    with qtbot.waitSignal(window.save_requested) as asked:
        window.save.click()
    assert asked.args == [evaluation]


def test_figures_come_with_their_intervals_and_references_stand_apart(
    evaluation: Evaluation, qtbot: QtBot
) -> None:
    shown = lines(table_of(evaluation, qtbot))
    assert shown[0] == [
        "Method", "Rank-1", "Rank-5", "FNIR at 1 %", "FNIR at 10 %", "FPIR for 1 %",
        "FPIR for 10 %", "ECE", "Time",
    ]  # fmt: skip
    assert shown[1][:2] == ["Auto", "99.6 % (99.2–100.0)"]
    names = [line[0] for line in shown[1:]]
    assert names[6:] == [method_title(one.method) for one in evaluation.open if one.reference]


def test_a_method_that_loses_is_said_to_lose(evaluation: Evaluation, qtbot: QtBot) -> None:
    names = [line[0] for line in lines(table_of(evaluation, qtbot))]
    assert "MLP (notebook) (loses to 5-NN (plain), shrinkage LDA)" in names


def test_the_best_of_each_column_is_marked_high_or_low_as_it_means(
    evaluation: Evaluation, qtbot: QtBot
) -> None:
    table = table_of(evaluation, qtbot)

    def best(column: int) -> list[str]:
        role = Qt.ItemDataRole.AccessibleTextRole
        return [
            table.item(row, 0).text()
            for row in range(table.rowCount())
            if (item := table.item(row, column)) and "best" in str(item.data(role))
        ]

    assert best(1) == ["Auto"]
    assert best(3) == ["Auto"]  # the lowest FNIR
    assert best(5) == []  # neither more nor less is better


def test_sorting_keeps_the_references_apart(evaluation: Evaluation, qtbot: QtBot) -> None:
    table = table_of(evaluation, qtbot)
    table.horizontalHeader().sectionClicked.emit(3)
    names = [line[0] for line in lines(table)[1:]]
    assert names[0].startswith("Triplet (notebook)")
    assert [one.method for one in evaluation.open if not one.reference].count("auto") == 1
    assert names.index("Auto") == 5
    table.horizontalHeader().sectionClicked.emit(3)
    assert lines(table)[1][0] == "Auto"
    assert table.item(6, 0).text() == "References"


def test_a_threshold_that_could_not_be_set_is_a_dash_with_the_reason(
    evaluation: Evaluation, qtbot: QtBot
) -> None:
    few = tuple(replace(one, fnir={**one.fnir, "0.01": None}) for one in evaluation.open)
    table = table_of(replace(evaluation, open=few), qtbot)
    assert table.item(0, 3).text() == "–"
    assert "Too few searches for strangers" in table.item(0, 3).toolTip()


def test_the_closed_table_has_plain_and_balanced_figures(
    evaluation: Evaluation, qtbot: QtBot
) -> None:
    made = closed_table(evaluation)
    qtbot.addWidget(made)
    assert lines(made)[0] == ["Method", "Rank-1", "Balanced", "Rank-5", "Time"]
    assert lines(made)[-1][:4] == [
        "Most frequent person",
        "12.3 % (11.9–12.7)",
        "11.7 % (10.9–12.5)",
        "–",
    ]


def test_the_tables_are_copied_for_a_spreadsheet(
    window: EvaluationWindow, evaluation: Evaluation
) -> None:
    window.show_evaluation(evaluation)
    window.copy.click()
    text = QGuiApplication.clipboard().text()
    assert text.startswith("Open set\nMethod\tRank-1")
    assert "\n\nClosed set\n" in text


def test_the_charts_show_every_method_with_the_same_line_in_each(
    window: EvaluationWindow, evaluation: Evaluation
) -> None:
    from gallery_app.widgets.charts.line_chart import LineChart

    window.show_evaluation(evaluation)
    cmc, det, reliability = window.page.findChildren(LineChart)
    assert len(cmc.drawn()) == len(evaluation.open)
    assert cmc.drawn()[0].x == list(range(1, 21))
    styles = {line.name: line.style for line in cmc.drawn()}
    for chart in (det, reliability):
        assert chart.drawn()
        assert all(styles[line.name] == line.style for line in chart.drawn())


def test_methods_that_state_no_probability_leave_no_empty_reliability_chart(
    window: EvaluationWindow, evaluation: Evaluation
) -> None:
    from gallery_app.widgets.charts.line_chart import LineChart

    bare = tuple(replace(one, reliability=(), ece=None) for one in evaluation.open)
    window.show_evaluation(replace(evaluation, open=bare))
    assert len(window.page.findChildren(LineChart)) == 2


def test_charts_stand_side_by_side_where_there_is_room(
    window: EvaluationWindow, evaluation: Evaluation, qtbot: QtBot
) -> None:
    window.show_evaluation(evaluation)
    tiles = window.page.findChild(Tiles)
    window.resize(1200, 700)
    qtbot.waitUntil(lambda: tiles.columns() == 3)
    window.resize(640, 700)
    qtbot.waitUntil(lambda: tiles.columns() == 1)


def test_the_next_evaluation_is_timed_by_the_last(
    window: EvaluationWindow, evaluation: Evaluation
) -> None:
    assert "takes minutes" in window.form.hint.text()
    window.show_evaluation(evaluation)
    window.form.repeats.setValue(1)
    one = window.form.hint.text()
    window.form.repeats.setValue(50)
    assert one.startswith("About")
    assert one != window.form.hint.text()


def test_a_second_evaluation_takes_the_place_of_the_first(
    window: EvaluationWindow, evaluation: Evaluation
) -> None:
    window.show_evaluation(evaluation)
    window.show_evaluation(replace(evaluation, open=(), sentences=("Only the closed set.",)))
    assert [table.accessibleName() for table in window.tables] == ["Closed set"]
    assert window.form.hint.text()


def test_that_the_searches_are_a_sample_is_said(
    window: EvaluationWindow, evaluation: Evaluation
) -> None:
    window.show_evaluation(evaluation)
    assert "sampled" not in words(window)
    window.show_evaluation(replace(evaluation, sampled=(Sampled("open", 20_000, 44_000),)))
    assert "searches sampled" in words(window)
