"""The one place where objects are made and wired: signals of panels to operations and back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from engine.records.long_lists import FaceColumns
from engine.records.roster import Roster
from engine.types import Face
from gallery_app import settings as remembered
from gallery_app.dialogs.error import error_box
from gallery_app.icons import app_icon
from gallery_app.item_models.identities import faces_text, people_text
from gallery_app.operations import galleries, looking, queries
from gallery_app.operations.context import Context
from gallery_app.pictures import Pictures, ShelfPictures
from gallery_app.recent import recent_galleries, sample_faces
from gallery_app.settings import Settings
from gallery_app.state import AppState
from gallery_app.tasks import Task, TaskRunner
from gallery_app.theme import apply_theme
from gallery_app.views.main_window import MainWindow
from gallery_app.widgets.method_words import status_text
from gallery_app.wiring.asking import Asking
from gallery_app.wiring.commands import Commands
from gallery_app.wiring.comparing import Comparing
from gallery_app.wiring.correcting import Correcting
from gallery_app.wiring.erasing import Erasing
from gallery_app.wiring.exporting import Exporting
from gallery_app.wiring.judging import Judging
from gallery_app.wiring.keeping import Keeping
from gallery_app.wiring.locking import Locking
from gallery_app.wiring.mapping import Mapping
from gallery_app.wiring.modelling import Modelling
from gallery_app.wiring.reviewing import Reviewing
from gallery_app.wiring.selecting import Selecting
from gallery_app.wiring.shelving import Shelving
from gallery_app.wiring.undoing import Undoing
from gallery_app.wiring.watching import Watching


class App(QObject):
    """The running application: one window, one state, one task runner."""

    def __init__(self, qt: QApplication) -> None:
        super().__init__()
        self._qt = qt
        self.settings = Settings()
        apply_theme(qt, self.settings.get(remembered.THEME))
        self.state = AppState(self)
        self.tasks = TaskRunner(self)
        self.pictures = Pictures(parent=self)
        self.shelf_pictures = ShelfPictures(parent=self)
        self.window = MainWindow(self.pictures, self.shelf_pictures)
        self.window.setWindowIcon(app_icon())
        self.context = Context(
            self.state, self.tasks, self.pictures, self.shelf_pictures, self.settings, self.failed
        )
        self.commands = Commands(self.context, self.window)
        self.modelling = Modelling(self.context, self.window)
        self.judging = Judging(self.context, self.window)
        self.asking = Asking(self.context, self.window)
        self.correcting = Correcting(self.context, self.window)
        self.undoing = Undoing(self.context, self.window)
        self.reviewing = Reviewing(
            self.context, self.window, self.correcting.merge_names, self.commands.enroll_for
        )
        self.keeping = Keeping(self.context, self.window)
        self.erasing = Erasing(self.context, self.window)
        self.exporting = Exporting(self.context, self.window)
        self.watching = Watching(self.context, self.window)
        self.shelving = Shelving(self.context, self.window)
        self.mapping = Mapping(self.context, self.window)
        self.selecting = Selecting(
            self.context,
            self.window,
            self.mapping,
            self._show_face,
            self.correcting,
            self.exporting,
        )
        self.comparing = Comparing(self.context, self.window)
        self.locking = Locking(self.context, self.window)
        self._wanted_face = -1
        self._connect_state()
        self._connect_panels()
        self._connect_menus()
        self._restore()
        self._gallery_changed()

    # -- wiring ------------------------------------------------------------------------------

    def _connect_state(self) -> None:
        self.state.gallery_changed.connect(self._gallery_changed)
        self.state.writable_changed.connect(self._writable_changed)
        self.state.contents_changed.connect(self._load_people)
        self.state.identity_chosen.connect(self._show_identity)
        self.state.query_changed.connect(self._enable_actions)
        self.state.method_changed.connect(self._show_status)
        self.state.notice.connect(self._show_notice)
        self.tasks.started.connect(self._task_started)

    def _connect_panels(self) -> None:
        window, context = self.window, self.context
        window.identities.chosen.connect(self._chosen_in_list)
        window.identities.sort_changed.connect(self._sort)
        window.faces.face_selected.connect(self._load_details)
        window.faces.who_is_this.connect(lambda face: queries.ask_about_face(context, face))
        window.faces.identity_wanted.connect(self.go_to_identity)
        window.review.identity_wanted.connect(self._go_to_name)
        window.faces.import_wanted.connect(self.commands.import_folder)
        window.faces.enroll_wanted.connect(self.commands.enroll)
        window.query.open_wanted.connect(self.commands.open_query)
        window.query.identity_wanted.connect(self.go_to_identity)
        window.query.candidates.named.connect(self._go_to_name)
        window.query.actions.enroll_wanted.connect(self.commands.enroll_query)
        window.welcome.open_wanted.connect(self.commands.open_gallery)
        window.welcome.import_wanted.connect(self.commands.import_folder)
        window.welcome.sample_wanted.connect(lambda: galleries.open_sample(context))
        window.welcome.recent_wanted.connect(lambda path: galleries.open_gallery(context, path))
        window.dropped.connect(self.commands.dropped)
        window.closing.connect(self.close)

    def _connect_menus(self) -> None:
        menus = self.window.menus
        self.commands.connect_menus()
        menus.recent.aboutToShow.connect(self._fill_recent)
        for order, action in menus.sorts.items():
            action.triggered.connect(lambda _=False, by=order: self._sort(by))
        for mode, action in menus.themes.items():
            action.triggered.connect(lambda _=False, to=mode: self._set_theme(to))

    def _restore(self) -> None:
        """The window as it was left."""
        self.window.restoreGeometry(self.settings.get(remembered.GEOMETRY))
        self.window.splitter.restoreState(self.settings.get(remembered.SPLITTER))
        self._sort(self.settings.get(remembered.SORT))
        themes = self.window.menus.themes
        themes.get(self.settings.get(remembered.THEME), themes["system"]).setChecked(True)

    # -- the gallery -------------------------------------------------------------------------

    def _gallery_changed(self) -> None:
        gallery = self.state.gallery
        self._portraits, self._photo = {}, None
        self.window.show_gallery(gallery.folder.name if gallery else "")
        self.window.message.hide()
        self.window.identities.set_roster(Roster())
        self.window.identities.search.clear()
        if gallery is None:
            self.window.welcome.set_recent(recent_galleries())
            self.window.welcome.set_sample(sample_faces().is_dir())
        else:
            self._show_writable()
            self.window.identities.list.setFocus()
            self._load_people()
        self._enable_actions()

    def _show_writable(self) -> None:
        gallery = self.state.gallery
        assert gallery is not None
        self.window.query.actions.set_writable(gallery.writable)
        for button in self.window.faces.empty_gallery.buttons:
            button.setEnabled(gallery.writable)

    def _writable_changed(self) -> None:
        self._show_writable()
        self.asking.show()
        self._enable_actions()
        self._show_status()

    def _load_people(self) -> None:
        if self.state.gallery is not None:
            known = self._roster if self._roster.change >= 0 else None
            looking.load_roster(self.context, known, self._show_people)

    @property
    def _roster(self) -> Roster:
        """Everybody, as last read."""
        return self.window.identities.model.roster

    def _show_people(self, roster: Roster) -> None:
        self.window.identities.set_roster(roster)
        self._show_status()
        if roster.row_of(self.state.identity) >= 0:
            if self.window.identities.chosen_identity() != self.state.identity:
                self.window.identities.choose(self.state.identity)
            self._show_identity(self.state.identity)
        else:
            first = self.window.identities.model.identity_at(0)
            self.window.identities.choose(first.id if first else -1)
            self.state.choose_identity(first.id if first else -1)
        self.asking.show()
        self.judging.look()  # last: it loads the index, the faces do not

    def _show_status(self) -> None:
        gallery = self.state.gallery
        if gallery is None:
            return
        reading = "" if gallery.writable else " · reading only"
        people = (
            f"{people_text(len(self._roster))} · {faces_text(self._roster.face_count)}{reading}"
        )
        self.window.left_status.setText(f"{gallery.folder.name} · {people}")
        state = self.state
        status = status_text(state.method, state.methods.auto, gallery.index_status())
        self.window.right_status.setText(status)

    def _show_notice(self, text: str) -> None:
        self.window.message.show_info(text)
        self._show_status()

    def _show_identity(self, identity: int) -> None:
        if self._roster.row_of(identity) >= 0 and self.state.gallery is not None:
            looking.load_faces(
                self.context, identity, lambda faces: self._show_faces(identity, faces)
            )
        else:
            nobody = self._roster.change >= 0 and not len(self._roster)
            self.window.faces.show_nobody(empty_gallery=nobody)

    def _show_faces(self, identity: int, faces: FaceColumns) -> None:
        listed = self._roster.identity(identity)
        if listed is None or identity != self.state.identity:
            return
        self.window.faces.show_identity(listed, faces)
        if self._wanted_face >= 0:
            self.window.faces.select_alone(self._wanted_face)
            self._wanted_face = -1
        looking.load_nearest_identity(self.context, identity, self._show_nearest)

    def _show_nearest(self, identity: int, name: str) -> None:
        self._show_status()
        if identity == self.state.identity:
            self.window.faces.show_nearest_identity(name)

    def _load_details(self, face: int) -> None:
        if face >= 0:
            looking.load_details(self.context, face, self.window.faces.show_details)

    def go_to_identity(self, identity: int) -> None:
        """Shows an identity in the list and its faces in the middle."""
        self.window.identities.choose(identity)
        self._visit(identity)

    def _visit(self, identity: int) -> None:
        self.window.middle.setCurrentWidget(self.window.faces)
        self.state.choose_identity(identity)

    def _chosen_in_list(self, identity: int) -> None:
        """On the map whoever is chosen stands out; elsewhere the faces come in front."""
        if self.window.middle.shows(self.window.map):
            self.state.choose_identity(identity)
        else:
            self._visit(identity)

    def _show_face(self, face: Face) -> None:
        """The same, with one of them selected once they are there."""
        self._wanted_face = face.id
        self.go_to_identity(face.identity_id)

    def _go_to_name(self, name: str) -> None:
        """The same for somebody of whom only the name was told."""
        identity = self._roster.named(name)
        if identity is not None:
            self.go_to_identity(identity.id)

    def _enable_actions(self) -> None:
        gallery, query = self.state.gallery, self.state.query
        self.window.menus.enable(
            gallery=gallery is not None,
            writable=gallery is not None and gallery.writable,
            query=query is not None,
            open_question=query is not None and query.is_open_question,
            rejectable=query is not None and query.is_rejectable,
        )

    # -- the window --------------------------------------------------------------------------

    def _sort(self, order: str) -> None:
        self.settings.set(remembered.SORT, order)
        self.window.identities.sort_by(order)
        self.window.menus.sorts[order if order == "faces" else "name"].setChecked(True)

    def _set_theme(self, mode: str) -> None:
        self.settings.set(remembered.THEME, mode)
        apply_theme(self._qt, mode)

    def _fill_recent(self) -> None:
        self.window.menus.fill_recent(
            recent_galleries(), lambda path: galleries.open_gallery(self.context, path)
        )

    def _task_started(self, task: Task) -> None:
        self.window.busy.watch(task)

    def failed(self, error: BaseException) -> None:
        """One readable message for any error."""
        error_box(error, self.window).open()

    def open(self, path: Path | None, *, sample: bool = False) -> None:
        """What the window starts with: a gallery, the sample, or the welcome page."""
        if sample:
            galleries.open_sample(self.context)
        elif path is not None:
            self.commands.open_folder(path)

    def close(self) -> None:
        """Remembers the window, then ends every thread and closes the gallery."""
        self.settings.set(remembered.GEOMETRY, self.window.saveGeometry())
        self.settings.set(remembered.SPLITTER, self.window.splitter.saveState())
        self.settings.save()
        for pictures in (self.pictures, self.shelf_pictures):
            pictures.set_gallery(None)
            pictures.close()
        self.tasks.close()
        self.exporting.close()
        if self.state.gallery is not None:
            self.state.gallery.close()
            self.state.gallery = None
