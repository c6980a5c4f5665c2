"""One error, one readable message, details folded away and ready to copy."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from gallery_app.errors import readable
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.elided_label import show_plainly


def error_box(error: BaseException, parent: QWidget | None) -> QMessageBox:
    """The message box for an error; the caller opens it."""
    told = readable(error)
    box = QMessageBox(parent, iconPixmap=icon("alert", "accent").pixmap(40, 40))
    box.setWindowTitle("Face Gallery")
    box.setText(told.headline)
    box.setInformativeText(told.text)
    show_plainly(box)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    if told.details:
        box.setDetailedText(told.details)
        copy = QPushButton("Copy details", autoDefault=False)
        box.addButton(copy, QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # copying must not close the box
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(told.details))
    box.setDefaultButton(QMessageBox.StandardButton.Close)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box
