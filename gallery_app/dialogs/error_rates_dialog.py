"""How often the gallery errs, about strangers and about known people, and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QMessageBox, QPushButton, QVBoxLayout, QWidget

from engine.cohorts.cohort_library import CohortEntry
from engine.records.error_rates import ErrorRate, ErrorRates
from engine.records.types import Strangers
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting, scrolling
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.labels import show_plainly
from gallery_app.widgets.lists.figures_table import Cell, Column, FiguresTable, Row
from gallery_app.wording.error_rate_words import (
    COHORTS,
    FAMILIES,
    NOT_MEASURED,
    ONE_MORE_PENDING,
    ONE_MORE_UNKNOWN,
    STRANGERS,
    TOO_FEW_ALIKE,
    about_text,
    basis_text,
    odds_text,
    one_more_text,
    origin_text,
    remarks_text,
    strictness_text,
    use_text,
)
from gallery_app.wording.number_words import share_text

_CHART_HEIGHT = 340
_RATES = (
    Column("Strangers named", "The limit, from lenient to strict"),
    Column("Known faces missed", "Where the limit is for people at large"),
    Column("Named of people like those enrolled", "Where the limit is for people at large"),
    Column("Missed if the limit is for these", "Where the limit is for people like those enrolled"),
)
_ALIKE_COLUMNS = (2, 3)
_ROOM = 1.08  # beside the outermost points, on a logarithmic axis
_ENTRIES = (
    Column("Cohort", number=False),
    Column("People"),
    Column("Faces"),
    Column("Numbers a face", "Dimension of the embeddings"),
    Column("Where from", number=False),
)


class CohortList(QWidget):
    """All cohorts, and what can be done with them.

    Signals: ``file_requested``, ``folder_requested``, ``remove_requested`` (name).
    """

    file_requested = Signal()
    folder_requested = Signal()
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._added: set[str] = set()
        self.table = FiguresTable(_ENTRIES, "", "Cohorts")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.itemSelectionChanged.connect(self._selected)
        self.add_file = QPushButton("Add &file…")
        self.add_file.clicked.connect(self.file_requested)
        self.add_file.setToolTip("Faces of strangers: .npz, .npy or .csv")
        self.add_folder = QPushButton("Add f&older…")
        self.add_folder.clicked.connect(self.folder_requested)
        self.add_folder.setToolTip("One folder per stranger, one .npy file per face")
        self.remove = QPushButton(icon("trash"), "&Remove…", clicked=self._ask)
        self.remove.setToolTip("Remove the selected cohort from this computer")
        for button in (self.add_file, self.add_folder, self.remove):
            button.setAutoDefault(False)
        vbox(
            text_label("Cohorts", "heading"),
            text_label(COHORTS, "muted"),
            self.table,
            hbox(self.add_file, self.add_folder, self.remove, Stretch(1), spacing=8),
            parent=self,
            margins=0,
            spacing=8,
        )
        self._selected()

    def show_entries(
        self, entries: Sequence[CohortEntry], rates: ErrorRates | None, dimension: int
    ) -> None:
        """Replace the list; the selection stays where it can.

        Args:
            rates: of the gallery for people at large; None while they are unknown.
            dimension: of the gallery's faces.
        """
        before = self.selected()
        self._added = {entry.name for entry in entries if not entry.bundled}
        self.table.set_rows([Row(_entry_cells(entry, rates, dimension)) for entry in entries])
        for row in range(self.table.rowCount()):
            if self.table.item(row, 0).text() == before:
                self.table.selectRow(row)
        self._selected()

    def selected(self) -> str:
        """Name of the selected cohort, "" for none."""
        rows = self.table.selectionModel().selectedRows()
        return str(self.table.item(rows[0].row(), 0).text()) if rows else ""

    def _selected(self) -> None:
        self.remove.setEnabled(self.selected() in self._added)

    def _ask(self) -> None:
        name = self.selected()
        ask = QMessageBox(self, icon=QMessageBox.Icon.Question, windowTitle="Remove cohort")
        ask.setText(f"Remove the cohort “{name}” from this computer?")
        ask.setInformativeText(
            "Limits of every gallery that it is used for will rest on other strangers. The file "
            "that it was added from is not touched."
        )
        show_plainly(ask)
        remove = ask.addButton("Remove", QMessageBox.ButtonRole.DestructiveRole)
        ask.setDefaultButton(ask.addButton(QMessageBox.StandardButton.Cancel))
        ask.exec()
        if ask.clickedButton() is remove:
            self.remove_requested.emit(name)


def _entry_cells(entry: CohortEntry, rates: ErrorRates | None, dimension: int) -> tuple[Cell, ...]:
    use, tone = use_text(entry, rates, dimension)
    numbers = entry.people, entry.faces, entry.dimension
    return (
        Cell(entry.name, use, entry.name.casefold(), warns=tone == "warning", tip=use),
        *(Cell(f"{n:,}", order=float(n)) if n else Cell("–") for n in numbers),
        Cell(origin_text(entry), order=origin_text(entry)),
    )


class ErrorRatesDialog(Dialog):
    """Stands beside the main window; both can be used.

    Signals: ``file_requested``, ``folder_requested``, ``remove_requested`` (name of a cohort).

    Args:
        steps: shares of strangers that the table shows, lenient ones first.
    """

    file_requested = Signal()
    folder_requested = Signal()
    remove_requested = Signal(str)

    def __init__(self, steps: Sequence[float], parent: QWidget | None = None) -> None:
        super().__init__("Error rates", parent, kept=True)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.resize(fitting(QSize(880, 760), parent))
        self.setMinimumSize(560, 420)
        self._steps = steps
        self.promise = text_label(role="heading", selectable=True)
        self.remark = text_label(role="muted", selectable=True)
        self.table = FiguresTable(_RATES, "", "Error rates")
        self.basis, self.one_more = text_label(selectable=True), text_label(selectable=True)
        self.cohorts = CohortList()
        self.cohorts.file_requested.connect(self.file_requested)
        self.cohorts.folder_requested.connect(self.folder_requested)
        self.cohorts.remove_requested.connect(self.remove_requested)
        self._make_chart()
        self.empty = EmptyState("question", "No error rates yet", NOT_MEASURED)
        self.measured = QWidget()
        self._lay_out()

    def _make_chart(self) -> None:
        from gallery_app.widgets.charts.chart_style import Axis  # brings pyqtgraph: 0.7 s
        from gallery_app.widgets.charts.line_chart import LineChart

        strictest, loosest = min(self._steps), max(self._steps) * _ROOM
        self.chart = LineChart(
            "Known faces missed against strangers named",
            Axis("strangers named", log=True, percent=True, low=strictest / _ROOM, high=loosest),
            Axis("known faces missed", percent=True, low=0),
        )
        self.chart.setMinimumHeight(_CHART_HEIGHT)

    def _lay_out(self) -> None:
        self._measured_layout()
        page = QWidget()
        vbox(
            self.measured,
            self.empty,
            self.cohorts,
            Stretch(1),
            parent=page,
            margins=(0, 0, 12, 0),
            spacing=24,
        )
        close = QPushButton("Close", clicked=self.reject)
        close.setAutoDefault(False)
        buttons = hbox(Stretch(1), close)
        vbox((scrolling(page), 1), buttons, parent=self, margins=24, spacing=16)
        self.empty.hide()
        close.setFocus()

    def _measured_layout(self) -> QVBoxLayout:
        return vbox(
            self.promise,
            self.remark,
            8,
            self.chart,
            self.table,
            8,
            self.basis,
            self.one_more,
            text_label(FAMILIES, selectable=True),
            parent=self.measured,
            margins=0,
            spacing=8,
        )

    def is_measured(self) -> bool:
        """Whether there are figures."""
        return not self.measured.isHidden()

    def show_rates(
        self, rates: Mapping[Strangers, ErrorRates], fpir: float, strangers: Strangers
    ) -> None:
        """Show both errors at every strictness, the present one marked.

        Args:
            rates: for both kinds of strangers.
            fpir, strangers: the strictness in force.
        """
        at_large, alike = rates["at-large"], rates["alike"]
        known = any(rate.fnir is not None for rate in at_large.rates)
        self.measured.setVisible(known)
        self.empty.setVisible(not known)
        if not known:
            return
        self._show_sentences(rates[strangers], fpir, strangers)
        self._show_curves(rates, fpir)
        self._show_table(at_large, alike, fpir)

    def show_one_more(self, now: float | None, with_one_more: float | None) -> None:
        """Show the share of known faces missed, and that with one more face of each person; None
        where it cannot be told.
        """
        unknown = now is None or with_one_more is None
        self.one_more.setText(
            ONE_MORE_UNKNOWN if unknown else one_more_text(now, with_one_more)  # type: ignore[arg-type]
        )

    def show_cohorts(
        self, entries: Sequence[CohortEntry], rates: ErrorRates | None, dimension: int
    ) -> None:
        """Show all cohorts (:meth:`CohortList.show_entries`)."""
        self.cohorts.show_entries(entries, rates, dimension)

    def _show_sentences(self, rates: ErrorRates, fpir: float, strangers: Strangers) -> None:
        rate = rates.at(fpir)
        if rate is None:
            return
        self.promise.setText(strictness_text(rate, strangers))
        remarks = remarks_text(rates, fpir, strangers)
        self.remark.setText(remarks)
        self.remark.setVisible(bool(remarks))
        self.basis.setText(basis_text(rates, min(self._steps)))
        self.one_more.setText(ONE_MORE_PENDING)

    def _show_curves(self, rates: Mapping[Strangers, ErrorRates], fpir: float) -> None:
        """A curve for each kind of strangers, as far as the gallery can promise."""
        self.chart.clear()
        kinds = STRANGERS if rates["at-large"].cohort is not None else ("alike",)
        for style, kind in enumerate(kinds):
            points = [
                (rate.fpir, rate.fnir)
                for rate in reversed(rates[kind].rates)
                if rate.fnir is not None and rate.promised <= rate.fpir
            ]
            if points:
                shares, missed = zip(*points, strict=True)
                self.chart.set_line(STRANGERS[kind], shares, missed, style)
        self.chart.mark_x(fpir, "your setting")

    def _show_table(self, at_large: ErrorRates, alike: ErrorRates, fpir: float) -> None:
        both = at_large.cohort is not None
        pairs = [(at_large.at(step), alike.at(step)) for step in self._steps]
        self.table.set_rows(
            [
                Row(
                    (
                        Cell(
                            f"up to {odds_text(one.fpir)}",
                            "your setting" if one.fpir == fpir else "",
                            one.fpir,
                        ),
                        _missed(one),
                        _named(one),
                        _missed(other),
                    )
                )
                for one, other in pairs
                if one is not None and other is not None
            ]
        )
        for column in _ALIKE_COLUMNS:
            self.table.setColumnHidden(column, not both)


def _missed(rate: ErrorRate) -> Cell:
    if rate.fnir is None:
        return Cell("–")
    if rate.promised > rate.fpir:
        return Cell("–", tip=f"This gallery can promise {odds_text(rate.promised)} at most")
    return Cell(share_text(rate.fnir), order=rate.fnir)


def _named(rate: ErrorRate) -> Cell:
    if rate.fpir_alike is None:
        return Cell("–", tip=TOO_FEW_ALIKE)
    return Cell(about_text(rate.fpir_alike), order=rate.fpir_alike)
