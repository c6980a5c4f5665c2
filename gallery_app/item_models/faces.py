"""The faces of one identity as a Qt model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from engine.types import Face
from engine.unknowns import Unknown
from gallery_app.item_models.dragging import FACES, packed
from gallery_app.item_models.roles import CaptionRole, FaceIdRole, IdentityIdRole, PictureRole
from gallery_app.pictures import Pictures

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class FaceListModel(QAbstractListModel):
    """One row a face, in order of enrolment."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._faces: list[Face] = []
        pictures.ready.connect(self._pictures_ready)

    def set_faces(self, faces: Sequence[Face]) -> None:
        self.beginResetModel()
        self._faces = list(faces)
        self.endResetModel()

    def face_at(self, row: int) -> Face | None:
        return self._faces[row] if 0 <= row < len(self._faces) else None

    def faces(self) -> list[Face]:
        """All that are shown, in order."""
        return list(self._faces)

    def row_of(self, face: int) -> int:
        """Row of this face, or -1."""
        return next((row for row, shown in enumerate(self._faces) if shown.id == face), -1)

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._faces:
            first, last = self.index(0), self.index(len(self._faces) - 1)
            self.dataChanged.emit(first, last, [PictureRole])

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._faces)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        face = self.face_at(index.row())
        if face is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, CaptionRole):
            return caption(face)
        if role == PictureRole:
            return self._pictures.get(face.id)
        if role == FaceIdRole:
            return face.id
        if role == IdentityIdRole:
            return face.identity_id
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{face.name}, {face.file}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """A face can be dragged onto an identity."""
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [FACES]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        rows = sorted({index.row() for index in indexes})
        return packed(FACES, [self._faces[row].id for row in rows])


def caption(face: Face | Unknown) -> str:
    """What tells a face from its siblings: ``0007`` of ``Tiger_Woods_0007.npy``."""
    stem = PurePath(face.file.replace("\\", "/")).stem
    number = stem.rsplit("_", 1)[-1]
    text = number if number.isdigit() else stem
    return f"{text} · {face.row + 1}" if face.row else text
