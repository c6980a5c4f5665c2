"""Something that a person wrote down about an identity."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from gallery_app.widgets.on_screen import Dialog


def note_dialog(name: str, note: str, taken: Callable[[str], None], parent: QWidget) -> QDialog:
    """Shows a note to be changed; ``taken`` is called with the new one."""
    dialog = Dialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(f"Note on {name}")
    dialog.resize(480, 280)
    text = QPlainTextEdit(note)
    text.setPlaceholderText("Only kept in this gallery")
    text.setAccessibleName("Note")
    text.setTabChangesFocus(True)
    standard = QDialogButtonBox.StandardButton
    box = QDialogButtonBox(standard.Save | standard.Cancel)
    box.accepted.connect(dialog.accept)
    box.rejected.connect(dialog.reject)
    dialog.accepted.connect(lambda: taken(text.toPlainText().strip()))
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(24, 24, 24, 24)
    layout.setSpacing(16)
    layout.addWidget(text, 1)
    layout.addWidget(box)
    return dialog
