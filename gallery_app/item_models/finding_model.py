"""What the review found as a Qt model: one kind or all, those put off at the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.records.findings import Finding, Kind
from gallery_app.item_models.roles import CaptionRole, NameRole, PictureRole
from gallery_app.pictures import Pictures
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.review_words import KIND_TEXTS, line

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
Key = tuple[Kind, int | None, int, int | None]


def key_of(finding: Finding) -> Key:
    """What a finding is about: the same in the next review where it is found again."""
    return finding.kind, finding.face, finding.identity_id, finding.suggestion_id


class FindingListModel(QAbstractListModel):
    """One row a finding that is still open."""

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._findings: list[Finding] = []
        self._later: list[Key] = []
        self._shown: list[Finding] = []
        self._kind: Kind | None = None
        self._portraits: Mapping[int, int | None] = {}
        pictures.ready.connect(self._pictures_ready)

    def set_findings(
        self, findings: Sequence[Finding], portraits: Mapping[int, int | None]
    ) -> None:
        """Another review; what was put off stays put off."""
        self._findings, self._portraits = list(findings), portraits
        self._arrange()

    def show_kind(self, kind: Kind | None) -> None:
        """Only findings of a kind; None for all."""
        self._kind = kind
        self._arrange()

    def counts(self) -> dict[Kind, int]:
        """How many findings there are of each kind."""
        return {
            kind: sum(finding.kind == kind for finding in self._findings) for kind in KIND_TEXTS
        }

    def put_off(self, finding: Finding) -> None:
        """To the end of the list."""
        key = key_of(finding)
        self._later = [*(later for later in self._later if later != key), key]
        self._arrange()

    def settle(self, finding: Finding, gone: Collection[int] = ()) -> None:
        """Take an answered finding out, and others about faces that are elsewhere now."""
        key = key_of(finding)
        self._findings = [
            other for other in self._findings if key_of(other) != key and other.face not in gone
        ]
        self._arrange()

    def finding_at(self, row: int) -> Finding | None:
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def row_of(self, finding: Finding) -> int:
        """Row of a finding about the same, or -1."""
        key = key_of(finding)
        return next((row for row, shown in enumerate(self._shown) if key_of(shown) == key), -1)

    def _arrange(self) -> None:
        self.beginResetModel()
        place = {key: order for order, key in enumerate(self._later, 1)}
        self._shown = sorted(
            (finding for finding in self._findings if self._kind in (None, finding.kind)),
            key=lambda finding: place.get(key_of(finding), 0),
        )
        self.endResetModel()

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._shown:
            self.dataChanged.emit(self.index(0), self.index(len(self._shown) - 1), [PictureRole])

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        finding = self.finding_at(index.row())
        if finding is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, NameRole):
            return line(finding)
        if role == CaptionRole:
            return KIND_TEXTS[finding.kind]
        if role == PictureRole:
            portrait = self._portraits.get(finding.identity_id)
            return self._pictures.get(portrait if finding.face is None else finding.face)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            words = f"{KIND_TEXTS[finding.kind]}: {line(finding)}"
            return plain_tip(words) if role == Qt.ItemDataRole.ToolTipRole else words
        return None
