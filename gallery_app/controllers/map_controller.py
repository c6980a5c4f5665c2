"""The map: drawn when it is looked at and again after changes, what lies over its points, which of
them stand out, and what is done with those that are selected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Table
from typing import cast

import numpy as np
from PySide6.QtCore import QPoint, QTimer, Signal

from engine.maps.layout import MapMethod
from engine.records.exports import ExportKind
from engine.records.types import Face, Ids, Vectors
from gallery_app.controllers.controller import Controller
from gallery_app.controllers.corrections_controller import CorrectionsController
from gallery_app.controllers.export_controller import ExportController
from gallery_app.dialogs.selected_faces_dialog import SelectedFacesDialog
from gallery_app.face_queries import FaceQuery
from gallery_app.map.drawn import DrawnMap
from gallery_app.map.marks import Marks
from gallery_app.operations import maps as maps_operations
from gallery_app.operations import queries
from gallery_app.operations.context import Context
from gallery_app.operations.maps import WantedMap
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow
from gallery_app.window.map_selection import NAMED, who_text

_PAUSE = 400  # ms after a change, so that several are drawn once
_REST = 60  # ms that the mouse rests on a point before it is said whose it is
_NOWHERE = np.empty((0, 2), dtype=np.float32)


class MapController(Controller):
    """Joins the map panel to the gallery.

    What was done last decides which faces stand out: faces clicked or lassoed, people selected in
    the list, or those that the search finds.

    Args:
        show_face: shows a face among those of its person.

    Signals: ``shown`` (other maps are).
    """

    shown = Signal()

    def __init__(
        self,
        context: Context,
        window: MainWindow,
        show_face: Callable[[Face], None],
        corrections: CorrectionsController,
        exports: ExportController,
    ) -> None:
        super().__init__(context, window)
        self._panel = window.map
        self._show_face, self._corrections, self._exports = show_face, corrections, exports
        self._chosen: Ids | None = None
        self._people: Ids | None = None
        self._pointed = (-1, QPoint())
        self._rest = QTimer(self, singleShot=True, interval=_REST, timeout=self._tell_pointed)
        self._stale = True
        self._seed = 1
        self._wish = 0
        self._star: list[Vectors] = []
        self._unknowns: list[Vectors] = []
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self._look_if_shown)
        self._connect()

    def _connect(self) -> None:
        state, panel, people = self._state, self._panel, self._window.identities
        state.gallery_changed.connect(self._gallery_changed)
        state.contents_changed.connect(self._changed)
        state.query_changed.connect(self._place_query)
        self._window.middle.currentChanged.connect(lambda _: self._look_if_shown())
        self._window.unknown.count_changed.connect(lambda _: self._place_unknowns())
        self.shown.connect(self._drawn_anew)
        panel.wanted.connect(self.look)
        panel.redraw_requested.connect(self._lay_out_anew)
        people.search.textChanged.connect(lambda _: self._stand_out(people.model.found()))
        people.picked.connect(self._picked)
        panel.chosen.connect(self.choose)
        panel.pointed.connect(self._point)
        panel.selection.show_requested.connect(self._show_selected)
        panel.selection.ask_requested.connect(self._identify)
        panel.selection.move_requested.connect(self._move)
        panel.selection.review_requested.connect(self._review)
        panel.selection.export_requested.connect(self._export)

    def maps(self) -> list[DrawnMap]:
        """Those that are shown."""
        return [view.drawn for view in self._panel.views() if view.drawn is not None]

    # -- drawing -----------------------------------------------------------------------------

    def look(self, *, anew: bool = False) -> None:
        """Draw the map as it is asked for."""
        if self._state.gallery is None:
            return
        self._stale = False
        panel = self._panel
        maps_operations.load_choices(self._context, self._show_choices)
        panel.show_drawing()
        method = cast(MapMethod, panel.tools.method)
        wanted = WantedMap(
            panel.tools.asked_spaces, method, panel.tools.asked_dimensions, self._seed
        )
        maps_operations.draw_meanwhile(self._context, wanted, self._show)
        task = maps_operations.draw(self._context, wanted, self._show, self._failed, anew=anew)
        self._wish += 1
        task.cancelled.connect(lambda wish=self._wish: self._cancelled(wish))

    def _lay_out_anew(self, other_seed: bool) -> None:
        self._seed += other_seed
        self._panel.seed = self._seed
        self.look(anew=not other_seed)

    def _show_choices(self, choices: tuple[Sequence[str], Table[str, str]]) -> None:
        spaces, obstacles = choices
        self._panel.tools.set_spaces(spaces)
        self._panel.tools.set_obstacles(obstacles)

    def _failed(self, error: BaseException) -> None:
        self._panel.stay()
        self._context.failed(error)

    def _cancelled(self, wish: int) -> None:
        """By a person; a newer wish cancels the older ones too."""
        if wish == self._wish:
            self._panel.stay()

    def _gallery_changed(self) -> None:
        self._stale, self._seed = True, 1
        self._panel.seed = 1
        self._star, self._unknowns = [], []
        self._chosen = self._people = None
        self._panel.forget()
        self._look_if_shown()

    def _changed(self, change: ContentsChange) -> None:
        if change.faces or change.identities or change.models:
            self._stale = True
            self._pause.start()

    def _look_if_shown(self) -> None:
        if self._stale and self._window.middle.shows(self._panel):
            self.look()

    def _show(self, maps: list[DrawnMap]) -> None:
        self._panel.show_maps(maps)
        self._unknowns = []
        self.shown.emit()
        self._place_query()
        self._place_unknowns()

    # -- what lies over the points -----------------------------------------------------------

    def _place_query(self) -> None:
        query, maps = self._state.query, self.maps()
        self._star = []
        self._mark()
        if query is not None and query.answer is not None and maps and len(maps[0].places):
            maps_operations.place_query(
                self._context, maps, query.vector, lambda points: self._placed(query, points)
            )

    def _placed(self, query: FaceQuery, points: list[Vectors]) -> None:
        now = self._state.query
        if now is not None and now.vector is query.vector:
            self._star = points
            self._mark()

    def _place_unknowns(self) -> None:
        maps = self.maps()
        if maps and self._state.gallery is not None:
            maps_operations.place_unknowns(self._context, maps, self._unknowns_placed)

    def _unknowns_placed(self, points: list[Vectors]) -> None:
        self._unknowns = points
        self._mark()

    def _mark(self) -> None:
        query = self._state.query
        answer = query.answer if query is not None else None
        evidence = [face.face for face in answer.evidence] if answer is not None else []
        for place, view in enumerate(self._panel.views()):
            drawn = view.drawn
            assert drawn is not None
            view.show_marks(
                Marks(
                    star=_among(drawn, self._star, place),
                    known=answer is not None and answer.verdict == "known",
                    evidence=drawn.places[drawn.rows_of(np.array(evidence, dtype=np.int64))],
                    unknowns=_among(drawn, self._unknowns, place),
                )
            )

    # -- who stands out ----------------------------------------------------------------------

    def choose(self, faces: Ids | None) -> None:
        """Select faces on every map; None selects nobody."""
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
        maps, roster = self.maps(), self._window.identities.model.roster
        owners = maps[0].map.owners[maps[0].rows_of(faces)] if maps else faces[:0]
        people, counts = np.unique(owners, return_counts=True)
        most = np.argsort(-counts, kind="stable")[:NAMED]
        listed = [(roster.identity(int(people[at])), int(counts[at])) for at in most]
        named = [(person.name, count) for person, count in listed if person is not None]
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
        maps, faces = self.maps(), self._chosen
        if faces is None and self._people is not None and maps:
            faces = maps[0].faces_of(self._people)
        self._panel.choose(faces)

    def _drawn_anew(self) -> None:
        """Faces may be gone, or somebody else's now."""
        maps = self.maps()
        if self._chosen is None or not maps:
            self._highlight()
        else:
            there = np.isin(self._chosen, maps[0].map.layout.faces)
            self.choose(self._chosen[there] if there.any() else None)

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
        if face >= 0 and self._state.gallery is not None:
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

    def _identify(self) -> None:
        if self._panel.selection.faces:
            queries.ask_about_face(self._context, self._panel.selection.faces[0].id)

    def _move(self) -> None:
        if self._chosen is not None:
            self._corrections.ask_move(self._chosen.tolist())

    def _review(self) -> None:
        if self._chosen is not None:
            SelectedFacesDialog(
                self._context, self._chosen, self._corrections.ask_move, self._window
            ).open()

    def _export(self, kind: ExportKind) -> None:
        if self._chosen is not None:
            self._exports.ask(kind, tuple(self._chosen.tolist()))


def _among(drawn: DrawnMap, points: Sequence[Vectors], place: int) -> Vectors:
    """Points of the engine's map ``place`` as they are drawn; none where it is another map."""
    if place >= len(points) or points[place].shape[1] != drawn.places.shape[1]:
        return _NOWHERE
    return drawn.placed(points[place])
