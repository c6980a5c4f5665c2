"""A face in full size, from wherever it is shown; its photograph, and the folder of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QListView

from gallery_app.controllers.answers_controller import AnswersController
from gallery_app.controllers.controller import Controller
from gallery_app.dialogs.face_preview import FacePreview
from gallery_app.face_queries import FaceQuery
from gallery_app.operations import photographs
from gallery_app.operations.context import Context
from gallery_app.operations.photographs import FaceView, Viewed
from gallery_app.state import ContentsChange
from gallery_app.window.main_window import MainWindow
from gallery_app.wording.photograph_words import FOLDER, OPEN, SELECT_ONE, unavailable_text


@dataclass(frozen=True)
class PreviewSource:
    """A list of faces that the preview goes through.

    Attributes:
        count: how many there are now.
        face_at: one of them, from 0; None where there is none by now.
        go_to: called with the place of the one that is shown.
    """

    count: Callable[[], int]
    face_at: Callable[[int], Viewed | None]
    go_to: Callable[[int], object]


class PreviewController(Controller):
    """Joins the lists of faces to the preview, and their menus to the desktop."""

    def __init__(self, context: Context, window: MainWindow, answers: AnswersController) -> None:
        super().__init__(context, window)
        self._dialog: FacePreview | None = None
        self._source: PreviewSource | None = None
        self._at = 0
        self._view: FaceView | None = None
        self._viewed: Viewed | None = None
        self._menu_files: tuple[Path | None, Path | None] = None, None
        self._answers = answers
        self._connect()

    def _connect(self) -> None:
        window, query = self._window, self._window.query
        window.faces.preview.triggered.connect(self._from_faces)
        window.faces.open_photo.triggered.connect(lambda: self._open(self._menu_files[0]))
        window.faces.folder.triggered.connect(lambda: self._show_in_folder(self._menu_files[1]))
        window.faces.menu_requested.connect(lambda _: self._look_for_files())
        window.unknown.card.preview.triggered.connect(self._from_unknown)
        query.photograph.preview_requested.connect(self._from_query)
        query.comparison.query.clicked.connect(self._from_query)
        query.comparison.query.preview_requested.connect(self._from_query)
        query.comparison.enrolled.clicked.connect(self._from_compared)
        query.comparison.enrolled.preview_requested.connect(self._from_compared)
        query.evidence.preview_requested.connect(self._from_evidence)
        query.candidates.preview_requested.connect(self._from_candidates)
        self._answers.preview_requested.connect(self._from_answers)
        self._state.gallery_changed.connect(self._close)
        self._state.contents_changed.connect(self._contents_changed)
        self._state.queries_changed.connect(self._queries_changed)

    # -- from where --------------------------------------------------------------------------

    def _from_faces(self) -> None:
        faces = self._window.faces
        model = faces.model

        def face_at(row: int) -> int | None:
            face = model.face_at(row)
            return face.id if face is not None else None

        def go_to(row: int) -> None:
            face = face_at(row)
            if face is not None:
                faces.select_alone(face)
                faces.grid.setCurrentIndex(model.index(row))

        self._show(PreviewSource(model.rowCount, face_at, go_to), faces.grid.currentIndex().row())

    def _from_unknown(self) -> None:
        card = self._window.unknown.card
        grid: QListView = card.grid
        source = PreviewSource(
            card.model.rowCount,
            card.model.unknown_at,
            lambda row: grid.setCurrentIndex(card.model.index(row)),
        )
        self._show(source, grid.currentIndex().row())

    def _from_query(self) -> None:
        state = self._state
        source = PreviewSource(
            lambda: len(state.queries),
            lambda at: state.queries[at] if at < len(state.queries) else None,
            state.go_to,
        )
        self._show(source, state.position)

    def _from_answers(self) -> None:
        dialog = self._answers.dialog
        if dialog is None:
            return
        model, state = dialog.model, self._state

        def query_at(row: int) -> Viewed | None:
            at = model.position_at(row)
            return state.queries[at] if 0 <= at < len(state.queries) else None

        source = PreviewSource(
            model.rowCount, query_at, lambda row: state.go_to(model.position_at(row))
        )
        self._show(source, dialog.view.currentIndex().row())

    def _from_compared(self) -> None:
        face = self._window.query.comparison.face
        if face is not None:
            self._from_evidence(face)

    def _from_evidence(self, face: int) -> None:
        strip = self._window.query.evidence
        faces = [tile.face_id for tile in strip.tiles]

        def go_to(at: int) -> None:
            if [tile.face_id for tile in strip.tiles] == faces:
                strip.tiles[at].clicked.emit()

        self._show_faces(faces, face, go_to)

    def _from_candidates(self, identity: int) -> None:
        """The portraits of those who are offered."""
        portraits = self._window.identities.model.roster.portrait_of
        rows = self._window.query.candidates.rows
        faces = {row.identity_id: portraits.get(row.identity_id) for row in rows}
        shown = {person: face for person, face in faces.items() if face is not None}
        if identity in shown:
            people = list(shown)
            self._show_faces(
                list(shown.values()),
                shown[identity],
                lambda at: self._state.choose_candidate(people[at]),
            )

    def _show_faces(self, faces: Sequence[int], first: int, go_to: Callable[[int], object]) -> None:
        source = PreviewSource(
            lambda: len(faces), lambda at: faces[at] if at < len(faces) else None, go_to
        )
        self._show(source, faces.index(first) if first in faces else 0)

    # -- the preview -------------------------------------------------------------------------

    @property
    def dialog(self) -> FacePreview | None:
        """The preview where it is open."""
        return self._dialog if self._dialog is not None and self._dialog.isVisible() else None

    def _show(self, source: PreviewSource, at: int) -> None:
        if not source.count():
            return
        if self._dialog is None:
            self._dialog = FacePreview(self._window)
            self._dialog.stepped.connect(self._step)
            self._dialog.open_requested.connect(
                lambda: self._open(self._view.photo if self._view else None)
            )
            self._dialog.folder_requested.connect(
                lambda: self._show_in_folder(self._view.folder_file if self._view else None)
            )
            self._dialog.finished.connect(lambda _: self._forget())
        self._source, self._at = source, max(0, at)
        self._dialog.forget()
        if not self._dialog.isVisible():
            self._window.place_beside_query(self._dialog)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        self._dialog.setFocus()
        self._load()

    def _step(self, by: int) -> None:
        source = self._source
        if source is None or not 0 <= self._at + by < source.count():
            return
        self._at += by
        source.go_to(self._at)
        self._load()

    def _load(self) -> None:
        source, dialog = self._source, self._dialog
        viewed = source.face_at(self._at) if source is not None else None
        if source is None or dialog is None or viewed is None:
            self._close()
            return
        dialog.show_place(self._at, source.count())

        self._read(viewed)

    def _read(self, viewed: Viewed) -> None:
        source, self._viewed = self._source, viewed

        def show(view: FaceView | None) -> None:
            if self._source is not source or self.dialog is None:
                return
            if view is None:
                self._close()
            else:
                self._view = view
                self.dialog.show_view(view)

        photographs.load_view(self._context, viewed, show)

    def _forget(self) -> None:
        self._source = self._view = self._viewed = None
        if self._dialog is not None:
            self._dialog.forget()

    def _close(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def _contents_changed(self, change: ContentsChange) -> None:
        """The face may have another name, or be gone."""
        touched = change.faces or change.identities or change.unknowns
        if touched and self.dialog is not None and self._viewed is not None:
            self._read(self._viewed)

    def _queries_changed(self) -> None:
        """Of queries that are no longer asked nothing stays on the screen."""
        viewed = self._viewed
        if isinstance(viewed, FaceQuery) and self._state.queries.position_of(viewed) < 0:
            self._close()

    # -- the file ----------------------------------------------------------------------------

    def _look_for_files(self) -> None:
        """For the menu that is about to open: what can be done with the file of the face."""
        faces = self._window.faces
        selected = faces.selected_ids()
        self._show_files(None, None, "" if len(selected) == 1 else SELECT_ONE)
        if len(selected) == 1:
            photographs.find_files(self._context, selected[0], self._show_files)

    def _show_files(self, photo: Path | None, file: Path | None, missing: str) -> None:
        faces = self._window.faces
        self._menu_files = photo, file
        entries: tuple[tuple[QAction, str, Path | None], ...] = (
            (faces.open_photo, OPEN, photo), (faces.folder, FOLDER, file),
        )  # fmt: skip
        for action, text, path in entries:
            action.setEnabled(path is not None)
            action.setText(text if path is not None else unavailable_text(text, missing))

    def _open(self, photo: Path | None) -> None:
        if photo is not None:
            photographs.open_photograph(self._context, photo)

    def _show_in_folder(self, file: Path | None) -> None:
        if file is not None:
            photographs.show_in_folder(file)
