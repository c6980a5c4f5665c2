"""The two tables of an evaluation: how figures read, which is best, who loses to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.records.figures import ClosedFigures, Estimate, Evaluation, OpenFigures, Protocol
from engine.utils.number_text import counted
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, scrolling
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.labels import ElidedLabel
from gallery_app.widgets.lists.figures_table import Cell, Column, FiguresTable, Row
from gallery_app.wording.evaluation_words import conclusions, listed
from gallery_app.wording.method_words import method_phrase, method_title
from gallery_app.wording.number_words import date_text, faces_text, people_text, seconds_text

_METHOD = Column("Method", "Also names references that are significantly better", number=False)
_TIME = Column("Time", "Time of one repeat, including training")
_RANK1 = Column("Rank-1", "The right name comes first; below, the 95 % interval")
_RANK5 = Column("Rank-5", "The right name is among the first five")
_ECE = Column(
    "ECE", "Expected calibration error: how far stated confidence is from observed accuracy"
)
_FEW = "Too few searches for strangers to set this threshold"

Higher = bool | None  # whether more is better; None where neither is


def closed_table(evaluation: Evaluation) -> FiguresTable:
    """Where everybody who is asked for is enrolled."""
    balanced = Column("Balanced", "Rank-1 averaged over people, so that everyone counts equally")
    columns = [_METHOD, _RANK1, balanced, _RANK5, _TIME]
    parts: list[tuple[Callable[[ClosedFigures], Cell], Higher]] = [
        (lambda one: _share(one.rank1), True),
        (lambda one: _share(one.balanced_rank1), True),
        (lambda one: _share(one.rank5), True),
        (_time, None),
    ]
    table = FiguresTable(columns, "References", "Closed set")
    table.set_rows(_rows(evaluation.closed, parts))
    return table


def open_table(evaluation: Evaluation) -> FiguresTable:
    """Where a third of the people is never enrolled."""
    asked = sorted({fpir for one in evaluation.open for fpir in one.fnir}, key=float)
    columns = [_METHOD, _RANK1, _RANK5, *map(_fnir_column, asked), *map(_fpir_column, asked)]
    parts: list[tuple[Callable[[OpenFigures], Cell], Higher]] = [
        (lambda one: _share(one.rank1), True),
        (lambda one: _share(one.rank5), True),
        *((lambda one, fpir=fpir: _share(one.fnir.get(fpir), _FEW), False) for fpir in asked),
        *((lambda one, fpir=fpir: _share(one.fpir.get(fpir), _FEW), None) for fpir in asked),
        (lambda one: _share(one.ece, "States no probability"), False),
        (_time, None),
    ]
    table = FiguresTable([*columns, _ECE, _TIME], "References", "Open set")
    table.set_rows(_rows(evaluation.open, parts))
    return table


def _fnir_column(fpir: str) -> Column:
    share = _asked(fpir)
    tip = f"Known people missed when {share} of strangers may be wrongly named"
    return Column(f"FNIR at {share}", tip)


def _fpir_column(fpir: str) -> Column:
    share = _asked(fpir)
    return Column(f"FPIR for {share}", f"Strangers actually named when {share} were allowed")


def _asked(fpir: str) -> str:
    return f"{float(fpir) * 100:g} %"


def _rows(methods: Sequence, parts: Sequence[tuple[Callable, Higher]]) -> list[Row]:  # type: ignore[type-arg]
    columns = [_marked([make(method) for method in methods], higher) for make, higher in parts]
    return [
        Row((_name(one), *cells), apart=one.reference)
        for one, cells in zip(methods, zip(*columns, strict=True), strict=True)
    ]


def _marked(cells: list[Cell], higher: Higher) -> list[Cell]:
    """The best of a column marked; all that read the same as the best are."""
    known = [cell for cell in cells if isinstance(cell.order, float)]
    if higher is None or len(known) < 2:
        return cells
    best = (max if higher else min)(known, key=lambda cell: float(cell.order)).text
    return [replace(cell, best=cell.text == best) for cell in cells]


def _share(estimate: Estimate | None, missing: str = "") -> Cell:
    if estimate is None:
        return Cell("–", tip=missing or "Names only one person")
    low, high = estimate.low * 100, estimate.high * 100
    return Cell(
        f"{estimate.value * 100:.1f} %", f"{low:.1f}–{high:.1f}", estimate.value,
        tip=f"95 % interval {low:.2f} to {high:.2f} %",
    )  # fmt: skip


def _time(one: ClosedFigures | OpenFigures) -> Cell:
    return Cell(seconds_text(one.seconds), order=one.seconds)


def _name(one: ClosedFigures | OpenFigures) -> Cell:
    name = method_title(one.method)
    if not one.loses_to:
        return Cell(name, order=name.casefold())
    tip = f"{name} is significantly worse than {listed(list(map(method_phrase, one.loses_to)))}"
    words = f"loses to {', '.join(one.loses_to)}"
    return Cell(name, words, name.casefold(), warns=True, tip=tip)


_PROTOCOLS: Mapping[Protocol, tuple[str, str]] = {
    "open": ("&Open set", "A third of the people are never enrolled, like strangers in practice"),
    "closed": ("&Closed set", "Everyone searched for is enrolled, as in the notebooks"),
}
_REPEATS = 5
_UNKNOWN = "Every method is retrained for each repeat; with trained models this takes minutes."


class EvaluationForm(QWidget):
    """Signals: ``wanted``, by Enter or the button."""

    wanted = Signal()

    def __init__(self, methods: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self._seconds: Mapping[str, float] = {}
        self.protocols = {key: _ticked(*words) for key, words in _PROTOCOLS.items()}
        self.methods = {name: _ticked(method_title(name)) for name in methods}
        self.repeats = QSpinBox()
        self.repeats.setRange(1, 100)
        self.repeats.setValue(_REPEATS)
        self.repeats.setToolTip("Random splits; more splits narrow the intervals")
        self.start = QPushButton("&Evaluate", default=True)
        self.start.clicked.connect(self.wanted)
        self.hint = ElidedLabel(role="small")
        for box in (*self.protocols.values(), *self.methods.values()):
            box.toggled.connect(self._changed)
        self.repeats.valueChanged.connect(self._changed)
        self._lay_out()
        self._changed()

    def _lay_out(self) -> None:
        repeats = QLabel("&Repeats")
        repeats.setBuddy(self.repeats)
        protocols = hbox(*self.protocols.values(), 8, repeats, self.repeats, Stretch(1), spacing=16)
        methods = hbox(*self.methods.values(), Stretch(1), spacing=16)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for row, (words, line) in enumerate((("Protocol", protocols), ("Methods", methods))):
            label = text_label(words, "muted", wrap=False)
            grid.addWidget(label, row, 0)
            grid.addLayout(line, row, 1)
        grid.addWidget(self.hint, 2, 1)
        grid.addWidget(self.start, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(1, 1)

    def chosen_protocols(self) -> tuple[Protocol, ...]:
        return tuple(key for key, box in self.protocols.items() if box.isChecked())

    def chosen_methods(self) -> tuple[str, ...]:
        return tuple(name for name, box in self.methods.items() if box.isChecked())

    def set_running(self, running: bool) -> None:
        """While it runs nothing can be chosen; the main window shows how far it is."""
        self._running = running
        for box in (*self.protocols.values(), *self.methods.values(), self.repeats):
            box.setEnabled(not running)
        self.start.setText("Evaluating…" if running else "&Evaluate")
        self._changed()

    def set_seconds(self, seconds: Mapping[str, float]) -> None:
        """Seconds of one repeat for each method, references too, as measured last."""
        self._seconds = seconds
        self._changed()

    def _changed(self) -> None:
        ready = bool(self.chosen_protocols()) and bool(self.chosen_methods())
        self.start.setEnabled(ready and not self._running)
        self.hint.setText(self._hint(ready))

    def _hint(self, ready: bool) -> str:
        if self._running:
            return "See progress, or cancel, at the bottom of the main window."
        if not ready:
            return "Choose at least one protocol and one method."
        if not all(name in self._seconds for name in self.chosen_methods()):
            return _UNKNOWN
        left_out = set(self.methods) - set(self.chosen_methods())
        once = sum(time for name, time in self._seconds.items() if name not in left_out)
        return f"About {_rough(once * self.repeats.value())}, judging by the last evaluation."


def _rough(seconds: float) -> str:
    return f"{max(seconds, 1):.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _ticked(text: str, tip: str = "") -> QCheckBox:
    box = QCheckBox(text, checked=True, toolTip=tip)
    return box


_OPEN_WORDS = (
    "A third of the people are never enrolled. FPIR: strangers who are wrongly named. FNIR: "
    "known people whose right name does not come first and above the threshold."
)
_CLOSED_WORDS = "Everyone searched for is enrolled; there are no strangers."


class EvaluationWindow(Dialog):
    """Stands beside the main window; both can be used.

    Signals: ``evaluate_requested`` (tuple of protocols, repeats, tuple of methods),
    ``save_requested`` (Evaluation).

    Args:
        methods: names of the methods that can be chosen.
    """

    evaluate_requested = Signal(object, int, object)
    save_requested = Signal(object)

    def __init__(self, methods: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__("Evaluation", parent, kept=True)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.resize(1080, 760)
        self.setMinimumSize(640, 480)
        self._evaluation: Evaluation | None = None
        self.tables: list[FiguresTable] = []
        self.form = EvaluationForm(methods)
        self.form.wanted.connect(self._wanted)
        self.page: QWidget = EmptyState(
            "question",
            "Which method is reliable on this gallery?",
            "An evaluation hides some of the faces, searches for them, and counts the right "
            "answers. Nothing in the gallery changes.",
        )
        self.save = QPushButton("&Save report…", toolTip="One HTML file with all tables and charts")
        self.save.clicked.connect(lambda: self.save_requested.emit(self._evaluation))
        self.copy = QPushButton(icon("copy"), "Copy &tables", clicked=self._copy)
        self.close_button = QPushButton("Close", clicked=self.reject)
        for button in (self.save, self.copy, self.close_button):
            button.setAutoDefault(False)
        self._lay_out()
        self._offer()
        self.form.start.setFocus()

    def _lay_out(self) -> None:
        line = QFrame(objectName="hairline")
        buttons = hbox(self.save, self.copy, Stretch(1), self.close_button, spacing=8)
        self._layout = vbox(
            self.form, line, (self.page, 1), buttons, parent=self, margins=24, spacing=16
        )

    def show_running(self) -> None:
        """One is running; the last one's figures stay."""
        self.form.set_running(True)

    def show_idle(self) -> None:
        """None is running, whether done, failed or cancelled."""
        self.form.set_running(False)

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Everything that was measured, the most important first."""
        self._evaluation = evaluation
        self.form.set_seconds(_seconds(evaluation))
        page = scrolling(self._page(evaluation))
        self._layout.replaceWidget(self.page, page)
        self.page.hide()
        self.page.deleteLater()
        self.page = page
        self._offer()

    def _page(self, evaluation: Evaluation) -> QWidget:
        page = QWidget()
        column = vbox(parent=page, margins=(0, 0, 12, 0), spacing=8)
        for place, sentence in enumerate(conclusions(evaluation)):
            column.addWidget(text_label(sentence, "heading" if place == 0 else "", selectable=True))
        column.addWidget(text_label(_about(evaluation), "small", selectable=True))
        self.tables = []
        if evaluation.open:
            self._add(column, "Open set", _OPEN_WORDS, open_table(evaluation))
            column.addWidget(
                text_label(_searches(evaluation.open, evaluation), "small", selectable=True)
            )
            from gallery_app.dialogs.evaluation_charts import charts  # brings pyqtgraph: 0.7 s

            column.addSpacing(8)
            column.addWidget(charts(evaluation.open))
        if evaluation.closed:
            self._add(column, "Closed set", _CLOSED_WORDS, closed_table(evaluation))
        column.addStretch(1)
        return page

    def _add(self, column: QVBoxLayout, title: str, words: str, table: FiguresTable) -> None:
        column.addSpacing(16)
        column.addWidget(text_label(title, "heading", selectable=True))
        column.addWidget(text_label(words, "muted", selectable=True))
        column.addWidget(table)
        self.tables.append(table)

    def _offer(self) -> None:
        for button in (self.save, self.copy):
            button.setEnabled(self._evaluation is not None)

    def _wanted(self) -> None:
        form = self.form
        protocols, methods = form.chosen_protocols(), form.chosen_methods()
        self.evaluate_requested.emit(protocols, form.repeats.value(), methods)

    def _copy(self) -> None:
        text = "\n\n".join(f"{table.accessibleName()}\n{table.as_text()}" for table in self.tables)
        QGuiApplication.clipboard().setText(text)


def _about(evaluation: Evaluation) -> str:
    repeats = counted(evaluation.repeats, "repeat")
    repeats += ", searches sampled" if evaluation.sampled else ""
    return " · ".join((
        evaluation.gallery, people_text(evaluation.identities), faces_text(evaluation.faces),
        repeats, f"seed {evaluation.seed}", date_text(evaluation.created),
        f"took {seconds_text(evaluation.seconds)}",
    ))  # fmt: skip


def _searches(methods: Sequence[OpenFigures], evaluation: Evaluation) -> str:
    mated = max(method.mated for method in methods)
    strangers = max(method.non_mated for method in methods)
    return (
        f"These figures are based on {mated:,} searches for enrolled people and {strangers:,} for "
        f"strangers over all repeats; {people_text(evaluation.non_mated_identities)} were never "
        "enrolled in a repeat. Small figures: 95 % interval. Bold: best in its column."
    )


def _seconds(evaluation: Evaluation) -> dict[str, float]:
    """Seconds of one repeat for each method, over the protocols that were run."""
    seconds: dict[str, float] = {}
    for one in (*evaluation.closed, *evaluation.open):
        seconds[one.method] = seconds.get(one.method, 0.0) + one.seconds
    return seconds
