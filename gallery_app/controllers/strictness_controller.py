"""Method and strictness: menu, panel, settings and gallery kept in step."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject

from gallery_app import settings
from gallery_app.operations import people, queries
from gallery_app.operations.context import Context
from gallery_app.state import ContentsChange, Methods
from gallery_app.window.main_window import MainWindow
from gallery_app.window.method_choice import show_entries
from gallery_app.window.strictness import STEPS, nearest_step


class StrictnessController(QObject):
    """What the person chose, what this gallery can do of it, and what that costs."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        context.state.fpir = STEPS[nearest_step(context.settings.get(settings.FPIR))]
        window.query.strictness.show_fpir(context.state.fpir)
        window.query.method.set_menu(window.menus.method)
        self._connect()
        self._show_choice()

    def _connect(self) -> None:
        state, window, context = self._context.state, self._window, self._context
        state.contents_changed.connect(self._contents_changed)
        state.gallery_changed.connect(self._gallery_changed)
        state.method_changed.connect(self._method_changed)
        state.strictness_changed.connect(self._strictness_changed)
        window.query.strictness.changed.connect(lambda f: queries.set_strictness(context, f))
        for name, entry in window.menus.methods.items():
            entry.triggered.connect(lambda _=False, to=name: queries.choose_method(context, to))

    def _contents_changed(self, change: ContentsChange) -> None:
        if change.models:
            self.look()

    def look(self) -> None:
        """What can be asked in the gallery as it is now. It loads the index."""
        if self._context.state.gallery is not None:
            people.load_methods(self._context, self._show_methods)

    def _show_methods(self, methods: Methods) -> None:
        """The method that the person wants, where this gallery has it."""
        people.prepare(self._context)
        self._context.state.set_methods(methods)
        wanted = self._context.settings.get(settings.METHOD)
        if wanted in methods.available:
            queries.use_method(self._context, wanted)

    def _gallery_changed(self) -> None:
        self._window.query.strictness.show_missed({})
        self._show_choice()

    def _method_changed(self) -> None:
        self._show_choice()
        context = self._context
        if context.state.gallery is not None:
            people.load_missed(context, context.state.method, STEPS, self._show_missed)

    def _show_choice(self) -> None:
        state = self._context.state
        self._window.query.method.show_choice(state.method, state.methods)
        show_entries(self._window.menus.methods, state.method, state.methods)

    def _show_missed(self, missed: Mapping[float, float | None]) -> None:
        self._window.query.strictness.show_missed(missed)

    def _strictness_changed(self, fpir: float) -> None:
        self._context.settings.set(settings.FPIR, fpir)
        self._window.query.strictness.show_fpir(fpir)
