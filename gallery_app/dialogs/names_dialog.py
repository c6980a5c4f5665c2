"""Names that stand in photographs, and what the faces say to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from engine.records.name_evidence import TAKEN, NameEvidence, NamesReport, Standing
from engine.utils.number_text import confidence_text
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.wording.number_words import faces_text
from gallery_app.wording.scan_words import ABOUT_NAMES, NO_NAMES, names_words, standing_words

_EVIDENCE = Qt.ItemDataRole.UserRole
_HEIGHT = 28  # pixels of a row
_SHOWN: Mapping[str, frozenset[Standing]] = {
    "All names": frozenset(),
    "Names that can be taken over": TAKEN,
    "Names that a face or you contradict": frozenset({"differs", "refused"}),
    "Names without a face": frozenset({"no-face"}),
}


class NamesDialog(Dialog):
    """Signals: ``enroll_requested`` (list of NameEvidence), ``write_requested``,
    ``photograph_chosen`` (path).
    """

    enroll_requested = Signal(object)
    write_requested = Signal()
    photograph_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Names in photographs", parent, kept=True)
        self.setMinimumSize(560, 360)
        self.resize(fitting(QSize(820, 600), parent))
        self.summary = text_label("Reading names…")
        self.which = QComboBox(accessibleName="Which names to list")
        self.which.addItems([*_SHOWN])
        self.which.currentIndexChanged.connect(self._filter)
        self.list = self._tree()
        self.empty = EmptyState("face", "No names", NO_NAMES, [])
        self.enroll = QPushButton("&Enroll")
        self.enroll.setProperty("primary", True)
        self.enroll.clicked.connect(lambda: self.enroll_requested.emit(self.checked()))
        self.write = QPushButton("&Write names beside photographs")
        self.write.setToolTip("Writes the names of enrolled faces into XMP sidecars, name.jpg.xmp")
        self.write.clicked.connect(lambda: self.write_requested.emit())
        self.close_button = QPushButton("Close", clicked=self.close)
        for button in (self.write, self.close_button):
            button.setAutoDefault(False)
        vbox(
            hbox((self.summary, 1), self.which, spacing=12),
            (self.list, 1),
            (self.empty, 1),
            text_label(ABOUT_NAMES, "small"),
            hbox(self.write, Stretch(1), self.close_button, self.enroll, spacing=8),
            parent=self,
            margins=24,
            spacing=12,
        )
        self.show_report(None)

    def _tree(self) -> QTreeWidget:
        tree = QTreeWidget(accessibleName="Names in photographs", rootIsDecorated=False)
        tree.setHeaderLabels(["Name", "What the face says", "Confidence", "Photograph"])
        tree.setUniformRowHeights(True)
        tree.setSortingEnabled(True)
        tree.sortByColumn(3, Qt.SortOrder.AscendingOrder)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setStretchLastSection(True)
        tree.itemChanged.connect(self._update)
        tree.itemActivated.connect(
            lambda item: self.photograph_chosen.emit(item.data(0, _EVIDENCE).photograph)
        )
        return tree

    def show_report(self, report: NamesReport | None) -> None:
        """List the names; None while they are read."""
        self.list.blockSignals(True)
        self.list.setSortingEnabled(False)
        self.list.clear()
        if report is not None:
            self.list.addTopLevelItems([_item(each) for each in report.evidence])
            self.summary.setText(names_words(report))
        self.list.setSortingEnabled(True)
        self.list.blockSignals(False)
        none = report is not None and not report.evidence
        self.list.setVisible(not none)
        self.empty.setVisible(none)
        self.which.setEnabled(report is not None and not none)
        self.write.setEnabled(report is not None)
        self._filter()

    def checked(self) -> list[NameEvidence]:
        """The names that are to be taken over."""
        return [
            item.data(0, _EVIDENCE)
            for item in self._items()
            if item.checkState(0) == Qt.CheckState.Checked
        ]

    def _items(self) -> Sequence[QTreeWidgetItem]:
        return [self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount())]

    def _filter(self) -> None:
        wanted = _SHOWN[self.which.currentText()]
        for item in self._items():
            standing = item.data(0, _EVIDENCE).standing
            item.setHidden(bool(wanted) and standing not in wanted)
        self._update()

    def _update(self) -> None:
        count = len(self.checked())
        self.enroll.setText(f"&Enroll {faces_text(count)}" if count else "&Enroll")
        self.enroll.setEnabled(count > 0)


def _item(evidence: NameEvidence) -> QTreeWidgetItem:
    sure = confidence_text(evidence.confidence) if evidence.confidence is not None else ""
    item = QTreeWidgetItem(
        [evidence.name, standing_words(evidence), sure, PurePath(evidence.photograph).name]
    )
    item.setData(0, _EVIDENCE, evidence)
    item.setToolTip(3, evidence.photograph)
    item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    taken = evidence.standing in TAKEN
    item.setCheckState(0, Qt.CheckState.Checked if taken else Qt.CheckState.Unchecked)
    if not taken:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
    item.setSizeHint(3, QSize(0, _HEIGHT))
    return item
