"""The faces of an enrolment that is being prepared, and their Qt model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from engine.records.advice import Advice, by_row, grouped
from engine.records.detections import DetectedFace
from engine.records.types import FaceBatch, Rejection, Vectors
from gallery_app.item_models.roles import PictureRole, ToneRole, WordsRole
from gallery_app.pictures import RowPictures
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.advice_words import advice_texts
from gallery_app.wording.photo_enrolment_words import LeftOut, left_text


@dataclass
class Draft:
    """Rows count all faces, in the order in which they came, left out or not.

    Attributes:
        name: whom they are to be enrolled as.
        rejected: files that were to be faces and cannot be used.
        left: rows that are left out.
        checked: whether what is known of the faces is known already.
    """

    name: str = ""
    rejected: list[Rejection] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    checked: bool = False
    _vectors: list[Vectors] = field(default_factory=list)
    _files: list[str] = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)
    _photos: list[Path | DetectedFace | None] = field(default_factory=list)
    _reasons: dict[int, LeftOut] = field(default_factory=dict)
    _decided: set[int] = field(default_factory=set)
    _elsewhere: dict[int, str] = field(default_factory=dict)
    _said: dict[int, tuple[Advice, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._files)

    def add(self, batch: FaceBatch, left: Mapping[int, LeftOut] = MappingProxyType({})) -> None:
        """Take more faces.

        Args:
            left: why rows of the batch are left out until the person takes them in.
        """
        reasons = {len(self) + row: reason for row, reason in left.items()}
        self._reasons |= reasons
        self.left |= set(reasons)
        self._vectors += list(batch.vectors)
        self._files += batch.files
        self._rows += batch.rows
        self._photos += batch.photos
        self.checked = False

    def file(self, row: int) -> tuple[str, int | None]:
        """Where a face comes from, with its place in a file that has several."""
        file, number = self._files[row], self._rows[row]
        follows = self._rows[row + 1 : row + 2] == [1]
        several = number or (follows and self._files[row + 1] == file)
        return file, number if several else None

    def left_words(self, row: int) -> str:
        """Say why a face is left out."""
        photo = self._photos[row]
        side = photo.quality.size if isinstance(photo, DetectedFace) else 0.0
        return left_text(self._reasons.get(row), side)

    def is_detected(self, row: int) -> bool:
        """Whether a face was found in a photograph."""
        return isinstance(self._photos[row], DetectedFace)

    # -- what is chosen ----------------------------------------------------------------------

    def choose(self, rows: Iterable[int], *, taken: bool) -> None:
        """Take rows in, or leave them out, as the person says."""
        chosen = set(rows)
        self._decided |= chosen
        self.left = self.left - chosen if taken else self.left | chosen

    def undecided(self) -> list[tuple[str, int]]:
        """Photographs of which faces are left out unasked, and how many faces each has."""
        return [
            (file, len(rows))
            for file, rows in self._photographs()
            if len(rows) > 1 and self._reasons.keys() & rows and not self._decided & rows
        ]

    def twice(self) -> list[tuple[str, int]]:
        """Photographs of which several faces would become one person, and how many."""
        named = [(file, self._most_alike(rows)) for file, rows in self._photographs()]
        return [(file, count) for file, count in named if count > 1]

    def _most_alike(self, rows: set[int]) -> int:
        goes = Counter(self.goes_to(row) for row in rows if row not in self.left)
        return max(goes.values(), default=0)

    def _photographs(self) -> list[tuple[str, set[int]]]:
        """Each photograph with the rows of its faces."""
        found: dict[int, tuple[str, set[int]]] = {}
        for row, photo in enumerate(self._photos):
            if isinstance(photo, DetectedFace):
                whole = photo.photograph
                found.setdefault(id(whole), (whole.file, set()))[1].add(row)
        return list(found.values())

    def taken(self) -> list[int]:
        """Rows that are not left out."""
        return [row for row in range(len(self)) if row not in self.left]

    def batch(self) -> FaceBatch:
        """The faces that are not left out."""
        rows = self.taken()
        return FaceBatch(
            np.stack([self._vectors[row] for row in rows]),
            [self.name] * len(rows),
            [self._files[row] for row in rows],
            [self._rows[row] for row in rows],
            [self._photos[row] for row in rows],
        )

    def send(self, rows: Iterable[int], name: str) -> None:
        """These rows go to another identity."""
        self._elsewhere |= dict.fromkeys(rows, name)

    def put_back(self, name: str) -> None:
        """No row goes to this other identity after all."""
        self._elsewhere = {row: to for row, to in self._elsewhere.items() if to != name}

    def goes_to(self, row: int) -> str | None:
        """Identity that a row is sent to instead; None where it is the one named above."""
        other = self._elsewhere.get(row)
        return None if other == self.name else other

    def elsewhere(self) -> dict[int, str]:
        """Identities that faces are sent to instead, by place among the faces not left out."""
        sent = ((at, self.goes_to(row)) for at, row in enumerate(self.taken()))
        return {at: other for at, other in sent if other is not None}

    def sent(self) -> Counter[str]:
        """How many faces go to other identities."""
        return Counter(self.elsewhere().values())

    # -- what is known -----------------------------------------------------------------------

    def hear(self, rows: Sequence[int], advice: Iterable[Advice]) -> None:
        """Take over what is said of the batch made of these rows."""
        said = [replace(hint, rows=tuple(rows[at] for at in hint.rows)) for hint in advice]
        for row in rows:
            self._said.pop(row, None)
        self._said |= by_row(said)
        self.checked = True

    def forget(self) -> None:
        """Nothing is known any more."""
        self._said, self.checked = {}, False

    def said_of(self, row: int) -> tuple[Advice, ...]:
        return self._said.get(row, ())

    def likeness(self, row: int) -> str | None:
        """Somebody else whom a face looks like, while it is not to go there."""
        if self.goes_to(row) is not None:
            return None
        return next(
            (advice.identity for advice in self.said_of(row) if advice.kind == "looks-like"), None
        )

    def groups(self) -> tuple[Advice, ...]:
        """What is said of the faces that are not left out, summed up."""
        taken = self.taken()
        said = [
            advice if advice.kind == "name" else replace(advice, rows=(row,))
            for row in taken
            for advice in self.said_of(row)
        ]
        return grouped(said, self._files, len(taken))


Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_ItemRole = Qt.ItemDataRole


class NewFacesModel(QAbstractListModel):
    """One row a face, in the order in which they came; below them the files that cannot be used.

    Attributes:
        draft: what it shows; it is changed through the methods here.

    Signals: ``choice_changed``: faces were left out, taken in, or sent to somebody else.
    """

    choice_changed = Signal()

    def __init__(self, pictures: RowPictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = Draft()
        self._pictures = pictures
        pictures.ready.connect(self._pictures_ready)

    def add(
        self,
        batch: FaceBatch,
        rejected: Sequence[Rejection] = (),
        left: Mapping[int, LeftOut] = MappingProxyType({}),
    ) -> None:
        """More faces, and files that were to be faces.

        Args:
            left: why rows of the batch are left out until the person takes them in.
        """
        self.beginResetModel()
        self._pictures.add(batch)
        self.draft.add(batch, left)
        self.draft.rejected += rejected
        self.endResetModel()

    def leave_out(self, rows: Iterable[int]) -> None:
        self.draft.choose(rows, taken=False)
        self._chosen()

    def take_in(self, rows: Iterable[int]) -> None:
        self.draft.choose(rows, taken=True)
        self._chosen()

    def send(self, rows: Iterable[int], name: str) -> None:
        """These rows go to another identity."""
        self.draft.send(rows, name)
        self._chosen()

    def put_back(self, name: str) -> None:
        """No row goes to this other identity after all."""
        self.draft.put_back(name)
        self._chosen()

    def set_name(self, name: str) -> None:
        """Whom the faces are to be enrolled as."""
        self.draft.name = name
        self._repaint()

    def hear(self, rows: Sequence[int], advice: Iterable[Advice]) -> None:
        """Take over what is said of the batch made of these rows."""
        self.draft.hear(rows, advice)
        self._repaint()

    def forget(self) -> None:
        """Nothing is known of the faces any more."""
        self.draft.forget()
        self._repaint()

    def _chosen(self) -> None:
        self._repaint()
        self.choice_changed.emit()

    def _pictures_ready(self, faces: list[int]) -> None:
        self._repaint([PictureRole])

    def _repaint(self, roles: Sequence[int] = ()) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1), list(roles))

    # -- for the view ------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.draft) + len(self.draft.rejected)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        is_face = index.row() < len(self.draft)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if is_face else flags

    def data(self, index: Index, role: int = _ItemRole.DisplayRole) -> Any:
        row = index.row()
        if not 0 <= row < self.rowCount():
            return None
        if row >= len(self.draft):
            return _of_rejected(self.draft.rejected[row - len(self.draft)], role)
        if role == _ItemRole.CheckStateRole:
            left = row in self.draft.left
            return Qt.CheckState.Unchecked if left else Qt.CheckState.Checked
        if role == PictureRole:
            return self._pictures.get(row)
        return self._text(row, role)

    def setData(self, index: Index, value: Any, role: int = _ItemRole.EditRole) -> bool:
        if role != _ItemRole.CheckStateRole or index.row() >= len(self.draft):
            return False
        self.draft.choose([index.row()], taken=Qt.CheckState(value) == Qt.CheckState.Checked)
        self._chosen()
        return True

    def _text(self, row: int, role: int) -> str | None:
        words, tone = self._words(row)
        file, number = self.draft.file(row)
        what = "face" if self.draft.is_detected(row) else "row"
        label = _name_of(file) + ("" if number is None else f" · {what} {number + 1}")
        return {
            int(_ItemRole.DisplayRole): label,
            int(_ItemRole.AccessibleTextRole): f"{label}, {words}",
            int(_ItemRole.ToolTipRole): plain_tip(f"{file}\n{words}".strip()),
            WordsRole: words,
            ToneRole: tone,
        }.get(int(role))

    def _words(self, row: int) -> tuple[str, str]:
        """What to know of a face, and the tone of it."""
        draft = self.draft
        if row in draft.left:
            return draft.left_words(row), "muted"
        said = advice_texts(advice for advice in draft.said_of(row) if advice.kind != "name")
        other = draft.goes_to(row)
        if other is not None:
            return (
                (f"Will be added to {other}. {said}", "warning")
                if said
                else (f"Will be added to {other}", "sent")
            )
        if said:
            return said, "warning"
        return ("No objections", "good") if draft.checked else ("", "muted")


def _of_rejected(rejection: Rejection, role: int) -> str | None:
    words = f"Cannot be used: {rejection.reason}"
    return {
        int(_ItemRole.DisplayRole): _name_of(rejection.file),
        int(_ItemRole.AccessibleTextRole): f"{_name_of(rejection.file)}, {words}",
        int(_ItemRole.ToolTipRole): plain_tip(f"{rejection.file}\n{words}"),
        WordsRole: words,
        ToneRole: "bad",
    }.get(int(role))


def _name_of(file: str) -> str:
    return PurePath(file.replace("\\", "/")).name
