"""The table of what an import would do: tick and portrait, file, name, what happens, why."""

from __future__ import annotations

from collections import defaultdict
from typing import cast

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.records.plans import ImportPlan, PlannedFace
from engine.utils.number_text import counted
from gallery_app import settings
from gallery_app.item_models.import_plan_model import (
    FILE,
    FILTERS,
    NAME,
    OUTCOME,
    PORTRAIT,
    WHY,
    Filter,
    PlanModel,
)
from gallery_app.item_models.roles import PictureRole, ToneRole
from gallery_app.operations.context import Context
from gallery_app.theme.colours import current_theme, text_font
from gallery_app.theme.icons import paint_icon
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.flow_layouts import WrappingRow
from gallery_app.widgets.controls.labels import IconLabel, button_name
from gallery_app.widgets.faces.painting import paint_picture, paint_ring, paint_words
from gallery_app.widgets.lists.check_boxes import (
    SIDE,
    CheckBoxDelegate,
    Index,
    is_checkable,
    is_checked,
    paint_check,
    tone_color,
    turn,
)
from gallery_app.wording.number_words import faces_text, people_text

_PICTURE = 32
_PAD = 8
_SIGN = 14
_FADED = 0.4
_WIDTHS = {PORTRAIT: 84, FILE: 220, NAME: 170, OUTCOME: 150}
_SIGNS = {"good": "check", "bad": "alert", "warning": "alert", "sent": "chevron-right"}


class PlanTable(QTableView):
    """Sorts by a click on a heading; Space turns the tick of the current row.

    Signals: ``leave_pressed`` (Delete), ``selection_changed``.
    """

    leave_pressed = Signal()
    selection_changed = Signal()

    def __init__(self, model: PlanModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(_PlanDelegate(self))
        self.setAccessibleName("Result for each file")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height())
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(FILE, Qt.SortOrder.AscendingOrder)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        self.setSortingEnabled(True)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        model.modelReset.connect(self.selection_changed)

    def selected_rows(self) -> list[int]:
        """Rows of the table, from the top."""
        ranges = self.selectionModel().selection()  # one for all rows, where indexes were many
        return sorted({row for block in ranges for row in range(block.top(), block.bottom() + 1)})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.leave_pressed.emit()
        elif event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            turn(self.model(), self.currentIndex().siblingAtColumn(PORTRAIT))
        else:
            super().keyPressEvent(event)


def row_height() -> int:
    return max(_PICTURE, QFontMetrics(text_font()).height()) + 10


class _PlanDelegate(CheckBoxDelegate):
    """Every cell on one ground; what happens and why have a sign before the words."""

    MARGIN = _PAD

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        words = QFontMetrics(text_font()).horizontalAdvance(index.data() or "")
        sign = _SIGN + 6 if index.column() in (OUTCOME, WHY) else 0
        return QSize(words + sign + 2 * _PAD, row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, rect, state = current_theme(), option.rect, option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.selection)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        if index.column() == PORTRAIT:
            self._paint_face(painter, rect, index)
        else:
            self._paint_words(painter, rect.adjusted(_PAD, 0, -_PAD, 0), index)
        focus = QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_KeyboardFocusChange
        if state & focus == focus:
            paint_ring(painter, QRectF(rect), theme.accent, 2, 2)
        painter.restore()

    def _paint_face(self, painter: QPainter, rect: QRect, index: Index) -> None:
        if is_checkable(index):
            paint_check(painter, self.box(rect), is_checked(index))
        left = rect.left() + _PAD + SIDE + 12
        place = QRectF(left, rect.top() + (rect.height() - _PICTURE) / 2, _PICTURE, _PICTURE)
        if index.data(ToneRole) == "muted":
            painter.setOpacity(_FADED)
        if index.siblingAtColumn(OUTCOME).data(ToneRole) == "bad":
            painter.setOpacity(1.0)
            paint_icon(painter, place.adjusted(6, 6, -6, -6), "file", current_theme().muted)
        else:
            paint_picture(painter, place, index.data(PictureRole), 5)
        painter.setOpacity(1.0)

    def _paint_words(self, painter: QPainter, rect: QRect, index: Index) -> None:
        tone = index.data(ToneRole) or ""
        words = index.data() or ""
        if tone in _SIGNS and words:
            top = rect.center().y() - _SIGN / 2 + 0.5
            paint_icon(
                painter,
                QRectF(rect.left(), top, _SIGN, _SIGN),
                _SIGNS[tone],
                tone_color(tone),
            )
            rect = rect.adjusted(_SIGN + 6, 0, 0, 0)
        plain = tone == "good"  # the sign says it
        color = current_theme().text if plain else tone_color(tone)
        paint_words(painter, rect, words, text_font(), color)


_NOTICES = 3  # sentences about the whole that are shown
_SOMEBODY = "Add to the people they look like"


class ImportPreview(Dialog):
    """Changes nothing itself; once accepted, ``plan`` says what is to be done.

    Signals: ``column_chosen``: the names are in another column, by its key; it waits for the plan
    that replaces it, or for :meth:`keep_column`.
    """

    column_chosen = Signal(str)

    def __init__(self, context: Context, plan: ImportPlan, parent: QWidget | None = None) -> None:
        super().__init__("Import", parent)
        self._context = context
        self.resize(fitting(QSize(1080, 680), parent))
        self.setMinimumSize(560, 400)
        pictures = context.pictures.of_rows()
        self.model = PlanModel(plan, pictures, self)
        self.model.plan_changed.connect(self._show_plan)
        self.table = PlanTable(self.model)
        self.table.selection_changed.connect(self._enable)
        self.table.leave_pressed.connect(self._leave_out)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.sentence = text_label(role="heading")
        self._make_actions()
        self._lay_out(plan)
        self.table.horizontalHeader().restoreState(context.settings.get(settings.IMPORT))
        self.finished.connect(lambda _: pictures.close())
        self.finished.connect(self._remember)
        self._show_plan()
        self._enable()

    @property
    def plan(self) -> ImportPlan:
        """What is chosen."""
        return self.model.plan

    def _make_actions(self) -> None:
        self.filter = QComboBox(accessibleName="Show")
        for which in FILTERS:
            self.filter.addItem("", which)
        self.filter.activated.connect(
            lambda _: self.model.show_only(cast(Filter, self.filter.currentData()))
        )
        self.twins = _button("")
        self.twins.setToolTip("Near-duplicates: photos almost identical to another one")
        self.twins.clicked.connect(
            lambda: self.model.choose(self.plan.without(self.plan.rows("near-duplicate")))
        )
        self.leave = _button("&Leave out")
        self.leave.clicked.connect(self._leave_out)
        self.restore = _button("&Include again")
        self.restore.clicked.connect(lambda: self.model.choose(self.plan.restoring(self._chosen())))
        self.send = _button("")
        self.send.clicked.connect(self._send)

    def _lay_out(self, plan: ImportPlan) -> None:
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = self.buttons.addButton("Import", QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setProperty("primary", True)
        self.ok.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        actions = WrappingRow()
        for widget in (self.filter, self.leave, self.restore, self.send, self.twins):
            actions.addWidget(widget)
        layout = vbox(
            self.sentence,
            *(_remark(notice) for notice in plan.notices[:_NOTICES]),
            parent=self,
            margins=24,
            spacing=12,
        )
        if len(plan.columns) > (plan.column is not None):
            layout.addLayout(self._column_choice(plan))
        layout.addLayout(actions)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.buttons)

    def _column_choice(self, plan: ImportPlan) -> QHBoxLayout:
        """Where the names are, of tables in which several columns can hold them."""
        self.columns = QComboBox(accessibleName="Column with names")
        self.columns.addItems(plan.columns)
        self.columns.setPlaceholderText("Choose…")
        self.columns.setCurrentIndex(plan.columns.index(plan.column) if plan.column else -1)
        self.columns.activated.connect(lambda _: self._choose_column())
        label = QLabel("&Column with names")
        label.setBuddy(self.columns)
        row = hbox(label, self.columns, Stretch(), spacing=8)
        return row

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.table.setFocus()

    def _choose_column(self) -> None:
        if self.columns.currentText() != self.plan.column:
            self._wait(True)
            self.column_chosen.emit(self.columns.currentText())

    def keep_column(self) -> None:
        """There is no plan with the names from another column."""
        column = self.plan.column
        self.columns.setCurrentIndex(self.plan.columns.index(column) if column else -1)
        self._wait(False)

    def _wait(self, waiting: bool) -> None:
        for widget in (self.columns, self.table, self.ok):
            widget.setEnabled(not waiting)
        if not waiting:
            self._show_plan()

    # -- choices -----------------------------------------------------------------------------

    def _selected(self) -> dict[int, PlannedFace]:
        return self.model.planned(self.table.selected_rows())

    def _chosen(self) -> list[int]:
        return list(self._selected())

    def _leave_out(self) -> None:
        self.model.choose(self.plan.without(self._chosen()))

    def _send(self) -> None:
        """Each selected face to whom it looks like."""
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for row, face in self._selected().items():
            if face.suggestion is not None:
                groups[face.suggestion].append(row)
        plan = self.plan
        for name, rows in groups.items():
            plan = plan.sending(rows, name)
        self.model.choose(plan)

    def _show_menu(self, at: QPoint) -> None:
        """Offer the buttons that are enabled in a context menu."""
        menu = QMenu(self)
        for button in (self.leave, self.restore, self.send):
            if button.isEnabled() and not button.isHidden():
                menu.addAction(button.text(), button.click)
        if not menu.isEmpty():
            menu.popup(self.table.viewport().mapToGlobal(at))
        menu.aboutToHide.connect(menu.deleteLater)

    # -- what it says ------------------------------------------------------------------------

    def _show_plan(self) -> None:
        entering = self.plan.report().faces_added
        self.sentence.setText(plan_sentence(self.plan))
        self.ok.setEnabled(bool(entering))
        self.ok.setText(f"Import {faces_text(entering)}" if entering else "Import")
        for place, which in enumerate(FILTERS):
            self.filter.setItemText(place, f"{FILTERS[which][0]} ({self.model.count(which):,})")
        twins = len(self.plan.rows("near-duplicate"))
        self.twins.setText(f"Leave out near-duplicates ({twins:,})")
        self.twins.setVisible(bool(twins))
        self._enable()

    def _enable(self) -> None:
        chosen = self._selected().values()
        self.leave.setEnabled(any(face.comes_in for face in chosen))
        self.restore.setEnabled(any(face.outcome == "left-out" or face.sent for face in chosen))
        offered = {face.suggestion for face in chosen if face.suggestion is not None}
        self.send.setEnabled(bool(offered))
        somebody = (
            f"&Add to {button_name(min(offered))} instead" if len(offered) == 1 else _SOMEBODY
        )
        self.send.setText(somebody)

    def _remember(self) -> None:
        self._context.settings.set(settings.IMPORT, self.table.horizontalHeader().saveState())


def plan_sentence(plan: ImportPlan) -> str:
    """The counts of a plan in one sentence."""
    report, outcomes = plan.report(), plan.outcomes()
    new = report.identities_added
    known = len({face.name for face in plan if face.outcome == "added"})
    who = [
        counted(new, "new person", "new people") if new else "",
        f"{people_text(known)} already in the gallery" if known else "",
    ]
    main = f"{faces_text(report.faces_added)} of {' and '.join(filter(None, who))} will be imported"
    words = {"duplicate": "already enrolled", "left-out": "left out", "rejected": "cannot be used"}
    rest = ", ".join(f"{outcomes[word]:,} {words[word]}" for word in words if outcomes[word])
    main = main if report.faces_added else "Nothing will be imported"
    return f"{main}; {rest}." if rest else f"{main}."


def _button(text: str) -> QPushButton:
    button = QPushButton(text, autoDefault=False)
    return button


def _remark(notice: str) -> QHBoxLayout:
    line = hbox(IconLabel("alert", "warning", 16), (text_label(notice, "warning"), 1), spacing=8)
    return line
