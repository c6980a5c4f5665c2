"""Faces of several people side by side: some of them moved, confirmed or removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QDialogButtonBox, QFrame, QPushButton, QWidget

from engine.records.types import Face, Ids
from gallery_app.item_models.face_model import FaceListModel
from gallery_app.item_models.roles import CaptionRole
from gallery_app.operations import corrections, maps
from gallery_app.operations.context import Context
from gallery_app.state import ContentsChange
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.faces.delegates import FaceDelegate
from gallery_app.widgets.lists.uniform_view import UniformView
from gallery_app.wording.number_words import faces_text

Index = QModelIndex | QPersistentModelIndex


class NamedFaces(FaceListModel):
    """Faces under the names of their people."""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        face = self.face_at(index.row())
        if face is not None and role in (Qt.ItemDataRole.DisplayRole, CaptionRole):
            return face.name
        return super().data(index, role)


class SelectedFacesDialog(Dialog):
    """Follows every change of the gallery while it is open.

    Args:
        faces: ids of the faces to look at.
        ask_move: asks whose some of them are.
    """

    def __init__(
        self,
        context: Context,
        faces: Ids,
        ask_move: Callable[[list[int]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Selected faces", parent)
        self.resize(820, 620)
        self._context, self._faces, self._ask_move = context, faces, ask_move
        self.model = NamedFaces(context.pictures, self)
        self.message = text_label("Reading faces…", "muted", wrap=False)
        self.grid = self._grid()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        self.move_them = self._button(
            "&Name or move…", self._move, "Move to another person, or create a new one"
        )
        self.confirm = self._button(
            "Con&firm", self._confirm, "The selected faces have the right name"
        )
        self.remove = self._button(
            "&Remove", self._remove, "Remove them from the gallery; this can be undone"
        )
        vbox(self.message, (self.grid, 1), self.buttons, parent=self, margins=24, spacing=12)
        self._enable()
        self._load()
        context.state.contents_changed.connect(self._contents_changed)
        context.state.gallery_changed.connect(self.reject)

    def _grid(self) -> UniformView:
        view = UniformView(grid=True)
        view.setObjectName("faceGrid")
        view.setModel(self.model)
        view.setItemDelegate(FaceDelegate(view))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setAccessibleName("Selected faces")
        view.selectionModel().selectionChanged.connect(self._enable)
        return view

    def _button(self, text: str, do: Callable[[], None], tip: str) -> QPushButton:
        button = QPushButton(text, toolTip=tip, autoDefault=False, clicked=lambda: do())
        self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        return button

    def _contents_changed(self, change: ContentsChange) -> None:
        if change.faces or change.identities:
            self._load()

    def _load(self) -> None:
        if self._context.state.gallery is not None:
            maps.load_reviewed(self._context, self._faces, self.while_open(self._show))

    def _show(self, faces: list[Face]) -> None:
        selected = self.picked()
        self.model.set_faces(sorted(faces, key=lambda face: (face.name, face.id)))
        rows = [row for face in selected if (row := self.model.row_of(face)) >= 0]
        self.grid.select_rows(np.array(rows, dtype=np.int64))
        there, people = len(faces), len({face.identity_id for face in faces})
        shown = f"The first {there:,} of {len(self._faces):,} faces"
        cut = there == maps.MOST_READ < len(self._faces)
        whose = "one person" if people == 1 else f"{people:,} people"
        self.message.setText(
            f"{shown if cut else faces_text(there)} of {whose}. Select some to change them."
        )
        self._enable()

    def picked(self) -> list[int]:
        """Ids of those selected here."""
        return self.model.ids_at(self.grid.selected_rows())

    def _enable(self) -> None:
        gallery = self._context.state.gallery
        able = gallery is not None and gallery.writable and self.grid.selected_count() > 0
        for button in (self.move_them, self.confirm, self.remove):
            button.setEnabled(able)

    def _move(self) -> None:
        self._ask_move(self.picked())

    def _confirm(self) -> None:
        faces = self.picked()
        corrections.correct(
            self._context, "Confirming faces", lambda gallery: gallery.corrections.confirm(faces)
        )

    def _remove(self) -> None:
        faces = self.picked()
        corrections.correct(
            self._context, "Removing faces", lambda gallery: gallery.corrections.remove(faces)
        )
