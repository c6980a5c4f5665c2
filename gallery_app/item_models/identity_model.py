"""The identities as a Qt model that filters and sorts itself. It keeps no object for a row: the
order is an array, and what a row shows is taken from the roster when the view asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QPixmap

from engine.records.roster import Roster
from engine.records.types import Identity, Ids
from gallery_app.item_models.dragging import FACES, PEOPLE, packed, unpacked
from gallery_app.item_models.roles import CountRole, IdentityIdRole, NameRole, PictureRole
from gallery_app.pictures import Awaited, Pictures
from gallery_app.widgets.controls.elided_label import plain_tip
from gallery_app.wording.number_words import faces_text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class IdentityListModel(QAbstractListModel):
    """One row an identity that matches the search, in the chosen order.

    Signals:
        faces_dropped: face ids, and the id of the identity they were dropped on; -1 for none.
        people_dropped: identity ids, and the id of the identity they were dropped on.
    """

    faces_dropped = Signal(list, int)
    people_dropped = Signal(list, int)

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures, self._awaited = pictures, Awaited()
        self._roster = Roster()
        self._shown = self._roster.by_faces
        self._row_of: Ids | None = None
        self._needle = ""
        self.is_guess = False  # nobody of that name: those that are spelled alike are shown
        self._sort = "name"
        pictures.ready.connect(self._pictures_ready)

    def set_roster(self, roster: Roster) -> None:
        """Replaces all identities; search and order stay."""
        self._roster = roster
        self._arrange()

    def search(self, text: str) -> None:
        """Shows identities whose name has every word of ``text``; accents and case ignored. Where
        there are none, those whose name is spelled much like it, the likest first.
        """
        self._needle = text
        self._arrange()

    def sort_by(self, order: str) -> None:
        """``name``, or ``faces`` (most first)."""
        self._sort = order
        self._arrange()

    def found(self) -> Ids | None:
        """Ids of those that the search finds; None where it finds everybody."""
        everybody = len(self._shown) == len(self._roster)
        return None if everybody else self._roster.ids[self._shown]

    @property
    def roster(self) -> Roster:
        """All identities, shown or not."""
        return self._roster

    def row_of(self, identity: int) -> int:
        """Row that shows this identity, or -1."""
        rows = self.rows_of([identity])
        return int(rows[0]) if len(rows) else -1

    def rows_of(self, identities: Sequence[int] | Ids) -> Ids:
        """Rows that show these identities; those that are not shown are left out."""
        if self._row_of is None:
            self._row_of = np.full(len(self._roster), -1, dtype=np.int64)
            self._row_of[self._shown] = np.arange(len(self._shown))
        rows = self._row_of[self._roster.rows_of(identities)]
        return rows[rows >= 0]

    def identity_at(self, row: int) -> Identity | None:
        return self._roster[int(self._shown[row])] if 0 <= row < len(self._shown) else None

    def ids_at(self, rows: Ids) -> Ids:
        """The ids of many at once."""
        return self._roster.ids[self._shown[rows]]

    def row_typed(self, text: str, start: int) -> int:
        """The first row from ``start`` on, and round again, whose name begins so; or -1."""
        rows = np.flatnonzero(np.isin(self._shown, self._roster.starting_with(text)))
        if not len(rows):
            return -1
        return int(rows[np.searchsorted(rows, start) % len(rows)])

    def _arrange(self) -> None:
        self.beginResetModel()
        shown = self._roster.find(self._needle)
        self.is_guess = not len(shown) and bool(self._needle.strip())
        if self.is_guess:
            shown = self._roster.spelled_like(self._needle)
        elif self._sort == "faces":
            by_faces = self._roster.by_faces
            shown = by_faces[np.isin(by_faces, shown, assume_unique=True)]
        self._shown, self._row_of = shown, None
        self._awaited.clear()
        self.endResetModel()

    def _pictures_ready(self, faces: list[int]) -> None:
        for row in self._awaited.take(faces):
            self.dataChanged.emit(self.index(row), self.index(row), [PictureRole])

    def _picture(self, identity: Identity, row: int) -> QPixmap | None:
        picture = self._pictures.get(identity.portrait)
        if picture is None and identity.portrait is not None:
            self._awaited.add(identity.portrait, row)
        return picture

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        identity = self.identity_at(index.row())
        if identity is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, NameRole):
            return identity.name
        if role == CountRole:
            return identity.faces
        if role == PictureRole:
            return self._picture(identity, index.row())
        if role == IdentityIdRole:
            return identity.id
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{identity.name}, {faces_text(identity.faces)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{identity.name} · {faces_text(identity.faces)}")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Faces can be dropped anywhere, identities on one another."""
        drag = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | Qt.ItemFlag.ItemIsDropEnabled | drag

    def mimeTypes(self) -> list[str]:
        return [FACES, PEOPLE]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        rows = np.array(sorted({index.row() for index in indexes}), dtype=np.int64)
        return packed(PEOPLE, self.ids_at(rows).tolist())

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        target = self.identity_at(parent.row()) if parent.isValid() else None
        people = unpacked(PEOPLE, data)
        onto_other = target is not None and bool(people) and target.id not in people
        return data.hasFormat(FACES) or onto_other

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Tells of the drop. False: the view must not take dragged rows away itself."""
        target = self.identity_at(parent.row()) if parent.isValid() else None
        if faces := unpacked(FACES, data):
            self.faces_dropped.emit(faces, target.id if target else -1)
        elif target is not None and (people := unpacked(PEOPLE, data)):
            self.people_dropped.emit(people, target.id)
        return False
