"""Faces on the map: which stand out, which are pointed at, and what is done with those chosen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QPoint, QTimer

from engine.records.exports import ExportKind
from engine.records.types import Face, Ids
from gallery_app.controllers.corrections_controller import CorrectionsController
from gallery_app.controllers.export_controller import ExportController
from gallery_app.controllers.map_controller import MapController
from gallery_app.dialogs.selected_faces_dialog import SelectedFacesDialog
from gallery_app.operations import maps as maps_operations
from gallery_app.operations import queries
from gallery_app.operations.context import Context
from gallery_app.window.main_window import MainWindow
from gallery_app.window.map_selection import NAMED, who_text

_REST = 60  # ms that the mouse rests on a point before it is said whose it is


class MapSelectionController(QObject):
    """What was done last decides who stands out: faces clicked or lassoed, people selected in
    the list, or those that the search finds.

    Args:
        show_face: shows a face among those of its person.
    """

    def __init__(
        self,
        context: Context,
        window: MainWindow,
        drawing: MapController,
        show_face: Callable[[Face], None],
        correcting: CorrectionsController,
        exporting: ExportController,
    ) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        self._panel, self._drawing = window.map, drawing
        self._show_face, self._correcting, self._exporting = show_face, correcting, exporting
        self._chosen: Ids | None = None
        self._people: Ids | None = None
        self._pointed = (-1, QPoint())
        self._rest = QTimer(self, singleShot=True, interval=_REST, timeout=self._tell_pointed)
        self._connect()

    def _connect(self) -> None:
        panel, people = self._panel, self._window.identities
        self._context.state.gallery_changed.connect(self._gallery_changed)
        self._drawing.shown.connect(self._drawn_anew)
        people.search.textChanged.connect(lambda _: self._stand_out(people.model.found()))
        people.picked.connect(self._picked)
        panel.chosen.connect(self.choose)
        panel.pointed.connect(self._point)
        panel.selection.show_wanted.connect(self._show_selected)
        panel.selection.ask_wanted.connect(self._ask)
        panel.selection.move_wanted.connect(self._move)
        panel.selection.review_wanted.connect(self._review)
        panel.selection.export_wanted.connect(self._export)

    # -- who stands out ----------------------------------------------------------------------

    def choose(self, faces: Ids | None) -> None:
        """Selects faces on every map; None selects nobody."""
        self._chosen = faces
        if faces is None:
            self._people = self._window.identities.model.found()
        self._highlight()
        if faces is None or not len(faces):
            self._panel.selection.show_faces([], 0)
        else:
            maps_operations.load_selected(
                self._context, faces, lambda some: self._show_some(faces, some)
            )

    def _show_some(self, faces: Ids, some: list[Face]) -> None:
        if self._chosen is faces:
            self._panel.selection.show_faces(
                some,
                len(faces) if some else 0,
                self._whose(faces),
                writable=self._context.gallery.writable,
            )

    def _whose(self, faces: Ids) -> str:
        maps, roster = self._drawing.maps(), self._window.identities.model.roster
        owners = maps[0].map.owners[maps[0].rows_of(faces)] if maps else faces[:0]
        people, counts = np.unique(owners, return_counts=True)
        most = np.argsort(-counts, kind="stable")[:NAMED]
        listed = [(roster.identity(int(people[at])), int(counts[at])) for at in most]
        named = [(one.name, count) for one, count in listed if one is not None]
        return who_text(len(people), named)

    def _picked(self) -> None:
        """People are selected in the list while the map is looked at."""
        if self._window.middle.shows(self._panel):
            people = self._window.identities
            rows = people.list.selected_rows()
            self._stand_out(people.model.ids_at(rows) if len(rows) else people.model.found())

    def _stand_out(self, people: Ids | None) -> None:
        self.choose(None)
        self._people = people
        self._highlight()

    def _highlight(self) -> None:
        maps, faces = self._drawing.maps(), self._chosen
        if faces is None and self._people is not None and maps:
            faces = maps[0].faces_of(self._people)
        self._panel.choose(faces)

    def _drawn_anew(self) -> None:
        """Faces may be gone, or somebody else's now."""
        maps = self._drawing.maps()
        if self._chosen is None or not maps:
            self._highlight()
        else:
            there = np.isin(self._chosen, maps[0].map.layout.faces)
            self.choose(self._chosen[there] if there.any() else None)

    def _gallery_changed(self) -> None:
        self._chosen = self._people = None

    # -- what is pointed at ------------------------------------------------------------------

    def _point(self, face: int, at: QPoint) -> None:
        self._pointed = (face, at)
        for view in self._panel.views():
            view.point(face)
        if face < 0:
            self._rest.stop()
            self._panel.card.hide()
        else:
            self._rest.start()

    def _tell_pointed(self) -> None:
        face, at = self._pointed
        if face >= 0 and self._context.state.gallery is not None:
            maps_operations.load_pointed(
                self._context, face, lambda found: self._show_card(found, at)
            )

    def _show_card(self, face: Face, at: QPoint) -> None:
        if self._pointed[0] == face.id:
            self._panel.card.show_face(face, at)

    # -- what is done with those chosen ------------------------------------------------------

    def _show_selected(self) -> None:
        if self._panel.selection.faces:
            self._show_face(self._panel.selection.faces[0])

    def _ask(self) -> None:
        if self._panel.selection.faces:
            queries.ask_about_face(self._context, self._panel.selection.faces[0].id)

    def _move(self) -> None:
        if self._chosen is not None:
            self._correcting.ask_move(self._chosen.tolist())

    def _review(self) -> None:
        if self._chosen is not None:
            SelectedFacesDialog(
                self._context, self._chosen, self._correcting.ask_move, self._window
            ).open()

    def _export(self, kind: ExportKind) -> None:
        if self._chosen is not None:
            self._exporting.ask(kind, tuple(self._chosen.tolist()))
