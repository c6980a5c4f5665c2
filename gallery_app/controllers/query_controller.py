"""The query: its picture, its place among the others, its answer, and by which method it is
answered.
"""

from __future__ import annotations

from PySide6.QtGui import QImage, QPixmap

from engine.records.types import Evidence, Vectors
from gallery_app import settings
from gallery_app.controllers.controller import Controller
from gallery_app.face_queries import FaceQuery
from gallery_app.operations import enrolment, people, queries
from gallery_app.operations.context import Context
from gallery_app.state import ContentsChange, Methods
from gallery_app.window.main_window import MainWindow
from gallery_app.window.method_choice import show_entries

_SIDE = 320  # pixels of a drawn portrait


class QueryController(Controller):
    """Joins the query panel to the queries."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self.picture: tuple[Vectors, QPixmap] | None = None
        self._evidence: tuple[FaceQuery, tuple[Evidence, ...]] | None = None
        state, panel = context.state, window.query
        panel.method.set_menu(window.menus.method)
        self._show_choice()
        state.gallery_changed.connect(self._gallery_changed)
        state.query_changed.connect(self.show)
        state.queries_changed.connect(self._show_place)
        state.contents_changed.connect(self._contents_changed)
        state.method_changed.connect(self._show_choice)
        for name, entry in window.menus.methods.items():
            entry.triggered.connect(lambda _=False, to=name: queries.choose_method(context, to))
        context.pictures.ready.connect(self._pictures_ready)
        panel.candidate_chosen.connect(state.choose_candidate)
        panel.stepper.step.connect(state.step)
        panel.stepper.closed.connect(lambda: queries.clear_queries(context))
        panel.actions.confirmed.connect(lambda name: enrolment.confirm(context, name))
        panel.actions.rejected.connect(lambda: enrolment.reject(context))
        panel.actions.taken_back.connect(lambda: enrolment.take_back(context))

    def _forget(self) -> None:
        self.picture = self._evidence = None

    def _gallery_changed(self) -> None:
        self._forget()
        self._show_choice()

    def _contents_changed(self, change: ContentsChange) -> None:
        if change.models:
            self.look_at_methods()
        if change.recognition and self._state.gallery is not None:
            queries.identify_all(self._context)

    def show(self) -> None:
        """The query and its answer, with the portraits as they are now."""
        query = self._state.query
        if query is None:
            self._forget()  # nothing of a query that was cleared is kept
        picture = self._picture_of(query) if query is not None else None
        faces = self._evidence_of(query) if query is not None else ()
        portraits = self._window.identities.model.roster.portrait_of
        self._window.query.show_query(query, picture, portraits, faces)
        self._show_place()

    def _evidence_of(self, query: FaceQuery) -> tuple[Evidence, ...]:
        """The faces of the chosen candidate that are nearest to the query. Those that voted are
        there at once, the others are read; until then what was read for the answer before stays.
        """
        answer, candidate = query.answer, query.candidate
        if answer is None or candidate is None:
            return answer.evidence if answer is not None else ()
        own = tuple(face for face in answer.evidence if face.identity_id == candidate.identity_id)
        if len(own) == len(answer.evidence):
            return own
        if self._evidence is not None and _same_question(self._evidence[0], query):
            own = self._evidence[1]
            if self._evidence[0].answer is answer:
                return own
        people.load_evidence(self._context, query, self._show_evidence)
        return own

    def _show_evidence(self, of: FaceQuery, faces: tuple[Evidence, ...]) -> None:
        query = self._state.query
        if query is not None and query.answer is of.answer and _same_question(of, query):
            self._evidence = of, faces
            self.show()

    def _show_place(self) -> None:
        state = self._state
        self._window.query.stepper.show_place(state.queries, state.position)

    def _pictures_ready(self, faces: list[int]) -> None:
        query = self._state.query
        if query is not None and query.face in faces:
            self._window.query.comparison.show_query(self._picture_of(query))

    def _picture_of(self, query: FaceQuery) -> QPixmap | None:
        """The query's picture: of the enrolled face, of its photograph or drawn; None while that
        is under way.
        """
        if query.face is not None:
            return self._context.pictures.get(query.face)
        if self.picture is not None and self.picture[0] is query.vector:
            return self.picture[1]
        people.load_query_picture(self._context, query, _SIDE, self._show_picture)
        return None

    def _show_picture(self, of: FaceQuery, image: QImage) -> None:
        query = self._state.query
        if query is None or query.vector is not of.vector:
            return
        # another answer to the same query does not read it again
        self.picture = query.vector, QPixmap.fromImage(image)
        self._window.query.comparison.show_query(self.picture[1])

    # -- method ------------------------------------------------------------------------------

    def look_at_methods(self) -> None:
        """What can be asked in the gallery as it is now. It loads the index."""
        if self._state.gallery is not None:
            people.load_methods(self._context, self._show_methods)

    def _show_methods(self, methods: Methods) -> None:
        """The method that the person wants, where this gallery has it."""
        people.prepare(self._context)
        self._state.set_methods(methods)
        wanted = self._context.settings.get(settings.METHOD)
        if wanted in methods.available:
            queries.use_method(self._context, wanted)

    def _show_choice(self) -> None:
        state = self._state
        self._window.query.method.show_choice(state.method, state.methods)
        show_entries(self._window.menus.methods, state.method, state.methods)


def _same_question(one: FaceQuery, other: FaceQuery) -> bool:
    """Whether the faces of the same candidate are compared with the same query."""
    return (
        one.vector is other.vector
        and one.candidate is not None
        and other.candidate is not None
        and one.candidate.identity_id == other.candidate.identity_id
    )
