"""The photographs that a list of queries comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QBuffer,
    QByteArray,
    QIODevice,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
)
from PySide6.QtGui import QImage, QImageReader

from engine.records.detections import DetectedFace, Photograph
from gallery_app.face_queries import FaceQuery
from gallery_app.item_models.roles import CaptionRole, CountRole, PictureRole
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.face_box_words import photograph_tip

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_SIDE = 160  # pixels of a thumbnail
_KEPT = 120  # thumbnails: a few screens full


class PhotographListModel(QAbstractListModel):
    """One row a photograph, in the order of the queries; a thumbnail is decoded when it is shown.

    The faces of a photograph follow one another in the list of queries.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked: Sequence[FaceQuery] = ()
        self._starts: list[int] = []
        self._photographs: list[Photograph] = []
        self._ends: list[int] = []
        self._pictures: OrderedDict[int, QImage] = OrderedDict()

    def set_queries(self, asked: Sequence[FaceQuery]) -> None:
        """Others are asked about; nothing happens where they are of the same faces."""
        if len(asked) == len(self._asked) and all(
            one.photo is two.photo for one, two in zip(asked, self._asked, strict=True)
        ):
            return
        self.beginResetModel()
        self._asked = asked
        self._starts, self._ends, self._photographs = [], [], []
        self._pictures.clear()
        for at, query in enumerate(asked):
            if isinstance(query.photo, DetectedFace):
                self._add(at, query.photo.photograph)
        self.endResetModel()

    def _add(self, at: int, photograph: Photograph) -> None:
        if self._ends and self._ends[-1] == at and self._photographs[-1] is photograph:
            self._ends[-1] = at + 1
            return
        self._starts.append(at)
        self._ends.append(at + 1)
        self._photographs.append(photograph)

    def row_of(self, position: int) -> int:
        """Return the row of the photograph that a query is in, or -1."""
        row = bisect_right(self._starts, position) - 1
        return row if row >= 0 and position < self._ends[row] else -1

    def positions(self, row: int) -> range:
        """Return the positions of the queries in a photograph."""
        return range(self._starts[row], self._ends[row])

    def photograph(self, row: int) -> Photograph:
        return self._photographs[row]

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._photographs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not 0 <= row < len(self._photographs):
            return None
        if role == PictureRole:
            return self._picture(row)
        if role == CountRole:
            return len(self.positions(row))
        return self._text(row, role)

    def _text(self, row: int, role: int) -> str | None:
        photograph, count = self._photographs[row], len(self.positions(row))
        tip = photograph_tip(photograph.file, count, photograph.taken)
        return {
            CaptionRole: PurePath(photograph.file).name,
            int(Qt.ItemDataRole.AccessibleTextRole): tip.replace("\n", ", "),
            int(Qt.ItemDataRole.ToolTipRole): plain_tip(tip),
        }.get(int(role))

    def _picture(self, row: int) -> QImage:
        if row not in self._pictures:
            self._pictures[row] = small_image(self._photographs[row].thumbnail, _SIDE)
            if len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(row)
        return self._pictures[row]


def small_image(jpeg: bytes, side: int) -> QImage:
    """Decode a JPEG at about so many pixels a side, which takes a fraction of decoding it whole."""
    buffer = QBuffer()
    buffer.setData(QByteArray(jpeg))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg"))
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
