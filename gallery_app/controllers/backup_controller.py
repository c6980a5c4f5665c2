"""Back up, restore and what to do with a damaged gallery: menu, dialogs and operations joined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import FaceGalleryError, PassphraseNeededError, WrongPassphraseError
from engine.records.safety import Backup, Preview, Restored, Salvaged
from engine.records.types import CheckReport
from engine.store.encryption import is_encrypted
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.encryption_dialog import PassphraseDialog
from gallery_app.dialogs.report_dialog import (
    DamagedDialog,
    check_dialog,
    repaired_dialog,
    salvaged_dialog,
)
from gallery_app.dialogs.restore_dialog import RestoreDialog, restored_dialog
from gallery_app.errors import readable
from gallery_app.operations import backups as backups_operations
from gallery_app.operations import galleries
from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.number_words import size_text


class BackupController(Controller):
    """One method a menu entry, and what becomes of the answers."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._dialog: RestoreDialog | None = None
        self._passphrases: dict[Path, str] = {}
        self._on_actions(backup=self.back_up, restore=self.restore, check=self.check)
        context.state.damage_found.connect(self._found_damaged)

    # -- back up -----------------------------------------------------------------------------

    def back_up(self) -> None:
        """Ask where to, then write it; the gallery can be used meanwhile."""
        name = backups_operations.suggested_name(self._context)
        target = file_choosers.choose_new_backup(self._window, self._context.settings, name)
        if target is not None:
            backups_operations.back_up(self._context, target, self._backed_up)

    def _backed_up(self, backup: Backup) -> None:
        size = size_text(backup.size)
        self._context.state.notice.emit(f"Backup written and checked: {backup.path}, {size}.")

    # -- restore -----------------------------------------------------------------------------

    def restore(self, folder: Path | None = None, source: Path | None = None) -> None:
        """Show the automatic backups and what each would bring.

        Args:
            folder: of the gallery, where it is not the open one.
            source: the backup to show first.
        """
        gallery = self._state.gallery
        if folder is None and gallery is not None:
            folder = gallery.folder
        name = folder.name if folder is not None else ""
        encrypted = folder is not None and is_encrypted(folder)
        dialog = RestoreDialog(name, self._window, encrypted=encrypted)
        dialog.preview_requested.connect(lambda path: self._look(path, folder))
        dialog.file_requested.connect(lambda: self._choose(folder))
        dialog.restore_requested.connect(lambda path, replace: self._restore(path, folder, replace))
        dialog.keep_requested.connect(lambda number: backups_operations.keep(self._context, number))
        dialog.finished.connect(self._forget)
        self._dialog = dialog
        if source is not None:
            self._look(source, folder)
        if folder is not None:
            backups_operations.load_backups(self._context, folder, self._show_backups)
        if gallery is not None and gallery.writable and gallery.folder == folder:
            backups_operations.load_kept(self._context, self._show_kept)
        dialog.open()

    def _forget(self) -> None:
        self._dialog = None
        self._passphrases.clear()

    def _show_backups(self, backups: list[Backup]) -> None:
        if self._dialog is not None:
            self._dialog.set_backups(backups)

    def _show_kept(self, number: int) -> None:
        if self._dialog is not None:
            self._dialog.show_kept(number)

    def _choose(self, folder: Path | None) -> None:
        source = file_choosers.choose_backup(self._window, self._context.settings)
        if source is not None:
            self._look(source, folder)

    def _look(self, source: Path, folder: Path | None) -> None:
        dialog = self._dialog
        if dialog is None:
            return
        dialog.show_reading(source)

        def failed(error: BaseException) -> None:
            if self._dialog is dialog:
                if isinstance(error, PassphraseNeededError | WrongPassphraseError):
                    self._ask(source, folder)
                told = readable(error)
                declared = isinstance(error, FaceGalleryError)
                dialog.show_problem(source, error.reason if declared else told.headline)

        def show(preview: Preview) -> None:
            if self._dialog is dialog:
                dialog.show_preview(preview)

        words = self._passphrases.get(source)
        backups_operations.load_preview(
            self._context, source, folder, show, failed, passphrase=words
        )

    def _ask(self, source: Path, folder: Path | None) -> None:
        """For the passphrase of an encrypted backup, and once more where it was wrong."""
        question = PassphraseDialog(
            f"“{source.name}” is encrypted",
            "Enter the passphrase the gallery had when the backup was made.",
            "Show backup",
            self._window,
        )

        def given(words: str) -> None:
            self._passphrases[source] = words
            question.accept()
            self._look(source, folder)

        question.given.connect(given)
        question.open()
        if source in self._passphrases:
            question.show_wrong()

    def _restore(self, source: Path, folder: Path | None, replace: bool) -> None:
        target = folder
        if not replace or folder is None:
            target = file_choosers.choose_new_gallery(
                self._window, _beside(folder, source), "Restore into"
            )
        if target is None:
            return
        words = self._passphrases.get(source)
        if self._dialog is not None:
            self._dialog.accept()
        backups_operations.restore(
            self._context,
            source,
            target,
            replace=replace,
            done=self._restored,
            passphrase=words,
        )

    def _restored(self, done: Restored) -> None:
        restored_dialog(done, self._window).open()

    # -- damage ------------------------------------------------------------------------------

    def check(self) -> None:
        """Hold the open gallery against itself."""
        galleries.check_gallery(self._context, self._checked)

    def _checked(self, report: CheckReport) -> None:
        gallery = self._state.gallery
        if report.ok or gallery is None:
            check_dialog(report, self._window).open()
            return
        self._offer(gallery.folder, report.problems, report)

    def _found_damaged(self, folder: Path, error: FaceGalleryError) -> None:
        """A gallery that cannot even be opened."""
        problem = f"The gallery cannot be opened: {error.problem[:1].lower()}{error.problem[1:]}."
        report = CheckReport((problem,), in_database=(problem,))
        self._offer(folder, report.problems, report)

    def _offer(self, folder: Path, problems: Sequence[str], report: CheckReport) -> None:
        def show(backup: Backup | None) -> None:
            dialog = DamagedDialog(
                folder.name,
                problems,
                in_index=bool(report.in_index),
                in_database=bool(report.in_database),
                altered=bool(report.altered),
                backup=backup,
                parent=self._window,
            )
            dialog.rebuild_requested.connect(self._rebuild)
            dialog.restore_requested.connect(lambda path: self.restore(folder, path))
            dialog.salvage_requested.connect(lambda: self._salvage(folder))
            dialog.open()

        backups_operations.find_sound_backup(self._context, folder, show)

    def _rebuild(self) -> None:
        backups_operations.repair(self._context, self._repaired)

    def _repaired(self, report: CheckReport) -> None:
        if not report.ok:
            self._checked(report)
        elif report.taken_out:
            repaired_dialog(report, self._window).open()
        else:
            self._context.state.notice.emit("The search index was rebuilt. The gallery is intact.")

    def _salvage(self, folder: Path) -> None:
        suggestion = f"{folder.stem} salvaged.gallery"
        target = file_choosers.choose_new_gallery(
            self._window, suggestion, "Salvage readable faces"
        )
        if target is not None:
            backups_operations.salvage(self._context, folder, target, self._salvaged)

    def _salvaged(self, saved: Salvaged) -> None:
        galleries.open_gallery(self._context, saved.folder)
        salvaged_dialog(saved, self._window).open()


def _beside(folder: Path | None, source: Path) -> str:
    """A name for a new gallery made of a backup."""
    return f"{folder.stem if folder is not None else source.stem} restored.gallery"
