"""Middle: the faces of the chosen identity, and the details of one of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QBoxLayout,
    QFrame,
    QGridLayout,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from engine.records.long_lists import FaceColumns
from engine.records.types import Candidate, Face, Identity
from gallery_app.item_models.face_model import FaceListModel, caption
from gallery_app.pictures import Pictures
from gallery_app.shortcuts import keys_of
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel, plain_tip
from gallery_app.widgets.faces.delegates import FaceDelegate
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.widgets.faces.thumbnail_size import ThumbnailSize
from gallery_app.widgets.lists.uniform_view import UniformView
from gallery_app.wording.number_words import faces_text, row_text
from gallery_app.wording.photograph_words import FOLDER, OPEN

_NEAREST = 3
_NARROW = 520


class FaceDetails(QFrame):
    """A strip under the grid.

    Signals: ``who_is_this`` (face id), ``identity_requested`` (identity id), ``closed``.
    """

    who_is_this = Signal(int)
    identity_requested = Signal(int)
    closed = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="faceDetails")
        self._pictures = pictures
        self._face: Face | None = None
        self.picture = PictureLabel(112)
        self.name = ElidedLabel(role="heading")
        self.file = ElidedLabel()
        self.added = text_label(role="muted", wrap=False)
        self.ask = QPushButton(icon("question"), "Who is this?")
        self.ask.setToolTip("Test this face as if it were not enrolled (Enter)")
        self.ask.clicked.connect(self._ask)
        self.nearest = [self._nearest_button() for _ in range(_NEAREST)]
        self._lay_out()
        pictures.ready.connect(self._pictures_ready)

    def _nearest_button(self) -> QPushButton:
        button = QPushButton()
        button.setProperty("quiet", True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.identity_requested.emit(button.property("identity")))
        return button

    def _lay_out(self) -> None:
        about = vbox(
            self.name,
            self.file,
            self.added,
            8,
            (self.ask, 0, Qt.AlignmentFlag.AlignLeft),
            Stretch(),
            spacing=4,
        )
        layout = hbox(
            (self.picture, 0, Qt.AlignmentFlag.AlignTop),
            parent=self,
            margins=(24, 16, 16, 16),
            spacing=16,
        )
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, spacing=16)
        self._columns.addLayout(about, 1)
        self._columns.addLayout(self._nearest_column(), 1)
        layout.addLayout(self._columns, 1)
        layout.addWidget(self._close_button(), 0, Qt.AlignmentFlag.AlignTop)

    def _nearest_column(self) -> QGridLayout:
        others = QGridLayout(spacing=0)
        label = text_label("MOST SIMILAR, WITHOUT THIS FACE", "section", wrap=False)
        others.addWidget(label, 0, 0)
        for row, button in enumerate(self.nearest, start=1):
            others.addWidget(button, row, 0, Qt.AlignmentFlag.AlignLeft)
        others.setRowStretch(_NEAREST + 1, 1)
        return others

    def _close_button(self) -> QToolButton:
        close = QToolButton()
        close.setIcon(icon("close", "muted"))
        close.setToolTip("Close the details (Escape)")
        close.setAccessibleName("Close the details")
        close.clicked.connect(self.closed)
        return close

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the columns stand one above the other, without the picture."""
        narrow = self.width() < _NARROW
        self.picture.setVisible(not narrow)
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(down if narrow else across)
        super().resizeEvent(event)

    def show_face(self, face: Face) -> None:
        """What is known at once; the nearest identities follow."""
        self._face = face
        self.picture.set_picture(self._pictures.get(face.id))
        self.name.setText(f"{face.name} · {caption(face)}")
        row = f" · {row_text(face.file, face.row)}" if face.row else ""
        self.file.setText("/".join(PurePath(face.file).parts[-2:]) + row)
        self.file.setToolTip(plain_tip(face.file))
        self.added.setText(f"Enrolled {datetime.fromtimestamp(face.added):%d %B %Y, %H:%M}")
        for button in self.nearest:
            button.setVisible(False)
        self.show()

    def forget(self) -> None:
        """Hidden, and without what it showed."""
        self._face = None
        self.picture.set_picture(None)
        for label in (self.name, self.file, self.added):
            label.setText("")
        self.file.setToolTip("")
        for button in self.nearest:
            button.setText("")
            button.setToolTip("")
        self.hide()

    def show_nearest(self, face: Face, nearest: list[Candidate]) -> None:
        """Fill in who the face looks like."""
        for button, candidate in zip(self.nearest, nearest, strict=False):
            own = " (this person)" if candidate.identity_id == face.identity_id else ""
            name = button.fontMetrics().elidedText(candidate.name, Qt.TextElideMode.ElideRight, 180)
            button.setText(f"{name}{own} · {candidate.distance:.3f}".replace("&", "&&"))
            tip = f"Show {candidate.name}; distance {candidate.distance:.3f}"
            button.setToolTip(plain_tip(tip))
            button.setProperty("identity", candidate.identity_id)
            button.setVisible(True)

    def _ask(self) -> None:
        if self._face is not None:
            self.who_is_this.emit(self._face.id)

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._face is not None and self._face.id in faces:
            self.picture.set_picture(self._pictures.get(self._face.id))


class FacesPanel(QWidget):
    """Signals: ``face_selected`` (face id or -1), ``who_is_this`` (face id),
    ``identity_requested`` (identity id), ``import_requested``, ``enroll_requested``,
    ``selection_changed``, ``menu_requested`` (where on the screen).
    """

    face_selected = Signal(int)
    who_is_this = Signal(int)
    identity_requested = Signal(int)
    import_requested = Signal()
    enroll_requested = Signal()
    selection_changed = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="facesPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._shown = -1
        self.model = FaceListModel(pictures, self)
        self.title = ElidedLabel(role="title")
        self.subtitle = ElidedLabel(role="muted")
        self.note = text_label()
        self.note.setMaximumHeight(4 * self.note.fontMetrics().lineSpacing())
        self.grid = self._grid()
        self.size = ThumbnailSize()
        self.size.serve(self.grid, self._resize_faces)
        self.details = FaceDetails(pictures)
        self.details.who_is_this.connect(self.who_is_this)
        self.details.identity_requested.connect(self.identity_requested)
        self.details.closed.connect(self.grid.clearSelection)
        self.empty = EmptyState(
            "people", "Select a person", "Their faces appear here. Click a face for details."
        )
        self.empty_gallery = EmptyState(
            "people",
            "No one is enrolled yet",
            "Import folders of photographs or embeddings, or enroll the first person.",
            [
                ("Import a folder…", self.import_requested.emit),
                ("Enroll…", self.enroll_requested.emit),
            ],
        )
        self._stack = QStackedWidget()
        self._faces_page = self._page()
        for page in (self.empty, self.empty_gallery, self._faces_page):
            self._stack.addWidget(page)
        vbox(self._stack, parent=self, margins=0)
        self.setFocusProxy(self.grid)
        self._add_actions()

    def _grid(self) -> UniformView:
        view = UniformView(grid=True)
        view.setObjectName("faceGrid")
        view.setModel(self.model)
        self.delegate = FaceDelegate(view)
        view.setItemDelegate(self.delegate)
        view.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setAccessibleName("Faces")
        view.selectionModel().selectionChanged.connect(self._selection_changed)
        view.customContextMenuRequested.connect(self._show_menu)
        view.doubleClicked.connect(self._double_clicked)
        return view

    def _resize_faces(self, side: int) -> None:
        self.delegate.side = side
        self.grid.resize_cells()

    def _page(self) -> QWidget:
        page = QWidget()
        about = hbox((self.subtitle, 1), IconLabel("image", "muted", 16), self.size, spacing=8)
        head = vbox(self.title, about, self.note, margins=(24, 20, 24, 12), spacing=4)
        vbox(head, (self.grid, 1), self.details, parent=page, margins=0, spacing=0)
        return page

    def _add_actions(self) -> None:
        self.ask = QAction(icon("question"), "Who is this?", self)
        self.ask.setToolTip("Test this face as if it were not enrolled")
        self.ask.triggered.connect(self._ask)
        self.copy = QAction(icon("copy"), "Copy file name", self, triggered=self._copy)
        self.preview = QAction(icon("eye"), "Show in full size", self)
        self.open_photo = QAction(icon("image"), OPEN, self)
        self.folder = QAction(icon("folder-open"), FOLDER, self)
        unselect = QAction("Close the details", self, triggered=self.grid.clearSelection)
        named = {"ask": self.ask, "copy": self.copy, "preview": self.preview, "unselect": unselect}
        for name, action in named.items():
            action.setShortcuts(keys_of(name))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.grid.addAction(action)

    def own_actions(self) -> list[QAction]:
        """For the menu of a face, besides the corrections."""
        return [self.ask, self.preview, self.open_photo, self.folder, self.copy]

    def show_nobody(self, *, empty_gallery: bool) -> None:
        """No identity is chosen, or there is none yet."""
        self._shown = -1
        self.model.set_faces([])
        self.details.forget()
        for label in (self.title, self.subtitle, self.note):
            label.setText("")
        self.note.setToolTip("")
        self._stack.setCurrentWidget(self.empty_gallery if empty_gallery else self.empty)

    def show_identity(self, identity: Identity, faces: FaceColumns) -> None:
        """The faces of one identity; a face that is selected stays so where it is there, and of
        the same identity the grid stays where it is.
        """
        selected, scroll = self.selected_ids(), self.grid.verticalScrollBar().value()
        again = self._shown == identity.id
        self._shown = identity.id
        self.title.setText(identity.name)
        self.subtitle.setText(faces_text(len(faces)))
        self.note.setText(identity.note)
        self.note.setToolTip(plain_tip(identity.note))
        self.note.setVisible(bool(identity.note))
        self.model.set_faces(faces)
        self.details.hide()
        self._stack.setCurrentWidget(self._faces_page)
        self.grid.executeDelayedItemsLayout()
        self.grid.verticalScrollBar().setValue(scroll if again else 0)
        self._select(selected)

    def show_nearest_identity(self, name: str) -> None:
        """Add the identity that looks most like this one to the subtitle."""
        self.subtitle.setText(f"{self.subtitle.text()} · nearest: {name}")

    def show_details(self, face: Face, nearest: list[Candidate]) -> None:
        """Details of the selected face, once they are known."""
        if self.grid.selected_count() == 1 and self.selected_ids() == [face.id]:
            self.details.show_nearest(face, nearest)

    def selected_faces(self) -> list[Face]:
        rows = self.grid.selected_rows().tolist()
        return [face for row in rows if (face := self.model.face_at(row)) is not None]

    def selected_ids(self) -> list[int]:
        """Ids of the faces that are selected."""
        return self.model.ids_at(self.grid.selected_rows())

    def select(self, faces: list[int]) -> None:
        """Select these faces, as far as they are shown, and scroll to the first."""
        rows = self._select(faces)
        if rows:
            self.grid.scrollTo(self.model.index(rows[0]))

    def _select(self, faces: list[int]) -> list[int]:
        rows = [row for face in faces if (row := self.model.row_of(face)) >= 0]
        self.grid.select_rows(np.array(rows, dtype=np.int64))
        return rows

    def select_alone(self, face: int) -> None:
        """Select one face, as if it had been clicked."""
        self.grid.clearSelection()
        self.select([face])

    def _selection_changed(self) -> None:
        if self.grid.selected_count() == 1:
            (face,) = self.selected_faces()
            self.details.show_face(face)
            self.face_selected.emit(face.id)
        else:
            self.details.hide()
            self.face_selected.emit(-1)
        self.selection_changed.emit()

    def _double_clicked(self, index: QModelIndex) -> None:
        face = self.model.face_at(index.row())
        if face is not None:
            self.who_is_this.emit(face.id)

    def _ask(self) -> None:
        if self.grid.selected_count():
            self.who_is_this.emit(self.selected_ids()[0])

    def _copy(self) -> None:
        QApplication.clipboard().setText("\n".join(face.file for face in self.selected_faces()))

    def _show_menu(self, at: QPoint) -> None:
        if self.grid.indexAt(at).isValid():
            self.menu_requested.emit(self.grid.viewport().mapToGlobal(at))

    def sizeHint(self) -> QSize:
        return QSize(720, 640)
