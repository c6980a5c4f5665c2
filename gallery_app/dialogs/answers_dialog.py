"""All answers to a batch of queries, to be looked through, confirmed and saved."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QMenu, QPushButton, QStackedWidget, QWidget

from engine.records.types import Ids
from gallery_app.face_queries import ENROLLED, UNSURE, AnswerTable, Standing
from gallery_app.item_models.answer_model import AnswerListModel
from gallery_app.pictures import QueryPictures
from gallery_app.shortcuts import keys_of, keys_text
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.flow_layouts import WrappingRow
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.widgets.lists.answer_view import AnswerView
from gallery_app.wording.answer_words import (
    FILTER_TIPS,
    FILTERS,
    FORMATS,
    NOTHING_FOUND,
    chosen_text,
    confirm_text,
    enroll_text,
    filter_text,
    keep_text,
    small_text,
    unsure_text,
)

_PAUSE = 150  # ms without a key before the list is searched
_SIZE = QSize(860, 680)
_LEAST = QSize(560, 380)
_SEARCH = 230  # px of its field


class AnswersDialog(Dialog):
    """Stands beside the main window; both can be used.

    Signals: ``query_chosen`` (position), ``confirmed``, ``enroll_requested``, ``kept`` (positions
    as a list), ``save_requested`` (positions that are shown, as a list, and the format),
    ``preview_requested``.
    """

    query_chosen = Signal(int)
    confirmed = Signal(list)
    enroll_requested = Signal(list)
    kept = Signal(list)
    save_requested = Signal(list, str)
    preview_requested = Signal()

    def __init__(self, pictures: QueryPictures, parent: QWidget | None = None) -> None:
        super().__init__("Answers", parent, kept=True)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.resize(fitting(_SIZE, parent))
        self.setMinimumSize(_LEAST)
        self._writable, self._advances = True, False
        self._standing: Standing | None = None
        self.model = AnswerListModel(pictures, self)
        self.view = AnswerView(self.model)
        self.view.current_changed.connect(self.query_chosen)
        self.view.selection_changed.connect(self._show_selection)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.preview = QAction(icon("eye"), "Show in full size", self)
        self.preview.setShortcuts(keys_of("preview"))
        self.preview.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.preview.triggered.connect(self.preview_requested)
        self.view.addAction(self.preview)
        self.view.doubleClicked.connect(lambda _: self.preview.trigger())
        self.search = self._search_field()
        self.view.typed.connect(self._type)
        self.filters = self._filter_buttons()
        self.count = text_label(role="small")
        self._make_buttons()
        self.nothing = EmptyState(
            "search", "No answers here", NOTHING_FOUND, [("Show all", self._show_all)]
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.nothing)
        self._lay_out()
        self._show_selection()

    # -- parts -------------------------------------------------------------------------------

    def _search_field(self) -> QLineEdit:
        field = QLineEdit(placeholderText="Search names and files", clearButtonEnabled=True)
        field.setAccessibleName("Search names and files")
        field.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self._find)
        field.textChanged.connect(lambda _: self._pause.start())
        field.returnPressed.connect(self._search_done)
        find = QAction(self, shortcuts=keys_of("find"))
        find.triggered.connect(lambda: (field.setFocus(), field.selectAll()))
        self.addAction(find)
        return field

    def _filter_buttons(self) -> dict[Standing | None, QPushButton]:
        group, made = QButtonGroup(self), {}
        for standing in FILTERS:
            button = QPushButton(checkable=True, autoDefault=False)
            button.setProperty("segment", True)
            button.setToolTip(plain_tip(FILTER_TIPS[standing]))
            button.clicked.connect(lambda _=False, which=standing: self.show_only(which))
            group.addButton(button)
            made[standing] = button
        made[None].setChecked(True)
        return made

    def _make_buttons(self) -> None:
        self.confirm = QPushButton(autoDefault=False)
        self.confirm.setProperty("primary", True)
        self.confirm.setToolTip(
            "Add the selected faces that are recognised to the people named here "
            f"({keys_text('confirm')})"
        )
        self.enroll = QPushButton(autoDefault=False)
        self.enroll.setToolTip(
            f"Add the selected faces to one person, new or enrolled ({keys_text('enroll_query')})"
        )
        self.keep = QPushButton(autoDefault=False)
        self.keep.setToolTip("Keep the selected faces under Unknown, to name them later")
        self.save = QPushButton("Save", autoDefault=False)
        self.save.setToolTip("Save the answers listed here as CSV or JSON")
        self.close_button = QPushButton("Close", autoDefault=False)
        self.confirm.clicked.connect(lambda: self._act(self.confirmed, self._known()))
        self.enroll.clicked.connect(lambda: self._act(self.enroll_requested, self._open()))
        self.keep.clicked.connect(lambda: self.kept.emit(self._open().tolist()))
        menu = QMenu(self)
        for form, text in FORMATS.items():
            menu.addAction(text, lambda to=form: self._save(to))
        self.save.setMenu(menu)
        self.close_button.clicked.connect(self.reject)
        for name, button in (("confirm", self.confirm), ("enroll_query", self.enroll)):
            action = QAction(self, shortcuts=keys_of(name))
            action.triggered.connect(button.click)
            self.addAction(action)

    def _lay_out(self) -> None:
        filters = WrappingRow()
        for button in self.filters.values():
            filters.addWidget(button)
        self.search.setMinimumWidth(_SEARCH)
        vbox(
            hbox((filters, 1), (self.search, 0, Qt.AlignmentFlag.AlignTop), spacing=16),
            (self._stack, 1),
            self.count,
            hbox(
                self.confirm, self.enroll, self.keep, Stretch(1), self.save, self.close_button,
                spacing=8,
            ),
            parent=self,
            margins=16,
            spacing=12,
        )  # fmt: skip
        buttons = (self.confirm, self.enroll, self.keep, self.save, self.close_button)
        order = (*self.filters.values(), self.search, self.view, *buttons)
        for one, other in pairwise(order):
            QWidget.setTabOrder(one, other)

    # -- what is shown -----------------------------------------------------------------------

    def set_writable(self, writable: bool) -> None:
        """In a gallery that is open for reading only answers can be looked at and saved."""
        self._writable = writable
        self._show_selection()

    def show_answers(self, table: AnswerTable | None, position: int) -> None:
        """The answers as they are now; None while they are being given.

        Args:
            position: of the query in the panel.
        """
        self.view.arrange(lambda: self.model.set_table(table), advances=self._advances)
        self._advances = self._advances and table is None
        self.view.show_current(position)
        self._show_counts()

    def show_current(self, position: int) -> None:
        """Another query is in the panel."""
        self.view.show_current(position)

    def show_only(self, standing: Standing | None) -> None:
        """Only answers of one standing; None for all."""
        self.filters[standing].setChecked(True)
        self._standing = standing
        self.view.arrange(lambda: self.model.show_only(standing), advances=True)
        self._show_page()

    def forget(self) -> None:
        """What was searched for may be a name."""
        self.search.clear()
        self._find()
        self.show_only(None)

    def _show_all(self) -> None:
        self.forget()
        self.view.setFocus()

    def _find(self) -> None:
        self._pause.stop()
        self.view.arrange(lambda: self.model.find(self.search.text()), advances=True)
        self._show_page()

    def _search_done(self) -> None:
        self._find()
        self.view.setFocus()

    def _type(self, letters: str) -> None:
        self.search.setFocus()
        self.search.setText(letters)

    def _show_counts(self) -> None:
        table = self.model.table
        counts = table.counts() if table is not None else {}
        for standing, button in self.filters.items():
            count = sum(counts.values()) if standing is None else counts.get(standing, 0)
            button.setText(filter_text(standing, count))
            button.setVisible(count > 0 or standing != "enrolled" or button.isChecked())
        self._show_page()

    def _show_page(self) -> None:
        waiting, empty = self.model.table is None, not self.model.rowCount()
        self._stack.setCurrentWidget(self.nothing if empty and not waiting else self.view)
        self._show_selection()

    # -- what is selected --------------------------------------------------------------------

    def _open(self) -> Ids:
        """Positions of the selected queries that are not in the gallery yet."""
        table, chosen = self.model.table, self.view.selected_positions()
        return chosen[:0] if table is None else chosen[table.standings[chosen] != ENROLLED]

    def _known(self) -> Ids:
        """Positions of those of them that have a name; of several no small faces."""
        table, chosen = self.model.table, self._named()
        return chosen if table is None or len(chosen) < 2 else chosen[~table.small[chosen]]

    def _named(self) -> Ids:
        table, chosen = self.model.table, self._open()
        return chosen[:0] if table is None else chosen[table.known[chosen]]

    def _shown(self) -> Ids:
        return self.model.positions_at(np.arange(self.model.rowCount()))

    def _act(self, signal: SignalInstance, positions: Ids) -> None:
        """Where what is selected leaves the list by it, the next one comes forward."""
        self._advances = True
        signal.emit(positions.tolist())

    def _save(self, form: str) -> None:
        self.save_requested.emit(self._shown().tolist(), form)

    def _show_selection(self) -> None:
        chosen_known, open_ = self._known(), len(self._open())
        known = len(chosen_known)
        self.confirm.setText(confirm_text(known))
        self.confirm.setEnabled(self._writable and known > 0)
        self.enroll.setText(enroll_text(open_))
        self.keep.setText(keep_text(open_))
        for button in (self.enroll, self.keep):
            button.setEnabled(self._writable and open_ > 0)
        table, shown = self.model.table, self.model.rowCount()
        self.save.setEnabled(shown > 0)
        total = 0 if table is None else len(table)
        chosen = self.view.selected_count()
        told = chosen_text(shown, total, chosen)
        if self._standing == "unsure":
            told = f"{told} · {FILTER_TIPS['unsure']}"
        if table is not None and known > 1:
            unsure = int((table.standings[chosen_known] == UNSURE).sum())
            told += unsure_text(unsure, known)
        if left_out := len(self._named()) - known:
            told = f"{told} · {small_text(left_out)}"
        self.count.setText("Identifying…" if table is None else told)

    def _show_menu(self, at: QPoint) -> None:
        """The face in full size, and what the buttons do."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.preview)
        menu.addSeparator()
        for button in (self.confirm, self.enroll, self.keep):
            menu.addAction(button.text(), button.click).setEnabled(button.isEnabled())
        menu.popup(self.view.viewport().mapToGlobal(at))
