"""Middle: queries that nobody was recognised in, put together by who looks like one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QListView, QPushButton, QSizePolicy, QStackedWidget, QWidget

from engine.records.roster import Roster
from engine.records.unknowns import Cluster
from gallery_app.item_models.unknown_models import ClusterListModel
from gallery_app.pictures import ShelfPictures
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.faces.delegates import FindingDelegate
from gallery_app.window.cluster_card import ClusterCard
from gallery_app.wording.unknowns_words import total

_LOW = 640  # px of the panel from which on two rows of faces leave room for the list

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
    """Signals: ``named`` (ids, name), ``dismissed`` (ids), ``merged``, ``count_changed`` (faces),
    ``query_requested``.
    """

    named = Signal(list, str)
    dismissed = Signal(list)
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
        self.card.merge_requested.connect(self._merge)
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
        view = QListView(objectName="clusterList")
        view.setModel(self.model)
        view.setItemDelegate(FindingDelegate(view))
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setAccessibleName("Unknown people")
        view.setMinimumHeight(88)
        view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        view.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        view.selectionModel().selectionChanged.connect(lambda: self._show_current())
        return view

    def _shelf(self) -> QWidget:
        page = QWidget()
        above = QWidget()
        around = vbox(parent=above, margins=(24, 20, 24, 8), spacing=12)
        head = hbox((self.total, 1), (self.dismiss_all, 0, Qt.AlignmentFlag.AlignTop), spacing=8)
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
        shown = [one.ids for row in rows if (one := self.model.cluster_at(row)) is not None]
        place = self.list.verticalScrollBar().value()
        self.card.set_roster(roster)
        self.model.set_clusters(clusters)
        again = [row for ids in shown if (row := self.model.row_of(ids)) >= 0]
        self._refresh(again or rows[:1])
        self.list.verticalScrollBar().setValue(place)

    def ids(self) -> list[int]:
        """Of all faces that are here."""
        return [one for group in self.groups() for one in group]

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
        self.card.set_rows(2 if self.height() >= _LOW else 1)
