"""The first page: three doors, and the galleries opened last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.records.domains import harmless
from gallery_app.widgets.controls.elided_label import ElidedLabel, plain_tip
from gallery_app.widgets.controls.icon_label import IconLabel

_WIDTH = 560
_SHOWN = 5


class WelcomePage(QWidget):
    """Signals: ``open_wanted``, ``import_wanted``, ``sample_wanted``, ``recent_wanted`` (Path)."""

    open_wanted = Signal()
    import_wanted = Signal()
    sample_wanted = Signal()
    recent_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.sample = _door("sample", "Look at the sample", "158 people, 4,324 faces, no photos")
        self.import_ = _door("import", "Import a folder", "One folder a person, one .npy a face")
        self.open = _door("folder-open", "Open a gallery", "One that you made before")
        self.sample.clicked.connect(self.sample_wanted)
        self.import_.clicked.connect(self.import_wanted)
        self.open.clicked.connect(self.open_wanted)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._recent_title = QLabel("RECENT GALLERIES")
        self._recent_title.setProperty("textRole", "section")
        self._lay_out()

    def _lay_out(self) -> None:
        title = QLabel("Face Gallery")
        title.setProperty("textRole", "display")
        line = QLabel("Tells who a face is, how sure it is, and which faces say so.")
        line.setProperty("textRole", "muted")
        private = QLabel("Everything stays on this computer.")
        private.setProperty("textRole", "muted")
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(2)
        for widget in (title, line, private):
            column.addWidget(widget)
        column.addSpacing(16)
        for door in (self.open, self.import_, self.sample):
            column.addWidget(door)
        column.addSpacing(24)
        column.addWidget(self._recent_title)
        column.addLayout(self._recent)
        column.addStretch(3)
        box = QWidget()
        box.setFixedWidth(_WIDTH)
        box.setLayout(column)
        layout = QHBoxLayout(self)
        layout.addWidget(box, 0, Qt.AlignmentFlag.AlignHCenter)

    def set_sample(self, available: bool) -> None:
        """Without the sample's files its door is shut and says so."""
        self.sample.setEnabled(available)
        self.sample.setToolTip("" if available else "The sample faces are not installed here")

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
        button.clicked.connect(lambda: self.recent_wanted.emit(folder))
        name = QLabel(harmless(folder.name))
        name.setTextFormat(Qt.TextFormat.PlainText)
        place = ElidedLabel(str(folder.parent))
        place.setProperty("textRole", "small")
        row = QHBoxLayout(button)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(16)
        row.addWidget(name)
        row.addWidget(place, 1)
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
    first = QLabel(title)
    first.setProperty("textRole", "heading")
    second = QLabel(line)
    second.setProperty("textRole", "small")
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(first)
    words.addWidget(second)
    row = QHBoxLayout(button)
    row.setContentsMargins(16, 12, 16, 12)
    row.setSpacing(16)
    row.addWidget(picture)
    row.addLayout(words, 1)
    for label in (picture, first, second):
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return button
