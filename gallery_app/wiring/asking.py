"""The query: its picture, its place among the others, and its answer in the panel."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QPixmap

from engine.types import Vectors
from gallery_app.operations import deciding, enrolling, looking, queries
from gallery_app.operations.context import Context
from gallery_app.state import Query
from gallery_app.views.main_window import MainWindow
from gallery_app.widgets.portrait import portrait_image

_SIDE = 320  # pixels of a drawn portrait


class Asking(QObject):
    """Joins the query panel to the queries."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._photo: tuple[Path, QPixmap] | None = None
        self._drawn: tuple[Vectors, QPixmap] | None = None
        state, panel = context.state, window.query
        state.gallery_changed.connect(self._forget)
        state.query_changed.connect(self.show)
        state.queries_changed.connect(self._show_place)
        context.pictures.ready.connect(self._pictures_ready)
        panel.stepper.step.connect(state.step)
        panel.stepper.closed.connect(lambda: queries.clear_queries(context))
        panel.actions.confirmed.connect(lambda name: enrolling.confirm(context, name))
        panel.actions.rejected.connect(lambda: deciding.reject(context))
        panel.actions.taken_back.connect(lambda: enrolling.take_back(context))

    def _forget(self) -> None:
        self._photo = self._drawn = None

    def show(self) -> None:
        """The query and its answer, with the portraits as they are now."""
        query = self._context.state.query
        if query is None:
            self._drawn = None  # nothing of a query that was cleared is kept
        picture = self._picture_of(query) if query is not None else None
        portraits = self._window.identities.model.roster.portrait_of
        self._window.query.show_query(query, picture, portraits)
        self._show_place()

    def _show_place(self) -> None:
        state = self._context.state
        self._window.query.stepper.show_place(state.queries, state.position)

    def _pictures_ready(self, faces: list[int]) -> None:
        query = self._context.state.query
        if query is not None and query.face in faces:
            self._window.query.comparison.show_query(self._picture_of(query))

    def _picture_of(self, query: Query) -> QPixmap | None:
        """The query's picture: of the enrolled face, a drawn portrait, or None while the
        photograph is read.
        """
        if query.face is not None:
            return self._context.pictures.get(query.face)
        if query.photo is not None and self._photo and self._photo[0] == query.photo:
            return self._photo[1]
        if query.photo is not None:
            looking.load_query_photo(self._context, query.photo, self._show_photo)
            return None
        return self._portrait_of(query)

    def _portrait_of(self, query: Query) -> QPixmap:
        """Drawn once: a query is shown when it is asked and when it is answered."""
        if self._drawn is None or self._drawn[0] is not query.vector:
            traits = self._context.gallery.traits_of(query.vector[None, :])[0]
            self._drawn = query.vector, QPixmap.fromImage(portrait_image(traits, _SIDE))
        return self._drawn[1]

    def _show_photo(self, path: Path, photo: bytes | None) -> None:
        query = self._context.state.query
        if query is None or query.photo != path:
            return
        image = QImage.fromData(photo) if photo is not None else QImage()
        drawn = self._portrait_of(query) if image.isNull() else QPixmap.fromImage(image)
        self._photo = path, drawn  # another answer to the same query does not read it again
        self._window.query.comparison.show_query(drawn)
