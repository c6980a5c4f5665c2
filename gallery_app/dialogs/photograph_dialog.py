"""The photograph of the query as large as the screen allows, with the boxes on its faces."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.labels import ElidedLabel
from gallery_app.widgets.faces.photograph_view import MarkedPhotograph, PhotographView
from gallery_app.wording.face_box_words import faces_summary

_SIZE = QSize(960, 760)


class PhotographDialog(Dialog):
    """Stands beside the answer to the chosen face; Enter and Escape close it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Photograph", parent, kept=True)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.resize(fitting(_SIZE, parent))
        self.setMinimumSize(360, 320)
        self.name = ElidedLabel(role="heading")
        self.summary = text_label(role="small", wrap=False)
        self.view = PhotographView(fills=True)
        self.view.opened.connect(self.reject)
        close = QPushButton("Close", autoDefault=False)
        close.clicked.connect(self.reject)
        vbox(
            hbox((self.name, 1), self.summary, spacing=8),
            (self.view, 1),
            hbox((ElidedLabel(), 1), close, spacing=8),
            parent=self,
            margins=16,
            spacing=8,
        )

    def show_photograph(self, shown: MarkedPhotograph) -> None:
        """Show a photograph, or none."""
        self.setWindowTitle(shown.title or "Photograph")
        self.name.setText(shown.title)
        self.summary.setText(faces_summary([mark.known for mark in shown.marks]))
        self.view.show_photograph(shown)
