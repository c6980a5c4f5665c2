"""Folders of photographs to be scanned, how far that is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QListWidget,
    QProgressBar,
    QPushButton,
    QWidget,
)

from engine.progress import Progress
from engine.records.detections import DetectionMode
from engine.records.scans import RescanPreview, ScanReport
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.wording.number_words import faces_text, left_text
from gallery_app.wording.scan_words import (
    ABOUT_MODES,
    KEPT,
    MODES,
    problem_words,
    rescan_words,
    scan_words,
)


class ScanDialog(Dialog):
    """Signals: ``add_requested``, ``scan_requested``, ``stop_requested``, ``again_requested``,
    ``apply_requested``, ``confirm_requested``, ``unknowns_requested``, ``names_requested``,
    ``changed`` (folders, mode or watching).
    """

    add_requested = Signal()
    scan_requested = Signal()
    stop_requested = Signal()
    again_requested = Signal()
    apply_requested = Signal()
    confirm_requested = Signal()
    unknowns_requested = Signal()
    names_requested = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Scan photographs", parent, kept=True)
        self.setMinimumWidth(520)
        self.resize(fitting(QSize(640, 620), parent))
        self._scanning = False
        self._writable = True
        self.folders = QListWidget(accessibleName="Folders of photographs")
        self.folders.setMinimumHeight(96)
        self.folders.itemSelectionChanged.connect(self._update)
        self.add = QPushButton(icon("folder-open"), "&Add folder…")
        self.add.clicked.connect(lambda: self.add_requested.emit())
        self.remove = QPushButton(icon("trash"), "&Remove", clicked=self._remove)
        self.remove.setToolTip("Take the folder off this list; what was found in it stays")
        self.mode = QComboBox(accessibleName="How to look for faces")
        for mode, title in MODES.items():
            self.mode.addItem(title, mode)
        self.mode.currentIndexChanged.connect(self.changed)
        self.watch = QCheckBox("&Watch these folders while the program runs")
        self.watch.toggled.connect(self.changed)
        self.bar = QProgressBar(textVisible=False)
        self.stage = text_label(role="small")
        self.result = text_label()
        self.problems = text_label(role="small")
        self.again = QPushButton("&Look again in this mode…")
        self.again.clicked.connect(lambda: self.again_requested.emit())
        self.apply = QPushButton("Re&place")
        self.apply.clicked.connect(lambda: self.apply_requested.emit())
        self.confirm = QPushButton("&Confirm faces…")
        self.confirm.clicked.connect(lambda: self.confirm_requested.emit())
        self.name = QPushButton("&Name unknown faces")
        self.name.clicked.connect(lambda: self.unknowns_requested.emit())
        self.names = QPushButton("Names in the &files…")
        self.names.setToolTip("Compare the names that stand in photographs with their faces")
        self.names.clicked.connect(lambda: self.names_requested.emit())
        self.names.setAutoDefault(False)
        self.scan = QPushButton("&Scan", clicked=self._press)
        self.scan.setProperty("primary", True)
        self.close_button = QPushButton("Close", clicked=self.close)
        self._lay_out()
        self.show_result(None, 0, 0)
        self._update()

    def _lay_out(self) -> None:
        for button in (
            self.add, self.remove, self.again, self.apply, self.confirm, self.name,
            self.close_button,
        ):  # fmt: skip
            button.setAutoDefault(False)
        self.scan.setDefault(True)
        vbox(
            text_label("Folders", "heading"),
            (self.folders, 1),
            hbox(self.add, self.remove, Stretch(1), spacing=8),
            8,
            text_label("How to look for faces", "heading"),
            self.mode,
            text_label(ABOUT_MODES, "muted"),
            self.watch,
            8,
            self.bar,
            self.stage,
            self.result,
            self.problems,
            hbox(self.confirm, self.name, self.again, self.apply, Stretch(1), spacing=8),
            text_label(KEPT, "small"),
            hbox(self.names, Stretch(1), self.close_button, self.scan, spacing=8),
            parent=self,
            margins=24,
            spacing=8,
        )

    # -- what is chosen ----------------------------------------------------------------------

    def chosen_folders(self) -> list[Path]:
        """The folders in the list."""
        return [Path(self.folders.item(row).text()) for row in range(self.folders.count())]

    def chosen_mode(self) -> DetectionMode:
        return self.mode.currentData()

    def set_choice(self, folders: Sequence[Path], mode: DetectionMode, watch: bool) -> None:
        """Show what was chosen for this gallery before."""
        for widget in (self.mode, self.watch):
            widget.blockSignals(True)
        self.folders.clear()
        self.folders.addItems([str(folder) for folder in folders])
        self.mode.setCurrentIndex(max(0, self.mode.findData(mode)))
        self.watch.setChecked(watch)
        for widget in (self.mode, self.watch):
            widget.blockSignals(False)
        self._update()

    def add_folder(self, folder: Path) -> None:
        """Add a folder, once."""
        if folder not in self.chosen_folders():
            self.folders.addItem(str(folder))
            self.changed.emit()
        self._update()

    def _remove(self) -> None:
        for item in self.folders.selectedItems():
            self.folders.takeItem(self.folders.row(item))
        self.changed.emit()
        self._update()

    def set_writable(self, writable: bool) -> None:
        """In a gallery that is open for reading only nothing can be scanned."""
        self._writable = writable
        self._update()

    # -- what goes on ------------------------------------------------------------------------

    def _press(self) -> None:
        (self.stop_requested if self._scanning else self.scan_requested).emit()

    def set_scanning(self, scanning: bool) -> None:
        """A scan began, or came to its end."""
        self._scanning = scanning
        if scanning:
            self.bar.setRange(0, 0)
            self.stage.setText("Looking for photographs…")
            self.problems.setText("")
        self._update()

    def show_progress(self, progress: Progress) -> None:
        """How far it is, and how long it will take."""
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        words = f"{progress.stage}: {progress.done:,}"
        if progress.total:
            words += f" of {progress.total:,}"
        if progress.left is not None and progress.done:
            words += f", {left_text(progress.left)}"
        self.stage.setText(words)

    def show_result(self, report: ScanReport | None, waiting: int, unknown: int) -> None:
        """What was found until now.

        Args:
            waiting: faces that look like an enrolled person and wait to be confirmed.
            unknown: faces among the unknown ones, of this and other scans.
        """
        self.result.setText("\n".join(scan_words(report)) if report is not None else "")
        self.problems.setText(problem_words(report) if report is not None else "")
        self.confirm.setVisible(waiting > 0)
        self.confirm.setText(f"&Confirm {faces_text(waiting)}…")
        self.name.setVisible(unknown > 0)
        self.name.setText(f"&Name {unknown:,} unknown")
        self.again.setVisible(report is not None and report.other_mode > 0)
        self.apply.setVisible(False)
        self._update()

    def show_preview(self, preview: RescanPreview) -> None:
        """What looking again in the other mode would change."""
        self.result.setText(rescan_words(preview, dry_run=True))
        self.again.setVisible(False)
        self.apply.setVisible(preview.photographs > 0)

    def _update(self) -> None:
        scanning = self._scanning
        for widget in (self.folders, self.add, self.mode):
            widget.setEnabled(not scanning)
        self.remove.setEnabled(not scanning and bool(self.folders.selectedItems()))
        self.watch.setEnabled(self.folders.count() > 0)
        self.again.setEnabled(not scanning)
        self.apply.setEnabled(not scanning)
        self.names.setEnabled(not scanning and self.folders.count() > 0)
        self.bar.setVisible(scanning)
        self.stage.setVisible(scanning)
        self.scan.setText("&Stop" if scanning else "&Scan")
        self.scan.setEnabled(scanning or (self._writable and self.folders.count() > 0))
