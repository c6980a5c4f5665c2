"""Scans of folders of photographs: asked for, or by themselves where folders are watched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from engine.errors import FaceGalleryError
from engine.progress import Event, Progress
from engine.records.detections import DetectionMode
from engine.records.name_evidence import NameEvidence, NamesReport
from engine.records.scans import RescanPreview, ScanReport
from engine.records.types import Rejection
from gallery_app import settings
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.names_dialog import NamesDialog
from gallery_app.dialogs.scan_dialog import ScanDialog
from gallery_app.operations import photographs, scanning, unknowns
from gallery_app.operations.context import Context
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.scan_words import found_words, written_words

_MOST_GALLERIES = 50  # whose folders are remembered


class ScanController(Controller):
    """Joins the dialog of scans, and the watched folders, to the gallery.

    What is scanned is remembered for this user, not in the gallery: a gallery from somebody else
    must not make this computer look through its folders.
    """

    _told = Signal(object)
    _folders_changed = Signal()

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._dialog: ScanDialog | None = None
        self._report: ScanReport | None = None
        self._waiting = self._unknown = 0
        self._watch: Any = None
        self._again = False
        self.names: NamesDialog | None = None
        self._on_actions(scan=self.show)
        self._told.connect(self._tell)
        self._folders_changed.connect(self._scan_watched)
        self._state.gallery_changed.connect(self._gallery_changed)
        self._state.writable_changed.connect(self._writable_changed)
        self._state.contents_changed.connect(self._contents_changed)

    @property
    def dialog(self) -> ScanDialog | None:
        """The dialog where it is open."""
        return self._dialog if self._dialog is not None and self._dialog.isVisible() else None

    def show(self, folder: Path | None = None) -> None:
        """Open the dialog, or bring it to the front.

        Args:
            folder: to be scanned at once.
        """
        if self._state.gallery is None:
            return
        if self._dialog is None:
            self._dialog = self._new_dialog()
        self._dialog.set_choice(*self._choice())
        self._dialog.set_writable(self._state.writable)
        self._dialog.show()
        self._dialog.raise_()
        if folder is not None:
            self._dialog.add_folder(folder)
            self._scan()
        self._count()

    def _new_dialog(self) -> ScanDialog:
        dialog = ScanDialog(self._window)
        dialog.add_requested.connect(self._add)
        dialog.scan_requested.connect(self._scan)
        dialog.stop_requested.connect(lambda: scanning.cancel(self._context))
        dialog.again_requested.connect(self._prepare_again)
        dialog.apply_requested.connect(self._apply)
        dialog.confirm_requested.connect(self._confirm)
        dialog.unknowns_requested.connect(self._show_unknowns)
        dialog.names_requested.connect(self.show_names)
        dialog.changed.connect(self._choice_changed)
        return dialog

    # -- the gallery ---------------------------------------------------------------------------

    def _gallery_changed(self) -> None:
        self.close()
        self._report, self._waiting, self._unknown = None, 0, 0
        if self._dialog is not None:
            self._dialog.hide()
            self._dialog.deleteLater()
            self._dialog = None
        if self._state.gallery is not None and self._choice()[2]:
            self._start_watching()
            self._scan_watched()

    def _writable_changed(self) -> None:
        if self._dialog is not None:
            self._dialog.set_writable(self._state.writable)

    def _contents_changed(self, change: ContentsChange) -> None:
        if (change.faces or change.unknowns) and self.dialog is not None:
            self._count()

    def close(self) -> None:
        """Watch no folder any more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    # -- what is scanned -----------------------------------------------------------------------

    def _remembered(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._context.settings.get(settings.SCANS) or "{}")
        except ValueError:  # ordinary: somebody edited the settings
            return {}
        return kept if isinstance(kept, dict) else {}

    def _choice(self) -> tuple[list[Path], DetectionMode, bool]:
        """Folders, mode and whether they are watched, of the open gallery."""
        gallery = self._state.gallery
        kept = self._remembered().get(str(gallery.folder)) if gallery is not None else None
        if not isinstance(kept, Mapping) or not isinstance(kept.get("folders"), list):
            return [], "thorough", False
        folders = [Path(folder) for folder in kept["folders"] if isinstance(folder, str)]
        mode: DetectionMode = "faithful" if kept.get("mode") == "faithful" else "thorough"
        return folders, mode, kept.get("watch") is True and bool(folders)

    def _choice_changed(self) -> None:
        dialog, gallery = self._dialog, self._state.gallery
        if dialog is None or gallery is None:
            return
        kept = self._remembered()
        kept.pop(str(gallery.folder), None)
        kept[str(gallery.folder)] = {
            "folders": [str(folder) for folder in dialog.chosen_folders()],
            "mode": dialog.chosen_mode(),
            "watch": dialog.watch.isChecked(),
        }
        recent = dict(list(kept.items())[-_MOST_GALLERIES:])
        self._context.settings.set(settings.SCANS, json.dumps(recent))
        self.close()
        if self._choice()[2]:
            self._start_watching()

    def _add(self) -> None:
        parent, title = self._dialog or self._window, "Choose a folder of photographs"
        folder = file_choosers.choose_folder(parent, self._context.settings, title)
        if folder is not None and self._dialog is not None:
            self._dialog.add_folder(folder)

    def _start_watching(self) -> None:
        gallery = self._state.gallery
        folders = [folder for folder in self._choice()[0] if folder.is_dir()]
        if gallery is None or not folders:
            return
        try:
            self._watch = gallery.photographs.watch(folders, self._folders_changed.emit)
        except FaceGalleryError as error:
            self._state.notice.emit(str(error))

    def _scan_watched(self) -> None:
        folders, mode, watched = self._choice()
        present = [folder for folder in folders if folder.is_dir()]
        if not watched or not present or not self._state.writable:
            return
        if scanning.is_scanning(self._context):
            self._again = True
            return
        self._start(present, mode)

    # -- scanning ------------------------------------------------------------------------------

    def _scan(self) -> None:
        if self._dialog is not None and not scanning.is_scanning(self._context):
            self._start(self._dialog.chosen_folders(), self._dialog.chosen_mode())

    def _start(self, folders: Sequence[Path], mode: DetectionMode) -> None:
        self._report = None
        if self._dialog is not None:
            self._dialog.set_scanning(True)
        scanning.scan(
            self._context,
            folders,
            mode,
            reported=self._reported,
            told=self._told.emit,
            done=self._done,
            failed=self._failed,
            stopped=self._ended,
        )

    def _reported(self, event: Event) -> None:
        if isinstance(event, Progress) and self._dialog is not None:
            self._dialog.show_progress(event)

    def _tell(self, report: ScanReport) -> None:
        """Some of what was found is kept."""
        self._report = report
        self._state.contents_changed.emit(scanning.UNKNOWNS)
        self._show_report()

    def _done(self, report: ScanReport) -> None:
        self._report = report
        self._ended()
        if self.dialog is None and (report.known or report.unknown):
            self._state.notice.emit(found_words(report))

    def _failed(self, error: BaseException) -> None:
        self._ended()
        self._context.failed(error)

    def _ended(self) -> None:
        if self._dialog is not None:
            self._dialog.set_scanning(False)
        self._count()
        if self._again:
            self._again = False
            self._scan_watched()

    def _prepare_again(self) -> None:
        dialog = self._dialog
        if dialog is None:
            return
        dialog.set_scanning(True)
        scanning.prepare_rescan(
            self._context,
            dialog.chosen_folders(),
            dialog.chosen_mode(),
            reported=self._reported,
            done=self._show_preview,
            stopped=self._ended,
        )

    def _show_preview(self, preview: RescanPreview) -> None:
        if self._dialog is not None:
            self._dialog.set_scanning(False)
            self._dialog.show_preview(preview)

    def _apply(self) -> None:
        if self._dialog is not None:
            scanning.rescan(self._context, self._dialog.chosen_mode(), lambda _: self._count())

    # -- what came of it -----------------------------------------------------------------------

    def _count(self) -> None:
        if self._state.gallery is not None:
            scanning.count_waiting(self._context, self._show_waiting)
            unknowns.load_count(self._context, self._show_unknown)

    def _show_waiting(self, waiting: int) -> None:
        self._waiting = waiting
        self._show_report()

    def _show_unknown(self, unknown: int) -> None:
        self._unknown = unknown
        self._show_report()

    def _show_report(self) -> None:
        if self._dialog is not None and not self._dialog.apply.isVisible():
            self._dialog.show_result(self._report, self._waiting, self._unknown)

    def _confirm(self) -> None:
        """The list of answers takes the dialog's place; a scan goes on meanwhile."""
        if self._dialog is not None:
            self._dialog.hide()
        scanning.ask_about_waiting(self._context, self._window.menus.actions["answers"].trigger)

    # -- names in the files ----------------------------------------------------------------

    def show_names(self) -> None:
        """Open the list of names in the photographs of the folders."""
        if self.names is None:
            self.names = NamesDialog(self._window)
            self.names.enroll_requested.connect(self._take_names)
            self.names.write_requested.connect(self._write_names)
            self.names.photograph_chosen.connect(
                lambda file: photographs.open_photograph(self._context, Path(file))
            )
            self.names.finished.connect(self._names_closed)
        self.names.show()
        self.names.raise_()
        self._read_names()

    def _names_closed(self) -> None:
        if self.names is not None:
            self.names.deleteLater()
            self.names = None

    def _read_names(self) -> None:
        def done(report: NamesReport) -> None:
            if self.names is not None:
                self.names.show_report(report)

        scanning.read_names(self._context, self._choice()[0], done)

    def _take_names(self, evidence: list[NameEvidence]) -> None:
        scanning.take_names(self._context, evidence, lambda _: self._read_names())

    def _write_names(self) -> None:
        def done(written: tuple[list[Path], list[Rejection]]) -> None:
            self._state.notice.emit(written_words(*map(len, written)))

        scanning.write_names(self._context, self._choice()[0], done)

    def _show_unknowns(self) -> None:
        if self._dialog is not None:
            self._dialog.hide()
        self._window.menus.actions["show_unknown"].trigger()
        self._window.activateWindow()
