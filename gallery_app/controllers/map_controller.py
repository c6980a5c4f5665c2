"""The map: drawn when it is looked at, drawn again after changes, with what is asked about."""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from engine.maps.layout import MapMethod
from engine.records.types import Vectors
from gallery_app.map.drawn import DrawnMap
from gallery_app.map.marks import Marks
from gallery_app.operations import maps as maps_operations
from gallery_app.operations.context import Context
from gallery_app.operations.maps import WantedMap
from gallery_app.state import ContentsChange, FaceQuery
from gallery_app.window.main_window import MainWindow

_PAUSE = 400  # ms after a change, so that several are drawn once
_NOWHERE = np.empty((0, 2), dtype=np.float32)


class MapController(QObject):
    """Joins the map panel to the gallery.

    Signals: ``shown`` (other maps are).
    """

    shown = Signal()

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._panel = window.map
        self._stale = True
        self._seed = 1
        self._wish = 0
        self._star: list[Vectors] = []
        self._unknowns: list[Vectors] = []
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self._look_if_shown)
        self._connect()

    def _connect(self) -> None:
        state, panel = self._context.state, self._panel
        state.gallery_changed.connect(self._gallery_changed)
        state.contents_changed.connect(self._changed)
        state.query_changed.connect(self._place_query)
        self._window.middle.currentChanged.connect(lambda _: self._look_if_shown())
        self._window.unknown.count_changed.connect(lambda _: self._place_unknowns())
        panel.wanted.connect(self.look)
        panel.anew_wanted.connect(self._lay_out_anew)

    def maps(self) -> list[DrawnMap]:
        """Those that are shown."""
        return [view.drawn for view in self._panel.views() if view.drawn is not None]

    # -- drawing -----------------------------------------------------------------------------

    def look(self, *, anew: bool = False) -> None:
        """Draws the map as it is asked for."""
        if self._context.state.gallery is None:
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
        query, maps = self._context.state.query, self.maps()
        self._star = []
        self._mark()
        if query is not None and query.answer is not None and maps and len(maps[0].places):
            maps_operations.place_query(
                self._context, maps, query.vector, lambda points: self._placed(query, points)
            )

    def _placed(self, query: FaceQuery, points: list[Vectors]) -> None:
        now = self._context.state.query
        if now is not None and now.vector is query.vector:
            self._star = points
            self._mark()

    def _place_unknowns(self) -> None:
        maps = self.maps()
        if maps and self._context.state.gallery is not None:
            maps_operations.place_unknowns(self._context, maps, self._unknowns_placed)

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
                    star=_among(drawn, self._star, place),
                    known=answer is not None and answer.verdict == "known",
                    evidence=drawn.places[drawn.rows_of(np.array(evidence, dtype=np.int64))],
                    unknowns=_among(drawn, self._unknowns, place),
                )
            )


def _among(drawn: DrawnMap, points: Sequence[Vectors], place: int) -> Vectors:
    """Points of the engine's map ``place`` as they are drawn; none where it is another map."""
    if place >= len(points) or points[place].shape[1] != drawn.places.shape[1]:
        return _NOWHERE
    return drawn.placed(points[place])
