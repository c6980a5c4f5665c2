"""The first page: its doors, and the galleries opened last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.records.domains import harmless
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import scrolling
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel, plain_tip

_WIDTH = 560
_SHOWN = 5


class WelcomePage(QWidget):
    """Signals: ``photographs_requested``, ``open_requested``, ``import_requested``,
    ``sample_requested``, ``recent_requested`` (Path).
    """

    photographs_requested = Signal()
    open_requested = Signal()
    import_requested = Signal()
    sample_requested = Signal()
    recent_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="welcome")
        self.photographs = _door(
            "image", "Start with a folder of photographs", "Finds the faces, and you name them once"
        )
        self.sample = _door("sample", "Open the sample", "158 people, 4,324 faces, no photos")
        self.import_ = _door(
            "import", "Import a folder", "One folder per person, with photographs or embeddings"
        )
        self.open = _door("folder-open", "Open a gallery", "One you created before")
        self.photographs.clicked.connect(self.photographs_requested)
        self.sample.clicked.connect(self.sample_requested)
        self.import_.clicked.connect(self.import_requested)
        self.open.clicked.connect(self.open_requested)
        self._recent = QVBoxLayout(spacing=0)
        self._recent_title = text_label("RECENT GALLERIES", "section", wrap=False)
        self._lay_out()

    def _lay_out(self) -> None:
        line = text_label(
            "Identifies faces, states how certain it is, and shows the matching faces.",
            "muted",
            wrap=False,
        )
        column = vbox(
            Stretch(2),
            text_label("Face Gallery", "display", wrap=False),
            line,
            text_label("Everything stays on this computer.", "muted", wrap=False),
            16,
            self.photographs,
            self.open,
            self.import_,
            self.sample,
            24,
            self._recent_title,
            self._recent,
            Stretch(3),
            spacing=8,
        )
        box = QWidget()
        box.setFixedWidth(_WIDTH)
        box.setLayout(column)
        page = QWidget()
        layout = QHBoxLayout(page)
        layout.addWidget(box, 0, Qt.AlignmentFlag.AlignHCenter)
        vbox(scrolling(page), parent=self, margins=0)

    def set_sample(self, available: bool) -> None:
        """Without the sample's files its door is shut and says so."""
        self.sample.setEnabled(available)
        self.sample.setToolTip("" if available else "The sample faces are not installed")

    def set_recent(self, galleries: list[Path]) -> None:
        """The galleries opened last, last first."""
        while (item := self._recent.takeAt(0)) is not None:
            item.widget().deleteLater()
        for folder in galleries[:_SHOWN]:
            self._recent.addWidget(self._recent_button(folder))
        self._recent_title.setVisible(bool(galleries))

    def _recent_button(self, folder: Path) -> QPushButton:
        button = QPushButton()
        button.setProperty("quiet", True)
        button.setToolTip(plain_tip(str(folder)))
        button.setAccessibleName(f"Open {folder}")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.recent_requested.emit(folder))
        name = text_label(harmless(folder.name), wrap=False)
        place = ElidedLabel(str(folder.parent), role="small")
        hbox(name, (place, 1), parent=button, margins=(8, 0, 8, 0), spacing=16)
        for label in (name, place):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        button.setMinimumHeight(36)
        return button


def _door(name: str, title: str, line: str) -> QPushButton:
    button = QPushButton()
    button.setProperty("door", True)
    button.setAccessibleName(f"{title}. {line}")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    picture = IconLabel(name, "accent", 28)
    first = text_label(title, "heading", wrap=False)
    second = text_label(line, "small", wrap=False)
    words = vbox(first, second, spacing=2)
    hbox(picture, (words, 1), parent=button, margins=(16, 12, 16, 12), spacing=16)
    for label in (picture, first, second):
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return button
