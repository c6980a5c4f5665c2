"""The one place where objects are made and wired: signals of panels to operations and back."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QPixmapCache
from PySide6.QtWidgets import QApplication

from engine.errors import FaceGalleryError
from engine.utils.trim_heap import share_arenas
from engine.utils.worker_process import SECRETS
from gallery_app import settings as remembered
from gallery_app.controllers.answers_controller import AnswersController
from gallery_app.controllers.backup_controller import BackupController
from gallery_app.controllers.camera_controller import CameraController
from gallery_app.controllers.corrections_controller import CorrectionsController
from gallery_app.controllers.encryption_controller import EncryptionController
from gallery_app.controllers.export_controller import ExportController
from gallery_app.controllers.external_changes_controller import ExternalChangesController
from gallery_app.controllers.history_controller import HistoryController
from gallery_app.controllers.map_controller import MapController
from gallery_app.controllers.menu_controller import MenuController
from gallery_app.controllers.model_controller import ModelController
from gallery_app.controllers.people_controller import PeopleController
from gallery_app.controllers.photograph_controller import PhotographController
from gallery_app.controllers.preview_controller import PreviewController
from gallery_app.controllers.query_controller import QueryController
from gallery_app.controllers.review_controller import ReviewController
from gallery_app.controllers.scan_controller import ScanController
from gallery_app.controllers.strictness_controller import StrictnessController
from gallery_app.controllers.unknowns_controller import UnknownsController
from gallery_app.dialogs.prompts import error_box
from gallery_app.errors import one_line
from gallery_app.operations import galleries
from gallery_app.operations.context import Context
from gallery_app.pictures import Pictures, QueryPictures, ShelfPictures
from gallery_app.recent import recent_galleries
from gallery_app.settings import Settings
from gallery_app.state import AppState
from gallery_app.tasks import Task, TaskRunner
from gallery_app.theme.colours import apply_theme
from gallery_app.theme.icons import app_icon
from gallery_app.widgets.controls.dialog import fit_to_screen
from gallery_app.window.main_window import MainWindow

_SCALED = 48 << 10  # kB of pictures at the size they are shown in: a screen full of large ones


class App(QObject):
    """The running application: one window, one state, one task runner."""

    def __init__(self, qt: QApplication) -> None:
        super().__init__()
        self._qt = qt
        QPixmapCache.setCacheLimit(_SCALED)
        self.settings = Settings()
        apply_theme(qt, self.settings.get(remembered.THEME))
        self.state = AppState(self)
        self.tasks = TaskRunner(self)
        self.pictures = Pictures(parent=self)
        self.shelf_pictures = ShelfPictures(parent=self)
        query_pictures = QueryPictures(parent=self)
        self.window = MainWindow(self.pictures, self.shelf_pictures)
        self.window.setWindowIcon(app_icon())
        self.context = Context(
            self.state,
            self.tasks,
            self.pictures,
            self.shelf_pictures,
            query_pictures,
            self.settings,
            self.failed,
        )
        parts = self.context, self.window
        self.menu_controller = MenuController(*parts)
        self.model_controller = ModelController(*parts)
        self.query_controller = QueryController(*parts)
        self.photograph_controller = PhotographController(*parts)
        self.answers_controller = AnswersController(*parts)
        self.preview_controller = PreviewController(*parts, self.answers_controller)
        self.strictness_controller = StrictnessController(*parts)
        self.people_controller = PeopleController(*parts, self.query_controller)
        self.corrections_controller = CorrectionsController(*parts)
        self.history_controller = HistoryController(*parts)
        self.review_controller = ReviewController(
            *parts, self.corrections_controller.merge_names, self.menu_controller.enroll_for
        )
        self.backup_controller = BackupController(*parts)
        self.export_controller = ExportController(*parts)
        self.external_changes_controller = ExternalChangesController(*parts)
        self.unknowns_controller = UnknownsController(*parts)
        self.map_controller = MapController(
            *parts,
            self.people_controller.show_face,
            self.corrections_controller,
            self.export_controller,
        )
        self.encryption_controller = EncryptionController(*parts)
        self.camera_controller = CameraController(*parts)
        self.scan_controller = ScanController(*parts)
        self.menu_controller.scan_requested.connect(self.scan_controller.show)
        self.tasks.started.connect(self._task_started)
        self._connect_panels()
        self._connect_menus()
        self._restore()
        self.people_controller.gallery_changed()

    # -- wiring ------------------------------------------------------------------------------

    def _connect_panels(self) -> None:
        window, context = self.window, self.context
        window.identities.sort_changed.connect(self._sort)
        window.faces.import_requested.connect(self.menu_controller.import_folder)
        window.faces.enroll_requested.connect(self.menu_controller.enroll)
        window.query.open_requested.connect(self.menu_controller.open_query)
        window.query.actions.enroll_requested.connect(self.menu_controller.enroll_query)
        for panel in (window.faces, window.unknown):
            size = panel.size
            size.valueChanged.connect(lambda _, of=size: self._set_thumbnails(of.side))
        window.welcome.photographs_requested.connect(self.menu_controller.start_with_photographs)
        window.welcome.open_requested.connect(self.menu_controller.open_gallery)
        window.welcome.import_requested.connect(self.menu_controller.import_folder)
        window.welcome.sample_requested.connect(lambda: galleries.open_sample(context))
        window.welcome.recent_requested.connect(lambda path: galleries.open_gallery(context, path))
        window.dropped.connect(self.menu_controller.dropped)
        window.picture_dropped.connect(self.menu_controller.picture)
        window.closing.connect(self.close)

    def _connect_menus(self) -> None:
        menus = self.window.menus
        menus.recent.aboutToShow.connect(self._fill_recent)
        for order, action in menus.sorts.items():
            action.triggered.connect(lambda _=False, by=order: self._sort(by))
        for mode, action in menus.themes.items():
            action.triggered.connect(lambda _=False, to=mode: self._set_theme(to))

    def _restore(self) -> None:
        """The window as it was left."""
        self.window.restoreGeometry(self.settings.get(remembered.GEOMETRY))
        fit_to_screen(self.window)
        self.window.splitter.restoreState(self.settings.get(remembered.SPLITTER))
        self._sort(self.settings.get(remembered.SORT))
        self._set_thumbnails(self.settings.get(remembered.THUMBNAIL))
        themes = self.window.menus.themes
        themes.get(self.settings.get(remembered.THEME), themes["system"]).setChecked(True)

    # -- the window --------------------------------------------------------------------------

    def _sort(self, order: str) -> None:
        self.settings.set(remembered.SORT, order)
        self.window.identities.sort_by(order)
        self.window.menus.sorts[order if order == "faces" else "name"].setChecked(True)

    def _set_thumbnails(self, side: int) -> None:
        """The faces of one person and the unknown ones are of one size."""
        self.settings.set(remembered.THUMBNAIL, side)
        for panel in (self.window.faces, self.window.unknown):
            panel.size.set_side(side)

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
        """One readable message for any error; one that nobody expected is told on the terminal
        and in the log too.
        """
        if not isinstance(error, FaceGalleryError):
            print(one_line(error), file=sys.stderr)
        error_box(error, self.window).open()

    def open(self, path: Path | None, *, sample: bool = False) -> None:
        """What the window starts with: a gallery, the sample, or the welcome page."""
        if sample:
            galleries.open_sample(self.context)
        elif path is not None:
            self.menu_controller.open_folder(path)

    def close(self) -> None:
        """Remember the window, then end every thread and close the gallery."""
        self.settings.set(remembered.GEOMETRY, self.window.saveGeometry())
        self.settings.set(remembered.SPLITTER, self.window.splitter.saveState())
        self.settings.save()
        for pictures in self.context.all_pictures:
            pictures.set_gallery(None)
            pictures.close()
        self.scan_controller.close()
        self.camera_controller.close()
        self.tasks.close()
        self.export_controller.close()
        if self.state.gallery is not None:
            self.state.gallery.close()
            self.state.gallery = None


def start(folder: Path | None, *, sample: bool = False) -> int:
    """Open the window on a gallery, the sample or the welcome page; return the exit code."""
    share_arenas()
    for name in SECRETS:  # the window asks; a browser that it opens needs none
        os.environ.pop(name, None)
    qt = QApplication.instance() or QApplication(["face-gallery"])
    qt.setApplicationName("Face Gallery")
    qt.setDesktopFileName("face-gallery")
    app = App(qt)
    sys.excepthook = _tell(app)
    signal.signal(signal.SIGINT, lambda *_: app.window.close())
    heartbeat = QTimer(interval=500)  # lets Python see Ctrl+C while Qt waits
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    app.window.show()
    # The libraries' 63,000 objects stay for good: to go through them takes a full collection, which
    # stops every thread, 14 to 56 ms. What comes from here on is collected as ever.
    gc.freeze()
    app.open(folder, sample=sample)
    return qt.exec()


def _tell(app: App):  # type: ignore[no-untyped-def]
    """Unexpected exceptions reach the person, and the log."""

    def hook(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        app.failed(error)

    return hook
