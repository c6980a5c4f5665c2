"""The list of all answers to a batch: shown beside the window, and what is done from there."""

from __future__ import annotations

from PySide6.QtCore import Signal

from gallery_app import settings
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs import file_choosers
from gallery_app.dialogs.answers_dialog import AnswersDialog
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.face_queries import QueryList
from gallery_app.operations import answers
from gallery_app.operations.context import Context
from gallery_app.reports.answer_files import AnswerFormat
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow


class AnswersController(Controller):
    """Joins the list of answers to the queries and to the panel that shows one of them.

    Signals: ``preview_requested``: of the face in the current row.
    """

    preview_requested = Signal()

    def __init__(self, context: Context, window: MainWindow) -> None:
        super().__init__(context, window)
        self._dialog: AnswersDialog | None = None
        self._listed = QueryList()
        self._on_actions(answers=self.show)
        window.query.stepper.list_requested.connect(self.show)
        state = context.state
        state.queries_changed.connect(self._queries_changed)
        state.query_changed.connect(self._query_changed)
        state.writable_changed.connect(self._writable_changed)
        state.gallery_changed.connect(self._writable_changed)

    @property
    def dialog(self) -> AnswersDialog | None:
        """The list where it is open."""
        return self._dialog if self._dialog is not None and self._dialog.isVisible() else None

    def show(self) -> None:
        """Open the list, or bring it to the front."""
        if len(self._state.queries) < 2:
            return
        if self._dialog is None:
            self._dialog = self._new_dialog()
        if not self._dialog.isVisible():
            self._window.place_beside_query(self._dialog)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        self._dialog.view.setFocus()
        self._writable_changed()
        self._queries_changed()

    def _new_dialog(self) -> AnswersDialog:
        dialog = AnswersDialog(self._context.query_pictures, self._window)
        dialog.addActions([self._window.menus.actions[name] for name in ("undo", "redo")])
        dialog.query_chosen.connect(self._state.go_to)
        dialog.confirmed.connect(lambda at: answers.confirm_answers(self._context, at))
        dialog.enroll_requested.connect(self._enroll)
        dialog.kept.connect(lambda at: answers.keep_queries(self._context, at, self._kept))
        dialog.save_requested.connect(self._save)
        dialog.preview_requested.connect(self.preview_requested)
        dialog.finished.connect(lambda _: self._remember(dialog))
        remembered = str(self._context.settings.get(settings.ANSWERS)).split()
        dialog.view.restore_widths([int(width) for width in remembered if width.isdecimal()])
        return dialog

    def _remember(self, dialog: AnswersDialog) -> None:
        widths = " ".join(map(str, dialog.view.widths().values()))
        self._context.settings.set(settings.ANSWERS, widths)

    # -- what it shows -----------------------------------------------------------------------

    def _queries_changed(self) -> None:
        queries, dialog = self._state.queries, self._dialog
        self._window.menus.actions["answers"].setEnabled(len(queries) > 1)
        if not self._listed.same_as(queries):
            self._listed = queries
            self._context.query_pictures.set_queries(queries.asked)
        if dialog is None:
            return
        if len(queries) < 2:
            dialog.close()
            dialog.forget()
        dialog.show_answers(queries.table, self._state.position)

    def _query_changed(self) -> None:
        if self.dialog is not None:
            self.dialog.show_current(self._state.position)

    def _writable_changed(self) -> None:
        if self._dialog is not None:
            self._dialog.set_writable(self._state.writable)

    # -- what is done ------------------------------------------------------------------------

    def _enroll(self, positions: list[int]) -> None:
        """Ask for one name for all of these."""
        queries, roster = self._state.queries, self._window.identities.model.roster
        batch = queries.batch(positions)
        dialog = EnrollDialog(self._context, roster, [batch], parent=self._dialog)
        dialog.accepted.connect(
            lambda: answers.mark_enrolled(
                self._context, queries, positions, dialog.report.face_ids if dialog.report else ()
            )
        )
        dialog.open()

    def _kept(self) -> None:
        self._state.contents_changed.emit(ContentsChange(unknowns=True))

    def _save(self, positions: list[int], form: AnswerFormat) -> None:
        parent = self._dialog or self._window
        path = file_choosers.choose_answers(parent, self._context.settings, form)
        if path is not None:
            answers.save_answers(self._context, positions, path, form)
