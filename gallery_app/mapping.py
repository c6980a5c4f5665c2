"""The map: drawn when it is looked at, drawn again after changes, joined to list and query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, QPoint, QTimer

from engine.projection import MapMethod
from engine.types import Face, Ids, Vectors
from gallery_app.map.drawn import DrawnMap
from gallery_app.map.marks import Marks
from gallery_app.operations import mapping, queries
from gallery_app.operations.context import Context
from gallery_app.views.main_window import MainWindow

_PAUSE = 400  # ms after a change, so that several are drawn once
_REST = 60  # ms that the mouse rests on a point before it is said whose it is
_NOWHERE = np.empty((0, 2), dtype=np.float32)


class Mapping(QObject):
    """Joins the map panel to the gallery.

    Args:
        show_face: shows a face among those of its person.
        ask_move: asks whose faces these are.
    """

    def __init__(
        self,
        context: Context,
        window: MainWindow,
        show_face: Callable[[Face], None],
        ask_move: Callable[[list[int]], None],
    ) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._panel = window.map
        self._show_face, self._ask_move = show_face, ask_move
        self._stale = True
        self._chosen: Ids | None = None
        self._star: list[Vectors] = []
        self._unknowns: list[Vectors] = []
        self._pointed = (-1, QPoint())
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._look_if_shown)
        self._rest = QTimer(self, singleShot=True, interval=_REST)
        self._rest.timeout.connect(self._tell_pointed)
        self._connect()

    def _connect(self) -> None:
        state, window, panel = self._context.state, self._window, self._panel
        state.gallery_changed.connect(self._gallery_changed)
        state.contents_changed.connect(self._changed)
        state.models_changed.connect(self._changed)
        state.query_changed.connect(self._place_query)
        state.identity_chosen.connect(self._identity_chosen)
        window.middle.currentChanged.connect(lambda _: self._look_if_shown())
        panel.wanted.connect(self.look)
        panel.chosen.connect(self.choose)
        panel.pointed.connect(self._point)
        panel.selection.show_wanted.connect(self._show_selected)
        panel.selection.ask_wanted.connect(self._ask)
        panel.selection.move_wanted.connect(self._move)

    # -- drawing -----------------------------------------------------------------------------

    def look(self) -> None:
        """Draws the map as it is asked for."""
        if self._context.state.gallery is None:
            return
        self._stale = False
        mapping.load_spaces(self._context, self._panel.set_spaces)
        self._panel.show_drawing()
        mapping.draw(
            self._context,
            self._panel.asked_spaces,
            cast(MapMethod, self._panel.method),
            self._panel.asked_dimensions,
            self._show,
            self._context.failed,
        )

    def _gallery_changed(self) -> None:
        self._stale, self._chosen = True, None
        self._star, self._unknowns = [], []
        self._panel.forget()
        self._look_if_shown()

    def _changed(self) -> None:
        self._stale = True
        self._pause.start()

    def _look_if_shown(self) -> None:
        if self._stale and self._window.middle.shows(self._panel):
            self.look()

    def _show(self, maps: list[DrawnMap]) -> None:
        self._panel.show_maps(maps, self._chosen)
        self._star, self._unknowns = [], []
        self._mark()
        self._place_query()
        mapping.place_unknowns(self._context, maps, self._unknowns_placed)

    # -- what lies over the points -----------------------------------------------------------

    def _maps(self) -> list[DrawnMap]:
        return [view.drawn for view in self._panel.views() if view.drawn is not None]

    def _place_query(self) -> None:
        query, maps = self._context.state.query, self._maps()
        if query is None or query.answer is None or not maps or not len(maps[0].places):
            self._star = []
            self._mark()
        else:
            mapping.place_query(self._context, maps, query.vector, self._query_placed)

    def _query_placed(self, points: list[Vectors]) -> None:
        self._star = points
        self._mark()

    def _unknowns_placed(self, points: list[Vectors]) -> None:
        self._unknowns = points
        self._mark()

    def _mark(self) -> None:
        query = self._context.state.query
        answer = query.answer if query is not None else None
        evidence = [one.face for one in answer.evidence] if answer is not None else []
        for place, view in enumerate(self._panel.views()):
            drawn = view.drawn
            assert drawn is not None
            view.show_marks(
                Marks(
                    star=_placed(drawn, self._star, place),
                    known=answer is not None and answer.verdict == "known",
                    evidence=drawn.places[drawn.rows_of(np.array(evidence, dtype=np.int64))],
                    unknowns=_placed(drawn, self._unknowns, place),
                    names=drawn.labels(),
                )
            )

    # -- faces -------------------------------------------------------------------------------

    def choose(self, faces: Ids | None) -> None:
        """Selects faces on every map; None selects nobody."""
        self._chosen = faces
        self._panel.choose(faces)
        if faces is None or not len(faces):
            self._panel.selection.show_faces([], 0)
        else:
            mapping.load_selected(self._context, faces, lambda some: self._show_some(faces, some))

    def _show_some(self, faces: Ids, some: list[Face]) -> None:
        if self._chosen is faces:
            writable = self._context.gallery.writable
            self._panel.selection.show_faces(some, len(faces) if some else 0, writable=writable)

    def _identity_chosen(self, identity: int) -> None:
        """Whoever is chosen in the list stands out."""
        maps = self._maps()
        if maps and self._window.middle.shows(self._panel) and identity >= 0:
            self._panel.choose(maps[0].map.layout.faces[maps[0].map.owners == identity])

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
            mapping.load_pointed(self._context, face, lambda found: self._show_card(found, at))

    def _show_card(self, face: Face, at: QPoint) -> None:
        if self._pointed[0] == face.id:
            self._panel.card.show_face(face, at)

    def _show_selected(self) -> None:
        if self._panel.selection.faces:
            self._show_face(self._panel.selection.faces[0])

    def _ask(self) -> None:
        if self._panel.selection.faces:
            queries.ask_about_face(self._context, self._panel.selection.faces[0].id)

    def _move(self) -> None:
        if self._chosen is not None:
            self._ask_move(self._chosen.tolist())


def _placed(drawn: DrawnMap, points: Sequence[Vectors], place: int) -> Vectors:
    """Points of the engine's map ``place`` as they are drawn; none where it is another map."""
    if place >= len(points) or points[place].shape[1] != drawn.places.shape[1]:
        return _NOWHERE
    return drawn.placed(points[place])
