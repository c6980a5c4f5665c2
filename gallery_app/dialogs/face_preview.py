"""One face as large as its picture allows; keys lead to the next one of the list it is from."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton, QWidget

from gallery_app.operations.photographs import FaceView
from gallery_app.theme.colours import current_theme
from gallery_app.theme.icons import icon
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.labels import ElidedLabel, plain_tip
from gallery_app.wording.photograph_words import FOLDER, OPEN, place_in_words

_SIZE = QSize(720, 760)
_LEAST = QSize(360, 320)
_BACK = (Qt.Key.Key_Left, Qt.Key.Key_Up)
_ON = (Qt.Key.Key_Right, Qt.Key.Key_Down)


class LargePicture(QWidget):
    """A picture in the middle of its place, as large as fits; sharp at any scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._fitted = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)

    def set_image(self, image: QImage) -> None:
        """A null one leaves the place empty."""
        self._image, self._fitted = image, QPixmap()
        self.update()

    @property
    def image(self) -> QImage:
        """What is shown."""
        return self._image

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), current_theme()
        if self._image.isNull():
            side = min(self.width(), self.height())
            block = QRectF(0, 0, side, side)
            block.moveCenter(QRectF(self.rect()).center())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.track)
            painter.drawRoundedRect(block, 8, 8)
        else:
            fitted = self._fit()
            place = QRectF(0, 0, *(fitted.deviceIndependentSize().toTuple()))
            place.moveCenter(QRectF(self.rect()).center())
            painter.drawPixmap(place.topLeft().toPoint(), fitted)
        painter.end()

    def _fit(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixels = self._image.size().scaled(self.size() * ratio, Qt.AspectRatioMode.KeepAspectRatio)
        if self._fitted.size() != pixels:
            smooth = Qt.TransformationMode.SmoothTransformation
            scaled = self._image.scaled(pixels, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            self._fitted = QPixmap.fromImage(scaled)
            self._fitted.setDevicePixelRatio(ratio)
        return self._fitted


class FacePreview(Dialog):
    """Arrow keys lead on, Space and Escape close it.

    Signals: ``stepped`` (-1 or 1), ``open_requested``, ``folder_requested``.
    """

    stepped = Signal(int)
    open_requested = Signal()
    folder_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Face", parent, kept=True)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.resize(fitting(_SIZE, parent))
        self.setMinimumSize(_LEAST)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.picture = LargePicture()
        self.name = ElidedLabel(role="heading")
        self.place = ElidedLabel(role="small")
        self.count = text_label(role="small", wrap=False)
        self.previous = _arrow("chevron-left", "Previous face (Left)")
        self.next = _arrow("chevron-right", "Next face (Right)")
        self.previous.clicked.connect(lambda: self.stepped.emit(-1))
        self.next.clicked.connect(lambda: self.stepped.emit(1))
        self.open_photo = QPushButton(OPEN, autoDefault=False)
        self.open_photo.clicked.connect(self.open_requested)
        self.folder = QPushButton(FOLDER, autoDefault=False)
        self.folder.clicked.connect(self.folder_requested)
        self.missing = ElidedLabel(role="small")
        self.close_button = QPushButton("Close", autoDefault=False)
        self.close_button.clicked.connect(self.reject)
        self._lay_out()

    def _lay_out(self) -> None:
        head = hbox((self.name, 1), self.previous, self.count, self.next, spacing=4)
        vbox(
            head,
            self.place,
            (self.picture, 1),
            hbox(self.open_photo, self.folder, (self.missing, 1), self.close_button, spacing=8),
            parent=self,
            margins=16,
            spacing=8,
        )

    def show_place(self, at: int, count: int) -> None:
        """Show where in its list the face stands."""
        several = count > 1
        for widget in (self.previous, self.next, self.count):
            widget.setVisible(several)
        self.count.setText(f"{at + 1:,} of {count:,}")
        self.previous.setEnabled(at > 0)
        self.next.setEnabled(at < count - 1)

    def show_view(self, view: FaceView) -> None:
        """Show a face, and what can be done with its file."""
        self.setWindowTitle(view.title or "Face")
        self.name.setText(view.title)
        self.place.setText(place_in_words(view.file, view.row, view.kind))
        self.place.setToolTip(plain_tip(view.file))
        self.picture.set_image(view.image)
        self.picture.setAccessibleName(f"{view.title}, {view.kind}")
        self.missing.setText(view.missing)
        for button, path in ((self.open_photo, view.photo), (self.folder, view.folder_file)):
            button.setEnabled(path is not None)
            button.setToolTip(plain_tip(str(path) if path is not None else view.missing))

    def forget(self) -> None:
        """Nothing of the face before is kept."""
        self.picture.set_image(QImage())
        self.picture.setAccessibleName("")
        self.setWindowTitle("Face")
        for label in (self.name, self.place, self.missing):
            label.setText("")
        self.place.setToolTip("")
        for button in (self.open_photo, self.folder):
            button.setEnabled(False)
            button.setToolTip("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _BACK + _ON:
            self.stepped.emit(-1 if event.key() in _BACK else 1)
        elif event.key() == Qt.Key.Key_Space:
            self.reject()
        else:
            super().keyPressEvent(event)


def _arrow(name: str, tip: str) -> QToolButton:
    """A button that the keyboard does not need: the arrow keys do the same anywhere."""
    made = QToolButton(icon=icon(name, "muted"), toolTip=tip, accessibleName=tip, autoRaise=True)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return made
