"""Middle: every face a point; one space, or two side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from engine.records.types import Face, Ids
from gallery_app.item_models.face_model import caption
from gallery_app.map.drawn import DrawnMap
from gallery_app.map.view import SPACE_TEXTS, MapView
from gallery_app.pictures import Pictures
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.flow_layouts import WrappingRow
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.window.map_selection import MapSelection

_BESIDE = 16  # logical pixels from the mouse


class PointedCard(QFrame):
    """Lies over its parent and lets the mouse through."""

    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent, objectName="card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._pictures = pictures
        self._face = -1
        self.picture = PictureLabel(56)
        self.name, self.caption = QLabel(), QLabel()
        self.name.setProperty("textRole", "heading")
        self.caption.setProperty("textRole", "small")
        for label in (self.name, self.caption):
            label.setTextFormat(Qt.TextFormat.PlainText)
        words = vbox(Stretch(), self.name, self.caption, Stretch(), spacing=2)
        hbox(self.picture, words, parent=self, margins=(8, 8, 12, 8), spacing=10)
        pictures.ready.connect(self._pictures_ready)
        self.hide()

    def show_face(self, face: Face, at: QPoint) -> None:
        """Beside a place on the screen, within the parent."""
        self._face = face.id
        self.name.setText(face.name)
        self.caption.setText(caption(face))
        self.picture.set_picture(self._pictures.get(face.id))
        self.adjustSize()
        place = self.parentWidget().mapFromGlobal(at) + QPoint(_BESIDE, _BESIDE)
        room = self.parentWidget().rect()
        if place.x() + self.width() > room.right():
            place.setX(max(0, place.x() - self.width() - 2 * _BESIDE))
        if place.y() + self.height() > room.bottom():
            place.setY(max(0, place.y() - self.height() - 2 * _BESIDE))
        self.move(place)
        self.show()
        self.raise_()

    def _pictures_ready(self, faces: list[int]) -> None:
        if self.isVisible() and self._face in faces:
            self.picture.set_picture(self._pictures.get(self._face))


METHOD_TEXTS = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
_METHOD_TIPS = {
    "pca": "Principal components: instant; far apart means different",
    "umap": "Neighbours stay together; distances between groups mean little",
    "tsne": "Nearest neighbours stay together; distances between groups mean nothing",
}
_COMPARE_TIP = "Two spaces side by side, with figures"


class MapTools(QWidget):
    """Signals: ``wanted`` (another map is)."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.space = QComboBox(accessibleName="Space in which faces are compared")
        self.space.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.space.activated.connect(lambda _: self.ask())
        self.methods = self._group(METHOD_TEXTS, _METHOD_TIPS)
        self.dimensions = self._group(
            {"2": "2-D", "3": "3-D"}, {"2": "Flat", "3": "Three dimensions: drag to rotate"}
        )
        self.compare = _toggle("Compare", _COMPARE_TIP)
        self.lasso = _toggle("Lasso", "Draw around faces to select them (or hold Shift and drag)")
        self.fit = QPushButton("Fit")
        self.fit.setProperty("segment", True)
        self.fit.setToolTip("Show everything (0)")
        row = WrappingRow(self, spacing=6)
        for group in (self.methods, self.dimensions):
            for button in group.buttons():
                row.addWidget(button)
        for widget in (self.lasso, self.fit, self.compare, self.space):
            row.addWidget(widget)

    def _group(self, texts: dict[str, str], tips: dict[str, str]) -> QButtonGroup:
        group = QButtonGroup(self)
        for number, (name, text) in enumerate(texts.items()):
            button = _toggle(text, tips[name])
            button.setProperty("value", name)
            button.setChecked(number == 0)
            group.addButton(button)
        group.buttonClicked.connect(lambda _: self.wanted.emit())
        return group

    @property
    def method(self) -> str:
        return str(self.methods.checkedButton().property("value"))

    @property
    def asked_dimensions(self) -> int:
        return int(self.dimensions.checkedButton().property("value"))

    @property
    def asked_spaces(self) -> tuple[str, ...]:
        """The space of the map, or of both maps."""
        chosen = str(self.space.currentData() or "original")
        if not self.compare.isChecked():
            return (chosen,)
        return ("original", chosen if chosen != "original" else self._other_space())

    def _other_space(self) -> str:
        others = [self.space.itemData(at) for at in range(self.space.count())]
        return str(next((other for other in others if other != "original"), "original"))

    def ask(self) -> None:
        """Of two maps the second one is chosen, and never the same as the first."""
        self.choose_space(self.asked_spaces[-1])
        self.wanted.emit()

    def choose_space(self, space: str) -> None:
        self.space.setCurrentIndex(max(0, self.space.findData(space)))

    def set_spaces(self, spaces: Sequence[str]) -> None:
        """What faces can be compared by in this gallery; what was chosen stays, if it can."""
        chosen = self.space.currentData()
        self.space.clear()
        for space in spaces:
            self.space.addItem(SPACE_TEXTS[space], space)
        self.choose_space(chosen)
        several = len(spaces) > 1
        self.space.setVisible(several)
        self.compare.setEnabled(several)
        self.compare.setToolTip(_COMPARE_TIP if several else "Train a model first: Model ▸ Retrain")
        if not several:
            self.compare.setChecked(False)

    def set_obstacles(self, obstacles: Mapping[str, str]) -> None:
        """Why a method cannot be used, by its name; "" where it can."""
        for button in self.methods.buttons():
            name = str(button.property("value"))
            button.setEnabled(not obstacles[name])
            button.setToolTip(obstacles[name] or _METHOD_TIPS[name])

    def show_asked(self, method: str, dimensions: int, space: str, *, compared: bool) -> None:
        """Show these as what is asked for; nothing is asked for by that."""
        for group, value in ((self.methods, method), (self.dimensions, dimensions)):
            for button in group.buttons():
                button.setChecked(button.property("value") == str(value))
        self.compare.blockSignals(True)
        self.compare.setChecked(compared)
        self.compare.blockSignals(False)
        self.choose_space(space)


def _toggle(text: str, tip: str) -> QPushButton:
    button = QPushButton(text, checkable=True, toolTip=tip)
    button.setProperty("segment", True)
    return button


class MapPanel(QWidget):
    """Signals: ``wanted`` (another map is), ``chosen`` (face ids, an array; None for nobody),
    ``pointed`` (face id or -1, where on the screen), ``redraw_requested`` (with another seed or
    not).
    """

    wanted = Signal()
    chosen = Signal(object)
    pointed = Signal(int, QPoint)
    redraw_requested = Signal(bool)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="mapPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tools = MapTools()
        self.tools.wanted.connect(self.wanted)
        self.tools.compare.toggled.connect(self._compare_toggled)
        self.tools.lasso.toggled.connect(self._lasso_toggled)
        self.tools.fit.clicked.connect(self._fit)
        self.seed = 1
        self._dense = False
        self.left, self.right = MapView(), MapView()
        self.note = text_label(role="small")
        self.selection = MapSelection(pictures)
        self.selection.cleared.connect(lambda: self.chosen.emit(None))
        self.card = PointedCard(pictures, self)
        self.drawing = EmptyState("sample", "Drawing the map", "This may take a moment.")
        self.nobody = EmptyState(
            "people", "No faces to show yet", "The map shows every enrolled face as a point."
        )
        self.undrawn = EmptyState(
            "sample", "The map has not been drawn", "", [("Draw map", self.wanted.emit)]
        )
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
            view.menu_requested.connect(lambda at: self.menu().popup(at))
            view.density_shown.connect(self._density_shown)
        self._compare_toggled(False)

    def _side_by_side(self) -> QWidget:
        page = QWidget()
        hbox((self.left, 1), (self.right, 1), parent=page, margins=0, spacing=12)
        return page

    def _lay_out(self) -> None:
        tools = vbox(self.tools, margins=(24, 12, 24, 8))
        around = vbox((self._stack, 1), self.note, margins=(24, 0, 24, 8))
        vbox(tools, (around, 1), self.selection, parent=self, margins=0, spacing=0)

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
                    f"{METHOD_TEXTS[shown]}, while {METHOD_TEXTS[self.tools.method]} is computed."
                )
            said.append(drawn.map.note)
        if self._dense:
            said.append("Density view: zoom in to see single faces.")
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
        """Make faces stand out in both maps."""
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
        anew = menu.addAction("Re&compute layout")
        anew.triggered.connect(lambda: self.redraw_requested.emit(False))
        other = menu.addAction(f"Use another &seed (now {self.seed})")
        other.triggered.connect(lambda: self.redraw_requested.emit(True))
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
