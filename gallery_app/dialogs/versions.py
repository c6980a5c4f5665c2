"""Every trained model: what it can, whether it is in use, and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.progress import Measured
from engine.records.jobs import ModelVersion
from gallery_app.dialogs.curves import CurvesDialog
from gallery_app.dialogs.versions_table import VersionsTable
from gallery_app.icons import icon
from gallery_app.widgets.elided_label import show_plainly
from gallery_app.widgets.empty_state import EmptyState
from gallery_app.widgets.icon_label import IconLabel
from gallery_app.widgets.model_words import (
    KIND_NAMES,
    parameters_text,
    seconds_text,
    stale_text,
    trained_on_text,
    version_name,
)
from gallery_app.widgets.on_screen import Dialog


class VersionsDialog(Dialog):
    """Shows what it is given and asks for changes; never changes anything itself.

    Signals: ``activate_wanted`` (id), ``deactivate_wanted`` (kind), ``delete_wanted`` (id, after
    the person was asked), ``curves_wanted`` (list of ids), ``retrain_wanted``.
    """

    activate_wanted = Signal(str)
    deactivate_wanted = Signal(str)
    delete_wanted = Signal(str)
    curves_wanted = Signal(list)
    retrain_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Model versions")
        self.resize(1080, 560)
        self.setMinimumSize(640, 420)
        self._versions: dict[str, ModelVersion] = {}
        self.empty = EmptyState(
            "sample",
            "No model was trained yet",
            "A trained MLP or triplet model can name people better than the nearest faces alone. "
            "Each training is kept here, so that you can go back.",
            [("Retrain…", self.retrain_wanted.emit)],
        )
        self.table = VersionsTable()
        self.table.itemSelectionChanged.connect(self._selected)
        self.table.delete_pressed.connect(self._delete)
        self._make_details()
        self._make_buttons()
        self._lay_out()
        self.set_versions([])

    def _make_details(self) -> None:
        self.sentence = _selectable("")
        self.sign = IconLabel("alert", "warning", 16)
        self.remark = _selectable("warning")
        self.facts = _selectable("small")
        self.parameters = _selectable("small")

    def _make_buttons(self) -> None:
        self.activate = QPushButton("&Activate")
        self.activate.setToolTip("Use this model for identification")
        self.activate.clicked.connect(self._activate)
        self.stop = QPushButton("&Stop using")
        self.stop.setToolTip("Identify without a model of this kind")
        self.stop.clicked.connect(self._deactivate)
        self.delete = QPushButton(icon("trash"), "&Delete…")
        self.delete.clicked.connect(self._delete)
        self.curves = QPushButton("&Curves…")
        self.curves.setToolTip("Select several to lay their curves over one another")
        self.curves.clicked.connect(lambda: self.curves_wanted.emit(self.selected()))
        self.retrain = QPushButton("&Retrain…")
        self.retrain.clicked.connect(self.retrain_wanted)
        self.close_button = QPushButton("Close")
        self.close_button.clicked.connect(self.reject)
        for button in self._buttons():
            button.setAutoDefault(False)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.activate, self.stop, self.delete, self.curves, self.retrain, self.close_button

    def _lay_out(self) -> None:
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        column.addSpacing(4)
        column.addWidget(self.sentence)
        remark = QHBoxLayout()
        remark.setSpacing(8)
        remark.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        remark.addWidget(self.remark, 1)
        column.addLayout(remark)
        column.addWidget(self.facts)
        column.addWidget(self.parameters)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(full)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.activate, self.stop, self.delete, self.curves):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.retrain)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addLayout(self._pages, 1)
        layout.addLayout(buttons)

    def set_versions(self, versions: Sequence[ModelVersion]) -> None:
        """All versions, newest first; the selection stays where it can, else goes to the newest."""
        before = self.selected()
        self._versions = {version.id: version for version in versions}
        self._pages.setCurrentIndex(1 if versions else 0)
        for button in self._buttons()[:-1]:
            button.setVisible(bool(versions))
        self.table.show_versions(versions)
        still = [one for one in before if one in self._versions]
        self.table.select(still or [version.id for version in versions[:1]])
        self._selected()

    def selected(self) -> list[str]:
        """Ids of the selected versions, in the order shown."""
        return self.table.selected_ids()

    def show_curves(self, curves: Mapping[str, Sequence[Measured]]) -> None:
        """Opens the curves of one training, or of several over one another."""
        named = {version_name(self._versions[one]): points for one, points in curves.items()
                 if one in self._versions}  # fmt: skip
        kinds = [self._versions[one].kind for one in curves if one in self._versions]
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
        chosen, one = self.selected(), self._one()
        self.activate.setEnabled(one is not None and not one.active and not one.collapsed)
        self.stop.setEnabled(one is not None and one.active)
        self.delete.setEnabled(one is not None)
        self.curves.setEnabled(bool(chosen))
        self.curves.setText("&Compare curves…" if len(chosen) > 1 else "&Curves…")
        self._show_details(one, len(chosen))

    def _show_details(self, one: ModelVersion | None, count: int) -> None:
        several = f"{count} versions selected." if count > 1 else "Select a version."
        remark = _remark(one) if one is not None else ""
        self.sentence.setText(one.sentence if one is not None else several)
        self.remark.setText(remark)
        self.remark.setVisible(bool(remark))
        self.sign.setVisible(bool(remark))
        self.facts.setText(_facts(one) if one is not None else "")
        self.parameters.setText(parameters_text(one.parameters) if one is not None else "")

    def _activate(self) -> None:
        if (one := self._one()) is not None:
            self.activate_wanted.emit(one.id)

    def _deactivate(self) -> None:
        if (one := self._one()) is not None:
            self.deactivate_wanted.emit(one.kind)

    def _delete(self) -> None:
        one = self._one()
        if one is None:
            return
        use = " It is in use; identification then goes on without it." if one.active else ""
        ask = QMessageBox(self)
        ask.setIcon(QMessageBox.Icon.Question)
        ask.setWindowTitle("Delete version")
        ask.setText(f"Delete {version_name(one)}?")
        ask.setInformativeText(f"This cannot be undone.{use}")
        show_plainly(ask)
        delete = ask.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        ask.setDefaultButton(ask.addButton(QMessageBox.StandardButton.Cancel))
        ask.exec()
        if ask.clickedButton() is delete:
            self.delete_wanted.emit(one.id)


def _selectable(role: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("textRole", role)
    return label


def _remark(version: ModelVersion) -> str:
    if version.collapsed:
        return "It collapsed: all faces come out nearly the same, so it can never be in use."
    if version.stale:
        kind = KIND_NAMES[version.kind].replace("Triplet", "triplet")
        return f"Since it was trained: {stale_text(version)}. Retrain the {kind} to include this."
    return ""


def _facts(version: ModelVersion) -> str:
    took = f"took {seconds_text(version.seconds)}"
    return f"Trained on {trained_on_text(version)} · seed {version.seed} · {took} · {version.id}"
