"""What the menu entries do: ask in a dialog where needed, then call the operation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractItemView, QDialog, QLineEdit, QPlainTextEdit, QTextEdit

from engine.gallery import PhotographFolder
from engine.records.plans import ImportPlan
from engine.records.types import FaceBatch, ImportReport
from engine.utils.number_text import counted
from engine.utils.user_folders import data_folder
from gallery_app.controllers.controller import Controller
from gallery_app.diagnostics import diagnostics
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.dialogs.help_dialogs import about_dialog, shortcuts_dialog
from gallery_app.dialogs.import_preview import ImportPreview
from gallery_app.dialogs.prompts import offer_import, offer_people
from gallery_app.dialogs.report_dialog import import_dialog
from gallery_app.operations import enrolment, galleries, pasted_picture, queries
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.number_words import faces_text


def _target(source: Path) -> Path:
    """Where a gallery named after a folder can be made."""
    name = source.resolve().name or "people"
    target, number = data_folder() / f"{name}.gallery", 1
    while target.exists():
        number += 1
        target = target.with_name(f"{name}-{number}.gallery")
    return target


_NO_GALLERY = "Open a gallery first, then drop the query again."


class MenuController(Controller):
    """One method a menu entry; the window is the parent of every dialog.

    Signals: ``scan_requested``: of a folder (Path).
    """

    scan_requested = Signal(object)

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._on_actions(
            new=self.new_gallery,
            open=self.open_gallery,
            sample=lambda: galleries.open_sample(context),
            import_folder=self.import_folder,
            import_table=self.import_table,
            close=lambda: galleries.close_gallery(context),
            quit=window.close,
            select_all=self.select_all,
            find=self.find,
            paste=self.paste,
            open_query=self.open_query,
            who=self.who_is_this,
            confirm=self.confirm,
            reject=lambda: enrolment.reject(context),
            enroll_query=self.enroll_query,
            enroll=self.enroll,
            previous=lambda: context.state.step(-1),
            next=lambda: context.state.step(1),
            clear=lambda: queries.clear_queries(context),
            shortcuts=self.shortcuts,
            diagnostics=self.copy_diagnostics,
            about=lambda: about_dialog(window).open(),
            show_faces=lambda: window.middle.go_to(0),
            show_map=lambda: window.middle.go_to(1),
            show_review=lambda: window.middle.go_to(2),
            show_unknown=lambda: window.middle.go_to(3),
        )

    # -- galleries

    def new_gallery(self) -> None:
        folder = file_choosers.choose_new_gallery(self._window)
        if folder is not None:
            galleries.new_gallery(self._context, folder)

    def open_gallery(self) -> None:
        folder = file_choosers.choose_folder(self._window, self._context.settings, "Open a gallery")
        if folder is not None:
            self.open_folder(folder)

    def open_folder(self, folder: Path) -> None:
        """Open a gallery; a folder that is none begins one by its photographs, or is offered for
        import.
        """
        if (folder / "gallery.db").exists() or not folder.is_dir():
            galleries.open_gallery(self._context, folder)
        else:
            galleries.look_at_photographs(
                self._context, folder, self._start_with, lambda _: self._offer_import(folder)
            )

    def _offer_import(self, folder: Path) -> None:
        offer_import(folder, self._window, lambda: self.import_into_new(folder))

    def import_into_new(self, source: Path) -> None:
        """Make a gallery, named after the folder, from the faces in it."""
        galleries.new_gallery(self._context, _target(source), [source], self.show_imported)

    def start_with_photographs(self) -> None:
        """Make the first gallery from a folder of photographs."""
        folder = file_choosers.choose_folder(
            self._window, self._context.settings, "Start with a folder of photographs"
        )
        if folder is not None:
            galleries.look_at_photographs(self._context, folder, self._start_with)

    def _start_with(self, found: PhotographFolder) -> None:
        if found.subfolders:
            offer_people(found, self._window, self._enroll_people, self._look_for_faces)
        else:
            self._look_for_faces(found.folder)

    def _enroll_people(self, folder: Path) -> None:
        """Preview the import of folders named after people into a new gallery."""
        galleries.new_gallery(self._context, _target(folder), opened=lambda: self.preview([folder]))

    def _look_for_faces(self, folder: Path) -> None:
        """Scan a folder for a new gallery, so that the people in it can be named."""
        galleries.new_gallery(
            self._context, _target(folder), opened=lambda: self.scan_requested.emit(folder)
        )

    def import_folder(self) -> None:
        """Into the open gallery, or into a new one where none is open."""
        folder = file_choosers.choose_folder(
            self._window, self._context.settings, "Import a folder"
        )
        if folder is None:
            return
        if self._state.gallery is None:
            self.import_into_new(folder)
        else:
            self.preview([folder])

    def import_table(self) -> None:
        paths = file_choosers.choose_tables(self._window, self._context.settings)
        if paths:
            self.preview(paths)

    def preview(self, sources: Sequence[Path]) -> None:
        """Show what an import would do; it is done when the person says so."""
        galleries.plan_import(self._context, sources, lambda plan: self._show_plan(plan, sources))

    def _show_plan(self, plan: ImportPlan, sources: Sequence[Path]) -> None:
        dialog = ImportPreview(self._context, plan, self._window)
        dialog.column_chosen.connect(lambda column: self._plan_anew(dialog, sources, column))
        dialog.accepted.connect(
            lambda: galleries.import_plan(self._context, dialog.plan, self.show_imported)
        )
        dialog.open()

    def _plan_anew(self, dialog: ImportPreview, sources: Sequence[Path], column: str) -> None:
        """With the names from another column; the preview is replaced when that is done."""

        def planned(plan: ImportPlan) -> None:
            dialog.reject()
            self._show_plan(plan, sources)

        galleries.plan_import(
            self._context,
            sources,
            dialog.while_open(planned),
            column,
            stopped=dialog.while_open(dialog.keep_column),
        )

    def show_imported(self, report: ImportReport) -> None:
        if report.rejected or report.notices or not report.faces_added:
            import_dialog(report, self._window).open()
        else:
            people, faces = report.identities_added, report.faces_added
            who = counted(people, "new person", "new people")
            self._state.notice.emit(f"{faces_text(faces)} added, {who}.")

    # -- queries

    def open_query(self) -> None:
        paths = file_choosers.choose_faces(self._window, self._context.settings)
        if paths:
            queries.open_queries(self._context, paths)

    def dropped(self, paths: Sequence[Path]) -> None:
        """Files dropped on the window: a gallery is opened, all else is a query."""
        galleries_dropped = [path for path in paths if (path / "gallery.db").exists()]
        if galleries_dropped:
            galleries.open_gallery(self._context, galleries_dropped[0])
        elif self._state.gallery is not None:
            queries.open_queries(self._context, paths)
        elif paths[0].is_dir():
            self.open_folder(paths[0])
        else:
            self._state.notice.emit(_NO_GALLERY)

    def picture(self, image: QImage) -> None:
        """Ask about pixels without a file, dropped or pasted."""
        if self._state.gallery is None:
            self._state.notice.emit(_NO_GALLERY)
        else:
            pasted_picture.open_picture(self._context, image)

    def paste(self) -> None:
        """Into a text field as everywhere; elsewhere copied paths or a picture are queries."""
        focus = self._window.focusWidget()
        if isinstance(focus, QLineEdit | QTextEdit | QPlainTextEdit):
            focus.paste()
            return
        copied = QGuiApplication.clipboard().mimeData()
        paths, image = file_choosers.local_paths(copied), file_choosers.pixels(copied)
        if paths:
            self.dropped(paths)
        elif image is not None:
            self.picture(image)
        else:
            self._state.notice.emit(
                "The clipboard contains neither a picture nor the path of an existing file."
            )

    def who_is_this(self) -> None:
        selected = self._window.faces.selected_ids()
        if selected:
            queries.ask_about_face(self._context, selected[0])
        else:
            self._context.state.notice.emit("Select a face first.")

    def confirm(self) -> None:
        query = self._state.query
        if query is not None and query.candidate is not None:
            enrolment.confirm(self._context, query.candidate.name)

    # -- enrolment

    def enroll(self) -> None:
        self._open_enroll_dialog([])

    def enroll_for(self, name: str) -> None:
        """More faces of somebody."""
        self._open_enroll_dialog([], name)

    def enroll_query(self) -> None:
        """The shown query as a new person; the name is asked for."""
        query = self._state.query
        if query is None:
            return
        batch = FaceBatch(query.vector[None, :], [None], [query.file], [query.row], [query.photo])
        dialog = self._open_enroll_dialog([batch])
        dialog.accepted.connect(lambda: enrolment.mark_added(self._context, query, dialog.report))

    def _open_enroll_dialog(self, batches: list[FaceBatch], name: str = "") -> QDialog:
        roster = self._window.identities.model.roster
        dialog = EnrollDialog(self._context, roster, batches, name, parent=self._window)
        dialog.open()
        return dialog

    # -- help

    def select_all(self) -> None:
        """Of what has the focus; where nothing can be selected there, of the faces in front or
        else the people.
        """
        focus, faces = self._window.focusWidget(), self._window.faces
        if not isinstance(focus, QAbstractItemView | QLineEdit | QTextEdit | QPlainTextEdit):
            in_front = self._window.middle.shows(faces)
            focus = faces.grid if in_front else self._window.identities.list
        focus.selectAll()

    def find(self) -> None:
        self._window.identities.search.setFocus()
        self._window.identities.search.selectAll()

    def copy_diagnostics(self) -> None:
        Query("Collecting diagnostics", lambda gallery, _: diagnostics(gallery), lane="list").run(
            self._context, self._show_copied
        )

    def _show_copied(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._context.state.notice.emit("Diagnostics copied. They contain no names and no paths.")

    def shortcuts(self) -> None:
        shortcuts_dialog(list(self._window.menus.actions.values()), self._window).open()
