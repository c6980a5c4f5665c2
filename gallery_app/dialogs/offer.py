"""Asks before a folder that is no gallery is imported into a new one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from gallery_app.icons import icon


def offer_import(folder: Path, parent: QWidget, accepted: Callable[[], None]) -> QMessageBox:
    """Opens the question; ``accepted`` is called when the answer is yes."""
    box = QMessageBox(parent)
    box.setIconPixmap(icon("import", "accent").pixmap(40, 40))
    box.setWindowTitle("Import a folder")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"“{folder.resolve().name}” is not a gallery")
    box.setInformativeText(
        "Its faces can be imported into a new one: one folder a person, one .npy a face. "
        "The folder itself stays as it is."
    )
    box.setStandardButtons(QMessageBox.StandardButton.Cancel)
    import_ = box.addButton("Import", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(import_)
    import_.clicked.connect(accepted)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
