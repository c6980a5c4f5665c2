"""Comparing people and faces, and the gallery's charts: menu, operations and dialogs joined."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.records.gallery_figures import GalleryFigures
from gallery_app.dialogs.similarity_dialog import SimilarityDialog
from gallery_app.operations import analysis
from gallery_app.operations.analysis import Compared
from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow


class ComparisonController(QObject):
    """One method a menu entry."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        actions = window.menus.actions
        actions["compare"].triggered.connect(lambda _=False: self.people())
        actions["compare_faces"].triggered.connect(lambda _=False: self.faces())
        actions["charts"].triggered.connect(lambda _=False: self.charts())
        for panel in (window.identities, window.faces):
            panel.selection_changed.connect(self._enable)
            panel.model.modelReset.connect(self._enable)
        context.state.gallery_changed.connect(self._enable)
        self._enable()

    def _enable(self) -> None:
        there = self._context.state.gallery is not None
        actions = self._window.menus.actions
        people = self._window.identities.list.selected_count()
        faces = self._window.faces.grid.selected_count()
        actions["compare"].setEnabled(there and people in (1, 2))
        actions["compare_faces"].setEnabled(there and faces == 2)

    def people(self) -> None:
        """Two people; one alone with itself."""
        names = [one.name for one in self._window.identities.selected()]
        one, other = names[0], names[-1]
        analysis.compare_people(
            self._context, one, other, lambda found: self._show(found, (one, other))
        )

    def faces(self) -> None:
        one, other = self._window.faces.selected_faces()
        analysis.compare_faces(
            self._context, one.id, other.id, lambda found: self._show(found, (one.name, other.name))
        )

    def charts(self) -> None:
        """What is measured is read from all faces: it takes a moment."""
        analysis.measure(self._context, self._show_charts)

    def _show_charts(self, figures: GalleryFigures) -> None:
        from gallery_app.dialogs.charts_dialog import ChartsDialog  # brings pyqtgraph: 0.7 s

        roster = self._window.identities.model.roster
        ChartsDialog(figures, self._context.gallery.distance, roster, self._window).open()

    def _show(self, found: Compared, names: tuple[str, str]) -> None:
        SimilarityDialog(found, names, self._context.pictures, self._window).open()
