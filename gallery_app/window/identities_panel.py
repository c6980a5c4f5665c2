"""The list of all people, with its model, search and order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QStackedWidget, QToolButton, QWidget

from engine.records.roster import Roster
from engine.records.types import Identity, Ids
from gallery_app.item_models.roles import (
    FACES,
    PEOPLE,
    CountRole,
    IdentityIdRole,
    NameRole,
    PictureRole,
    packed,
    unpacked,
)
from gallery_app.pictures import Awaited, Pictures
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.widgets.faces.delegates import IdentityDelegate
from gallery_app.widgets.lists.uniform_view import UniformView
from gallery_app.wording.number_words import faces_text, people_text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class IdentityListModel(QAbstractListModel):
    """One row an identity that matches the search, in the chosen order.

    Signals:
        faces_dropped: face ids, and the id of the identity they were dropped on; -1 for none.
        people_dropped: identity ids, and the id of the identity they were dropped on.
    """

    faces_dropped = Signal(list, int)
    people_dropped = Signal(list, int)

    def __init__(self, pictures: Pictures, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures, self._awaited = pictures, Awaited()
        self._roster = Roster()
        self._shown = self._roster.by_faces
        self._row_of: Ids | None = None
        self._needle = ""
        self.is_guess = False  # nobody of that name: those that are spelled alike are shown
        self._sort = "name"
        pictures.ready.connect(self._pictures_ready)

    def set_roster(self, roster: Roster) -> None:
        """Replace all identities; search and order stay."""
        self._roster = roster
        self._arrange()

    def search(self, text: str) -> None:
        """Show identities whose name has every word of ``text``; accents and case ignored. Where
        there are none, those whose name is spelled much like it, the likest first.
        """
        self._needle = text
        self._arrange()

    def sort_by(self, order: str) -> None:
        """``name``, or ``faces`` (most first)."""
        self._sort = order
        self._arrange()

    def found(self) -> Ids | None:
        """Ids of those that the search finds; None where it finds everybody."""
        everybody = len(self._shown) == len(self._roster)
        return None if everybody else self._roster.ids[self._shown]

    @property
    def roster(self) -> Roster:
        """All identities, shown or not."""
        return self._roster

    def row_of(self, identity: int) -> int:
        """Row that shows this identity, or -1."""
        rows = self.rows_of([identity])
        return int(rows[0]) if len(rows) else -1

    def rows_of(self, identities: Sequence[int] | Ids) -> Ids:
        """Rows that show these identities; those that are not shown are left out."""
        if self._row_of is None:
            self._row_of = np.full(len(self._roster), -1, dtype=np.int64)
            self._row_of[self._shown] = np.arange(len(self._shown))
        rows = self._row_of[self._roster.rows_of(identities)]
        return rows[rows >= 0]

    def identity_at(self, row: int) -> Identity | None:
        return self._roster[int(self._shown[row])] if 0 <= row < len(self._shown) else None

    def ids_at(self, rows: Ids) -> Ids:
        """The ids of many at once."""
        return self._roster.ids[self._shown[rows]]

    def row_typed(self, text: str, start: int) -> int:
        """The first row from ``start`` on, and round again, whose name begins so; or -1."""
        rows = np.flatnonzero(np.isin(self._shown, self._roster.starting_with(text)))
        if not len(rows):
            return -1
        return int(rows[np.searchsorted(rows, start) % len(rows)])

    def _arrange(self) -> None:
        self.beginResetModel()
        shown = self._roster.find(self._needle)
        self.is_guess = not len(shown) and bool(self._needle.strip())
        if self.is_guess:
            shown = self._roster.spelled_like(self._needle)
        elif self._sort == "faces":
            by_faces = self._roster.by_faces
            shown = by_faces[np.isin(by_faces, shown, assume_unique=True)]
        self._shown, self._row_of = shown, None
        self._awaited.clear()
        self.endResetModel()

    def _pictures_ready(self, faces: list[int]) -> None:
        for row in self._awaited.take(faces):
            self.dataChanged.emit(self.index(row), self.index(row), [PictureRole])

    def _picture(self, identity: Identity, row: int) -> QPixmap | None:
        picture = self._pictures.get(identity.portrait)
        if picture is None and identity.portrait is not None:
            self._awaited.add(identity.portrait, row)
        return picture

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        identity = self.identity_at(index.row())
        if identity is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, NameRole):
            return identity.name
        if role == CountRole:
            return identity.faces
        if role == PictureRole:
            return self._picture(identity, index.row())
        if role == IdentityIdRole:
            return identity.id
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{identity.name}, {faces_text(identity.faces)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{identity.name} · {faces_text(identity.faces)}")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Faces can be dropped anywhere, identities on one another."""
        drag = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | Qt.ItemFlag.ItemIsDropEnabled | drag

    def mimeTypes(self) -> list[str]:
        return [FACES, PEOPLE]

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        rows = np.array(sorted({index.row() for index in indexes}), dtype=np.int64)
        return packed(PEOPLE, self.ids_at(rows).tolist())

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        target = self.identity_at(parent.row()) if parent.isValid() else None
        people = unpacked(PEOPLE, data)
        onto_other = target is not None and bool(people) and target.id not in people
        return data.hasFormat(FACES) or onto_other

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Tell of the drop. False: the view must not take dragged rows away itself."""
        target = self.identity_at(parent.row()) if parent.isValid() else None
        if faces := unpacked(FACES, data):
            self.faces_dropped.emit(faces, target.id if target else -1)
        elif target is not None and (people := unpacked(PEOPLE, data)):
            self.people_dropped.emit(people, target.id)
        return False


class IdentitiesPanel(QWidget):
    """Signals: ``chosen`` (identity id), ``sort_changed`` (``name`` or ``faces``),
    ``selection_changed``, ``picked`` (a person selected others), ``menu_requested`` (where on the
    screen).
    """

    chosen = Signal(int)
    sort_changed = Signal(str)
    selection_changed = Signal()
    picked = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="identitiesPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = IdentityListModel(pictures, self)
        self._choosing = False
        self.search = self._search_field()
        self.by_name = self._sort_button("Name", "name", "Sort by name")
        self.by_faces = self._sort_button("Faces", "faces", "Sort by number of faces, most first")
        self.list = self._list()
        self.spelled_alike = text_label("No one has that name. Similar names:", "small", wrap=False)
        self.spelled_alike.setContentsMargins(22, 4, 16, 4)
        self.spelled_alike.hide()
        self.nobody = EmptyState("search", "No one has that name", "Try fewer letters.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.nobody)
        self._lay_out()
        self.sort_by("name")

    def _search_field(self) -> QLineEdit:
        field = QLineEdit(clearButtonEnabled=True, accessibleName="Search people")
        field.setToolTip("Search by any part of a name; accents and case do not matter")
        field.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        field.textChanged.connect(self._searched)
        return field

    def _sort_button(self, text: str, order: str, tip: str) -> QToolButton:
        button = QToolButton(text=text)
        button.setProperty("sortHeader", True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(True)
        button.clicked.connect(lambda: self._sort_clicked(order))
        return button

    def _list(self) -> UniformView:
        view = UniformView()
        view.setObjectName("identityList")
        view.setModel(self.model)
        view.setItemDelegate(IdentityDelegate(view))
        view.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        view.setDefaultDropAction(Qt.DropAction.MoveAction)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._show_menu)
        view.typed.connect(self._typed)
        view.setAccessibleName("People")
        view.selectionModel().currentChanged.connect(self._current_changed)
        view.selectionModel().selectionChanged.connect(self._selection_changed)
        return view

    def _lay_out(self) -> None:
        header = hbox(self.by_name, Stretch(), self.by_faces, margins=(16, 4, 16, 4))
        top = vbox(self.search, margins=(16, 16, 16, 0))
        vbox(top, header, self.spelled_alike, (self._stack, 1), parent=self, margins=0, spacing=0)

    def set_roster(self, roster: Roster) -> None:
        """Show these identities; the chosen one stays chosen where it still exists, what is
        selected stays so, and the list stays where it is.
        """
        chosen = self.chosen_identity()
        selected = self.model.ids_at(self.list.selected_rows())
        scroll = self.list.verticalScrollBar().value()
        self.model.set_roster(roster)
        self.search.setPlaceholderText(f"Search {people_text(len(roster))}")
        self._arranged()
        self.choose(chosen, scroll=False)
        self._choosing = True
        self.list.select_rows(self.model.rows_of(selected))
        self._choosing = False
        self.list.executeDelayedItemsLayout()
        self.list.verticalScrollBar().setValue(scroll)

    def selected(self) -> list[Identity]:
        """The selected identities, from the top."""
        rows = self.list.selected_rows().tolist()
        return [found for row in rows if (found := self.model.identity_at(row)) is not None]

    def chosen_identity(self) -> int:
        """Id of the chosen identity, or -1."""
        identity = self.model.identity_at(self.list.currentIndex().row())
        return identity.id if identity is not None else -1

    def choose(self, identity: int, *, scroll: bool = True) -> None:
        """Select an identity without telling anybody; clear a search that hides it."""
        if identity >= 0 and self.model.row_of(identity) < 0 and self.search.text():
            self.search.clear()
        row = self.model.row_of(identity)
        index = self.model.index(row) if row >= 0 else QModelIndex()
        self._choosing = True
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.list.selectionModel().setCurrentIndex(index, flags)
        self._choosing = False
        if row >= 0 and scroll:
            self.list.scrollTo(index)

    def sort_by(self, order: str) -> None:
        """``name`` or ``faces``."""
        order = order if order == "faces" else "name"
        chosen = self.chosen_identity()
        self.model.sort_by(order)
        self.by_name.setChecked(order == "name")
        self.by_faces.setChecked(order == "faces")
        self.by_name.setText("Name ▴" if order == "name" else "Name")
        self.by_faces.setText("Faces ▾" if order == "faces" else "Faces")
        self.choose(chosen)

    def _show_menu(self, at: QPoint) -> None:
        if self.list.indexAt(at).isValid():
            self.menu_requested.emit(self.list.viewport().mapToGlobal(at))

    def _sort_clicked(self, order: str) -> None:
        self.sort_by(order)
        self.sort_changed.emit(order)

    def _searched(self, text: str) -> None:
        chosen = self.chosen_identity()
        self.model.search(text)
        self._arranged()
        if self.model.row_of(chosen) >= 0:
            self.choose(chosen)

    def _typed(self, text: str) -> None:
        """Letters typed in the list go to the next person whose name begins with them."""
        current = max(0, self.list.currentIndex().row())
        row = self.model.row_typed(text, current + 1 if len(text) == 1 else current)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row))

    def _arranged(self) -> None:
        nothing = self.model.rowCount() == 0 and bool(self.search.text())
        self._stack.setCurrentWidget(self.nobody if nothing else self.list)
        self.spelled_alike.setVisible(self.model.is_guess and not nothing)

    def _current_changed(self, current: QModelIndex) -> None:
        identity = self.model.identity_at(current.row())
        if identity is not None and not self._choosing:
            self.chosen.emit(identity.id)

    def _selection_changed(self) -> None:
        self.selection_changed.emit()
        if not self._choosing:
            self.picked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down goes from the search field into the list, Escape clears the search."""
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus() and self.model.rowCount():
            if not self.list.currentIndex().isValid():
                self.list.setCurrentIndex(self.model.index(0))
            self.list.setFocus()
        elif event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        else:
            super().keyPressEvent(event)
