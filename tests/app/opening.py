"""Opens the window and dialogs of its menus, and says what of them lies outside of the screen:
``python -m tests.app.opening GALLERY ACTION…``, one JSON document on stdout.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget

from gallery_app.app import App

_PATIENCE = 60.0  # seconds


class Opening:
    """A window on a gallery, on whatever screen there is."""

    def __init__(self, qt: QApplication, gallery: Path) -> None:
        self._qt = qt
        self._app = App(qt)
        self._window = self._app.window
        self._window.show()
        self._app.open(gallery)
        self._wait(lambda: self._window.faces.model.rowCount() > 0)
        self._free = qt.primaryScreen().availableGeometry()

    def found(self, actions: list[str]) -> dict[str, Any]:
        """What lies outside of the screen, or of the window."""
        window = self._window
        self._wait(lambda: window.width() > 0)
        return {
            "screen": self._free.size().toTuple(),
            "window": self._outside(window),
            "hidden": [
                button.text()
                for button in window.findChildren(QPushButton)
                if button.isVisible() and button.window() is window and not self._whole(button)
            ],
            "status": self._whole(window.statusBar()),
            "dialogs": {name: self._dialog(name) for name in actions},
        }

    def close(self) -> None:
        self._window.close()

    def _dialog(self, name: str) -> list[int]:
        people, grid = self._window.identities.list, self._window.faces.grid
        people.clearSelection()
        people.select_rows(np.array([0, 1] if name == "merge" else [0]))
        self._wait(lambda: self._window.faces.model.rowCount() > 1)
        grid.clearSelection()
        grid.select_rows(np.array([0, 1] if name == "compare_faces" else [0]))
        action = self._window.menus.actions[name]
        self._wait(action.isEnabled, name)
        action.trigger()
        self._wait(lambda: bool(self._shown()), name)
        self._rest()
        outside = [part for dialog in self._shown() for part in self._outside(dialog)]
        for dialog in self._shown():
            dialog.reject()
        self._wait(lambda: not self._shown())
        return outside

    def _shown(self) -> list[QDialog]:
        tops = self._qt.topLevelWidgets()
        return [one for one in tops if isinstance(one, QDialog) and one.isVisible()]

    def _outside(self, widget: QWidget) -> list[int]:
        frame = widget.frameGeometry()
        return [] if self._free.contains(frame) else list(frame.getRect())  # type: ignore[call-overload]

    def _whole(self, widget: QWidget) -> bool:
        """Whether all of it is inside of the window."""
        corner = widget.mapTo(self._window, widget.rect().topLeft())
        return self._window.rect().contains(QRect(corner, widget.size()))

    def _rest(self) -> None:
        """Lets answers come that make a dialog grow."""
        end = time.monotonic() + 0.15
        self._wait(lambda: time.monotonic() > end)

    def _wait(self, until: Callable[[], bool], what: str = "") -> None:
        end = time.monotonic() + _PATIENCE
        while not until():
            self._qt.processEvents()
            time.sleep(0.005)
            assert time.monotonic() < end, f"{what} did not come"


if __name__ == "__main__":
    opening = Opening(QApplication(["face-gallery"]), Path(sys.argv[1]))
    print(json.dumps(opening.found(sys.argv[2:])))
    opening.close()
