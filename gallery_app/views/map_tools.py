"""Above the map: how faces are laid out, by what they are compared, and what the mouse does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QPushButton, QWidget

from gallery_app.map.view import SPACE_TEXTS
from gallery_app.widgets.wrapping import WrappingRow

METHOD_TEXTS = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
_METHOD_TIPS = {
    "pca": "Principal components: at once; far apart means different",
    "umap": "Neighbours stay neighbours; how far groups are apart says little",
    "tsne": "The nearest stay nearest; how far groups are apart says nothing",
}
_COMPARE_TIP = "Two spaces side by side, with their figures"


class MapTools(QWidget):
    """Signals: ``wanted`` (another map is)."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.space = QComboBox()
        self.space.setAccessibleName("What faces are compared by")
        self.space.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.space.activated.connect(lambda _: self.ask())
        self.methods = self._group(METHOD_TEXTS, _METHOD_TIPS)
        self.dimensions = self._group(
            {"2": "2-D", "3": "3-D"}, {"2": "Flat", "3": "In the round: drag to turn it"}
        )
        self.compare = _toggle("Compare", _COMPARE_TIP)
        self.lasso = _toggle("Lasso", "Draw around faces to select them (or drag with Shift)")
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
        return str(next((one for one in others if one != "original"), "original"))

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
        """Shows these as what is asked for; nothing is asked for by that."""
        for group, value in ((self.methods, method), (self.dimensions, dimensions)):
            for button in group.buttons():
                button.setChecked(button.property("value") == str(value))
        self.compare.blockSignals(True)
        self.compare.setChecked(compared)
        self.compare.blockSignals(False)
        self.choose_space(space)


def _toggle(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setToolTip(tip)
    button.setProperty("segment", True)
    return button
