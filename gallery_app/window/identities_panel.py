"""Left: the identities, with search as you type and two orders."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QStackedWidget, QToolButton, QWidget

from engine.records.roster import Roster
from engine.records.types import Identity
from gallery_app.item_models.identity_model import IdentityListModel
from gallery_app.pictures import Pictures
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.faces.delegates import IdentityDelegate
from gallery_app.widgets.lists.uniform_view import UniformView
from gallery_app.wording.number_words import people_text


class IdentitiesPanel(QWidget):
    """Signals: ``chosen`` (identity id), ``sort_changed`` (``name`` or ``faces``),
    ``selection_changed``, ``picked`` (a person selected others), ``menu_wanted`` (where on the
    screen).
    """

    chosen = Signal(int)
    sort_changed = Signal(str)
    selection_changed = Signal()
    picked = Signal()
    menu_wanted = Signal(QPoint)

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
        """Shows these identities; the chosen one stays chosen where it still exists, what is
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
        """Selects an identity without telling anybody; clears a search that hides it."""
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
            self.menu_wanted.emit(self.list.viewport().mapToGlobal(at))

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
