"""People and their faces as they are browsed: who is listed, whose faces are shown, what is known
of the gallery.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer

from engine.records.gallery_figures import GalleryFigures
from engine.records.long_lists import FaceColumns
from engine.records.roster import Roster
from engine.records.types import Face
from gallery_app.controllers.controller import Controller
from gallery_app.controllers.query_controller import QueryController
from gallery_app.dialogs.person_photographs import SIDE, PersonPhotographsDialog
from gallery_app.dialogs.similarity_dialog import SimilarityDialog
from gallery_app.operations import analysis, photographs, queries
from gallery_app.operations import people as people_operations
from gallery_app.operations.analysis import Compared
from gallery_app.operations.context import Context
from gallery_app.recent import recent_galleries, sample_faces
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.method_words import status_text
from gallery_app.wording.number_words import faces_text, people_text

_INDEX = 500  # ms after which an index that was being made is looked at again


class PeopleController(Controller):
    """Joins the list of people and the faces in the middle to the gallery."""

    def __init__(
        self, context: Context, window: MainWindow, query_controller: QueryController
    ) -> None:
        super().__init__(context, window)
        self._query_controller = query_controller
        self._wanted_face = -1
        self._index_ends = QTimer(self, singleShot=True, interval=_INDEX, timeout=self._show_status)
        self._folder: Path | None = None
        self._on_actions(
            compare=self.compare_people,
            compare_faces=self.compare_faces,
            charts=self.measure,
            photographs=self.show_photographs,
        )
        for panel in (window.identities, window.faces):
            panel.selection_changed.connect(self._enable_comparing)
            panel.model.modelReset.connect(self._enable_comparing)
        state = context.state
        state.gallery_changed.connect(self._enable_comparing)
        state.gallery_changed.connect(self.gallery_changed)
        state.writable_changed.connect(self._writable_changed)
        state.contents_changed.connect(self._contents_changed)
        state.identity_chosen.connect(self._show_identity)
        state.query_changed.connect(self._enable_actions)
        state.method_changed.connect(self._show_status)
        state.notice.connect(self._show_notice)
        window.identities.chosen.connect(self._chosen_in_list)
        window.faces.face_selected.connect(self._load_details)
        window.faces.who_is_this.connect(lambda face: queries.ask_about_face(context, face))
        window.faces.identity_requested.connect(self.go_to_identity)
        window.review.identity_requested.connect(self.go_to_name)
        window.query.identity_requested.connect(self.go_to_identity)
        window.query.candidates.named.connect(self.go_to_name)

    def gallery_changed(self) -> None:
        gallery = self._state.gallery
        self._window.show_gallery(gallery.folder.name if gallery else "")
        if gallery is not None and gallery.folder != self._folder:
            self._folder = gallery.folder  # the one that was locked or restored keeps its tab
            self._window.middle.setCurrentWidget(self._window.faces)
        self._window.message.hide()
        self._window.identities.set_roster(Roster())
        self._window.identities.search.clear()
        if gallery is None:
            self._window.welcome.set_recent(recent_galleries())
            self._window.welcome.set_sample(sample_faces().is_dir())
        else:
            self._show_writable()
            self._window.identities.list.setFocus()
            self._load_people()
        self._enable_actions()

    def _show_writable(self) -> None:
        gallery = self._state.gallery
        assert gallery is not None
        self._window.query.actions.set_writable(gallery.writable)
        for button in self._window.faces.empty_gallery.buttons:
            button.setEnabled(gallery.writable)

    def _writable_changed(self) -> None:
        self._show_writable()
        self._query_controller.show()
        self._enable_actions()
        self._show_status()

    def _contents_changed(self, change: ContentsChange) -> None:
        if change.faces or change.identities or change.details or change.decisions:
            self._load_people()

    def _load_people(self) -> None:
        if self._state.gallery is not None:
            known = self.roster if self.roster.change >= 0 else None
            people_operations.load_roster(self._context, known, self._show_people)

    @property
    def roster(self) -> Roster:
        """Everybody, as last read."""
        return self._window.identities.model.roster

    def _show_people(self, roster: Roster) -> None:
        self._window.identities.set_roster(roster)
        self._show_status()
        if roster.row_of(self._state.identity) >= 0:
            if self._window.identities.chosen_identity() != self._state.identity:
                self._window.identities.choose(self._state.identity)
            self._show_identity(self._state.identity)
        else:
            first = self._window.identities.model.identity_at(0)
            self._window.identities.choose(first.id if first else -1)
            self._state.choose_identity(first.id if first else -1)
        self._query_controller.show()
        self._query_controller.look_at_methods()  # last: it loads the index, the faces do not

    def _show_status(self) -> None:
        gallery = self._state.gallery
        if gallery is None:
            return
        reading = "" if gallery.writable else " · read-only"
        people = f"{people_text(len(self.roster))} · {faces_text(self.roster.face_count)}{reading}"
        self._window.left_status.setText(f"{gallery.folder.name} · {people}")
        state = self._state
        index = gallery.recogniser.index_status()
        self._window.right_status.setText(status_text(state.method, state.methods.auto, index))
        if index.startswith("index being"):  # nobody tells when it ends
            self._index_ends.start()

    def _show_notice(self, text: str) -> None:
        self._window.message.show_info(text)
        self._show_status()

    def _show_identity(self, identity: int) -> None:
        if self.roster.row_of(identity) >= 0 and self._state.gallery is not None:
            people_operations.load_faces(
                self._context, identity, lambda faces: self._show_faces(identity, faces)
            )
        else:
            nobody = self.roster.change >= 0 and not len(self.roster)
            self._window.faces.show_nobody(empty_gallery=nobody)

    def _show_faces(self, identity: int, faces: FaceColumns) -> None:
        listed = self.roster.identity(identity)
        if listed is None or identity != self._state.identity:
            return
        self._window.faces.show_identity(listed, faces)
        if self._wanted_face >= 0:
            self._window.faces.select_alone(self._wanted_face)
            self._wanted_face = -1
        people_operations.load_nearest_identity(self._context, identity, self._show_nearest)

    def _show_nearest(self, identity: int, name: str) -> None:
        self._show_status()
        if identity == self._state.identity:
            self._window.faces.show_nearest_identity(name)

    def _load_details(self, face: int) -> None:
        if face >= 0:
            people_operations.load_details(self._context, face, self._window.faces.show_details)

    def go_to_identity(self, identity: int) -> None:
        """Show an identity in the list and its faces in the middle."""
        self._window.identities.choose(identity)
        self._visit(identity)

    def _visit(self, identity: int) -> None:
        self._window.middle.setCurrentWidget(self._window.faces)
        self._state.choose_identity(identity)

    def _chosen_in_list(self, identity: int) -> None:
        """On the map whoever is chosen stands out; elsewhere the faces come in front."""
        if self._window.middle.shows(self._window.map):
            self._state.choose_identity(identity)
        else:
            self._visit(identity)

    def show_face(self, face: Face) -> None:
        """Show the faces of a face's person, and select it once they are there."""
        self._wanted_face = face.id
        self.go_to_identity(face.identity_id)

    def go_to_name(self, name: str) -> None:
        """Show the faces of the person with this name, where there is one."""
        identity = self.roster.named(name)
        if identity is not None:
            self.go_to_identity(identity.id)

    def _enable_actions(self) -> None:
        gallery, query = self._state.gallery, self._state.query
        self._window.menus.enable(
            gallery=gallery is not None,
            writable=gallery is not None and gallery.writable,
            query=query is not None,
            open_question=query is not None and query.is_open_question,
            rejectable=query is not None and query.is_rejectable,
        )

    # -- comparing people and faces ----------------------------------------------------------

    def _enable_comparing(self) -> None:
        actions, gallery = self._window.menus.actions, self._state.gallery
        people = self._window.identities.list.selected_count()
        faces = self._window.faces.grid.selected_count()
        for name in ("compare", "photographs"):
            actions[name].setEnabled(gallery is not None and people in (1, 2))
        actions["compare_faces"].setEnabled(gallery is not None and faces == 2)

    def compare_people(self) -> None:
        """Two people; one alone with itself."""
        names = [person.name for person in self._window.identities.selected()]
        one, other = names[0], names[-1]
        analysis.compare_people(
            self._context, one, other, lambda found: self._show_comparison(found, (one, other))
        )

    def show_photographs(self) -> None:
        """The photographs that one person is in, or two people together."""
        people = self._window.identities.selected()
        dialog = PersonPhotographsDialog([person.name for person in people], self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.photograph_chosen.connect(
            lambda file: photographs.open_photograph(self._context, Path(file))
        )
        dialog.open()
        photographs.load_photographs(
            self._context,
            [person.id for person in people],
            2 * SIDE,
            dialog.while_open(dialog.show_photographs),
        )

    def compare_faces(self) -> None:
        one, other = self._window.faces.selected_faces()
        analysis.compare_faces(
            self._context,
            one.id,
            other.id,
            lambda found: self._show_comparison(found, (one.name, other.name)),
        )

    def measure(self) -> None:
        """What is measured is read from all faces: it takes a moment."""
        analysis.measure(self._context, self._show_charts)

    def _show_charts(self, figures: GalleryFigures) -> None:
        from gallery_app.dialogs.charts_dialog import ChartsDialog  # brings pyqtgraph: 0.7 s

        roster = self._window.identities.model.roster
        ChartsDialog(figures, self._context.gallery.distance, roster, self._window).open()

    def _show_comparison(self, found: Compared, names: tuple[str, str]) -> None:
        SimilarityDialog(found, names, self._context.pictures, self._window).open()
