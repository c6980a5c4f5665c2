"""One map with its title and the figures that belong to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.maps.separation import SeparationEstimate
from engine.records.types import Ids
from gallery_app.map.canvas import MapCanvas
from gallery_app.map.drawn import DrawnMap
from gallery_app.map.marks import Marks
from gallery_app.map.raster import Flags, Rows
from gallery_app.theme.colours import current_theme, theme_changed
from gallery_app.widgets.controls.boxes import text_label, vbox

SPACE_TEXTS = {
    "original": "Original embeddings",
    "triplet": "Triplet model space",
    "mlp": "MLP space",
}


class MapView(QWidget):
    """Signals: ``pointed`` (face id or -1, where on the screen), ``clicked`` (face id),
    ``lassoed`` (face ids, an array), ``menu_requested`` (where on the screen), ``density_shown``.
    """

    pointed = Signal(int, QPoint)
    clicked = Signal(int)
    lassoed = Signal(object)
    menu_requested = Signal(QPoint)
    density_shown = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = text_label(role="heading", wrap=False)
        self.canvas = MapCanvas()
        self.figures = text_label(role="small")
        self._drawn: DrawnMap | None = None
        self._marks = Marks()
        vbox(self.title, (self.canvas, 1), self.figures, parent=self, margins=0, spacing=4)
        self.canvas.pointed.connect(lambda row, at: self.pointed.emit(self._face(row), at))
        self.canvas.clicked.connect(lambda row: self.clicked.emit(self._face(row)))
        self.canvas.lassoed.connect(self._lassoed)
        self.canvas.menu_requested.connect(self.menu_requested)
        # queued: it comes while painting, when nothing may be laid out anew
        self.canvas.density_shown.connect(self.density_shown, Qt.ConnectionType.QueuedConnection)
        theme_changed().changed.connect(self._recolour)
        self.show_figures(False)

    @property
    def drawn(self) -> DrawnMap | None:
        return self._drawn

    def show_map(self, drawn: DrawnMap | None) -> None:
        """Another map; of the same kind as before it is seen from the same place."""
        alike = drawn is not None and self._drawn is not None and _alike(drawn, self._drawn)
        self._drawn = drawn
        if drawn is None:
            self.canvas.show_points(None)
            self.show_marks(Marks())
            return
        self.canvas.show_points(drawn.points(dark=current_theme().dark), keep_view=alike)
        self.title.setText(SPACE_TEXTS[drawn.map.space])
        self.figures.setText(figures_text(drawn.separation))

    def show_figures(self, shown: bool) -> None:
        """Title and figures, which one map alone does not need."""
        self.title.setVisible(shown)
        self.figures.setVisible(shown)

    def choose(self, chosen: Ids | None) -> None:
        """Make faces stand out; None dims nobody."""
        points = self.canvas.points
        if points is not None:
            self.canvas.show_points(points.choosing(self._flags(chosen)), keep_view=True)
            self.show_marks(self._marks)

    def point(self, face: int) -> None:
        """Ring a face, as it is pointed at here or on another map; -1 none."""
        row = -1
        if self._drawn is not None and face >= 0:
            row = int(self._drawn.map.layout.rows_of(np.array([face]))[0])
        self.canvas.ring(row)

    def show_marks(self, marks: Marks) -> None:
        """What lies over the points, and the names of those who stand out."""
        self._marks, points = marks, self.canvas.points
        names = [] if self._drawn is None or points is None else self._drawn.names(points.chosen)
        self.canvas.show_marks(replace(marks, names=names))

    def _flags(self, chosen: Ids | None) -> Flags | None:
        if chosen is None or self._drawn is None:
            return None
        return np.isin(self._drawn.map.layout.faces, chosen)

    def _face(self, row: int) -> int:
        return (
            int(self._drawn.map.layout.faces[row]) if self._drawn is not None and row >= 0 else -1
        )

    def _lassoed(self, rows: Rows | None) -> None:
        if self._drawn is not None and rows is not None:
            self.lassoed.emit(np.sort(self._drawn.map.layout.faces[rows]))

    def _recolour(self) -> None:
        points = self.canvas.points
        if self._drawn is not None and points is not None:
            again = self._drawn.points(dark=current_theme().dark, chosen=points.chosen)
            self.canvas.show_points(again, keep_view=True)


def _alike(one: DrawnMap, other: DrawnMap) -> bool:
    def kind(drawn: DrawnMap) -> tuple[object, ...]:
        layout = drawn.map.layout
        return layout.method, layout.dimensions, layout.seed, drawn.map.space

    return kind(one) == kind(other)


def figures_text(found: SeparationEstimate | None) -> str:
    """What the eye thinks it sees, in figures."""
    if found is None:
        return "Nothing to compare: this needs at least two people, one of them with two faces."
    sampled = (
        f" Measured on {found.faces:,} of {found.of:,} faces." if found.of > found.faces else ""
    )
    return (
        f"The five nearest faces give the right name for {found.knn * 100:.1f} %. Median distance "
        f"within people {found.own_median:.3f}, between people {found.other_median:.3f}; by "
        f"distance alone, {found.overlap * 100:.1f} % of pairs are misclassified.{sampled}"
    )
