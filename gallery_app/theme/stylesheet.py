"""The style sheet of the window, made from a theme. Only what Fusion's palette cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from gallery_app.recent import bundled_folder

if TYPE_CHECKING:
    from gallery_app.theme.colours import Theme

_ICONS = bundled_folder("resources") / "icons"

_TEXT = """
*[textRole="display"] { font-size: ${display}pt; font-weight: 700; }
*[textRole="title"] { font-size: ${title}pt; font-weight: 700; }
*[textRole="heading"] { font-size: ${heading}pt; font-weight: 600; }
*[textRole="muted"] { color: $muted; }
*[textRole="small"] { color: $muted; font-size: ${small}pt; }
*[textRole="section"] { color: $muted; font-size: ${section}pt; letter-spacing: 0.5px; }
*[textRole="good"] { color: $good; }
*[textRole="warning"] { color: $warning; }
*[textRole="bad"] { color: $bad; }
*[textRole]:disabled { color: $disabled; }
QLabel { background: transparent; }
QToolTip { background: $panel; color: $text; border: 1px solid $border; padding: 4px 6px; }
"""

_PANELS = """
QMainWindow, QDialog, QMessageBox, #facesPanel, #reviewPanel,
#unknownPanel, #mapPanel { background: $window; }
#identitiesPanel, #queryPanel, #queryPanel QWidget#qt_scrollarea_viewport { background: $panel; }
#queryPanel QScrollArea, #queryPanel QScrollArea > QWidget > QWidget { background: $panel; }
#faceDetails, #queryActions, #keepNotice {
    background: $panel; border: none; border-top: 1px solid $line; }
#busyStrip { background: $panel; border: none; border-top: 1px solid $line; }
#trainingPanel { background: $panel; border: none; border-top: 1px solid $line; }
#chart { background: $panel; border: 1px solid $line; border-radius: 8px; }
#chart[compact="true"] { background: $window; border-color: $window; border-radius: 6px; }
#card { background: $panel; border: 1px solid $line; border-radius: 8px; }
#hairline { background: $line; border: none; max-height: 1px; min-height: 1px; }
#chart:focus { border: 2px solid $accent; }
#messageBar { background: $panel; border: none; border-bottom: 1px solid $line; }
QStatusBar { background: $panel; border-top: 1px solid $line; color: $muted; }
QStatusBar::item { border: none; }
QStatusBar QLabel { padding: 2px 8px; }
QSplitter::handle { background: $line; }
QScrollArea { border: none; }
"""

_MENUS = """
QMenuBar { background: $panel; border-bottom: 1px solid $line; padding: 2px 8px; }
QMenuBar::item { padding: 4px 9px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $selection; color: $text; }
QMenu { background: $panel; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; color: $text; }
QMenu::item:selected { background: $selection; color: $text; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 8px; }
QMenu::indicator:checked { image: url("$menu_tick"); }
"""

_BUTTONS = """
QPushButton { background: $panel; color: $text; border: 1px solid $border; border-radius: 6px;
    padding: 7px 13px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $selection; }
QPushButton:disabled { color: $disabled; border-color: $line; background: transparent; }
QPushButton[primary="true"], QPushButton:default { background: $accent; color: $on_accent;
    border-color: $accent; }
QPushButton[primary="true"]:hover, QPushButton:default:hover { background: $accent_hover;
    border-color: $accent_hover; }
QPushButton[primary="true"]:disabled, QPushButton:default:disabled { background: $track;
    border-color: $track; color: $disabled; }
QPushButton[quiet="true"] { background: transparent; border-color: transparent; padding: 6px 8px;
    color: $accent_text; }
QPushButton[quiet="true"]:hover { background: $hover; }
QPushButton[quiet="true"]:pressed { background: $selection; }
QPushButton[quiet="true"]:disabled { color: $disabled; }
QPushButton[segment="true"] { padding: 5px 10px; }
QPushButton[segment="true"]:checked { border-color: $accent; color: $accent_text; }
QPushButton[segment="true"]:focus { padding: 4px 9px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton[keyed="true"] { text-align: left; padding: 6px 9px; }
QPushButton[door="true"] { background: $panel; border-color: $line; border-radius: 8px;
    text-align: left; min-height: 3.6em; }
QPushButton[door="true"]:hover { background: $selection; border-color: $accent; }
QPushButton:focus, QPushButton[quiet="true"]:focus, QPushButton[door="true"]:focus {
    border: 2px solid $accent; padding: 6px 12px; }
QPushButton[quiet="true"]:focus { padding: 5px 7px; }
QPushButton[primary="true"]:focus, QPushButton:default:focus { border: 2px solid $text; }
QToolButton { background: transparent; border: 2px solid transparent; border-radius: 6px;
    padding: 4px; color: $text; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $selection; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $disabled; }
QToolButton[sortHeader="true"] { color: $muted; font-size: ${small}pt; padding: 2px 0px;
    background: transparent; }
QToolButton[sortHeader="true"]:hover, QToolButton[sortHeader="true"]:checked { color: $text; }
"""

_FIELDS = """
QLineEdit, QPlainTextEdit, QTextEdit { background: $window; color: $text;
    border: 1px solid $border; border-radius: 6px; padding: 5px 8px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit { min-height: 1.35em; }
QDialog QLineEdit, QDialog QPlainTextEdit, QDialog QTextEdit { background: $panel; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid $accent;
    padding: 4px 7px; }
QLineEdit:disabled { color: $disabled; border-color: $line; }
QLineEdit QToolButton { border: none; padding: 0px; }
QComboBox, QAbstractSpinBox { min-height: 1.9em; }
QCheckBox, QRadioButton { spacing: 8px; padding: 2px; }
QCheckBox::indicator, QRadioButton::indicator { width: 16px; height: 16px; background: $panel;
    border: 1px solid $muted; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$tick"); }
QRadioButton::indicator:checked { width: 8px; height: 8px; background: $on_accent;
    border: 5px solid $accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $text; }
QCheckBox:focus, QRadioButton:focus { outline: none; color: $accent_text; }
QSlider:horizontal { min-height: 22px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $slider; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $slider; }
QSlider::handle:horizontal { width: 16px; height: 16px; margin: -6px 0; border-radius: 8px;
    background: $accent; }
QSlider::handle:horizontal:hover { background: $accent_hover; }
QSlider::handle:horizontal:disabled { background: $border; }
QSlider::handle:horizontal:focus { width: 14px; height: 14px; margin: -7px 0; border-radius: 9px;
    border: 2px solid $text; }
QProgressBar { background: $track; border: none; border-radius: 3px; max-height: 6px;
    min-height: 6px; text-align: right; color: transparent; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
"""

_LISTS = """
QAbstractItemView { background: $panel; color: $text; border: 1px solid $line;
    border-radius: 6px; outline: none; selection-background-color: $selection;
    selection-color: $text; }
#identityList, #photographStrip { background: $panel; border: none; border-radius: 0; }
#findingList, #clusterList { background: $window; border: none; border-radius: 0;
    padding: 0 16px 0 24px; }
#faceGrid { background: $window; border: none; border-radius: 0; padding: 0 18px; }
#groupFaces, #clusterFaces { background: $panel; border: none; border-radius: 0; }
QListWidget::item, QListView#plainList::item { padding: 5px 8px; border-radius: 4px; }
QComboBox QAbstractItemView { border: 1px solid $border; padding: 4px; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $muted; border: none;
    border-bottom: 1px solid $line; padding: 6px 8px; font-size: ${small}pt; }
QHeaderView::section:hover { color: $text; }
QTableCornerButton::section { background: $panel; border: none; border-bottom: 1px solid $line; }
#versionsTable::item, #backupsTable::item { padding: 4px 5px; }
#versionsTable::item:selected, #backupsTable::item:selected {
    background: $selection; color: $text; }
QTableView { gridline-color: $line; }
#middle { background: $window; }
#middle::tab-bar { left: 24px; }
#middle > QTabBar::tab { padding: 12px 2px 8px 2px; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { qproperty-drawBase: 0; qproperty-expanding: 0; }
QTabBar::tab { background: transparent; color: $muted; border: none;
    border-bottom: 2px solid transparent; padding: 6px 2px; margin: 0 24px 0 0; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent_text; border-bottom-color: $accent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 3px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""


def stylesheet(theme: Theme, sizes: Mapping[str, float]) -> str:
    """The sheet for a theme.

    Args:
        sizes: points of each text role, from the system's own font.
    """
    colours = {name: value.name() for name, value in vars(theme).items() if name != "dark"}
    colours["disabled"] = faded(theme).name()
    colours["slider"] = mixed(theme.accent, theme.panel, 0.75).name()
    ticks = [(_ICONS / f"tick-{shade}.svg").as_posix() for shade in ("light", "dark")]
    colours["menu_tick"], colours["tick"] = ticks if theme.dark else ticks[::-1]
    points = {role: f"{size:.2f}" for role, size in sizes.items()}
    sheet = Template(_TEXT + _PANELS + _MENUS + _BUTTONS + _FIELDS + _LISTS)
    return sheet.substitute(colours | points)


def faded(theme: Theme) -> QColor:
    """Words and marks of what cannot be used now."""
    return mixed(theme.muted, theme.panel, 0.4)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """``one`` with ``share`` of ``other`` in it."""
    parts = ((one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue()))
    return QColor(*(round((1 - share) * a + share * b) for a, b in parts))
