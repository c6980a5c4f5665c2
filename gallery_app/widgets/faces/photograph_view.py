"""A photograph with a box on each face and the name beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gallery_app.theme.colours import current_theme, text_font
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.widgets.faces.label_places import place_labels
from gallery_app.widgets.faces.painting import elided, paint_ring

_RADIUS = 6.0
_NEAR = 6.0  # pixels beside a box that still count as the box
_WIDEST = 132.0  # pixels of a label
_CROWD = 12  # faces from which on the labels of small ones are shown only when they are meant
_SMALL, _SMALL_IN_LARGE = 28.0, 18.0  # pixels of such a face on the screen


@dataclass(frozen=True)
class FaceMark:
    """What is drawn on one face.

    Attributes:
        place: the box, in parts of the picture's width and height.
        label: whose face it is, in few words.
        known: whether somebody is recognised, or it is enrolled; None while that is not known.
        words: all that a screen reader or a tool tip says of it.
    """

    place: QRectF
    label: str
    known: bool | None
    words: str


@dataclass(frozen=True)
class MarkedPhotograph:
    """A photograph and what is known of the faces in it.

    Attributes:
        title: what it is called.
        shape: its width and height in pixels, whatever those of the image are.
        image: all of it, in any size.
        current: place of the face that the answer beside it is about.
    """

    title: str
    shape: QSize
    image: QImage
    marks: Sequence[FaceMark]
    current: int


NO_PHOTOGRAPH = MarkedPhotograph("", QSize(), QImage(), (), -1)


class PhotographView(QWidget):
    """Takes the width that there is, and the height that the picture then has or may have at most;
    or ``fills`` the place that it is given.

    Signals: ``chosen``: place of the face that was clicked or gone to by key. ``opened``: by Enter
    or a double click. ``preview_requested``: by Space.
    """

    chosen = Signal(int)
    preview_requested = Signal()
    opened = Signal()

    def __init__(self, parent: QWidget | None = None, *, fills: bool = False) -> None:
        super().__init__(parent)
        self._fills = fills
        self._shape = QSize()
        self.marks: tuple[FaceMark, ...] = ()
        self.current = -1
        self._hovered = -1
        self._image = QImage()
        self._fitted = QImage()
        self._title = ""
        self._most = 320
        self._by_keyboard = False
        self._places: list[QRectF | None] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        high = QSizePolicy.Policy.Expanding if fills else QSizePolicy.Policy.Preferred
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, high)
        policy.setHeightForWidth(not fills)
        self.setSizePolicy(policy)

    def show_photograph(self, shown: MarkedPhotograph) -> None:
        """Show a photograph, or ``NO_PHOTOGRAPH``."""
        if shown.image.cacheKey() != self._image.cacheKey():
            self._image, self._fitted = shown.image, QImage()
        if shown.shape != self._shape:
            self._shape = shown.shape
            self.updateGeometry()
        self.marks, self.current, self._title = tuple(shown.marks), shown.current, shown.title
        self._hovered = min(self._hovered, len(self.marks) - 1)
        self._places = None
        self._tell()
        self.update()

    def set_most_height(self, most: int) -> None:
        """Leave room for what stands below."""
        if most != self._most:
            self._most = most
            self.updateGeometry()

    def _tell(self) -> None:
        """To a screen reader: where in the photograph it is, and who that is."""
        if not 0 <= self.current < len(self.marks):
            self.setAccessibleName(self._title)
            return
        place = f"Face {self.current + 1} of {len(self.marks)}"
        self.setAccessibleName(f"{place} in {self._title}: {self.marks[self.current].words}")

    # -- geometry ----------------------------------------------------------------------------

    def hasHeightForWidth(self) -> bool:
        return not self._fills

    def heightForWidth(self, width: int) -> int:
        if self._fills or self._shape.isEmpty():
            return 0
        return min(self._most, round(width * self._shape.height() / self._shape.width()))

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    def picture_rect(self) -> QRectF:
        """Where the picture stands in this widget."""
        if self._shape.isEmpty():
            return QRectF()
        size = QSizeF(self._shape.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio))
        place = QRectF(QPointF(0.0, 0.0), size)
        if self._fills:
            place.moveCenter(QRectF(self.rect()).center())
        return place

    def box_rect(self, place: int) -> QRectF:
        """Where the box of a face stands in this widget."""
        within, part = self.picture_rect(), self.marks[place].place
        return QRectF(
            within.left() + part.left() * within.width(),
            within.top() + part.top() * within.height(),
            part.width() * within.width(),
            part.height() * within.height(),
        )

    def label_rects(self) -> list[QRectF | None]:
        """Where the labels stand; None for those that are not shown now."""
        if self._places is None:
            self._places = self._placed()
        return self._places

    def _placed(self) -> list[QRectF | None]:
        boxes = [self.box_rect(at) for at in range(len(self.marks))]
        meant = [at for at in dict.fromkeys((self.current, self._hovered)) if at >= 0]
        small = (_SMALL_IN_LARGE if self._fills else _SMALL) if len(boxes) >= _CROWD else 0.0
        others = [at for at, box in enumerate(boxes) if box.height() >= small and at not in meant]
        others.sort(key=lambda at: (self.marks[at].known is False, -boxes[at].height()))
        sizes = {at: self._label_size(at) for at in (*meant, *others)}
        found = place_labels(boxes, sizes, self.picture_rect(), len(meant))
        return [found.get(at) for at in range(len(boxes))]

    def _label_size(self, at: int) -> QSizeF:
        metrics = QFontMetricsF(text_font("small"))
        width = min(_WIDEST, metrics.horizontalAdvance(self._label(at)) + 10)
        return QSizeF(width, metrics.height() + 2)

    def _label(self, at: int) -> str:
        return " ".join(self.marks[at].label.split())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._places = None

    # -- painting ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = self.picture_rect()
        clip = QPainterPath()
        clip.addRoundedRect(whole, _RADIUS, _RADIUS)
        painter.save()
        painter.setClipPath(clip)
        painter.drawImage(whole, self._at_size(whole))
        self._paint_boxes(painter)
        painter.restore()
        self._paint_labels(painter)
        if self.hasFocus() and self._by_keyboard:
            paint_ring(painter, whole, current_theme().accent, _RADIUS, 2)
        painter.end()

    def _at_size(self, whole: QRectF) -> QImage:
        """The picture at exactly the pixels that are shown."""
        ratio = self.devicePixelRatioF()
        size = (whole.size() * ratio).toSize()
        if self._fitted.size() != size:
            self._fitted = self._image.scaled(
                size, Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )  # fmt: skip
        return self._fitted

    def _paint_boxes(self, painter: QPainter) -> None:
        meant = self.current, self._hovered
        for at in sorted(range(len(self.marks)), key=lambda place: place in meant):
            self._paint_box(painter, at)

    def _paint_box(self, painter: QPainter, at: int) -> None:
        """On a dark rim, so that the line is seen on any picture; dashed where nobody is known."""
        rect, current = self.box_rect(at), at == self.current
        width = 3.0 if current else 2.0 if at == self._hovered else 1.5
        radius = min(4.0, rect.width() / 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 170), width + 2))
        painter.drawRoundedRect(rect, radius, radius)
        pen = QPen(_on_picture(self.marks[at].known), width)
        if self.marks[at].known is False:
            pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.drawRoundedRect(rect, radius, radius)
        if current:
            painter.setPen(QPen(QColor("white"), 1.5))
            around = rect.adjusted(-4, -4, 4, 4)
            painter.drawRoundedRect(around, radius + 3, radius + 3)

    def _paint_labels(self, painter: QPainter) -> None:
        theme, font = current_theme(), text_font("small")
        painter.setFont(font)
        for at, rect in enumerate(self.label_rects()):
            if rect is None:
                continue
            tone = _in_words(self.marks[at].known)
            current = at == self.current
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tone if current else theme.panel)
            painter.drawRoundedRect(rect, 4, 4)
            painter.setPen(theme.panel if current else tone)
            text = elided(self._label(at), QFontMetrics(font), round(rect.width()) - 8)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    # -- hands -------------------------------------------------------------------------------

    def face_at(self, at: QPointF) -> int:
        """Return the smallest face whose box or label is there, or -1."""
        found = []
        for place, label in enumerate(self.label_rects()):
            box = self.box_rect(place).adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR)
            if label is not None and label.contains(at):
                return place
            if box.contains(at):
                found.append((box.height(), place))
        return min(found)[1] if found else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.face_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.face_at(event.position())
        event.setAccepted(event.button() == Qt.MouseButton.LeftButton)
        if event.isAccepted() and place >= 0:
            self.chosen.emit(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.opened.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, place: int) -> None:
        if place == self._hovered:
            return
        self._hovered = place
        self._places = None
        hand = Qt.CursorShape.PointingHandCursor if place >= 0 else Qt.CursorShape.ArrowCursor
        self.setCursor(hand)
        self.setToolTip(plain_tip(self.marks[place].words) if place >= 0 else "")
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1,
            Qt.Key.Key_Home: -len(self.marks), Qt.Key.Key_End: len(self.marks),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Space:
            self.preview_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif step is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            self._by_keyboard = True
            self._go(max(0, min(len(self.marks) - 1, self.current + step)))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go through the faces by Tab, and on to the next widget after the last."""
        place = self.current + (1 if forward else -1)
        if self.hasFocus() and self.current >= 0 and 0 <= place < len(self.marks):
            self._by_keyboard = True
            self._go(place)
            return True
        return super().focusNextPrevChild(forward)

    def _go(self, place: int) -> None:
        if place != self.current:
            self.chosen.emit(place)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_keyboard = event.reason() != Qt.FocusReason.MouseFocusReason
        super().focusInEvent(event)


def _in_words(known: bool | None) -> QColor:
    theme = current_theme()
    return theme.muted if known is None else theme.good if known else theme.warning


def _on_picture(known: bool | None) -> QColor:
    """Light enough for the dark rim in both themes."""
    return {None: QColor("#ffffff"), True: QColor("#58c79a"), False: QColor("#f0b849")}[known]
