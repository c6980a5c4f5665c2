"""The map as a widget: move, zoom, turn, point at a face, lasso some of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from gallery_app.map.camera import Camera
from gallery_app.map.marks import Marks, paint_marks
from gallery_app.map.picture import MARGIN, Picture, Points, painted
from gallery_app.map.raster import Rows
from gallery_app.theme.colours import current_theme, theme_changed

_NEAR = 9.0  # logical pixels between the mouse and the point it means
_CLICK = 4  # logical pixels that a click may move
_STEP = 60  # logical pixels that an arrow key moves the map by
_CLOSER = 1.25


class MapCanvas(QWidget):
    """Dragging moves a flat map and turns one in the round; with Shift, or after L, it lassoes.

    Signals:
        pointed: row of the point under the mouse, or -1, and where on the screen.
        clicked: row of the point that was clicked.
        lassoed: rows of the points that were lassoed.
        menu_requested: where on the screen.
        density_shown: whether density is shown now instead of points.
    """

    pointed = Signal(int, QPoint)
    clicked = Signal(int)
    lassoed = Signal(object)
    menu_requested = Signal(QPoint)
    density_shown = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="mapCanvas", mouseTracking=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Map of all faces")
        self.setAccessibleDescription(
            "Arrow keys move the map, plus and minus zoom, 0 shows everything, L starts the lasso"
        )
        self.camera = Camera()
        self.lassoing = False
        self._points: Points | None = None
        self.marks = Marks()
        self._picture: Picture | None = None
        self._pressed: QPointF | None = None
        self._moved = 0.0  # how far from there the mouse went at most
        self._last = QPointF()
        self._lasso = QPolygonF()
        self.hovered = -1
        theme_changed().changed.connect(self._repaint_all)

    # -- what is shown -----------------------------------------------------------------------

    def show_points(self, points: Points | None, *, keep_view: bool = False) -> None:
        """Other points; the view stays where it was, or shows everything."""
        self._points = points
        self.hovered = -1
        if not keep_view:
            self.camera = self.camera.everything()
        self._repaint_all()

    @property
    def points(self) -> Points | None:
        return self._points

    def show_marks(self, marks: Marks) -> None:
        """What lies over the points: a query and its evidence, unknowns, names."""
        self.marks = marks
        self.update()

    def ring(self, row: int) -> None:
        """Ring one point; -1 none."""
        if row != self.hovered:
            self.hovered = row
            self.update()

    def show_everything(self) -> None:
        self._look(self.camera.everything())

    def zoom(self, factor: float) -> None:
        """About the middle of the view."""
        self._look(self.camera.zoomed(factor, self.camera.width / 2, self.camera.height / 2))

    def _look(self, camera: Camera) -> None:
        self.camera = camera
        self.update()

    def _repaint_all(self) -> None:
        self._picture = None
        self.update()

    # -- painting ----------------------------------------------------------------------------

    def picture(self) -> Picture | None:
        """The points as they are seen now; painted anew only where moving the last one will
        not do.
        """
        if self._points is None:
            return None
        kept = self._picture
        if kept is None or self._shift(kept) is None:
            theme = current_theme()
            kept = self._picture = painted(
                self._points, self.camera, theme.panel, theme.accent, self.devicePixelRatioF()
            )
            self.density_shown.emit(kept.dense)
        return kept

    def _shift(self, picture: Picture) -> tuple[float, float] | None:
        """By how many device pixels a picture must be moved; None where that is not enough."""
        then, now = picture.camera, self.camera
        alike = (then.width, then.height, then.zoom, then.turn, then.tilt)
        if alike != (now.width, now.height, now.zoom, now.turn, now.tilt):
            return None
        across = round((then.x - now.x) * now.scale)
        down = round((now.y - then.y) * now.scale)
        return (across, down) if max(abs(across), abs(down)) <= MARGIN else None

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, ratio = current_theme(), self.devicePixelRatioF()
        painter = QPainter(self)
        picture = self.picture()
        if picture is None:
            painter.fillRect(self.rect(), theme.panel)
            return
        across, down = self._shift(picture) or (0, 0)
        picture.image.setDevicePixelRatio(ratio)
        painter.drawImage(
            QPointF((across - MARGIN) / ratio, (down - MARGIN) / ratio), picture.image
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_marks(painter, self.marks, self.camera, ratio, self.hovered, self._points)
        if len(self._lasso) > 1:
            painter.setPen(QPen(theme.accent, 1.5, Qt.PenStyle.DashLine))
            tint = QColor(theme.accent)
            tint.setAlphaF(0.12)
            painter.setBrush(tint)
            painter.drawPolygon(self._lasso)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.accent, 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        ratio = self.devicePixelRatioF()
        self._look(self.camera.sized(round(self.width() * ratio), round(self.height() * ratio)))

    # -- mouse and keys ----------------------------------------------------------------------

    def row_at(self, place: QPointF) -> int:
        """Row of the point that the mouse means there, or -1."""
        picture = self.picture()
        if picture is None:
            return -1
        ratio = self.devicePixelRatioF()
        across, down = self._shift(picture) or (0, 0)
        return picture.nearest(place.x() * ratio - across, place.y() * ratio - down, _NEAR * ratio)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = self._last = event.position()
        self._moved = 0.0
        if self.lassoing or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._lasso = QPolygonF([event.position()])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._pressed is None:
            self._hover(place)
            return
        self._moved = max(self._moved, (place - self._pressed).manhattanLength())
        if len(self._lasso):
            self._lasso.append(place)
        else:
            moved = (place - self._last) * self.devicePixelRatioF()
            flat = self._points is None or not self._points.in_the_round
            by_hand = flat or event.modifiers() & Qt.KeyboardModifier.ControlModifier
            move = self.camera.moved if by_hand else self.camera.turned
            self.camera = move(moved.x(), moved.y())
        self._last = place
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        away = (event.position() - self._pressed).manhattanLength()
        lasso, self._lasso, self._pressed = self._lasso, QPolygonF(), None
        if max(self._moved, away) <= _CLICK:
            row = self.row_at(event.position())
            if row >= 0:
                self.clicked.emit(row)
        elif len(lasso) > 2:
            self.lassoed.emit(self._inside(lasso))
        self.update()

    def _inside(self, lasso: QPolygonF) -> Rows | None:
        picture, ratio = self.picture(), self.devicePixelRatioF()
        if picture is None:
            return None
        across, down = self._shift(picture) or (0, 0)
        mask = QImage(self.camera.width, self.camera.height, QImage.Format.Format_Grayscale8)
        mask.fill(0)
        painter = QPainter(mask)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.GlobalColor.white)
        painter.translate(-across, -down)
        painter.scale(ratio, ratio)
        painter.drawPolygon(lasso)
        painter.end()
        return picture.under(mask)

    def _hover(self, place: QPointF) -> None:
        row = self.row_at(place)
        self.setCursor(
            Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor
        )
        if row != self.hovered:
            self.ring(row)
            self.pointed.emit(row, self.mapToGlobal(place.toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self.ring(-1)
        self.pointed.emit(-1, QPoint())

    def wheelEvent(self, event: QWheelEvent) -> None:
        ratio = self.devicePixelRatioF()
        place = event.position() * ratio
        self._look(self.camera.zoomed(1.0015 ** event.angleDelta().y(), place.x(), place.y()))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = event.position() * self.devicePixelRatioF()
        self._look(self.camera.zoomed(2.0, place.x(), place.y()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_requested.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (_STEP, 0),
            Qt.Key.Key_Right: (-_STEP, 0),
            Qt.Key.Key_Up: (0, _STEP),
            Qt.Key.Key_Down: (0, -_STEP),
        }
        if event.key() in steps:
            across, down = steps[event.key()]
            ratio = self.devicePixelRatioF()
            self._look(self.camera.moved(across * ratio, down * ratio))
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_CLOSER)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / _CLOSER)
        elif event.key() in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.show_everything()
        elif event.key() == Qt.Key.Key_Escape and len(self._lasso):
            self._lasso, self._pressed = QPolygonF(), None
            self.update()
        else:
            super().keyPressEvent(event)
