"""The faces of the chosen candidate that are nearest to the query, nearest first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.types import Candidate, Evidence, Identification
from gallery_app.pictures import Pictures
from gallery_app.widgets.elided_label import ElidedLabel, plain_tip
from gallery_app.widgets.face_tile import FaceTile
from gallery_app.widgets.method_words import in_learned_space
from gallery_app.widgets.rows import refill, widgets_in

_NOT_ITS_OWN = "The MLP looks at no single face; these are the nearest ones, as k-NN sees them."
_LEARNED = "Distances are those in the learned space."


class EvidenceStrip(QWidget):
    """Signals: ``chosen`` (the Evidence to compare with, or None where there is none)."""

    chosen = Signal(object)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._faces: tuple[Evidence, ...] = ()
        self._method = ""
        self.heading = ElidedLabel()
        self.heading.setProperty("textRole", "section")
        self.list = QHBoxLayout()
        self.list.setContentsMargins(0, 0, 0, 0)
        self.list.setSpacing(8)
        line = QWidget()  # as high without faces as with them: nothing moves while they are read
        measure = FaceTile(0, "", 0.0, line)
        measure.hide()  # else it would be seen where there are no faces
        line.setFixedHeight(measure.sizeHint().height())
        line.setMinimumWidth(1)  # on a narrow screen the last ones are cut, not the panel
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(self.list)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.heading)
        layout.addWidget(line)
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
        return tile

    def _paint_pictures(self) -> None:
        for tile in self.tiles:
            tile.set_picture(self._pictures.get(tile.face_id))
