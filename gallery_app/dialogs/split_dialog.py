"""Split an identity: groups proposed by clustering, adjusted by drag and drop, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QListView,
    QPushButton,
    QSpinBox,
    QWidget,
)

from engine.errors import IdentityNameError
from engine.records.changes import SplitProposal
from engine.records.names import check_name
from engine.records.roster import Roster
from engine.records.types import Face, Identity
from gallery_app.item_models.face_model import FaceListModel
from gallery_app.item_models.roles import FACES, unpacked
from gallery_app.operations import corrections, people
from gallery_app.operations.context import Context
from gallery_app.pictures import Pictures
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.confidence_bar import BeforeAfter
from gallery_app.widgets.controls.dialog import Dialog, scrolling
from gallery_app.widgets.controls.fields import NameField
from gallery_app.widgets.faces.delegates import FaceDelegate
from gallery_app.wording.number_words import faces_text

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
        """Tell of the drop. False: the view must not take dragged rows away itself."""
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
        super().__init__(parent, objectName="card")
        self.model = GroupModel(pictures, self)
        self.model.dropped.connect(self.dropped)
        self.kept = keeps
        self.name = NameField(roster, self)
        self.name.setText(name)
        self.name.textChanged.connect(lambda _: self.name_changed.emit())
        self.title = QLabel(keeps or "", self, textFormat=Qt.TextFormat.PlainText)
        self.title.setProperty("textRole", "heading")
        self.count = text_label(role="muted", wrap=False)
        self.view = self._view()
        layout = vbox(parent=self, margins=(12, 12, 12, 8), spacing=4)
        self.title.setVisible(keeps is not None)
        self.name.setVisible(keeps is None)
        layout.addWidget(self.title)
        layout.addWidget(self.name)
        layout.addWidget(self.count)
        layout.addWidget(self.view)

    def _view(self) -> QListView:
        view = QListView(objectName="groupFaces")
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


_MOST = 12  # groups proposed


class SplitDialog(Dialog):
    """Args:
    roster: who is enrolled; a group may go to one of them.
    taken: called with the faces that leave, by the name they get.
    """

    def __init__(
        self,
        context: Context,
        identity: Identity,
        roster: Roster,
        taken: Callable[[dict[str, list[int]]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(f"Split {identity.name}", parent)
        self.resize(760, 720)
        self._context, self._identity, self._roster = context, identity, roster
        self._faces: dict[int, Face] = {}
        self.groups: list[FaceGroup] = []
        self.message = text_label("Finding groups among these faces…", "muted")
        self.count = QSpinBox()
        self.count.setRange(1, _MOST)
        self.count.setSuffix(" groups")
        self.count.setAccessibleName("Number of groups to propose")
        self.count.setEnabled(False)
        self.count.valueChanged.connect(self._propose)
        self.effect = BeforeAfter()
        self.more = QPushButton("New group", autoDefault=False)
        self.more.setToolTip("Add an empty group to drag faces into")
        self.more.clicked.connect(lambda: self._show_groups([*self._parts(), []]))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.addButton(self.more, QDialogButtonBox.ButtonRole.ActionRole)
        self.ok = self.buttons.addButton("Split", QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: taken(self._leaving()))
        self._lay_out()
        self.ok.setFocus()
        self._changed()
        people.load_faces_of(context, identity.id, self.while_open(self._take_faces))

    def _lay_out(self) -> None:
        page = QWidget()
        self._column = vbox(Stretch(), parent=page, margins=(0, 0, 8, 0), spacing=12)
        layout = vbox(parent=self, margins=24, spacing=12)
        head = hbox((self.message, 1), (self.count, 0, Qt.AlignmentFlag.AlignTop), spacing=16)
        layout.addLayout(head)
        layout.addWidget(scrolling(page), 1)
        layout.addWidget(self.effect)
        layout.addWidget(self.buttons)

    # -- groups ------------------------------------------------------------------------------

    def _take_faces(self, faces: list[Face]) -> None:
        self._faces = {face.id: face for face in faces}
        self._propose(None)

    def _propose(self, count: int | None) -> None:
        take, stale = self.while_open(self._take_proposal), self.while_open(self.reject)
        corrections.propose_split(self._context, self._identity.name, count, take, stale)

    def _take_proposal(self, proposal: SplitProposal) -> None:
        groups = [list(group) for group in proposal.groups]
        self.count.blockSignals(True)
        self.count.setValue(len(groups))
        self.count.blockSignals(False)
        self.count.setEnabled(True)
        if len(groups) > 1:
            self.message.setText("Drag faces between groups until each group is one person.")
        else:
            self.message.setText(
                "These faces look like one person. Ask for more groups, or drag another person's "
                "faces into the second one."
            )
            groups.append([])
        self._show_groups(groups)
        self.effect.show_shares(proposal.before, proposal.after)

    def _show_groups(self, groups: Sequence[Sequence[int]]) -> None:
        while len(self.groups) < len(groups):
            self._add_group()
        groups = [*groups, *([] for _ in range(len(self.groups) - len(groups)))]
        for group, faces in zip(self.groups, groups, strict=True):
            group.show_faces([self._faces[face] for face in faces])
        self._changed()

    def _add_group(self) -> None:
        number = len(self.groups) + 1
        keeps = self._identity.name if number == 1 else None
        numbered = (f"{self._identity.name} {turn}" for turn in count(number))
        name = next(offered for offered in numbered if self._roster.named(offered) is None)
        group = FaceGroup(self._context.pictures, self._roster, keeps, name)
        group.dropped.connect(lambda faces, to=group: self.move_faces(faces, to))
        group.name_changed.connect(self._changed)
        self.groups.append(group)
        self._column.insertWidget(self._column.count() - 1, group)
        group.show()

    def move_faces(self, faces: Sequence[int], to: FaceGroup) -> None:
        """Into a group, from wherever they are."""
        going = set(faces)
        parts = [[face for face in part if face not in going] for part in self._parts()]
        at = self.groups.index(to)
        parts[at] = sorted({*parts[at], *(face for face in faces if face in self._faces)})
        self._show_groups(parts)
        self.effect.show_waiting()
        groups = [part for part in parts if part]
        show, stale = self.while_open(self._show_effect), self.while_open(self.reject)
        corrections.preview_split(self._context, self._identity.name, groups, show, stale)

    def _show_effect(self, proposal: SplitProposal) -> None:
        self.effect.show_shares(proposal.before, proposal.after)

    def _parts(self) -> list[list[int]]:
        return [[face.id for face in group.model.faces()] for group in self.groups]

    def _leaving(self) -> dict[str, list[int]]:
        """The faces that get another name, by that name."""
        leaving: dict[str, list[int]] = {}
        for group, faces in zip(self.groups[1:], self._parts()[1:], strict=True):
            if faces:
                leaving.setdefault(group.new_name(), []).extend(faces)
        return leaving

    def _changed(self) -> None:
        parts = self._parts()
        self.ok.setEnabled(
            bool(parts and parts[0]) and bool(self._leaving()) and all(map(_good, self._leaving()))
        )


def _good(name: str) -> bool:
    try:
        check_name(name)
    except IdentityNameError:
        return False
    return True
