"""Sections of a panel: a heading, and widgets in a row or a column that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from gallery_app.widgets.controls.boxes import text_label

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
