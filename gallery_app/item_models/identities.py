"""The identities as a Qt model that filters and sorts itself: 100,000 rows stay quick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from engine.names import search_key
from engine.types import Identity
from gallery_app.item_models.dragging import FACES, PEOPLE, packed, unpacked
from gallery_app.item_models.roles import CountRole, IdentityIdRole, NameRole, PictureRole
from gallery_app.pictures import Pictures

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
        self._pictures = pictures
        self._people: list[Identity] = []
        self._keys: list[str] = []
        self._shown: list[int] = []
        self._rows: dict[int, int] = {}
        self._needle = ""
        self._sort = "name"
        pictures.ready.connect(self._pictures_ready)

    def set_people(self, people: Sequence[Identity]) -> None:
        """Replaces all identities; search and order stay."""
        self._people = list(people)
        self._keys = [search_key(identity.name) for identity in self._people]
        self._arrange()

    def search(self, text: str) -> None:
        """Shows identities whose name has every word of ``text``; accents and case ignored."""
        self._needle = search_key(text)
        self._arrange()

    def sort_by(self, order: str) -> None:
        """``name``, or ``faces`` (most first)."""
        self._sort = order
        self._arrange()

    @property
    def total(self) -> int:
        """Identities in the gallery, shown or not."""
        return len(self._people)

    def people(self) -> list[Identity]:
        """All identities, shown or not."""
        return list(self._people)

    def identity(self, identity_id: int) -> Identity | None:
        """One of them, shown or not."""
        return next((one for one in self._people if one.id == identity_id), None)

    def names(self) -> list[str]:
        """All names, shown or not."""
        return [identity.name for identity in self._people]

    def portraits(self) -> dict[int, int | None]:
        """The portrait face of every identity."""
        return {identity.id: identity.portrait for identity in self._people}

    def row_of(self, identity: int) -> int:
        """Row that shows this identity, or -1."""
        return self._rows.get(identity, -1)

    def identity_at(self, row: int) -> Identity | None:
        return self._people[self._shown[row]] if 0 <= row < len(self._shown) else None

    def _arrange(self) -> None:
        self.beginResetModel()
        words = self._needle.split()
        shown = range(len(self._people))
        matching = [at for at in shown if all(word in self._keys[at] for word in words)]
        if self._sort == "faces":
            matching.sort(key=lambda at: (-self._people[at].faces, self._keys[at]))
        else:
            matching.sort(key=lambda at: self._keys[at])
        self._shown = matching
        self._rows = {self._people[at].id: row for row, at in enumerate(matching)}
        self.endResetModel()

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._shown:  # the view asks again only for the rows that it shows
            first, last = self.index(0), self.index(len(self._shown) - 1)
            self.dataChanged.emit(first, last, [PictureRole])

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
            return self._pictures.get(identity.portrait)
        if role == IdentityIdRole:
            return identity.id
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{identity.name}, {faces_text(identity.faces)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{identity.name} · {faces_text(identity.faces)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Faces can be dropped anywhere, identities on one another."""
        drag = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | Qt.ItemFlag.ItemIsDropEnabled | drag

    def mimeTypes(self) -> list[str]:
        return [FACES, PEOPLE]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        listed = (self.identity_at(row) for row in sorted({index.row() for index in indexes}))
        return packed(PEOPLE, [identity.id for identity in listed if identity is not None])

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


def people_text(count: int) -> str:
    """ "1 person", "158 people"."""
    return "1 person" if count == 1 else f"{count:,} people"


def faces_text(count: int) -> str:
    """ "1 face", "1,234 faces"."""
    return "1 face" if count == 1 else f"{count:,} faces"
