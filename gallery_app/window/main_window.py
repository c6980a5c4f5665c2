"""The window: three panels, what runs below them, and a status line. It only lays out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from gallery_app.dialogs.file_choosers import local_paths, pixels
from gallery_app.pictures import Pictures, ShelfPictures
from gallery_app.theme.colours import current_theme
from gallery_app.widgets.controls.boxes import vbox
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.strips import BusyStrip, MessageBar
from gallery_app.window.faces_panel import FacesPanel
from gallery_app.window.identities_panel import IdentitiesPanel
from gallery_app.window.map_panel import MapPanel
from gallery_app.window.menus import build_menus
from gallery_app.window.query_panel import QueryPanel
from gallery_app.window.review_panel import ReviewPanel
from gallery_app.window.training_panel import TrainingPanel
from gallery_app.window.unknown_panel import UnknownPanel
from gallery_app.window.welcome import WelcomePage


class Middle(QTabWidget):
    """Tabs with the number of what waits in them."""

    def __init__(
        self,
        faces: QWidget,
        map_: QWidget,
        review: QWidget,
        unknown: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, objectName="middle", documentMode=True)
        self._review, self._unknown = review, unknown
        self.addTab(faces, "Faces")
        self.addTab(map_, "Map")
        self.addTab(review, "Review")
        self.addTab(unknown, "Unknown")
        self.tabBarClicked.connect(self.go_to)

    def go_to(self, place: int) -> None:
        """Bring a tab in front; the keys go there from now on."""
        self.setCurrentIndex(place)
        if place >= 0:
            self.widget(place).setFocus()

    def shows(self, view: QWidget) -> bool:
        """Whether this view is the one in front."""
        return self.currentWidget() is view

    def set_review_count(self, count: int | None) -> None:
        """How many questions are open; None where nobody looked yet."""
        text = "Review" if count is None else f"Review · {count:,}"
        self.setTabText(self.indexOf(self._review), text)

    def set_unknown_count(self, count: int) -> None:
        """How many queries are on the shelf."""
        text = f"Unknown · {count:,}" if count else "Unknown"
        self.setTabText(self.indexOf(self._unknown), text)


_WIDTHS = (270, 706, 384)
_LEAST_WIDTHS = (140, 220, 340)
_LEAST_HEIGHT = 240
_APART = 16  # px between a window beside the query and what is around it


class MainWindow(QMainWindow):
    """Signals: ``dropped`` (list of Path), ``picture_dropped`` (QImage), ``closing``."""

    dropped = Signal(list)
    picture_dropped = Signal(object)
    closing = Signal()

    def __init__(self, pictures: Pictures, shelf_pictures: ShelfPictures) -> None:
        super().__init__(windowTitle="Face Gallery")
        self.setMinimumSize(960, 600)
        self.resize(1360, 860)
        self.setAcceptDrops(True)
        self.menus = build_menus(self)
        self.welcome = WelcomePage()
        self.locked = EmptyState("lock", "", "", [("Unlock…", lambda: None)])
        self.identities = IdentitiesPanel(pictures)
        self.faces = FacesPanel(pictures)
        self.review = ReviewPanel(pictures)
        self.unknown = UnknownPanel(shelf_pictures)
        self.map = MapPanel(pictures)
        self.middle = Middle(self.faces, self.map, self.review, self.unknown)
        self.query = QueryPanel(pictures)
        self.message = MessageBar()
        self.message.hide()
        self.busy = BusyStrip()
        self.busy.hide()
        self.training = TrainingPanel()
        self.splitter = self._splitter()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.splitter)
        self.pages.addWidget(self.locked)
        self._veil = DropVeil(self)
        self._status()
        self._lay_out()

    def _splitter(self) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Horizontal, handleWidth=1)
        panels = (self.identities, self.middle, self.query)
        for panel, width in zip(panels, _LEAST_WIDTHS, strict=True):
            splitter.addWidget(panel)
            panel.setMinimumSize(width, _LEAST_HEIGHT)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes(list(_WIDTHS))
        splitter.setChildrenCollapsible(False)
        return splitter

    def _status(self) -> None:
        self.left_status = QLabel()
        self.right_status = QLabel()
        for label in (self.left_status, self.right_status):
            label.setProperty("textRole", "small")
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.left_status)
        self.statusBar().addPermanentWidget(self.right_status)

    def _lay_out(self) -> None:
        centre = QFrame()
        vbox(
            self.message,
            (self.pages, 1),
            self.busy,
            self.training,
            parent=centre,
            margins=0,
            spacing=0,
        )
        self.setCentralWidget(centre)

    def show_gallery(self, name: str) -> None:
        """The three panels; an empty name goes back to the welcome page."""
        self.pages.setCurrentWidget(self.splitter if name else self.welcome)
        self.statusBar().setVisible(bool(name))
        self.setWindowTitle(f"{name} – Face Gallery" if name else "Face Gallery")

    def show_locked(self, name: str) -> None:
        """An empty window that says which gallery is locked."""
        self.locked.set_texts(
            f"“{name}” is locked", "The gallery is closed. Enter its passphrase to open it again."
        )
        self.pages.setCurrentWidget(self.locked)
        self.left_status.clear()
        self.right_status.clear()

    def place_beside_query(self, dialog: QWidget) -> None:
        """Before it is shown: over the list of people and the middle, so that the query stays in
        view.
        """
        left = self.query.mapToGlobal(QPoint(0, 0)).x() - _APART
        corner = self.mapToGlobal(QPoint(_APART, 4 * _APART))
        room = QSize(left - corner.x(), self.height() - 6 * _APART)
        dialog.resize(dialog.size().boundedTo(room).expandedTo(dialog.minimumSize()))
        dialog.move(max(corner.x(), left - dialog.width()), corner.y())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()) or event.mimeData().hasImage():
            event.acceptProposedAction()
            self._veil.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._veil.hide()
        event.acceptProposedAction()
        paths: Sequence[Path] = local_paths(event.mimeData())
        picture = None if paths else pixels(event.mimeData())
        if picture is not None:
            self.picture_dropped.emit(picture)
        elif paths:
            self.dropped.emit(list(paths))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)


class DropVeil(QWidget):
    """Shows, while something is dragged over the window, that it can be dropped."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self) -> None:
        self.setGeometry(self.parentWidget().rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.85)
        painter.fillRect(self.rect(), theme.window)
        painter.setOpacity(1.0)
        painter.setPen(QPen(theme.accent, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(16, 16, -16, -16), 12, 12)
        painter.setPen(theme.text)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        painter.setFont(font)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Drop to identify")
        painter.end()
