"""The list of the faces of an enrolment: tick, portrait, file, and advice on each."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QListView,
    QMenu,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from gallery_app.item_models.new_faces_model import NewFacesModel
from gallery_app.item_models.roles import PictureRole, ToneRole, WordsRole
from gallery_app.theme.colours import current_theme, text_font
from gallery_app.theme.icons import paint_icon
from gallery_app.widgets.controls.labels import button_name
from gallery_app.widgets.faces.painting import paint_picture, paint_ring, paint_words
from gallery_app.widgets.lists.check_boxes import (
    SIDE,
    CheckBoxDelegate,
    Index,
    is_checkable,
    is_checked,
    paint_check,
    tone_color,
)

_State = QStyle.StateFlag
_PICTURE = 48
_MARGIN = 12
_GAP = 12
_SIGN = 14
_FADED = 0.4
_SIGNS = {"warning": "alert", "bad": "alert", "good": "check", "sent": "chevron-right"}


class NewFaceDelegate(CheckBoxDelegate):
    """A row of the list of an enrolment; a face that is left out is faded."""

    MARGIN = _MARGIN

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        words = QFontMetrics(text_font()).height() + QFontMetrics(text_font("small")).height()
        return QSize(240, max(_PICTURE, words) + 16)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, state = option.rect, option.state
        checkable = is_checkable(index)
        taken = checkable and is_checked(index)
        painter.save()
        self._paint_ground(painter, rect, state)
        if checkable:
            paint_check(painter, self.box(rect), taken)
        picture = _picture_place(rect)
        painter.setOpacity(1.0 if taken or not checkable else _FADED)
        if checkable:
            paint_picture(painter, picture, index.data(PictureRole), 6)
        else:
            paint_icon(painter, picture.adjusted(12, 12, -12, -12), "file", current_theme().muted)
        painter.setOpacity(1.0)
        self._paint_words(painter, rect, index, taken)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        theme = current_theme()
        if state & _State.State_Selected:
            painter.fillRect(rect, theme.selection)
        elif state & _State.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        if state & _State.State_HasFocus and state & _State.State_KeyboardFocusChange:
            paint_ring(painter, QRectF(rect), theme.accent, 4, 2)

    def _paint_words(self, painter: QPainter, rect: QRect, index: Index, taken: bool) -> None:
        theme, font, small = current_theme(), text_font(), text_font("small")
        upper, lower = QFontMetrics(font).height(), QFontMetrics(small).height()
        left = int(_picture_place(rect).right()) + _GAP
        top = rect.top() + (rect.height() - upper - lower - 2) // 2
        width = rect.right() - _MARGIN - left
        color = theme.text if taken else theme.muted
        paint_words(painter, QRect(left, top, width, upper), index.data() or "", font, color)
        below = QRect(left, top + upper + 2, width, lower)
        tone = index.data(ToneRole) or "muted"
        if tone in _SIGNS:
            square = QRectF(left, below.center().y() - _SIGN / 2 + 0.5, _SIGN, _SIGN)
            paint_icon(painter, square, _SIGNS[tone], tone_color(tone))
            below.setLeft(left + _SIGN + 6)
        tint = theme.muted if tone == "good" else tone_color(tone)
        paint_words(painter, below, index.data(WordsRole) or "", small, tint)


def _picture_place(rect: QRect) -> QRectF:
    left = rect.left() + _MARGIN + SIDE + _GAP
    return QRectF(left, rect.top() + (rect.height() - _PICTURE) / 2, _PICTURE, _PICTURE)


_EMPTY = "Check each face here before it is enrolled."
_LEAST_HEIGHT = 150


class NewFaceList(QListView):
    """A click on the box, or Space, leaves a face out or takes it in; Delete all that are selected.

    The context menu also sends them to whom they look like.
    """

    def __init__(self, model: NewFacesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._faces = model
        self.setModel(model)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setItemDelegate(NewFaceDelegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Faces to enroll")
        self.setMinimumHeight(_LEAST_HEIGHT)

    def selected_rows(self) -> list[int]:
        """Rows of the selected faces, without files that cannot be used."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [row for row in rows if row < len(self._faces.draft)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self._faces.leave_out(self.selected_rows())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu_for(self.selected_rows())
        if not menu.isEmpty():
            menu.popup(event.globalPos())

    def menu_for(self, rows: list[int]) -> QMenu:
        """What can be done about these faces."""
        model, draft = self._faces, self._faces.draft
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        if set(rows) - draft.left:
            menu.addAction("Leave out", lambda: model.leave_out(rows))
        if set(rows) & draft.left:
            menu.addAction("Include again", lambda: model.take_in(rows))
        for name in dict.fromkeys(filter(None, map(draft.likeness, rows))):
            alike = [row for row in rows if draft.likeness(row) == name]
            words = f"Add to {button_name(name)} instead"
            menu.addAction(words, lambda _=False, to=name, some=alike: model.send(some, to))
        return menu

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(current_theme().muted)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(16, 0, -16, 0), flags, _EMPTY)
            painter.end()
