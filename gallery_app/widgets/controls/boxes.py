"""Rows and columns of widgets, and the labels in them, each made in one expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget


@dataclass(frozen=True)
class Stretch:
    """Empty room in a row or column, that grows by this share."""

    share: int = 0


Placed: TypeAlias = QWidget | QLayout
Item: TypeAlias = Placed | int | Stretch | tuple[Placed, int] | tuple[Placed, int, Qt.AlignmentFlag]
_B = TypeVar("_B", bound=QBoxLayout)


def hbox(
    *items: Item,
    parent: QWidget | None = None,
    margins: int | tuple[int, int, int, int] | None = None,
    spacing: int | None = None,
) -> QHBoxLayout:
    """Lay items out from left to right.

    Args:
        items: widgets and layouts, each alone or with its stretch and alignment; a number is a gap
            of so many pixels.
        parent: the widget that is laid out by it.
        margins: pixels around it, on all sides or left, top, right and bottom; by default the
            style's.
        spacing: pixels between two items; by default the style's.
    """
    return _fill(QHBoxLayout(), items, parent, margins, spacing)


def vbox(
    *items: Item,
    parent: QWidget | None = None,
    margins: int | tuple[int, int, int, int] | None = None,
    spacing: int | None = None,
) -> QVBoxLayout:
    """Lay items out from top to bottom; the arguments are those of ``hbox``."""
    return _fill(QVBoxLayout(), items, parent, margins, spacing)


def _fill(
    layout: _B,
    items: tuple[Item, ...],
    parent: QWidget | None,
    margins: int | tuple[int, int, int, int] | None,
    spacing: int | None,
) -> _B:
    if parent is not None:
        parent.setLayout(layout)
    if margins is not None:
        layout.setContentsMargins(*((margins,) * 4 if isinstance(margins, int) else margins))
    if spacing is not None:
        layout.setSpacing(spacing)
    for item in items:
        if isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, Stretch):
            layout.addStretch(item.share)
        else:
            placed, *how = item if isinstance(item, tuple) else (item,)
            add = layout.addLayout if isinstance(placed, QLayout) else layout.addWidget
            add(placed, *how)
    return layout


def text_label(
    text: str = "", role: str = "", *, wrap: bool = True, selectable: bool = False
) -> QLabel:
    """A label that never takes its text for markup.

    Args:
        role: of the text in the style sheet, such as ``muted``.
        wrap: whether it may take several lines.
        selectable: whether its text can be copied.
    """
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("textRole", role)
    return label


W = TypeVar("W", bound=QWidget)


def section(text: str) -> QLabel:
    """A heading in small capitals."""
    label = text_label(text, "section", wrap=False)
    return label


def widgets_in(layout: QHBoxLayout | QVBoxLayout, kind: type[W]) -> list[W]:
    widgets = (layout.itemAt(place).widget() for place in range(layout.count()))
    return [widget for widget in widgets if isinstance(widget, kind)]


def refill(layout: QLayout, widgets: Sequence[QWidget]) -> None:
    """Others in place of those that are there, in one go: nothing is ever seen half-filled."""
    while (item := layout.takeAt(0)) is not None:
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
    for widget in widgets:
        layout.addWidget(widget)
        widget.show()
