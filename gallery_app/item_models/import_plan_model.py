"""What an import would do, as a Qt table that filters and sorts itself: any number of faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any, Literal

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from engine.records.names import search_key
from engine.records.plans import ImportPlan, Outcome, PlannedFace
from gallery_app.item_models.roles import PictureRole, ToneRole
from gallery_app.pictures import RowPictures
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.advice_words import advice_texts, why_text
from gallery_app.wording.number_words import row_text

Index = QModelIndex | QPersistentModelIndex
Filter = Literal["all", "remarks", "new", "added", "out", "rejected"]
_NOWHERE = QModelIndex()
_ItemRole = Qt.ItemDataRole
COLUMNS = ("", "File", "Name", "Result", "Reason or warning")
PORTRAIT, FILE, NAME, OUTCOME, WHY = range(5)
OUTCOMES: Mapping[Outcome, tuple[str, str]] = {
    "new": ("New person", "good"),
    "added": ("Added", "good"),
    "duplicate": ("Already enrolled", "muted"),
    "left-out": ("Left out", "muted"),
    "rejected": ("Cannot be used", "bad"),
}
"""In words, and their tone."""
FILTERS: Mapping[Filter, tuple[str, Callable[[PlannedFace], bool]]] = {
    "all": ("Everything", lambda face: True),
    "remarks": ("To check", lambda face: face.comes_in and bool(face.advice)),
    "new": ("New people", lambda face: face.outcome == "new"),
    "added": ("Added to enrolled people", lambda face: face.outcome == "added"),
    "out": ("Left out", lambda face: face.outcome in ("duplicate", "left-out")),
    "rejected": ("Cannot be used", lambda face: face.outcome == "rejected"),
}


class PlanModel(QAbstractTableModel):
    """One row a face or file that passes the filter, in the chosen order.

    Attributes:
        plan: with the choices made so far.

    Signals: ``plan_changed``: another choice was made.
    """

    plan_changed = Signal()

    def __init__(
        self, plan: ImportPlan, pictures: RowPictures, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._filter: Filter = "all"
        self._sorted = FILE, Qt.SortOrder.AscendingOrder
        self.plan = plan
        self._faces = list(plan)
        self._shown = list(range(len(self._faces)))
        pictures.add(plan.batch)
        pictures.ready.connect(self._pictures_ready)

    # -- what is chosen ----------------------------------------------------------------------

    def planned(self, rows: Iterable[int]) -> dict[int, PlannedFace]:
        """The faces in these rows of the table, by their row in the plan."""
        places = (self._shown[row] for row in rows)
        return {place: self._faces[place] for place in places if self._is_face(place)}

    def choose(self, plan: ImportPlan) -> None:
        """Another choice; what is shown stays in its place."""
        self.plan = plan
        self._faces = list(plan)
        self._repaint()
        self.plan_changed.emit()

    def setData(self, index: Index, value: Any, role: int = _ItemRole.EditRole) -> bool:
        place = self._shown[index.row()]
        if role != _ItemRole.CheckStateRole or not self._is_face(place):
            return False
        taken = Qt.CheckState(value) == Qt.CheckState.Checked
        self.choose(self.plan.restoring([place]) if taken else self.plan.without([place]))
        return True

    # -- what is shown -----------------------------------------------------------------------

    def show_only(self, which: Filter) -> None:
        self._filter = which
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted = column, order
        self._arrange()

    def count(self, which: Filter) -> int:
        """How many faces and files pass a filter."""
        return sum(map(FILTERS[which][1], self._faces))

    def _arrange(self) -> None:
        self.beginResetModel()
        column, order = self._sorted
        passes = FILTERS[self._filter][1]
        self._shown = [place for place, face in enumerate(self._faces) if passes(face)]
        if column != FILE:  # the sources have a natural order of their own
            self._shown.sort(key=lambda place: _key(self._faces[place], column))
        if order == Qt.SortOrder.DescendingOrder:
            self._shown.reverse()
        self.endResetModel()

    def _pictures_ready(self, faces: list[int]) -> None:
        self._repaint([PictureRole])

    def _repaint(self, roles: Iterable[int] = ()) -> None:
        if self._shown:  # the view asks again only for the rows that it shows
            last = self.index(len(self._shown) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last, list(roles))

    def _is_face(self, place: int) -> bool:
        return place < len(self.plan.faces)

    # -- for the view ------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _ItemRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _ItemRole.DisplayRole:
            return COLUMNS[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        place = self._shown[index.row()]
        if index.column() != PORTRAIT or not self._is_face(place):
            return flags
        fixed = self._faces[place].outcome == "duplicate"
        return flags if fixed else flags | Qt.ItemFlag.ItemIsUserCheckable

    def data(self, index: Index, role: int = _ItemRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._shown):
            return None
        place = self._shown[index.row()]
        face = self._faces[place]
        if role == PictureRole:
            return self._pictures.get(place) if self._is_face(place) else None
        if role == _ItemRole.CheckStateRole and index.column() == PORTRAIT:
            return Qt.CheckState.Checked if face.comes_in else Qt.CheckState.Unchecked
        if role in (_ItemRole.DisplayRole, _ItemRole.AccessibleTextRole):
            return self._words(place, index.column(), spoken=role != _ItemRole.DisplayRole)
        if role == ToneRole:
            return _tone(face, index.column())
        if role == _ItemRole.ToolTipRole:
            return plain_tip("\n".join(filter(None, (face.file, face.name, self._why(place)))))
        return None

    def _words(self, place: int, column: int, *, spoken: bool) -> str:
        """What a cell says, also the first one, which only shows a tick and a picture."""
        face = self._faces[place]
        if column == PORTRAIT and spoken:
            return f"{self._file(place)} {'will be imported' if face.comes_in else 'is left out'}"
        if column == FILE:
            return self._file(place)
        if column == NAME:
            return face.name or ""
        if column == OUTCOME:
            return "Added instead" if _is_sent(face) else OUTCOMES[face.outcome][0]
        return self._why(place) if column == WHY else ""

    def _file(self, place: int) -> str:
        """Its name and, where it has several faces, the number of the row."""
        face = self._faces[place]
        name = PurePath(face.file.replace("\\", "/")).name
        after = self._faces[place + 1] if place + 1 < len(self._faces) else None
        several = face.row or (after is not None and (after.file, after.row) == (face.file, 1))
        return f"{name} · {row_text(face.file, face.row)}" if several else name

    def _why(self, place: int) -> str:
        face = self._faces[place]
        if face.sent:
            first = f"The source says {self.plan.first[place].name}"
            return ". ".join(filter(None, (first, why_text(face))))
        return advice_texts(face.advice) if face.outcome == "left-out" else why_text(face)


def _tone(face: PlannedFace, column: int) -> str:
    if column == OUTCOME:
        return "sent" if _is_sent(face) else OUTCOMES[face.outcome][1]
    if column == WHY:
        return "warning" if face.comes_in and face.advice else "muted"
    return "" if face.comes_in else "muted"


def _is_sent(face: PlannedFace) -> bool:
    return face.sent and face.comes_in


def _key(face: PlannedFace, column: int) -> tuple[Any, ...]:
    """What a column sorts by; what is to be looked at comes first."""
    if column == NAME:
        return (search_key(face.name or ""),)
    if column == OUTCOME:
        return (list(OUTCOMES).index(face.outcome),)
    if column == WHY:
        why = why_text(face)
        return not (face.comes_in and face.advice), not why, why
    return (not face.comes_in,)
