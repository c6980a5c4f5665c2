"""A chart as picture or table: on the clipboard, as PNG, as SVG, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QPoint, QSaveFile, QSize
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from gallery_app.theme.colours import current_theme
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.labels import plain_tip

if TYPE_CHECKING:  # pyqtgraph takes 0.1 s that the first picture does not need
    from gallery_app.widgets.charts.chart_style import Drawn

_SCALE = 2  # pixels of a saved picture for each one on the screen
FORMATS = ("PNG", "SVG", "CSV")
Table = Callable[[str], str]


def saving_menu(widget: QWidget, title: str, rows: Table) -> QMenu:
    """Copy, and save as picture or table.

    Args:
        rows: the table, its columns parted by what it is given.
    """
    menu = QMenu(widget)
    menu.addAction(icon("copy"), "&Copy").triggered.connect(lambda: copy_chart(widget, rows))
    menu.addSeparator()
    for kind in FORMATS:
        menu.addAction(f"Save as {kind}…").triggered.connect(
            lambda _=False, kind=kind: save_chart(widget, kind, title, rows)
        )
    return menu


def copy_chart(widget: QWidget, rows: Table) -> None:
    """Picture and table at once: each program takes what it can use."""
    mime = QMimeData()
    mime.setImageData(picture(widget))
    mime.setText(rows("\t"))
    QGuiApplication.clipboard().setMimeData(mime)


def save_chart(widget: QWidget, kind: str, title: str, rows: Table) -> None:
    """Ask where to, and write one of FORMATS; say so where the disk refuses."""
    suggestion = f"{title}.{kind.lower()}".replace("/", "-")
    name, _ = QFileDialog.getSaveFileName(
        widget.window(), f"Save as {kind}", suggestion, f"{kind} (*.{kind.lower()})"
    )
    if name and (problem := write(name, content(widget, kind, rows))):
        QMessageBox.warning(widget.window(), "Save chart", plain_tip(f"{name}: {problem}"))


def content(widget: QWidget, kind: str, rows: Table) -> bytes:
    """What the file of this format holds."""
    if kind == "CSV":
        return rows(",").encode()
    if kind == "SVG":
        return svg(widget)
    memory = QBuffer()
    memory.open(QIODevice.OpenModeFlag.WriteOnly)
    picture(widget).save(memory, "PNG")
    return bytes(memory.data().data())


def write(name: str, data: bytes) -> str:
    """Write a file whole or not at all; return what went wrong, else nothing."""
    file = QSaveFile(name)
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        return file.errorString()
    file.write(data)
    return "" if file.commit() else file.errorString()


def picture(widget: QWidget) -> QImage:
    """The chart as it is shown, with its title and key."""
    size = widget.size()
    image = QImage(size * _SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(current_theme().panel)
    widget.render(image)
    return image


def svg(widget: QWidget) -> bytes:
    """The widget as an SVG document."""
    made = QByteArray()
    memory = QBuffer(made)
    memory.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(memory)
    generator.setSize(QSize(widget.width(), widget.height()))
    generator.setViewBox(widget.rect())
    painter = QPainter(generator)
    painter.fillRect(widget.rect(), current_theme().panel)
    widget.render(painter, QPoint())
    painter.end()
    return bytes(made.data())


def table(drawn: Sequence[Drawn], x_name: str, separator: str) -> str:
    """One row for each x that occurs, one column for each line; empty where it has no value."""
    columns = [(name, dict(zip(chart.x, ys, strict=True))) for chart in drawn
               for name, ys in chart.columns()]  # fmt: skip
    memory = io.StringIO()
    writer = csv.writer(memory, delimiter=separator, lineterminator="\n")
    writer.writerow([x_name, *(name for name, _ in columns)])
    for x in sorted({x for _, values in columns for x in values}):
        writer.writerow([f"{x:.9g}", *(_number(values.get(x)) for _, values in columns)])
    return memory.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"
