"""The faces of one identity as a Qt model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QPixmap

from engine.records.long_lists import FaceColumns
from engine.records.types import Face, Ids
from engine.records.unknowns import Unknown
from gallery_app.item_models.roles import (
    FACES,
    CaptionRole,
    FaceIdRole,
    IdentityIdRole,
    PictureRole,
    packed,
)
from gallery_app.pictures import Awaited, Pictures
from gallery_app.widgets.controls.labels import plain_tip

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class FaceListModel(QAbstractListModel):
    """One row a face, in order of enrolment."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures, self._awaited = pictures, Awaited()
        self._faces: Sequence[Face] = ()
        pictures.ready.connect(self._pictures_ready)

    def set_faces(self, faces: Sequence[Face]) -> None:
        """Show these; of columns a face is made when the view asks for it."""
        self.beginResetModel()
        self._faces = faces
        self._awaited.clear()
        self.endResetModel()

    def face_at(self, row: int) -> Face | None:
        return self._faces[row] if 0 <= row < len(self._faces) else None

    def ids_at(self, rows: Ids) -> list[int]:
        """The ids of many at once."""
        if isinstance(self._faces, FaceColumns):
            return list(self._faces.ids[rows].tolist())
        return [self._faces[row].id for row in rows.tolist()]

    def faces(self) -> list[Face]:
        """All that are shown, in order."""
        return list(self._faces)

    def row_of(self, face: int) -> int:
        """Row of this face, or -1."""
        if isinstance(self._faces, FaceColumns):
            return self._faces.row_of(face)
        return next((row for row, shown in enumerate(self._faces) if shown.id == face), -1)

    def _pictures_ready(self, faces: list[int]) -> None:
        for row in self._awaited.take(faces):
            self.dataChanged.emit(self.index(row), self.index(row), [PictureRole])

    def _picture(self, face: int, row: int) -> QPixmap | None:
        picture = self._pictures.get(face)
        if picture is None:
            self._awaited.add(face, row)
        return picture

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._faces)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        face = self.face_at(index.row())
        if face is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, CaptionRole):
            return caption(face)
        if role == PictureRole:
            return self._picture(face.id, index.row())
        if role == FaceIdRole:
            return face.id
        if role == IdentityIdRole:
            return face.identity_id
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            words = f"{face.name}, {face.file}"
            return plain_tip(words) if role == Qt.ItemDataRole.ToolTipRole else words
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """A face can be dragged onto an identity."""
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [FACES]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        rows = np.array(sorted({index.row() for index in indexes}), dtype=np.int64)
        return packed(FACES, self.ids_at(rows))


def caption(face: Face | Unknown) -> str:
    """What tells a face from its siblings: ``0007`` of ``Tiger_Woods_0007.npy``."""
    stem = PurePath(face.file.replace("\\", "/")).stem
    number = stem.rsplit("_", 1)[-1]
    text = number if number.isdigit() else stem
    return f"{text} · {face.row + 1}" if face.row else text
