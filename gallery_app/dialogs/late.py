"""Answers that arrive when the dialog that asked is closed already."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QDialog

T = TypeVar("T")


def while_open(dialog: QDialog, call: Callable[[T], None]) -> Callable[[T], None]:
    """Calls on as long as the dialog is open, and drops what comes later."""
    open_ = [True]
    dialog.finished.connect(open_.clear)

    def answer(value: T) -> None:
        if open_:
            call(value)

    return answer
