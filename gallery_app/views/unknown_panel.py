"""Middle: queries that nobody was recognised in, put together by who looks like one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListView,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.records.roster import Roster
from engine.records.unknowns import Cluster
from gallery_app.item_models.unknowns import ClusterListModel
from gallery_app.pictures import ShelfPictures
from gallery_app.views.cluster_card import ClusterCard
from gallery_app.widgets.empty_state import EmptyState
from gallery_app.widgets.finding_delegate import FindingDelegate
from gallery_app.widgets.shelf_words import total

_LOW = 640  # px of the panel from which on two rows of faces leave room for the list

_KEPT = (
    "Queries that nobody is recognised in are kept here, those that look like one person together, "
    "until you say who it is."
)
_NOT_KEPT = "Unknown queries are not kept: the menu Identify, Keep unknown queries, switches it on."


class UnknownPanel(QWidget):
    """Signals: ``named`` (ids, name), ``dismissed`` (ids), ``count_changed`` (faces),
    ``query_wanted``.
    """

    named = Signal(list, str)
    dismissed = Signal(list)
    count_changed = Signal(int)
    query_wanted = Signal()

    def __init__(self, pictures: ShelfPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("unknownPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = ClusterListModel(pictures, self)
        self.total = QLabel()
        self.total.setProperty("textRole", "muted")
        self.total.setWordWrap(True)
        self.card = ClusterCard(pictures)
        self.card.named.connect(self.named)
        self.card.dismissed.connect(self.dismissed)
        self.list = self._list()
        self.looking = EmptyState(
            "search", "Putting unknown faces together", "This takes a moment."
        )
        self.empty = EmptyState(
            "face",
            "No unknown faces",
            _KEPT,
            [("Open a query…", self.query_wanted.emit)],
        )
        self._stack = QStackedWidget()
        self._page = self._shelf()
        for page in (self.looking, self.empty, self._page):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _list(self) -> QListView:
        view = QListView()
        view.setObjectName("clusterList")
        view.setModel(self.model)
        view.setItemDelegate(FindingDelegate(view))
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setAccessibleName("Unknown people")
        view.setMinimumHeight(88)
        view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        view.selectionModel().currentChanged.connect(lambda: self._show_current())
        return view

    def _shelf(self) -> QWidget:
        page = QWidget()
        above = QWidget()
        around = QVBoxLayout(above)
        around.setContentsMargins(24, 20, 24, 8)
        around.setSpacing(12)
        around.addWidget(self.total)
        around.addWidget(self.card)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(8)
        layout.addWidget(above)
        layout.addWidget(self.list, 1)
        return page

    def set_writable(self, writable: bool) -> None:
        """In a gallery that is open for reading only nothing can be named."""
        self.card.set_writable(writable)

    def set_keeping(self, on: bool) -> None:
        """Whether unknown queries come here at all."""
        self.empty.set_texts("No unknown faces", _KEPT if on else _NOT_KEPT)

    def show_looking(self) -> None:
        """The shelf of a gallery is looked at for the first time; nothing is known of another."""
        self.model.set_clusters([])
        self.card.forget()
        self.total.setText("")
        self._stack.setCurrentWidget(self.looking)

    def show_clusters(self, clusters: Sequence[Cluster], roster: Roster) -> None:
        """The people being looked at stay in front and where they are, where they are there."""
        shown, row = self.card.model.ids(), self.list.currentIndex().row()
        place = self.list.verticalScrollBar().value()
        self.card.set_roster(roster)
        self.model.set_clusters(clusters)
        again = self.model.row_of(shown)
        self._refresh(again if again >= 0 else row)
        self.list.verticalScrollBar().setValue(place)

    def settle(self, ids: Collection[int]) -> None:
        """Faces were named or dismissed: they go at once, and the next people come forward."""
        row = self.list.currentIndex().row()
        self.model.take_out(ids)
        self._refresh(row)

    @property
    def shown(self) -> Cluster | None:
        """The cluster in front."""
        return self.model.cluster_at(self.list.currentIndex().row())

    def _refresh(self, row: int) -> None:
        last = self.model.rowCount() - 1
        self.list.setCurrentIndex(self.model.index(min(max(row, 0), last)))
        self._show_current()
        faces = self.model.count()
        self.total.setText(total(faces, last + 1))
        self._stack.setCurrentWidget(self._page if last >= 0 else self.empty)
        self.count_changed.emit(faces)

    def _show_current(self) -> None:
        cluster = self.shown
        if cluster is not None:
            self.card.show_cluster(cluster)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.card.set_rows(2 if self.height() >= _LOW else 1)
