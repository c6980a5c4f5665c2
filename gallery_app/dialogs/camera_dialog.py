"""The live picture of a camera, with a name on each face."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QPushButton, QStackedWidget, QWidget

from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.faces.photograph_view import (
    NO_PHOTOGRAPH,
    FaceMark,
    MarkedPhotograph,
    PhotographView,
)
from gallery_app.wording.camera_words import (
    FAILED,
    GO_ON,
    GO_ON_TIP,
    PRIVATE,
    STARTING,
    STARTING_MORE,
    TAKE,
    TAKE_TIP,
    TITLE,
    camera_text,
    live_text,
    still_text,
)

_SIZE = QSize(720, 700)
_MOST = 4  # cameras that can be chosen


class CameraDialog(Dialog):
    """Signals: ``taken`` (place of a face, or 0), ``resumed``, ``source_chosen`` (source)."""

    taken = Signal(int)
    resumed = Signal()
    source_chosen = Signal(str)

    def __init__(self, source: str, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.setModal(False)
        self.resize(fitting(_SIZE, parent))
        self.setMinimumSize(400, 360)
        self._still = False
        self.view = PhotographView(fills=True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # a key would ask about some face
        self.view.chosen.connect(self._choose)
        self.waiting = EmptyState("camera", "", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.waiting)
        self._stack.addWidget(self.view)
        self.status = text_label(role="small")
        self.camera = QComboBox(accessibleName="Camera")
        self._list_cameras(source)
        self.camera.activated.connect(lambda _: self.source_chosen.emit(self.camera.currentData()))
        self.take = QPushButton(TAKE, clicked=self._press)
        self.take.setProperty("primary", True)
        self.take.setDefault(True)
        self.close_button = QPushButton("Close", autoDefault=False)
        self.close_button.clicked.connect(self.reject)
        vbox(
            (self._stack, 1),
            self.status,
            text_label(PRIVATE, "small"),
            hbox(self.camera, Stretch(1), self.close_button, self.take, spacing=8),
            parent=self,
            margins=16,
            spacing=8,
        )
        self.show_starting()

    def _list_cameras(self, source: str) -> None:
        sources = [str(number) for number in range(_MOST)]
        for each in sources if source in sources else [*sources, source]:
            self.camera.addItem(camera_text(each), each)
        self.camera.setCurrentIndex(self.camera.findData(source))

    @property
    def still(self) -> bool:
        """Whether a picture that was taken is shown."""
        return self._still

    # -- what is shown -----------------------------------------------------------------------

    def show_starting(self) -> None:
        """There is no picture yet."""
        self._show_none(STARTING, STARTING_MORE)

    def show_problem(self, reason: str) -> None:
        """There is no picture, and why."""
        self._show_none(FAILED, reason)

    def _show_none(self, headline: str, sentence: str) -> None:
        self._set_still(False)
        self.view.show_photograph(NO_PHOTOGRAPH)
        self.waiting.set_texts(headline, sentence)
        self._stack.setCurrentWidget(self.waiting)
        self.status.setText("")
        self.take.setEnabled(False)

    def show_frame(self, image: QImage, marks: Sequence[FaceMark]) -> None:
        """Show what the camera sees now."""
        self.view.show_photograph(MarkedPhotograph(TITLE, image.size(), image, marks, -1))
        self._stack.setCurrentWidget(self.view)
        self.status.setText(live_text(len(marks)))
        self.take.setEnabled(True)

    def show_still(self, image: QImage, marks: Sequence[FaceMark], current: int) -> None:
        """Hold a picture that was taken.

        Args:
            current: place of the face that the answer beside it is about.
        """
        self._set_still(True)
        self.view.show_photograph(MarkedPhotograph(TITLE, image.size(), image, marks, current))
        self.status.setText(still_text(len(marks)))

    def _set_still(self, still: bool) -> None:
        self._still = still
        self.take.setText(GO_ON if still else TAKE)
        self.take.setToolTip(GO_ON_TIP if still else TAKE_TIP)

    # -- what is asked -----------------------------------------------------------------------

    def _choose(self, place: int) -> None:
        if 0 <= place < len(self.view.marks):
            self.taken.emit(place)

    def _press(self) -> None:
        if self._still:
            self._set_still(False)
            self.resumed.emit()
        else:
            self.taken.emit(0)
