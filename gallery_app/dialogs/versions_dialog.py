"""Every trained model: its figures, whether it is in use, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QByteArray, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMessageBox,
    QPushButton,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.progress import Measured
from engine.records.jobs import ModelVersion
from gallery_app.dialogs.training_report import CurvesDialog
from gallery_app.theme.colours import tabular
from gallery_app.theme.icons import Role, icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.labels import IconLabel, plain_tip, show_plainly
from gallery_app.wording.model_words import (
    KIND_NAMES,
    PRESET_NAMES,
    UNTESTED,
    parameters_text,
    stale_text,
    state_text,
    trained_on_text,
    version_name,
)
from gallery_app.wording.number_words import date_text, seconds_text, share_text

_IdRole = Qt.ItemDataRole.UserRole
_SortRole = Qt.ItemDataRole.UserRole + 1
_COLUMNS = (
    ("Model", 116, "What was trained"),
    ("Trained", 160, "When training finished"),
    ("Preset", 156, "Settings it was trained with"),
    ("Rank-1", 78, "Right name first, on unseen faces"),
    ("Balanced", 88, "Rank-1, averaged over people"),
    ("FNIR at 1 %", 104, "Known people missed when 1 in 100 strangers may be wrongly named"),
    ("Trained on", 176, "People and faces it learned from"),
    ("State", 130, "In use, collapsed or out of date"),
)
_METRICS = {3: "rank1", 4: "balanced_rank1", 5: "fnir"}
_DATE, _STATE = 1, 7


class _Item(QTableWidgetItem):
    """Sorts by what the words stand for; what is not known comes last."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        mine, others = self.data(_SortRole), other.data(_SortRole)
        return bool(mine < others)


class VersionsTable(QTableWidget):
    """One row a version, newest first until the person sorts.

    Signals: ``delete_pressed``.
    """

    delete_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_COLUMNS), parent)
        self.setHorizontalHeaderLabels([name for name, _, _ in _COLUMNS])
        self.setObjectName("versionsTable")
        self.setAccessibleName("Trained models")
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, (_, width, tip) in enumerate(_COLUMNS):
            self.setColumnWidth(column, width)
            self.horizontalHeaderItem(column).setToolTip(tip)
            if column in _METRICS:
                self.horizontalHeaderItem(column).setTextAlignment(_RIGHT)
        header.setSortIndicator(_DATE, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)

    def show_versions(self, versions: Sequence[ModelVersion]) -> None:
        """Replace all rows."""
        self.setSortingEnabled(False)  # rows would move while they are filled
        self.setRowCount(len(versions))
        for row, version in enumerate(versions):
            for column in range(len(_COLUMNS)):
                item = _cell(version, column)
                if column in _METRICS:
                    item.setTextAlignment(_RIGHT)
                    item.setFont(tabular(self.font()))
                self.setItem(row, column, item)
        self.setSortingEnabled(True)

    def selected_ids(self) -> list[str]:
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.item(row, 0).data(_IdRole) for row in rows]

    def select(self, ids: Sequence[str]) -> None:
        """Select these versions and no other."""
        self.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in range(self.rowCount()):
            if self.item(row, 0).data(_IdRole) in ids:
                index = self.model().index(row, 0)
                self.selectionModel().setCurrentIndex(index, flags)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _cell(version: ModelVersion, column: int) -> QTableWidgetItem:
    metric = version.metrics.get(_METRICS[column]) if column in _METRICS else None
    words = (
        KIND_NAMES[version.kind],
        date_text(version.created),
        PRESET_NAMES[version.preset],
        *(share_text(metric) for _ in _METRICS),
        trained_on_text(version),
        state_text(version),
    )
    item = _Item(words[column])
    item.setToolTip(plain_tip(words[column]))
    item.setData(_IdRole, version.id)
    item.setData(_SortRole, _sort_key(version, column, metric, words[column]))
    if column == _STATE and (sign := _sign(version)):
        item.setIcon(icon(*sign))
    return item


def _sort_key(version: ModelVersion, column: int, metric: float | None, words: str) -> float | str:
    if column in _METRICS:
        return -1.0 if metric is None else metric
    if column == _DATE:
        return version.created
    return float(version.faces) if column == _DATE + 5 else words


def _sign(version: ModelVersion) -> tuple[str, Role] | None:
    """A mark beside the state; the words say the same."""
    if version.collapsed:
        return "alert", "bad"
    if version.stale:
        return "alert", "warning"
    return ("check", "good") if version.active else None


class VersionsDialog(Dialog):
    """Shows what it is given and asks for changes; never changes anything itself.

    Signals: ``activate_requested`` (id), ``deactivate_requested`` (kind), ``delete_requested`` (id,
    after the person was asked), ``curves_requested`` (list of ids), ``retrain_requested``.
    """

    activate_requested = Signal(str)
    deactivate_requested = Signal(str)
    delete_requested = Signal(str)
    curves_requested = Signal(list)
    retrain_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Model versions", parent, kept=True)
        self.resize(1080, 560)
        self.setMinimumSize(640, 420)
        self._versions: dict[str, ModelVersion] = {}
        self.empty = EmptyState(
            "sample",
            "No model has been trained yet",
            "A trained MLP or triplet model can recognise people better than k-NN alone. Every "
            "trained version is kept here, so that you can go back.",
            [("Retrain…", self.retrain_requested.emit)],
        )
        self.table = VersionsTable()
        self.table.itemSelectionChanged.connect(self._selected)
        self.table.delete_pressed.connect(self._delete)
        self._make_details()
        self._make_buttons()
        self._lay_out()
        self.set_versions([])

    def _make_details(self) -> None:
        self.sentence = text_label(role="", selectable=True)
        self.sign = IconLabel("alert", "warning", 16)
        self.remark = text_label(role="warning", selectable=True)
        self.facts = text_label(role="small", selectable=True)
        self.parameters = text_label(role="small", selectable=True)

    def _make_buttons(self) -> None:
        self.activate = QPushButton("&Activate", toolTip="Use this model for identification")
        self.activate.clicked.connect(self._activate)
        self.stop = QPushButton("&Stop using", toolTip="Identify without a model of this kind")
        self.stop.clicked.connect(self._deactivate)
        self.delete = QPushButton(icon("trash"), "&Delete…", clicked=self._delete)
        self.curves = QPushButton("&Curves…", toolTip="Select several to compare their curves")
        self.curves.clicked.connect(lambda: self.curves_requested.emit(self.selected()))
        self.retrain = QPushButton("&Retrain…")
        self.retrain.clicked.connect(self.retrain_requested)
        self.close_button = QPushButton("Close", clicked=self.reject)
        for button in self._buttons():
            button.setAutoDefault(False)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.activate, self.stop, self.delete, self.curves, self.retrain, self.close_button

    def _lay_out(self) -> None:
        full = QWidget()
        column = vbox((self.table, 1), 4, self.sentence, parent=full, margins=0, spacing=8)
        remark = hbox((self.sign, 0, Qt.AlignmentFlag.AlignTop), (self.remark, 1), spacing=8)
        column.addLayout(remark)
        column.addWidget(self.facts)
        column.addWidget(self.parameters)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(full)
        buttons = hbox(
            self.activate,
            self.stop,
            self.delete,
            self.curves,
            Stretch(1),
            self.retrain,
            self.close_button,
            spacing=8,
        )
        vbox((self._pages, 1), buttons, parent=self, margins=24, spacing=16)

    def set_versions(self, versions: Sequence[ModelVersion]) -> None:
        """All versions, newest first; the selection stays where it can, else goes to the newest."""
        before = self.selected()
        self._versions = {version.id: version for version in versions}
        self._pages.setCurrentIndex(1 if versions else 0)
        for button in self._buttons()[:-1]:
            button.setVisible(bool(versions))
        self.table.show_versions(versions)
        still = [version for version in before if version in self._versions]
        self.table.select(still or [version.id for version in versions[:1]])
        self._selected()

    def selected(self) -> list[str]:
        """Ids of the selected versions, in the order shown."""
        return self.table.selected_ids()

    def show_curves(self, curves: Mapping[str, Sequence[Measured]]) -> None:
        """Open the curves of one training, or of several over one another."""
        named = {version_name(self._versions[version]): points for version, points in curves.items()
                 if version in self._versions}  # fmt: skip
        kinds = [self._versions[curve].kind for curve in curves if curve in self._versions]
        if named:
            CurvesDialog(named, kinds[0], self).show()

    def column_state(self) -> QByteArray:
        """Widths and order of the columns, to be remembered."""
        return self.table.horizontalHeader().saveState()

    def restore_columns(self, state: QByteArray) -> None:
        """What :meth:`column_state` gave; nothing happens where it does not fit."""
        if not state.isEmpty():
            self.table.horizontalHeader().restoreState(state)

    def _one(self) -> ModelVersion | None:
        chosen = self.selected()
        return self._versions.get(chosen[0]) if len(chosen) == 1 else None

    def _selected(self) -> None:
        chosen, version = self.selected(), self._one()
        self.activate.setEnabled(
            version is not None and not version.active and not version.collapsed
        )
        self.stop.setEnabled(version is not None and version.active)
        self.delete.setEnabled(version is not None)
        self.curves.setEnabled(bool(chosen))
        self.curves.setText("&Compare curves…" if len(chosen) > 1 else "&Curves…")
        self._show_details(version, len(chosen))

    def _show_details(self, version: ModelVersion | None, count: int) -> None:
        several = f"{count} versions selected." if count > 1 else "Select a version."
        remark = _remark(version) if version is not None else ""
        self.sentence.setText(version.sentence if version is not None else several)
        self.remark.setText(remark)
        self.remark.setVisible(bool(remark))
        self.sign.setVisible(bool(remark))
        self.facts.setText(_facts(version) if version is not None else "")
        self.parameters.setText(parameters_text(version.parameters) if version is not None else "")

    def _activate(self) -> None:
        if (version := self._one()) is not None:
            self.activate_requested.emit(version.id)

    def _deactivate(self) -> None:
        if (version := self._one()) is not None:
            self.deactivate_requested.emit(version.kind)

    def _delete(self) -> None:
        version = self._one()
        if version is None:
            return
        use = " It is in use; identification will continue without it." if version.active else ""
        ask = QMessageBox(self, icon=QMessageBox.Icon.Question, windowTitle="Delete version")
        ask.setText(f"Delete {version_name(version)}?")
        ask.setInformativeText(f"This cannot be undone.{use}")
        show_plainly(ask)
        delete = ask.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        ask.setDefaultButton(ask.addButton(QMessageBox.StandardButton.Cancel))
        ask.exec()
        if ask.clickedButton() is delete:
            self.delete_requested.emit(version.id)


def _remark(version: ModelVersion) -> str:
    if version.collapsed:
        return "It collapsed: it maps all faces to nearly the same point, so it can never be used."
    if version.stale:
        kind = KIND_NAMES[version.kind].replace("Triplet", "triplet")
        return f"Since it was trained: {stale_text(version)}. Retrain the {kind} to include this."
    return "" if version.metrics else UNTESTED


def _facts(version: ModelVersion) -> str:
    took = f"took {seconds_text(version.seconds)}"
    return f"Trained on {trained_on_text(version)} · seed {version.seed} · {took} · {version.id}"
