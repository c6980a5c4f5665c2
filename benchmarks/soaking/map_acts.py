"""What a person does on the Map tab, each as one gesture."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QAbstractButton

from benchmarks.soaking import hand
from gallery_app.map.canvas import MapCanvas
from gallery_app.window.main_window import MainWindow

Gesture = Callable[[], None]
_DRAGS = 12  # moves of the mouse in one drag
_LOOKS = 30  # gestures that a map which takes a minute may be waited for before it is cancelled


class MapActs:
    """Attributes:
    weights: how often each kind is done, against the others.
    """

    def __init__(self, window: MainWindow, chance: random.Random) -> None:
        self._window, self._panel, self._chance = window, window.map, chance
        self.weights: dict[str, tuple[float, Callable[[], Iterator[Gesture]]]] = {
            "map moved": (3, self._move),
            "map zoomed": (3, self._zoom),
            "map lassoed": (1.5, self._lasso),
            "map clicked": (2, self._click),
            "map hovered": (2, self._hover),
            "map in the round": (0.5, self._dimensions),
            "maps compared": (0.3, self._compare),
            "map by neighbours": (0.15, self._laid_out),
            "map selection": (1, self._selection),
        }

    @property
    def _canvas(self) -> MapCanvas:
        return self._panel.left.canvas

    def _shown(self) -> Gesture:
        return lambda: self._window.middle.setCurrentWidget(self._panel)

    def _place(self) -> QPointF:
        size = self._canvas.size()
        return QPointF(
            self._chance.uniform(0.1, 0.9) * size.width(),
            self._chance.uniform(0.1, 0.9) * size.height(),
        )

    def _drag(self, modifiers: Qt.KeyboardModifier) -> Iterator[Gesture]:
        """From here to there, with a bend in between, so that something lies inside a lasso."""
        canvas, places = self._canvas, [self._place() for _ in range(3)]
        yield lambda: hand.mouse(canvas, QEvent.Type.MouseButtonPress, places[0], modifiers)
        for step in range(_DRAGS):
            leg, part = divmod(2 * step / _DRAGS, 1)
            start, end = places[int(leg)], places[int(leg) + 1]
            at = start + (end - start) * part
            yield lambda at=at: hand.mouse(canvas, QEvent.Type.MouseMove, at, modifiers)
        last = places[-1]
        yield lambda: hand.mouse(canvas, QEvent.Type.MouseButtonRelease, last, modifiers)

    def _move(self) -> Iterator[Gesture]:
        yield self._shown()
        yield from self._drag(Qt.KeyboardModifier.NoModifier)

    def _lasso(self) -> Iterator[Gesture]:
        yield self._shown()
        yield from self._drag(Qt.KeyboardModifier.ShiftModifier)

    def _zoom(self) -> Iterator[Gesture]:
        yield self._shown()
        for _ in range(self._chance.randint(1, 6)):
            notches = self._chance.choice((-3, -1, -1, 1, 1, 3))
            yield lambda notches=notches: hand.wheel(self._canvas, notches)
        if self._chance.random() < 0.3:
            yield lambda: hand.click(self._panel.tools.fit)

    def _click(self) -> Iterator[Gesture]:
        yield self._shown()
        yield lambda: hand.click(self._canvas, self._place().toPoint())

    def _hover(self) -> Iterator[Gesture]:
        yield self._shown()
        for _ in range(self._chance.randint(1, 8)):
            at = self._place()
            yield lambda at=at: hand.hover(self._canvas, at)

    def _dimensions(self) -> Iterator[Gesture]:
        yield self._shown()
        yield lambda: self._choose("3")
        yield from self._drag(Qt.KeyboardModifier.NoModifier)
        if self._chance.random() < 0.7:
            yield lambda: self._choose("2")

    def _compare(self) -> Iterator[Gesture]:
        yield self._shown()
        yield lambda: hand.click(self._panel.tools.compare)

    def _laid_out(self) -> Iterator[Gesture]:
        """UMAP takes a minute in a process of its own; given up before it is there."""
        yield self._shown()
        yield lambda: self._choose(self._chance.choice(("umap", "tsne")))
        for _ in range(self._chance.randint(1, _LOOKS)):
            yield lambda: hand.wheel(self._canvas, self._chance.choice((-1, 1)))
        yield lambda: self._choose("pca")

    def _selection(self) -> Iterator[Gesture]:
        selection = self._panel.selection
        doors = (selection.show_them, selection.ask, selection.move_them, selection.clear)
        yield self._shown()
        yield lambda: hand.click(self._chance.choice(doors))

    def _choose(self, value: str) -> None:
        for button in self._panel.findChildren(QAbstractButton):
            if button.property("value") == value:
                hand.click(button)
