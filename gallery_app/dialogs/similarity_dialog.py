"""Two people, or two faces, beside one another: every distance, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.records.similarity import Similarity
from engine.records.types import Face, Ids
from gallery_app.item_models.face_model import caption
from gallery_app.operations.analysis import Compared
from gallery_app.pictures import Pictures
from gallery_app.widgets.charts.heat_map import HeatMap
from gallery_app.widgets.controls.boxes import Stretch, hbox, section, vbox
from gallery_app.widgets.controls.dialog import Dialog, scrolling
from gallery_app.widgets.controls.labels import ElidedLabel
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.wording.similarity_words import verdict

_SMALL, _LARGE = 52, 168


class PairRow(QWidget):
    """Two pictures side by side, whose they are, and how far apart."""

    def __init__(self, side: int, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = pictures
        self._faces: tuple[Face, ...] = ()
        self.pictures = PictureLabel(side), PictureLabel(side)
        self.distance, self.who = QLabel(), (ElidedLabel(), ElidedLabel())
        self.distance.setProperty("textRole", "heading")
        words = vbox(Stretch(), self.distance, spacing=2)
        for label in self.who:
            label.setProperty("textRole", "small")
            words.addWidget(label)
        words.addStretch()
        hbox(*self.pictures, (words, 1), parent=self, margins=0, spacing=8)
        pictures.ready.connect(self._show_pictures)  # a method: it ends with this widget

    def show_pair(self, one: Face, other: Face, distance: float) -> None:
        self._faces = one, other
        self.distance.setText("–" if math.isnan(distance) else f"{distance:.3f}")
        for label, face in zip(self.who, self._faces, strict=True):
            label.setText(_called(face))
        self._show_pictures()

    @Slot(list)
    def _show_pictures(self, _: Sequence[int] = ()) -> None:
        for picture, face in zip(self.pictures, self._faces, strict=False):
            picture.set_picture(self._store.get(face.id))


class SimilarityDialog(Dialog):
    """Args:
    names: of both; the same twice for one person.
    """

    def __init__(
        self,
        compared: Compared,
        names: tuple[str, str],
        pictures: Pictures,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Compare", parent)
        self.compared, self._pictures = compared, pictures
        found = compared.similarity
        headline, detail = verdict(found, *names)
        self.verdict, self.detail = QLabel(headline), QLabel(detail)
        for label in (self.verdict, self.detail):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.verdict.setProperty("textRole", "title")
        self.detail.setWordWrap(True)
        who = ElidedLabel(
            names[0] if names[0] == names[1] else f"{names[0]} and {names[1]}", role="muted"
        )
        self.heat = HeatMap()
        self.pointed = PairRow(_SMALL, pictures)
        self.heat.pointed.connect(self._point)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        layout = vbox(who, self.verdict, self.detail, 8, parent=self, margins=24, spacing=8)
        if found.distances.size == 1:
            self.resize(600, 420)
            layout.addWidget(self._pair())
            layout.addStretch()
        else:
            self.resize(900, 640)
            layout.addLayout(self._matrix(names), 1)
        layout.addWidget(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()

    def _pair(self) -> QWidget:
        found, faces = self.compared.similarity, self.compared.faces
        row = PairRow(_LARGE, self._pictures)
        row.show_pair(
            faces[int(found.one[0])], faces[int(found.other[0])], float(found.distances[0, 0])
        )
        return row

    def _matrix(self, names: tuple[str, str]) -> QHBoxLayout:
        found, usual = self.compared.similarity, self.compared.similarity.usual
        line = usual.threshold if usual.is_enough else math.nan
        labels = self._labels(found.one), self._labels(found.other)
        self.heat.show_distances(found.distances, _span(found), line, labels)
        hint = ElidedLabel(f"Rows: faces of {names[0]}; columns: faces of {names[1]}", role="small")
        left = vbox(hint, (self.heat, 1), self.pointed, spacing=8)
        room = self.pointed.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # nothing moves under the mouse
        self.pointed.setSizePolicy(room)
        self.pointed.hide()
        both = hbox((left, 3), (scrolling(self._pairs()), 2), spacing=24)
        return both

    def _labels(self, faces: Ids) -> list[str]:
        return [_called(self.compared.faces[face]) for face in faces.tolist()]

    def _pairs(self) -> QWidget:
        page = QWidget()
        column = vbox(parent=page, margins=(0, 0, 8, 0), spacing=8)
        found = self.compared.similarity
        for title, pairs in (("CLOSEST", found.closest), ("FURTHEST", found.furthest)):
            column.addWidget(section(title))
            self._add(column, pairs)
        column.addStretch()
        return page

    def _add(self, column: QVBoxLayout, pairs: Sequence[tuple[int, int, float]]) -> None:
        for one, other, distance in pairs:
            row = PairRow(_SMALL, self._pictures)
            row.show_pair(self.compared.faces[one], self.compared.faces[other], distance)
            column.addWidget(row)

    def _point(self, row: int, column: int) -> None:
        self.pointed.setVisible(row >= 0)
        if row >= 0:
            found, faces = self.compared.similarity, self.compared.faces
            one, other = faces[int(found.one[row])], faces[int(found.other[column])]
            distance = float(found.distances[row, column])
            self.pointed.show_pair(one, other, distance)
            self.heat.setAccessibleDescription(
                f"{_called(one)} and {_called(other)}: {distance:.3f}"
            )


def _span(found: Similarity) -> tuple[float, float]:
    """The distances that colours are to tell apart: those here, and the usual ones."""
    own, other = found.usual.own, found.usual.other
    usual = [np.quantile(distances, [0.01, 0.99]) for distances in (own, other) if len(distances)]
    here = found.distances[np.isfinite(found.distances)]
    everything = np.concatenate([here, *usual])
    if not len(everything):
        return 0.0, 1.0
    return float(everything.min()), float(everything.max())


def _called(face: Face) -> str:
    return f"{face.name} {caption(face)}"
