"""The curves of one training, or of several laid over one another, in a window of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QDialogButtonBox, QLabel, QWidget

from engine.progress import Measured
from engine.records.training_parameters import Kind
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, scrolling


class CurvesDialog(Dialog):
    """Args:
    trainings: the points of each training by its name, for the key.
    kind: of the training where it is one.
    """

    def __init__(
        self,
        trainings: Mapping[str, Sequence[Measured]],
        kind: Kind,
        parent: QWidget | None = None,
    ) -> None:
        several = len(trainings) > 1
        super().__init__("Compare curves" if several else "Curves", parent)
        self.resize(860, 420 if several else 640)
        layout = vbox(parent=self, margins=24, spacing=16)
        head = QLabel(
            "Validation curves, or training curves where there is no validation" if several else ""
        )
        head.setText(head.text() or next(iter(trainings)))
        head.setProperty("textRole", "muted" if several else "heading")
        layout.addWidget(head)
        layout.addWidget(scrolling(curves_of(trainings, kind)), 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        layout.addWidget(buttons)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()


def curves_of(trainings: Mapping[str, Sequence[Measured]], kind: Kind) -> QWidget:
    """The charts; a sentence where no points were kept."""
    from gallery_app.widgets.charts.training_curves import (  # brings pyqtgraph: 0.7 s
        ComparedCurves,
        Curves,
    )

    if not any(trainings.values()):
        nothing = text_label("No curves were saved.", "muted", wrap=False)
        return nothing
    if len(trainings) > 1:
        return ComparedCurves(trainings)
    curves = Curves(kind)
    curves.show_all(next(iter(trainings.values())))
    return curves
