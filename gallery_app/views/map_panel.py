"""Middle: every face a point; one space, or two side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.types import Ids
from gallery_app.map.drawn import DrawnMap
from gallery_app.map.view import MapView
from gallery_app.pictures import Pictures
from gallery_app.views.map_selection import MapSelection
from gallery_app.views.map_tools import METHOD_TEXTS, MapTools
from gallery_app.widgets.empty_state import EmptyState
from gallery_app.widgets.pointed_card import PointedCard


class MapPanel(QWidget):
    """Signals: ``wanted`` (another map is), ``chosen`` (face ids, an array; None for nobody),
    ``pointed`` (face id or -1, where on the screen), ``anew_wanted`` (with another seed or not).
    """

    wanted = Signal()
    chosen = Signal(object)
    pointed = Signal(int, QPoint)
    anew_wanted = Signal(bool)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mapPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tools = MapTools()
        self.tools.wanted.connect(self.wanted)
        self.tools.compare.toggled.connect(self._compare_toggled)
        self.tools.lasso.toggled.connect(self._lasso_toggled)
        self.tools.fit.clicked.connect(self._fit)
        self.seed = 1
        self._dense = False
        self.left, self.right = MapView(), MapView()
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("textRole", "small")
        self.note.setWordWrap(True)
        self.selection = MapSelection(pictures)
        self.selection.cleared.connect(lambda: self.chosen.emit(None))
        self.card = PointedCard(pictures, self)
        self.drawing = EmptyState("sample", "Drawing the map", "This takes a moment.")
        self.nobody = EmptyState(
            "people", "Nobody to show yet", "The map shows every enrolled face as a point."
        )
        self.undrawn = EmptyState("sample", "No map was drawn", "", [("Draw it", self.wanted.emit)])
        self._stack = QStackedWidget()
        self._maps = self._side_by_side()
        for page in (self.drawing, self.nobody, self.undrawn, self._maps):
            self._stack.addWidget(page)
        self.setFocusProxy(self.left.canvas)
        self._lay_out()
        for view in (self.left, self.right):
            view.pointed.connect(self.pointed)
            view.clicked.connect(self._clicked)
            view.lassoed.connect(self._lassoed)
            view.menu_wanted.connect(lambda at: self.menu().popup(at))
            view.density_shown.connect(self._density_shown)
        self._compare_toggled(False)

    def _side_by_side(self) -> QWidget:
        page = QWidget()
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.left, 1)
        layout.addWidget(self.right, 1)
        return page

    def _lay_out(self) -> None:
        tools = QVBoxLayout()
        tools.setContentsMargins(24, 12, 24, 8)
        tools.addWidget(self.tools)
        around = QVBoxLayout()
        around.setContentsMargins(24, 0, 24, 8)
        around.addWidget(self._stack, 1)
        around.addWidget(self.note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(tools)
        layout.addLayout(around, 1)
        layout.addWidget(self.selection)

    # -- what is shown -----------------------------------------------------------------------

    def show_drawing(self) -> None:
        """A map is being made, and there is none to show meanwhile."""
        if self.left.drawn is None:
            self._stack.setCurrentWidget(self.drawing)

    def stay(self) -> None:
        """What was asked for does not come: the map that was there stays, and is asked for."""
        drawn = self.left.drawn
        if drawn is None:
            self._stack.setCurrentWidget(self.undrawn)
            return
        layout, compared = drawn.map.layout, self.right.drawn
        shown = drawn if compared is None else compared
        self.tools.show_asked(
            layout.method, layout.dimensions, shown.map.space, compared=compared is not None
        )
        self.right.setVisible(compared is not None)
        self._tell()

    def show_maps(self, maps: Sequence[DrawnMap]) -> None:
        """One map, or two side by side."""
        nobody = not maps or not len(maps[0].places)
        self._stack.setCurrentWidget(self.nobody if nobody else self._maps)
        for view, drawn in zip((self.left, self.right), (*maps, None, None), strict=False):
            view.show_map(None if nobody else drawn)
            view.show_figures(len(maps) > 1)
        self.right.setVisible(len(maps) > 1)
        self._tell()

    def _tell(self) -> None:
        drawn, said = self.left.drawn, []
        if drawn is not None:
            shown = drawn.map.layout.method
            if shown != self.tools.method:
                said.append(
                    f"{METHOD_TEXTS[shown]}, while {METHOD_TEXTS[self.tools.method]} is made."
                )
            said.append(drawn.map.note)
        if self._dense:
            said.append("Density: zoom in to see single faces.")
        self.note.setText(" ".join(filter(None, said)))
        self.note.setVisible(bool(self.note.text()))

    def _density_shown(self, dense: bool) -> None:
        if dense != self._dense:
            self._dense = dense
            self._tell()

    def forget(self) -> None:
        """Another gallery is open, or none."""
        for view in (self.left, self.right):
            view.show_map(None)
        self.selection.show_faces([], 0)
        self.card.hide()

    def choose(self, faces: Ids | None) -> None:
        """Makes faces stand out in both maps."""
        for view in (self.left, self.right):
            view.choose(faces)

    def views(self) -> list[MapView]:
        """Those that show a map."""
        return [view for view in (self.left, self.right) if view.drawn is not None]

    # -- what is done ------------------------------------------------------------------------

    def _clicked(self, face: int) -> None:
        self.chosen.emit(np.array([face], dtype=np.int64))

    def _lassoed(self, faces: Ids) -> None:
        self.tools.lasso.setChecked(False)
        self.chosen.emit(faces if len(faces) else None)

    def _lasso_toggled(self, on: bool) -> None:
        for view in (self.left, self.right):
            view.canvas.lassoing = on

    def _compare_toggled(self, on: bool) -> None:
        self.right.setVisible(on)
        if self.left.drawn is None:
            return
        if not on:  # the left one stays
            self.tools.choose_space(self.left.drawn.map.space)
        self.tools.ask()

    def menu(self) -> QMenu:
        """What can be done with the map."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show &everything").triggered.connect(self._fit)
        menu.addAction("&Lasso").triggered.connect(self.tools.lasso.toggle)
        menu.addSeparator()
        anew = menu.addAction("Lay out &anew")
        anew.triggered.connect(lambda: self.anew_wanted.emit(False))
        other = menu.addAction(f"With another &seed (now {self.seed})")
        other.triggered.connect(lambda: self.anew_wanted.emit(True))
        for action in (anew, other):
            action.setEnabled(self.tools.method != "pca")  # which has nothing to do with chance
        return menu

    def _fit(self) -> None:
        for view in self.views():
            view.canvas.show_everything()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_L:
            self.tools.lasso.toggle()
        elif event.key() == Qt.Key.Key_Escape:
            self.tools.lasso.setChecked(False)
            self.chosen.emit(None)
        else:
            super().keyPressEvent(event)
