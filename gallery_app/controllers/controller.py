"""What all controllers have: the context, the window, and the menu entries that they answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow


class Controller(QObject):
    """Joins a part of the window to operations on the open gallery."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context, self._state, self._window = context, context.state, window

    def _on_actions(self, **handlers: Callable[[], object]) -> None:
        """Call each handler when the menu entry of its name is chosen."""
        for name, handler in handlers.items():
            action = self._window.menus.actions[name]
            action.triggered.connect(lambda _=False, do=handler: do())
