"""The enrolled faces that an answer rests on, nearest first."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.types import Evidence, Identification
from gallery_app.pictures import Pictures
from gallery_app.widgets.elided_label import plain_tip
from gallery_app.widgets.face_tile import FaceTile
from gallery_app.widgets.method_words import in_learned_space
from gallery_app.widgets.rows import refill, section, widgets_in

_NOT_ITS_OWN = "The MLP looks at no single face; these are the nearest ones, as k-NN sees them."
_OTHERS = "None of the nearest faces is one of the first candidate's."
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
        self._show_heading(answer)
        if (faces, method) != (self._faces, self._method):
            self._faces, self._method = faces, method
            refill(self.list, [self._tile(face) for face in faces])
            self.chosen.emit(faces[0] if faces else None)
        self._paint_pictures()

    def _show_heading(self, answer: Identification | None) -> None:
        doubt = "" if answer is None else _doubt(answer)
        learned = answer is not None and in_learned_space(answer.method)
        self.heading.setText("THE NEAREST FACES" if doubt else "THE FACES THAT SAY SO")
        tip = " ".join(sentence for sentence in (doubt, _LEARNED * learned) if sentence)
        self.heading.setToolTip(plain_tip(tip) if tip else "")

    def _tile(self, face: Evidence) -> FaceTile:
        tile = FaceTile(face.face, face.name, face.distance, learned=in_learned_space(self._method))
        tile.activated.connect(lambda _: self.chosen.emit(face))
        return tile

    def _paint_pictures(self) -> None:
        for tile in self.tiles:
            tile.set_picture(self._pictures.get(tile.face_id))


def _doubt(answer: Identification) -> str:
    """Why the faces cannot be said to speak for the first candidate, else ""."""
    if answer.method == "mlp":
        return _NOT_ITS_OWN
    first = answer.candidates[0].identity_id if answer.candidates else None
    own = any(face.identity_id == first for face in answer.evidence)
    return "" if own else _OTHERS
