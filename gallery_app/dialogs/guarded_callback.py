"""Answers that arrive when the dialog that asked is closed already."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from PySide6.QtWidgets import QDialog

P = ParamSpec("P")


def while_open(dialog: QDialog, call: Callable[P, object]) -> Callable[P, None]:
    """Calls on as long as the dialog is open, and drops what comes later."""
    open_ = [True]
    dialog.finished.connect(open_.clear)

    def answer(*values: P.args, **named: P.kwargs) -> None:
        if open_:
            call(*values, **named)

    return answer
