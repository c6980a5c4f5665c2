"""The Export menu: dialog, operations and TensorBoard joined."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from engine.export.tensorboard.server import Projector, missing_library
from engine.gallery import Gallery
from engine.records.exports import EXPORT_KINDS, Exported, ExportKind, Selection
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.export_dialog import ExportDialog
from gallery_app.operations import exports
from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.export_words import ENDINGS, export_notes
from gallery_app.wording.number_words import faces_text, people_text


class ExportController(Controller):
    """One entry a kind, and what becomes of what was written."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self.boards: list[tuple[Projector, Gallery | None]] = []
        context.state.gallery_changed.connect(self._end_locked)
        for kind in EXPORT_KINDS:
            action = window.menus.actions[f"export_{kind}"]
            action.triggered.connect(lambda _=False, to=kind: self.ask(to))

    def ask(self, kind: ExportKind, faces: tuple[int, ...] = ()) -> None:
        """Ask what and where to, then write it; the gallery can be used meanwhile.

        Args:
            faces: selected on the map.
        """
        gallery = self._context.gallery
        dialog = ExportDialog(
            kind,
            gallery.people.counts(),
            self._window.identities.selected(),
            file_choosers.suggested_export(
                self._context.settings, gallery.folder.stem + ENDINGS[kind]
            ),
            faces=faces,
            encrypted=gallery.key is not None,
            obstacle=missing_library() if kind == "tensorboard" else "",
            parent=self._window,
        )
        dialog.path_requested.connect(lambda: self._choose(dialog))
        dialog.wanted.connect(lambda path, which: self._write(kind, dialog, path, which))
        dialog.open()

    def _choose(self, dialog: ExportDialog) -> None:
        path = file_choosers.choose_export(dialog, self._context.settings, dialog.path)
        if path is not None:
            dialog.set_place(path)

    def _write(
        self, kind: ExportKind, dialog: ExportDialog, path: Path, selection: Selection
    ) -> None:
        opening = kind == "tensorboard" and dialog.open_after.isChecked()
        dialog.accept()

        def done(written: Exported) -> None:
            self._tell(written, openable=kind == "tensorboard" and not opening)
            if opening:
                self.open_in_tensorboard(written.path)

        exports.export(self._context, kind, path, selection, done)

    def _tell(self, written: Exported, *, openable: bool) -> None:
        counts = f"{people_text(written.identities)}, {faces_text(written.faces)}"
        text = " ".join([f"Exported {counts} to {written.path}.", *export_notes(written)])
        show = self._window.message.show_info
        if written.kind == "report":
            show(text, "Open", lambda: _open(written.path))
        elif openable and not missing_library():
            show(text, "Open in TensorBoard", lambda: self.open_in_tensorboard(written.path))
        else:
            show(text, "Show folder", lambda: _open(_folder(written.path)))

    def open_in_tensorboard(self, folder: Path) -> None:
        """Start it and open its page in the browser."""
        gallery = self._state.gallery
        exports.start_projector(self._context, folder, lambda board: self._started(board, gallery))

    def _started(self, board: Projector, gallery: Gallery | None) -> None:
        self.boards.append((board, gallery))
        self._end_locked()  # it may have been locked meanwhile
        if board.is_running:
            QDesktopServices.openUrl(QUrl(board.address))

    def _end_locked(self) -> None:
        """End every TensorBoard that shows an encrypted gallery which is not open any more."""
        there = self._state.gallery
        for board, gallery in self.boards:
            if gallery is not None and gallery.encrypted and gallery is not there:
                board.stop()
        self.boards = [entry for entry in self.boards if entry[0].is_running]

    def close(self) -> None:
        """End every TensorBoard that was started from here."""
        for board, _ in self.boards:
            board.stop()
        self.boards.clear()


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
