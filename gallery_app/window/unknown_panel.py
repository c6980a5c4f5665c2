"""Middle: queries that nobody was recognised in, put together by who looks like one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QFrame,
    QListView,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from engine.errors import IdentityNameError
from engine.records.advice import lookalike_words
from engine.records.names import check_name
from engine.records.roster import Roster
from engine.records.unknowns import Cluster
from gallery_app.item_models.unknown_models import ClusterListModel, UnknownListModel
from gallery_app.pictures import ShelfPictures
from gallery_app.shortcuts import keys_of
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.fields import NameField
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel, plain_tip
from gallery_app.widgets.faces.delegates import FaceDelegate, finding_list
from gallery_app.widgets.faces.thumbnail_size import LEAST, USUAL, ThumbnailSize
from gallery_app.wording.unknowns_words import (
    hint,
    is_sure,
    likeness_text,
    question,
    stranger_tip,
    these,
    total,
)

_NARROW = 520  # px: the buttons go below the field
_LONG = 24  # letters of a name that a button has room for


class ClusterCard(QFrame):
    """Signals: ``named`` (ids, name), ``dismissed`` (ids), ``strangers_dismissed`` (ids); of the
    selected ones, or else of all.
    ``merge_requested``: the groups that are shown together are one person. ``new_name`` (a name
    that nobody has, as it is typed).
    """

    named = Signal(list, str)
    dismissed = Signal(list)
    strangers_dismissed = Signal(list)
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
        self.stranger = QPushButton("Dismiss as stranger")
        self.stranger.clicked.connect(lambda: self.strangers_dismissed.emit(self.chosen()))
        self.message = text_label(role="small")
        self._lay_out()

    def _grid(self) -> QListView:
        view = QListView(objectName="clusterFaces")
        view.setModel(self.model)
        self.delegate = FaceDelegate(view)
        view.setItemDelegate(self.delegate)
        self.preview = QAction(icon("eye"), "Show in full size", view)
        self.preview.setShortcuts(keys_of("preview"))
        self.preview.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        view.addAction(self.preview)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        view.doubleClicked.connect(lambda _: self.preview.trigger())
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
        self._naming.addWidget(self.stranger, 0, Qt.AlignmentFlag.AlignLeft)
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

    def set_rows(self, rows: int, side: int) -> None:
        """How many rows of faces are seen at once, more are scrolled to; and how large they are."""
        self._rows = rows
        if side != self.delegate.side:
            self.delegate.side = side
            self.grid.scheduleDelayedItemsLayout()
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
        self.stranger.setEnabled(self._writable)
        self.stranger.setToolTip(stranger_tip(count, chosen))
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


_AROUND = 380  # px of the panel that the faces leave to what stands around them, and to the list
_CELL = 34  # px that a cell is higher than the picture in it

_KEPT = (
    "Queries in which no one was recognised are kept here, grouped by likely person, until you "
    "name or dismiss them."
)
_NOT_KEPT = (
    "Unknown queries are not kept in this gallery. Turn this on with Identify ▸ Keep unknown "
    "queries."
)
_NOT_SAID = (
    "Queries in which no one was recognised can be kept here and named later. You will be asked "
    "at the first one."
)


class UnknownPanel(QWidget):
    """Signals: ``named`` (ids, name), ``dismissed`` (ids), ``strangers_dismissed`` (ids),
    ``merged``, ``count_changed`` (faces), ``query_requested``.
    """

    named = Signal(list, str)
    dismissed = Signal(list)
    strangers_dismissed = Signal(list)
    merged = Signal()
    count_changed = Signal(int)
    query_requested = Signal()

    def __init__(self, pictures: ShelfPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="unknownPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = ClusterListModel(pictures, self)
        self.total = text_label(role="muted")
        self.card = ClusterCard(pictures)
        self.card.named.connect(self.named)
        self.card.dismissed.connect(self.dismissed)
        self.card.strangers_dismissed.connect(self.strangers_dismissed)
        self.card.merge_requested.connect(self._merge)
        self.size, self._size_icon = ThumbnailSize(), IconLabel("image", "muted", 16)
        self.size.serve(self.card.grid, lambda _: self._fit_faces())
        self.dismiss_all = QPushButton(icon("trash"), "Dismiss all")
        self.dismiss_all.setToolTip(
            "Remove all unknown faces from this gallery without naming them"
        )
        self.dismiss_all.clicked.connect(lambda: self.dismissed.emit(self.ids()))
        self.list = self._list()
        self.looking = EmptyState("search", "Grouping unknown faces", "This may take a moment.")
        self.empty = EmptyState(
            "face",
            "No unknown faces",
            _KEPT,
            [("Open a query…", self.query_requested.emit)],
        )
        self._stack = QStackedWidget()
        self._page = self._shelf()
        for page in (self.looking, self.empty, self._page):
            self._stack.addWidget(page)
        vbox(self._stack, parent=self, margins=0)

    def _list(self) -> QListView:
        view = finding_list(self.model, "clusterList", "Unknown people")
        view.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        view.selectionModel().selectionChanged.connect(lambda: self._show_current())
        return view

    def _shelf(self) -> QWidget:
        page = QWidget()
        above = QWidget()
        around = vbox(parent=above, margins=(24, 20, 24, 8), spacing=12)
        head = hbox(
            (self.total, 1),
            self._size_icon,
            self.size,
            (self.dismiss_all, 0, Qt.AlignmentFlag.AlignTop),
            spacing=8,
        )
        around.addLayout(head)
        around.addWidget(self.card)
        vbox(above, (self.list, 1), parent=page, margins=(0, 0, 0, 8), spacing=8)
        return page

    def set_writable(self, writable: bool) -> None:
        """In a gallery that is open for reading only nothing can be named."""
        self.card.set_writable(writable)
        self.dismiss_all.setEnabled(writable)

    def set_keeping(self, on: bool | None) -> None:
        """Whether unknown queries come here at all; None where nobody has said."""
        sentence = _NOT_SAID if on is None else _KEPT if on else _NOT_KEPT
        self.empty.set_texts("No unknown faces", sentence)

    def show_looking(self) -> None:
        """The shelf of a gallery is looked at for the first time; nothing is known of another."""
        self.model.set_clusters([])
        self.card.forget()
        self.total.setText("")
        self._stack.setCurrentWidget(self.looking)

    def show_clusters(self, clusters: Sequence[Cluster], roster: Roster) -> None:
        """The people being looked at stay in front and where they are, where they are there."""
        rows = self._rows()
        shown = [cluster.ids for row in rows if (cluster := self.model.cluster_at(row)) is not None]
        place = self.list.verticalScrollBar().value()
        self.card.set_roster(roster)
        self.model.set_clusters(clusters)
        again = [row for ids in shown if (row := self.model.row_of(ids)) >= 0]
        self._refresh(again or rows[:1])
        self.list.verticalScrollBar().setValue(place)

    def ids(self) -> list[int]:
        """Of all faces that are here."""
        return [unknown for group in self.groups() for unknown in group]

    def groups(self) -> list[tuple[int, ...]]:
        """The ids of those that are put together, in the order in which they are shown."""
        return self.model.groups()

    def settle(self, ids: Collection[int]) -> None:
        """Faces were named or dismissed: they go at once, and the next people come forward."""
        rows, place = self._rows(), self.list.verticalScrollBar().value()
        self.model.take_out(ids)
        self._refresh(rows[:1])
        self.list.verticalScrollBar().setValue(place)

    @property
    def shown(self) -> Cluster | None:
        """The cluster in front; of several that are selected all faces together."""
        return self.model.joined(self._rows())

    def _rows(self) -> list[int]:
        return sorted(index.row() for index in self.list.selectionModel().selectedRows())

    def _merge(self) -> None:
        """The selected groups are one person, whoever it is; they stay together from now on."""
        rows, place = self._rows(), self.list.verticalScrollBar().value()
        self.model.merge(rows)
        self._refresh(rows[:1])
        self.list.verticalScrollBar().setValue(place)
        self.merged.emit()

    def _refresh(self, rows: Sequence[int]) -> None:
        last = self.model.rowCount() - 1
        first, *others = rows or [0]
        self.list.setCurrentIndex(self.model.index(min(max(first, 0), last)))
        for row in others:
            flag = self.list.selectionModel().SelectionFlag.Select
            self.list.selectionModel().select(self.model.index(row), flag)
        self._show_current()
        faces = self.model.count()
        self.total.setText(total(faces, last + 1))
        self._stack.setCurrentWidget(self._page if last >= 0 else self.empty)
        self.count_changed.emit(faces)

    def _show_current(self) -> None:
        cluster = self.shown
        if cluster is not None:
            self.card.show_cluster(cluster, len(self._rows()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_faces()

    def _fit_faces(self) -> None:
        """Make faces as large as wanted, as far as the list keeps its room."""
        room, narrow = self.height() - _AROUND, self.width() < _NARROW
        for widget in (self.size, self._size_icon):
            widget.setVisible(not narrow)
        wanted = USUAL if narrow else self.size.side
        side = max(LEAST, min(wanted, room - _CELL))
        self.card.set_rows(2 if room >= 2 * (side + _CELL) else 1, side)
