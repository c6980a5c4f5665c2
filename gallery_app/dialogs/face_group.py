"""A group of faces that takes faces from other groups by drag and drop."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QListView, QVBoxLayout, QWidget

from engine.records.roster import Roster
from engine.types import Face
from gallery_app.item_models.dragging import FACES, unpacked
from gallery_app.item_models.faces import FaceListModel
from gallery_app.item_models.identities import faces_text
from gallery_app.pictures import Pictures
from gallery_app.widgets.delegates import FaceDelegate
from gallery_app.widgets.name_field import NameField

Index = QModelIndex | QPersistentModelIndex
_ROWS = 2  # of faces seen at once; more are scrolled to


class GroupModel(FaceListModel):
    """Signals: ``dropped`` (face ids)."""

    dropped = Signal(list)

    def flags(self, index: Index) -> Qt.ItemFlag:
        drop = Qt.ItemFlag.NoItemFlags if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled
        return super().flags(index) | drop

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        return data.hasFormat(FACES)

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Tells of the drop. False: the view must not take dragged rows away itself."""
        self.dropped.emit(unpacked(FACES, data))
        return False


class FaceGroup(QFrame):
    """A name, and the faces that get it.

    Args:
        keeps: the name that this group keeps; None where one is typed.

    Signals: ``dropped`` (face ids), ``name_changed``.
    """

    dropped = Signal(list)
    name_changed = Signal()

    def __init__(
        self,
        pictures: Pictures,
        roster: Roster,
        keeps: str | None,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.model = GroupModel(pictures, self)
        self.model.dropped.connect(self.dropped)
        self.kept = keeps
        self.name = NameField(roster, self)
        self.name.setText(name)
        self.name.textChanged.connect(lambda _: self.name_changed.emit())
        self.title = QLabel(keeps or "", self)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setProperty("textRole", "heading")
        self.count = QLabel()
        self.count.setProperty("textRole", "muted")
        self.view = self._view()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(4)
        self.title.setVisible(keeps is not None)
        self.name.setVisible(keeps is None)
        layout.addWidget(self.title)
        layout.addWidget(self.name)
        layout.addWidget(self.count)
        layout.addWidget(self.view)

    def _view(self) -> QListView:
        view = QListView()
        view.setObjectName("groupFaces")
        view.setModel(self.model)
        delegate = FaceDelegate(view)
        view.setItemDelegate(delegate)
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setMovement(QListView.Movement.Static)
        view.setDragEnabled(True)  # after setMovement, which forbids it
        view.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setMouseTracking(True)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setAccessibleName("Faces of this group")
        return view

    def new_name(self) -> str:
        """The name these faces get."""
        return self.name.name() if self.kept is None else self.kept

    def show_faces(self, faces: Sequence[Face]) -> None:
        self.model.set_faces(faces)
        self.count.setText(faces_text(len(faces)))
        cell = self.view.sizeHintForIndex(self.model.index(0)) if faces else None
        height = cell.height() if cell is not None else 64
        across = max(1, (self.width() - 40) // cell.width()) if cell is not None else 1
        rows = min(_ROWS, -(-len(faces) // across)) if faces else 1
        self.view.setFixedHeight(rows * height + 8)
