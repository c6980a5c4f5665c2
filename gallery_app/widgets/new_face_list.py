"""The list of the faces of an enrolment; while it is empty it says what it is for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QListView, QMenu, QWidget

from gallery_app.item_models.new_faces import NewFacesModel
from gallery_app.theme import current_theme
from gallery_app.widgets.elided_label import button_name
from gallery_app.widgets.new_face_delegate import NewFaceDelegate

_EMPTY = "Each face is looked at here before it is kept."
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
            menu.addAction("Take in after all", lambda: model.take_in(rows))
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
