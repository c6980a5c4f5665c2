"""All photographs of the queries in a row, below the one that is shown."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gallery_app.item_models.photograph_model import PhotographListModel
from gallery_app.item_models.roles import CountRole, PictureRole
from gallery_app.theme.colours import current_theme, tabular, text_font
from gallery_app.widgets.faces.painting import paint_picture, paint_ring, paint_words

_SIDE = 56
_PAD = 4


class PhotographDelegate(QStyledItemDelegate):
    """A thumbnail cut to a square, and the number of faces in it."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(_SIDE + 2 * _PAD, _SIDE + 2 * _PAD)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        theme, state = current_theme(), option.state
        corner = option.rect.topLeft()
        picture = QRectF(corner.x() + _PAD, corner.y() + _PAD, _SIDE, _SIDE)
        painter.save()
        paint_picture(painter, picture, index.data(PictureRole), 5)
        self._paint_count(painter, picture.toRect(), index.data(CountRole))
        if state & QStyle.StateFlag.State_Selected:
            paint_ring(painter, picture.adjusted(-3, -3, 3, 3), theme.accent, 7, 2)
        elif state & QStyle.StateFlag.State_MouseOver:
            paint_ring(painter, picture.adjusted(-3, -3, 3, 3), theme.border, 7, 2)
        painter.restore()

    def _paint_count(self, painter: QPainter, picture: QRect, count: int) -> None:
        theme, font = current_theme(), tabular(text_font("small"))
        metrics = QFontMetrics(font)
        text = f"{count:,}"
        width = max(metrics.height(), metrics.horizontalAdvance(text) + 8)
        place = QRect(0, 0, width, metrics.height())
        place.moveBottomRight(picture.bottomRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(place, 4, 4)
        paint_words(painter, place, text, font, theme.text, Qt.AlignmentFlag.AlignHCenter)


class PhotographStrip(QListView):
    """Signals: ``photograph_chosen``: row of the photograph to go to."""

    photograph_chosen = Signal(int)

    def __init__(self, model: PhotographListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="photographStrip")
        self.setModel(model)
        self.setItemDelegate(PhotographDelegate(self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Photographs of the queries")
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.setFixedHeight(_SIDE + 2 * _PAD + bar)
        self._following = False

    def follow(self, row: int) -> None:
        """Mark the photograph that is shown, and scroll to it."""
        if row == self.currentIndex().row():
            return
        self._following = True
        self.setCurrentIndex(self.model().index(row, 0))
        self._following = False

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and not self._following:
            self.photograph_chosen.emit(current.row())
