"""The faces that support a candidate, and one of them beside the query."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from engine.records.types import Candidate, Evidence, Identification
from gallery_app.pictures import Pictures
from gallery_app.shortcuts import keys_text
from gallery_app.theme.colours import current_theme, tabular, text_font
from gallery_app.widgets.controls.boxes import Stretch, hbox, refill, vbox, widgets_in
from gallery_app.widgets.controls.clickable import Clickable
from gallery_app.widgets.controls.labels import ElidedLabel, plain_tip
from gallery_app.widgets.faces.painting import paint_picture, paint_words
from gallery_app.wording.method_words import in_learned_space

_TILE_SIDE = 60
_GAP = 3


class FaceTile(Clickable):
    """Signals: ``activated`` (face id)."""

    activated = Signal(int)
    previews = True

    def __init__(
        self,
        face_id: int,
        name: str,
        distance: float,
        parent: QWidget | None = None,
        *,
        learned: bool = False,
    ) -> None:
        """
        Args:
            learned: the distance is one in the learned space.
        """
        super().__init__(parent)
        self.face_id = face_id
        self.name = name
        self._distance = f"{distance:.2f}"
        self._picture: QPixmap | None = None
        words = f"{name}, distance {distance:.3f}" + " in the learned space" * learned
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(words))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.activated.emit(self.face_id))

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_TILE_SIDE, _TILE_SIDE + _GAP + QFontMetrics(text_font("small")).height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        paint_picture(painter, QRectF(0, 0, _TILE_SIDE, _TILE_SIDE), self._picture, 6)
        below = QRect(0, _TILE_SIDE + _GAP, _TILE_SIDE, self.height() - _TILE_SIDE - _GAP)
        color = theme.text if self.underMouse() else theme.muted
        paint_words(painter, below, self._distance, tabular(text_font("small")), color)
        self.paint_ring(painter, QRectF(0, 0, _TILE_SIDE, _TILE_SIDE))
        painter.end()


_NOT_ITS_OWN = "The MLP does not compare single faces; these are the nearest ones by k-NN."
_LEARNED = "Distances are measured in the learned space."


class EvidenceStrip(QWidget):
    """Signals: ``chosen`` (the Evidence to compare with, or None where there is none),
    ``preview_requested`` (face id).
    """

    chosen = Signal(object)
    preview_requested = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._faces: tuple[Evidence, ...] = ()
        self._method = ""
        self.heading = ElidedLabel(role="section")
        self.list = hbox(margins=0, spacing=8)
        line = QWidget()  # as high without faces as with them: nothing moves while they are read
        measure = FaceTile(0, "", 0.0, line)
        measure.hide()  # else it would be seen where there are no faces
        line.setFixedHeight(measure.sizeHint().height())
        line.setMinimumWidth(1)  # on a narrow screen the last ones are cut, not the panel
        hbox(self.list, Stretch(), parent=line, margins=0)
        vbox(self.heading, line, parent=self, margins=0, spacing=8)
        pictures.ready.connect(lambda _: self._paint_pictures())

    @property
    def tiles(self) -> list[FaceTile]:
        return widgets_in(self.list, FaceTile)

    def show_faces(
        self,
        answer: Identification | None,
        candidate: Candidate | None,
        faces: Sequence[Evidence],
    ) -> None:
        """The nearest face is chosen; where the faces are the same, the chosen one stays.

        Args:
            candidate: whose faces these are; None where nobody is offered.
        """
        method = answer.method if answer is not None else ""
        self._show_heading(answer, candidate)
        if (tuple(faces), method) != (self._faces, self._method):
            self._faces, self._method = tuple(faces), method
            refill(self.list, [self._tile(face) for face in faces])
            self.chosen.emit(faces[0] if faces else None)
        self._paint_pictures()

    def _show_heading(self, answer: Identification | None, candidate: Candidate | None) -> None:
        matching = answer is not None and candidate is not None and answer.name == candidate.name
        title = "MATCHING FACES" if matching else "NEAREST FACES"
        self.heading.setText(f"{title} · {candidate.name}" if candidate is not None else title)
        told = []
        if answer is not None and answer.method == "mlp":
            told.append(_NOT_ITS_OWN)
        if answer is not None and in_learned_space(answer.method):
            told.append(_LEARNED)
        self.heading.setToolTip(plain_tip(" ".join(told)) if told else "")

    def _tile(self, face: Evidence) -> FaceTile:
        tile = FaceTile(face.face, face.name, face.distance, learned=in_learned_space(self._method))
        tile.activated.connect(lambda _: self.chosen.emit(face))
        tile.preview_requested.connect(lambda: self.preview_requested.emit(face.face))
        return tile

    def _paint_pictures(self) -> None:
        for tile in self.tiles:
            tile.set_picture(self._pictures.get(tile.face_id))


_SIDE = 132


class ComparedPicture(Clickable):
    """A face that a click, Enter or Space shows in full size."""

    previews = True

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._picture: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(f"Show in full size ({keys_text('preview')})")

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        square = QRectF(0, 0, self._side, self._side)
        paint_picture(painter, square, self._picture, 8)
        self.paint_ring(painter, square)
        painter.end()


class Comparison(QWidget):
    """Left the query, right the face that it is compared with."""

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._face: Evidence | None = None
        self.query = ComparedPicture(_SIDE)
        self.query.setAccessibleName("The query")
        self.enrolled = ComparedPicture(_SIDE)
        self.enrolled.setAccessibleName("The enrolled face it is compared with")
        self.query_caption = QLabel("query")
        self.enrolled_caption = ElidedLabel()
        for caption in (self.query_caption, self.enrolled_caption):
            caption.setProperty("textRole", "small")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(4)
        layout.addWidget(self.query, 0, 0)
        layout.addWidget(self.enrolled, 0, 1)
        layout.addWidget(self.query_caption, 1, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.enrolled_caption, 1, 1)
        layout.setColumnStretch(2, 1)
        self.enrolled_caption.setFixedWidth(_SIDE)
        pictures.ready.connect(self._pictures_ready)

    @property
    def face(self) -> int | None:
        """Id of the enrolled face that the query is compared with."""
        return self._face.face if self._face is not None else None

    def show_query(self, picture: QPixmap | None) -> None:
        self.query.set_picture(picture)

    def show_face(self, face: Evidence | None) -> None:
        """The enrolled face to compare with; None leaves the place empty."""
        self._face = face
        self.enrolled.setVisible(face is not None)
        self.enrolled_caption.setVisible(face is not None)
        if face is None:
            self.enrolled.set_picture(None)
            self.enrolled_caption.setText("")
        else:
            self.enrolled.set_picture(self._pictures.get(face.face))
            self.enrolled_caption.setText(f"{face.name} · {face.distance:.3f}")

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._face is not None and self._face.face in faces:
            self.enrolled.set_picture(self._pictures.get(self._face.face))
