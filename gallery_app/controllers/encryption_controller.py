"""Encrypted galleries in the window: passphrases are asked for, and an idle gallery is locked."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QDialog

from engine.errors import PassphraseNeededError
from engine.store import encryption
from gallery_app import settings as remembered
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs.encryption_dialog import EncryptionDialog, PassphraseDialog
from gallery_app.operations import encryption as encryption_operations
from gallery_app.operations import galleries
from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow

_MINUTE = 60_000  # milliseconds
_SOON = 5_000
_INPUT = frozenset(
    {
        QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove,
        QEvent.Type.Wheel, QEvent.Type.TouchBegin, QEvent.Type.TabletPress, QEvent.Type.Drop,
    }
)  # fmt: skip


class EncryptionController(Controller):
    """Looks at input only while an encrypted gallery is open.

    Attributes:
        timer: runs out when there was no input for as long as the person allows.
    """

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._asking: PassphraseDialog | None = None
        self._dialog: EncryptionDialog | None = None
        self._locked: tuple[Path, int] | None = None
        self._last = time.time()
        self._watching = False
        self._limit = 0  # milliseconds; 0 never locks
        self.timer = QTimer(self, singleShot=True, timeout=self._idle)
        self._on_actions(encryption=self.show_encryption, lock=self.lock)
        window.locked.buttons[0].clicked.connect(lambda: self.unlock())
        window.closing.connect(self._close)
        context.state.gallery_changed.connect(self._gallery_changed)
        context.state.passphrase_requested.connect(self._wanted)

    # -- asking ------------------------------------------------------------------------------

    def _wanted(self, folder: Path, error: BaseException) -> None:
        """A gallery that could not be opened without, or with what was given."""
        if self._asking is not None and not isinstance(error, PassphraseNeededError):
            self._asking.show_wrong()
            return
        self._ask(folder)
        if not isinstance(error, PassphraseNeededError) and self._asking is not None:
            self._asking.show_wrong()

    def _ask(self, folder: Path) -> None:
        if self._asking is not None:
            self._asking.reject()
        dialog = PassphraseDialog(
            f"“{folder.name}” is encrypted",
            "Enter its passphrase to open it.",
            "Open",
            self._window,
        )
        dialog.given.connect(lambda words: self._open(folder, words))
        dialog.finished.connect(lambda _: self._asked(dialog))
        self._asking = dialog
        dialog.open()

    def _asked(self, dialog: PassphraseDialog) -> None:
        if self._asking is dialog:
            self._asking = None

    def _close(self) -> None:
        if self._asking is not None:
            self._asking.reject()

    def _open(self, folder: Path, words: str) -> None:
        galleries.open_gallery(self._context, folder, passphrase=words, opened=self._opened)

    def _opened(self) -> None:
        if self._asking is not None:
            self._asking.accept()
        gallery = self._state.gallery
        locked, self._locked = self._locked, None
        if locked is not None and gallery is not None and locked[0] == gallery.folder:
            self._state.choose_identity(locked[1])

    # -- locking -----------------------------------------------------------------------------

    def lock(self) -> None:
        """Close the gallery, with every dialog over it, and ask for its passphrase."""
        gallery = self._state.gallery
        if gallery is None or not gallery.encrypted:
            return
        locked = gallery.folder, self._state.identity
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.isVisible():
                widget.reject()  # it may show faces
        galleries.close_gallery(self._context)
        self._locked = locked
        self._window.show_locked(locked[0].name)
        self._ask(locked[0])

    def unlock(self) -> None:
        """Ask again, where the question was put away."""
        if self._locked is not None and self._asking is None:
            self._ask(self._locked[0])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _INPUT:
            return False
        now = time.time()
        slept = (now - self._last) * 1_000 > self._limit  # and no timer ran meanwhile
        self._last = now
        if slept:
            self._idle()
            return self._state.gallery is None
        self.timer.start(self._limit)
        return False

    def _gallery_changed(self) -> None:
        gallery = self._state.gallery
        encrypted = gallery is not None and gallery.encrypted
        if gallery is not None:
            self._locked = (
                None if self._locked and self._locked[0] != gallery.folder else self._locked
            )
        self._window.menus.actions["lock"].setEnabled(encrypted)
        self._window.menus.actions["encryption"].setEnabled(gallery is not None)
        self._watch(encrypted)

    def _watch(self, encrypted: bool) -> None:
        self._limit = int(self._context.settings.get(remembered.LOCK_AFTER)) * _MINUTE
        watching = encrypted and self._limit > 0
        application = QApplication.instance()
        assert application is not None
        if watching != self._watching:
            change = application.installEventFilter if watching else application.removeEventFilter
            change(self)
            self._watching = watching
        self._last = time.time()
        if watching:
            self.timer.start(self._limit)
        else:
            self.timer.stop()

    def _idle(self) -> None:
        """Not while something runs that the lock would break off."""
        if self._context.tasks.is_busy():
            self.timer.start(min(self._limit, _SOON))
        else:
            self.lock()

    # -- encryption --------------------------------------------------------------------------

    def show_encryption(self) -> None:
        """What it is, and the ways to change it."""
        gallery = self._context.gallery
        obstacle = encryption.missing_library()
        if not obstacle and not gallery.writable:
            obstacle = "The gallery is open read-only, so nothing can be changed."
        dialog = EncryptionDialog(
            gallery.folder.name,
            encrypted=gallery.encrypted,
            obstacle=obstacle,
            minutes=self._context.settings.get(remembered.LOCK_AFTER),
            parent=self._window,
        )
        dialog.encrypt_requested.connect(self._encrypt)
        dialog.change_requested.connect(self._change)
        dialog.decrypt_requested.connect(self._decrypt)
        dialog.idle_minutes_changed.connect(self._set_minutes)
        dialog.finished.connect(self._forget)
        self._dialog = dialog
        dialog.open()

    def _forget(self) -> None:
        self._dialog = None

    def _encrypt(self, words: str) -> None:
        self._close_dialog()
        encryption_operations.encrypt(
            self._context,
            words,
            self._telling(
                "The gallery is now encrypted. It cannot be opened without the passphrase."
            ),
        )

    def _change(self, present: str, new: str) -> None:
        told = self._telling("The passphrase was changed. Existing backups keep the old one.")
        self._if_right(
            present,
            lambda: encryption_operations.change_passphrase(self._context, present, new, told),
        )

    def _decrypt(self, present: str) -> None:
        told = self._telling("Encryption was removed. The gallery is no longer encrypted.")
        self._if_right(present, lambda: encryption_operations.decrypt(self._context, present, told))

    def _if_right(self, present: str, do: Callable[[], None]) -> None:
        dialog = self._dialog

        def tried(right: bool) -> None:
            if dialog is None or self._dialog is not dialog:
                return
            if right:
                self._close_dialog()
                do()
            else:
                dialog.show_wrong()

        encryption_operations.check_passphrase(self._context, present, tried)

    def _close_dialog(self) -> None:
        if self._dialog is not None:
            self._dialog.accept()

    def _telling(self, sentence: str) -> Callable[[], None]:
        return lambda: self._state.notice.emit(sentence)

    def _set_minutes(self, minutes: int) -> None:
        self._context.settings.set(remembered.LOCK_AFTER, minutes)
        gallery = self._state.gallery
        self._watch(gallery is not None and gallery.encrypted)
