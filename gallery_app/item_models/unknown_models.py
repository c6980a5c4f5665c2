"""The shelf as Qt models: who looks like one person, and the queries of one of these."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.records.unknowns import Cluster, Unknown
from gallery_app.item_models.face_model import caption
from gallery_app.item_models.roles import CaptionRole, FaceIdRole, NameRole, PictureRole
from gallery_app.pictures import ShelfPictures
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.unknowns_words import headline, likeness_text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ClusterListModel(QAbstractListModel):
    """One row a cluster, the largest first."""

    def __init__(self, pictures: ShelfPictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._clusters: list[Cluster] = []
        pictures.ready.connect(self._pictures_ready)

    def set_clusters(self, clusters: Sequence[Cluster]) -> None:
        self.beginResetModel()
        self._clusters = list(clusters)
        self.endResetModel()

    def take_out(self, ids: Collection[int]) -> None:
        """Queries that left the shelf; a cluster of none goes, the others stay where they are."""
        gone = set(ids)
        for row in reversed(range(len(self._clusters))):
            cluster = self._clusters[row]
            left = tuple(unknown for unknown in cluster.unknowns if unknown.id not in gone)
            if not left:
                self.beginRemoveRows(_NOWHERE, row, row)
                del self._clusters[row]
                self.endRemoveRows()
            elif len(left) < len(cluster):
                self._clusters[row] = replace(cluster, unknowns=left)
                self.dataChanged.emit(self.index(row), self.index(row))

    def joined(self, rows: Sequence[int]) -> Cluster | None:
        """The clusters in some rows as if they were one, like whom all of them look like; None for
        no rows.
        """
        chosen = [self._clusters[row] for row in rows if 0 <= row < len(self._clusters)]
        if len(chosen) < 2:
            return chosen[0] if chosen else None
        together = tuple(chain.from_iterable(cluster.unknowns for cluster in chosen))
        alike = {cluster.likeness.identity_id if cluster.likeness else None for cluster in chosen}
        likeness = chosen[0].likeness if len(alike) == 1 else None
        return Cluster(together, max(cluster.cohesion for cluster in chosen), likeness)

    def merge(self, rows: Sequence[int]) -> None:
        """Make the clusters in some rows one, in the place of the first."""
        joined = self.joined(rows)
        if joined is None or len(rows) < 2:
            return
        first, *others = sorted(rows)
        for row in reversed(others):
            self.beginRemoveRows(_NOWHERE, row, row)
            del self._clusters[row]
            self.endRemoveRows()
        self._clusters[first] = joined
        self.dataChanged.emit(self.index(first), self.index(first))

    def groups(self) -> list[tuple[int, ...]]:
        """The ids of every cluster, in their order."""
        return [cluster.ids for cluster in self._clusters]

    def cluster_at(self, row: int) -> Cluster | None:
        return self._clusters[row] if 0 <= row < len(self._clusters) else None

    def count(self) -> int:
        """How many queries there are in all."""
        return sum(len(cluster) for cluster in self._clusters)

    def row_of(self, ids: Collection[int]) -> int:
        """Row of the cluster that has most of these queries, or -1."""
        asked = set(ids)
        shared = [len(asked.intersection(cluster.ids)) for cluster in self._clusters]
        most = max(shared, default=0)
        return shared.index(most) if most else -1

    def _pictures_ready(self, _: list[int]) -> None:
        if self._clusters:
            first, last = self.index(0), self.index(len(self._clusters) - 1)
            self.dataChanged.emit(first, last, [PictureRole])

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._clusters)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cluster = self.cluster_at(index.row())
        if cluster is None:
            return None
        if role == PictureRole:
            return self._pictures.get(cluster.unknowns[0].id)
        if role in (Qt.ItemDataRole.DisplayRole, NameRole):
            return headline(cluster)
        if role == CaptionRole:
            return likeness_text(cluster.likeness)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{headline(cluster)}, {likeness_text(cluster.likeness)}"
        return None


class UnknownListModel(QAbstractListModel):
    """One row a query, the one nearest to the middle of its cluster first."""

    def __init__(self, pictures: ShelfPictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._unknowns: list[Unknown] = []
        pictures.ready.connect(self._pictures_ready)

    def set_unknowns(self, unknowns: Sequence[Unknown]) -> None:
        self.beginResetModel()
        self._unknowns = list(unknowns)
        self.endResetModel()

    def unknown_at(self, row: int) -> Unknown | None:
        return self._unknowns[row] if 0 <= row < len(self._unknowns) else None

    def ids(self) -> list[int]:
        return [unknown.id for unknown in self._unknowns]

    def _pictures_ready(self, _: list[int]) -> None:
        if self._unknowns:
            first, last = self.index(0), self.index(len(self._unknowns) - 1)
            self.dataChanged.emit(first, last, [PictureRole])

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._unknowns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        unknown = self.unknown_at(index.row())
        if unknown is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, CaptionRole):
            return caption(unknown)
        if role == PictureRole:
            return self._pictures.get(unknown.id)
        if role == FaceIdRole:
            return unknown.id
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain_tip(unknown.file) if role == Qt.ItemDataRole.ToolTipRole else unknown.file
        return None
