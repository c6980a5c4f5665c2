"""The enrolled faces that an answer rests on, nearest first."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.types import Evidence, Identification
from gallery_app.pictures import Pictures
from gallery_app.widgets.elided_label import plain_tip
from gallery_app.widgets.face_tile import FaceTile
from gallery_app.widgets.rows import refill, section, widgets_in

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
        self.heading = section("THE FACES THAT SAY SO")
        self.list = QHBoxLayout()
        self.list.setSpacing(8)
        line = QHBoxLayout()
        line.addLayout(self.list)
        line.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.heading)
        layout.addLayout(line)
        pictures.ready.connect(lambda _: self._paint_pictures())

    @property
    def tiles(self) -> list[FaceTile]:
        return widgets_in(self.list, FaceTile)

    def show_answer(self, answer: Identification | None) -> None:
        """The nearest face is chosen; where the faces are the same, the chosen one stays."""
        faces, method = (answer.evidence, answer.method) if answer is not None else ((), "")
        if (faces, method) != (self._faces, self._method):
            self._faces, self._method = faces, method
            own = method != "mlp"
            self.heading.setText("THE FACES THAT SAY SO" if own else "THE NEAREST FACES")
            tip = _LEARNED if method == "triplet" else "" if own else _NOT_ITS_OWN
            self.heading.setToolTip(plain_tip(tip) if tip else "")
            refill(self.list, [self._tile(face) for face in faces])
            self.chosen.emit(faces[0] if faces else None)
        self._paint_pictures()

    def _tile(self, face: Evidence) -> FaceTile:
        tile = FaceTile(face.face, face.name, face.distance, learned=self._method == "triplet")
        tile.activated.connect(lambda _: self.chosen.emit(face))
        return tile

    def _paint_pictures(self) -> None:
        for tile in self.tiles:
            tile.set_picture(self._pictures.get(tile.face_id))
