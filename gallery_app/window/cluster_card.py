"""One cluster of unknown queries: its faces, who they may be, and a name for all of them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QBoxLayout, QFrame, QListView, QPushButton, QWidget

from engine.errors import IdentityNameError
from engine.records.advice import lookalike_words
from engine.records.names import check_name
from engine.records.roster import Roster
from engine.records.unknowns import Cluster
from gallery_app.item_models.unknown_models import UnknownListModel
from gallery_app.pictures import ShelfPictures
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.fields import NameField
from gallery_app.widgets.controls.labels import ElidedLabel, plain_tip
from gallery_app.widgets.faces.delegates import FaceDelegate
from gallery_app.wording.unknowns_words import hint, is_sure, likeness_text, question, these

_NARROW = 520  # px: the buttons go below the field
_LONG = 24  # letters of a name that a button has room for


class ClusterCard(QFrame):
    """Signals: ``named`` (ids, name), ``dismissed`` (ids); of the selected ones, or else of all.
    ``merge_requested``: the groups that are shown together are one person. ``new_name`` (a name
    that nobody has, as it is typed).
    """

    named = Signal(list, str)
    dismissed = Signal(list)
    merge_requested = Signal()
    new_name = Signal(str)

    def __init__(self, pictures: ShelfPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="card")
        self._cluster: Cluster | None = None
        self._writable = True
        self._rows = 2
        self.model = UnknownListModel(pictures, self)
        self.question = text_label(role="heading")
        self.likeness = ElidedLabel(role="muted")
        self.merge = QPushButton("Combine")
        self.merge.setToolTip("These groups are one person: combine them, named or not")
        self.merge.clicked.connect(self.merge_requested)
        self.add = QPushButton(clicked=self._add)
        self.grid = self._grid()
        self.name = NameField(Roster(), self)
        self.name.textChanged.connect(lambda _: self._typed())
        self.name.returnPressed.connect(lambda: self.ok.click())
        self.ok = QPushButton()
        self.ok.setProperty("primary", True)
        self.ok.clicked.connect(self._name)
        self.dismiss = QPushButton(icon("trash"), "Dismiss")
        self.dismiss.clicked.connect(lambda: self.dismissed.emit(self.chosen()))
        self.message = text_label(role="small")
        self._lay_out()

    def _grid(self) -> QListView:
        view = QListView(objectName="clusterFaces")
        view.setModel(self.model)
        view.setItemDelegate(FaceDelegate(view))
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setMovement(QListView.Movement.Static)
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setMouseTracking(True)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setAccessibleName("Unknown faces")
        view.selectionModel().selectionChanged.connect(lambda: self._refresh())
        return view

    def _lay_out(self) -> None:
        looks = hbox((self.likeness, 1), self.add, spacing=8)
        buttons = hbox(self.ok, self.dismiss, Stretch(), spacing=8)
        self._naming = QBoxLayout(QBoxLayout.Direction.LeftToRight, spacing=8)
        self._naming.addWidget(self.name, 1)
        self._naming.addLayout(buttons)
        layout = vbox(parent=self, margins=16, spacing=8)
        asked = hbox((self.question, 1), self.merge, spacing=8)
        layout.addLayout(asked)
        layout.addLayout(looks)
        layout.addWidget(self.grid)
        layout.addLayout(self._naming)
        layout.addWidget(self.message)

    # -- what is shown -----------------------------------------------------------------------

    def set_writable(self, writable: bool) -> None:
        """A gallery that is open for reading only can be looked at."""
        self._writable = writable
        self._refresh()

    def set_roster(self, roster: Roster) -> None:
        """Who is enrolled, to be offered while a name is typed."""
        self.name.set_roster(roster)

    def set_rows(self, rows: int) -> None:
        """How many rows of faces are seen at once; more are scrolled to."""
        self._rows = rows
        self._fit()

    def show_cluster(self, cluster: Cluster, groups: int = 1) -> None:
        """Where the same faces are shown again, the name typed and the selection stay.

        Args:
            groups: how many are shown together.
        """
        if sorted(cluster.ids) != sorted(self.model.ids()):
            self.model.set_unknowns(cluster.unknowns)
            self.name.clear()
            self.grid.scrollToTop()
        self._cluster = cluster
        likeness = cluster.likeness
        self.question.setText(question(cluster, groups))
        self.merge.setVisible(groups > 1)
        self.likeness.setText(likeness_text(likeness))
        self.likeness.setVisible(likeness is not None)
        self.add.setVisible(is_sure(likeness))
        self._show_add()
        self._refresh()
        self._fit()

    def forget(self) -> None:
        """Nobody is asked about any more."""
        self._cluster = None
        self.model.set_unknowns(())
        self.name.clear()
        self.set_roster(Roster())
        for label in (self.question, self.likeness):
            label.setText("")
        self.merge.hide()
        self.add.hide()
        self.add.setText("")
        self.add.setToolTip("")
        self.add.setAccessibleName("")
        self._refresh()

    def _show_add(self) -> None:
        """Beside the name that it is about; where there is room it says it again."""
        likeness = self._cluster.likeness if self._cluster is not None else None
        if likeness is not None:
            narrow = self.width() < _NARROW
            name = "them" if narrow or len(likeness.name) > _LONG else likeness.name
            self.add.setText(f"Add to {name}".replace("&", "&&"))
            self.add.setToolTip(plain_tip(f"This is {likeness.name}: add the faces to this person"))
            self.add.setAccessibleName(f"Add to {likeness.name}")

    def selected(self) -> list[int]:
        """Ids of the faces that are selected."""
        rows = sorted(index.row() for index in self.grid.selectionModel().selectedIndexes())
        ids = self.model.ids()
        return [ids[row] for row in rows]

    def chosen(self) -> list[int]:
        """Ids that the buttons are about: those selected, or all."""
        return self.selected() or self.model.ids()

    def _refresh(self) -> None:
        count, chosen = self.model.rowCount(), len(self.selected())
        name = self.name.name()
        problem = ""
        try:
            check_name(name)
        except IdentityNameError as error:
            problem = error.problem
        self.ok.setText(f"Name {these(count, chosen)}")
        self.ok.setEnabled(self._writable and not problem)
        self.dismiss.setEnabled(self._writable)
        self.dismiss.setToolTip(f"Dismiss {these(count, chosen)} without naming them")
        self.dismiss.setAccessibleName(f"Dismiss {these(count, chosen)}")
        self.name.setEnabled(self._writable)
        self.add.setEnabled(self._writable)
        self.merge.setEnabled(self._writable)
        self.message.setText(self._told(name, problem, count, chosen))

    def _typed(self) -> None:
        self._refresh()
        if self.ok.isEnabled() and self.name.identity() is None:
            self.new_name.emit(self.name.name())

    def show_lookalike(self, name: str, other: str) -> None:
        """The new name, where it still stands there, cannot be told from somebody's."""
        if name == self.name.name():
            self.message.setText(f"A new person. {lookalike_words(name, other)}.")

    def _told(self, name: str, problem: str, count: int, chosen: int) -> str:
        if not self._writable:
            return "The gallery is open read-only."
        if not name:
            return hint(count, chosen)
        if problem:
            return problem
        return f"Adds to {name}" if self.name.identity() else "A new person"

    def _fit(self) -> None:
        """Make the grid as high as its rows of faces, up to a number of rows."""
        count = self.model.rowCount()
        if not count:
            return
        cell = self.grid.sizeHintForIndex(self.model.index(0))
        across = max(1, self.grid.viewport().width() // cell.width())
        rows = -(-count // across)
        more = 0 if rows > self._rows else 4  # exactly as high it would scroll
        self.grid.setFixedHeight(min(self._rows, rows) * cell.height() + more)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        direction = QBoxLayout.Direction
        self._naming.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        self._show_add()
        self._fit()

    # -- what is done ------------------------------------------------------------------------

    def _name(self) -> None:
        self.named.emit(self.chosen(), self.name.name())

    def _add(self) -> None:
        if self._cluster is not None and self._cluster.likeness is not None:
            self.named.emit(self.chosen(), self._cluster.likeness.name)
