"""The answers to all queries as a Qt table that filters and sorts itself: any number of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.records.names import search_key
from engine.records.types import Ids
from engine.utils.number_text import confidence_text
from gallery_app.face_queries import STANDINGS, AnswerTable, Standing
from gallery_app.item_models.roles import PictureRole, ToneRole
from gallery_app.pictures import Awaited, QueryPictures
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.answer_words import FILTER_TIPS, tone, verdict_text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_ItemRole = Qt.ItemDataRole
ANSWER_COLUMNS = ("", "Verdict", "Name", "Confidence", "File", "Row")
PICTURE, VERDICT, PERSON, CONFIDENCE, PLACE, ROW = range(6)
ConfidenceRole = int(_ItemRole.UserRole) + 40
"""float in [0, 1], or None."""


class AnswerListModel(QAbstractTableModel):
    """One row an answer that passes the filter, in the chosen order."""

    def __init__(self, pictures: QueryPictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures, self._awaited = pictures, Awaited()
        self._table: AnswerTable | None = None
        self._standing: Standing | None = None
        self._text = ""
        self._sorted = PLACE, Qt.SortOrder.AscendingOrder
        self._shown: Ids = np.empty(0, dtype=np.int64)
        self._rows: Ids = np.empty(0, dtype=np.int64)
        pictures.ready.connect(self._pictures_ready)

    # -- what is shown -----------------------------------------------------------------------

    @property
    def table(self) -> AnswerTable | None:
        """All answers, shown or not."""
        return self._table

    def set_table(self, table: AnswerTable | None) -> None:
        """Show these; where the same ones pass in the same order, the rows stay as they are."""
        self._table = table
        self._arrange()

    def show_only(self, standing: Standing | None) -> None:
        self._standing = standing
        self._arrange()

    def find(self, text: str) -> None:
        """Only answers with this text in a name or in the name of a file."""
        self._text = search_key(text)
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted = column, order
        self._arrange()

    def _arrange(self) -> None:
        shown = self._passing()
        if np.array_equal(shown, self._shown):
            self._repaint()
            return
        self.beginResetModel()
        self._awaited.clear()
        self._shown = shown
        total = 0 if self._table is None else len(self._table)
        self._rows = np.full(total, -1, dtype=np.int64)
        self._rows[shown] = np.arange(len(shown))
        self.endResetModel()

    def _passing(self) -> Ids:
        """Positions of the answers that pass, in their order."""
        table = self._table
        if table is None:
            return np.empty(0, dtype=np.int64)
        passes = np.ones(len(table), dtype=bool)
        if self._standing is not None:
            passes &= table.standings == STANDINGS.index(self._standing)
        if self._text:
            passes &= (
                _having(self._text, table.name_keys)[table.people]
                | (_having(self._text, table.file_keys)[table.places])
            )
        column, order = self._sorted
        positions = np.flatnonzero(passes)
        keys = _keys(table, column)
        if keys is not None:
            positions = positions[np.argsort(keys[positions], kind="stable")]
        return positions[::-1] if order == Qt.SortOrder.DescendingOrder else positions

    def _repaint(self, roles: Sequence[int] = ()) -> None:
        if len(self._shown):  # the view asks again only for the rows that it shows
            last = self.index(len(self._shown) - 1, len(ANSWER_COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last, list(roles))

    def _pictures_ready(self, queries: list[int]) -> None:
        for row in self._awaited.take(queries):
            cell = self.index(row, PICTURE)
            self.dataChanged.emit(cell, cell, [PictureRole])

    # -- rows and queries --------------------------------------------------------------------

    def position_at(self, row: int) -> int:
        """Position among all queries of what is in a row, or -1."""
        return int(self._shown[row]) if 0 <= row < len(self._shown) else -1

    def positions_at(self, rows: Ids) -> Ids:
        return self._shown[rows]

    def row_of(self, position: int) -> int:
        """Row of a query, or -1 where it is not shown."""
        return int(self._rows[position]) if 0 <= position < len(self._rows) else -1

    def rows_of(self, positions: Ids) -> Ids:
        """Rows of those that are shown, ascending."""
        rows = self._rows[positions[positions < len(self._rows)]]
        return np.sort(rows[rows >= 0])

    # -- for the view ------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(ANSWER_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _ItemRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == _ItemRole.DisplayRole:
            return ANSWER_COLUMNS[section]
        if role == _ItemRole.TextAlignmentRole and section == ROW:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = _ItemRole.DisplayRole) -> Any:
        at, table, column = self.position_at(index.row()), self._table, index.column()
        if table is None or at < 0:
            return None
        standing = STANDINGS[table.standings[at]]
        if role == PictureRole:
            return self._picture(at, index.row())
        if role == ConfidenceRole:
            sure = float(table.confidences[at])
            return None if math.isnan(sure) else sure
        if role == ToneRole:
            if column == VERDICT:
                return tone(standing)
            is_named = bool(table.known[at]) or standing == "enrolled"
            return "" if column == PERSON and is_named else "muted"
        if role == _ItemRole.DisplayRole:
            return _words(table, at, column)
        if role == _ItemRole.AccessibleTextRole:
            return _words(table, at, column) or f"Face of {table.files[table.places[at]]}"
        if role == _ItemRole.ToolTipRole:
            if column == VERDICT:
                return plain_tip(FILTER_TIPS[standing])
            return plain_tip(_words(table, at, column))
        return None

    def _picture(self, at: int, row: int) -> Any:
        picture = self._pictures.get(at)
        if picture is None:
            self._awaited.add(at, row)
        return picture


def _words(table: AnswerTable, at: int, column: int) -> str:
    known, standing = bool(table.known[at]), STANDINGS[table.standings[at]]
    if column == VERDICT:
        return verdict_text(standing, known=known)
    if column == PERSON:
        person = int(table.people[at])
        name = table.names[person] if person >= 0 else ""
        return name if known or standing == "enrolled" or not name else f"closest: {name}"
    if column == CONFIDENCE:
        sure = float(table.confidences[at])
        return confidence_text(None if math.isnan(sure) else sure)
    if column == PLACE:
        return table.files[table.places[at]]
    return f"{table.rows[at] + 1:,}" if column == ROW else ""


def _having(text: str, keys: Sequence[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of the keys have a text in them; one more at the end for nobody."""
    return np.array([*(text in key for key in keys), False], dtype=bool)


def _keys(table: AnswerTable, column: int) -> np.ndarray[Any, Any] | None:
    """What a column sorts by, ascending; None for the order in which the queries were read."""
    if column == VERDICT:
        return table.standings
    if column == PERSON:
        return np.where(table.people < 0, len(table.names), table.people)
    if column == CONFIDENCE:
        return np.nan_to_num(table.confidences, nan=-1.0)
    return table.rows if column == ROW else None
