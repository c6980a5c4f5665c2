"""Erasing a person: menu, dialogs and operations joined."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.records.receipts import ErasurePlan, Receipt
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.erase_dialog import EraseDialog
from gallery_app.dialogs.receipt_dialog import ReceiptDialog
from gallery_app.operations import erasure
from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow


class ErasureController(QObject):
    """From the menu entry to the receipt."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._action = window.menus.actions["erase"]
        self._action.triggered.connect(lambda: self.ask())
        window.identities.selection_changed.connect(self._enable)
        window.identities.model.modelReset.connect(self._enable)
        context.state.gallery_changed.connect(self._gallery_changed)
        context.state.writable_changed.connect(self._gallery_changed)
        self._enable()

    def _enable(self) -> None:
        gallery = self._context.state.gallery
        one = self._window.identities.list.selected_count() == 1
        self._action.setEnabled(one and gallery is not None and gallery.writable)

    def _gallery_changed(self) -> None:
        """Where opening it finished what a killed process began, here is the receipt."""
        self._enable()
        gallery = self._context.state.gallery
        if gallery is not None and gallery.erasure.receipt is not None:
            self._show(gallery.erasure.receipt)

    def ask(self) -> None:
        """Looks at what would go, then asks."""
        (identity,) = self._window.identities.selected()
        erasure.foresee(self._context, identity.name, self._foreseen)

    def _foreseen(self, plan: ErasurePlan) -> None:
        def erase(keep: bool) -> None:
            erasure.erase(self._context, plan, keep_files=keep, done=self._erased)

        EraseDialog(plan, erase, self._window).open()

    def _erased(self, receipt: Receipt) -> None:
        self._window.message.hide()  # whatever it says is of models and people of before
        self._show(receipt)

    def _show(self, receipt: Receipt) -> None:
        retrain = self._window.menus.actions["retrain"].trigger
        ReceiptDialog(receipt, lambda: self._save(receipt), retrain, self._window).open()

    def _save(self, receipt: Receipt) -> None:
        path = file_choosers.choose_receipt(self._window, self._context.settings)
        if path is not None:
            erasure.save_receipt(self._context, receipt, path)
