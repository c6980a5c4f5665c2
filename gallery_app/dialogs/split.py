"""Split an identity: groups proposed by clustering, adjusted by drag, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.errors import IdentityNameError
from engine.records.changes import SplitProposal
from engine.records.names import check_name
from engine.records.roster import Roster
from engine.types import Face, Identity
from gallery_app.dialogs.face_group import FaceGroup
from gallery_app.dialogs.late import while_open
from gallery_app.operations import correcting, looking
from gallery_app.operations.context import Context
from gallery_app.widgets.before_after import BeforeAfter
from gallery_app.widgets.on_screen import Dialog
from gallery_app.widgets.scrolling import scrolling

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
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Split {identity.name}")
        self.resize(760, 720)
        self._context, self._identity, self._roster = context, identity, roster
        self._faces: dict[int, Face] = {}
        self.groups: list[FaceGroup] = []
        self.told = QLabel("Looking how these faces fall into groups…")
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setWordWrap(True)
        self.told.setProperty("textRole", "muted")
        self.count = QSpinBox()
        self.count.setRange(1, _MOST)
        self.count.setSuffix(" groups")
        self.count.setAccessibleName("How many groups to propose")
        self.count.setEnabled(False)
        self.count.valueChanged.connect(self._propose)
        self.effect = BeforeAfter()
        self.more = QPushButton("New group")
        self.more.setAutoDefault(False)
        self.more.setToolTip("An empty group to drag faces into")
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
        looking.load_faces_of(context, identity.id, while_open(self, self._take_faces))

    def _lay_out(self) -> None:
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(12)
        self._column.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self.told, 1)
        head.addWidget(self.count, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(head)
        layout.addWidget(scrolling(page), 1)
        layout.addWidget(self.effect)
        layout.addWidget(self.buttons)

    # -- groups ------------------------------------------------------------------------------

    def _take_faces(self, faces: list[Face]) -> None:
        self._faces = {face.id: face for face in faces}
        self._propose(None)

    def _propose(self, count: int | None) -> None:
        take, gone = while_open(self, self._take_proposal), while_open(self, self.reject)
        correcting.propose_split(self._context, self._identity.name, count, take, gone)

    def _take_proposal(self, proposal: SplitProposal) -> None:
        groups = [list(group) for group in proposal.groups]
        self.count.blockSignals(True)
        self.count.setValue(len(groups))
        self.count.blockSignals(False)
        self.count.setEnabled(True)
        if len(groups) > 1:
            self.told.setText("Drag faces from group to group until each is one person.")
        else:
            self.told.setText(
                "These faces look like one person. Ask for more groups, or drag faces that are "
                "somebody else's into the second one."
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
        name = next(one for one in numbered if self._roster.named(one) is None)
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
        show, gone = while_open(self, self._show_effect), while_open(self, self.reject)
        correcting.preview_split(self._context, self._identity.name, groups, show, gone)

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
