"""How many faces each person has, and how many are enough."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialogButtonBox, QWidget

from engine.records.findings import Balance
from gallery_app.widgets.charts.chart_style import Axis
from gallery_app.widgets.charts.line_chart import LineChart
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.wording.review_words import balance_text


class BalanceDialog(Dialog):
    """The imbalance of a gallery as a chart, and what it costs as another."""

    def __init__(self, balance: Balance, parent: QWidget | None = None) -> None:
        super().__init__("Faces per person", parent)
        self.resize(900, 460)
        head = text_label(balance_text(balance))
        charts = hbox((faces_chart(balance.faces, balance.enough), 1), spacing=16)
        if balance.rates:
            charts.addWidget(_rates_chart(balance), 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        vbox(head, (charts, 1), buttons, parent=self, margins=24, spacing=16)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()


def faces_chart(faces: Sequence[int], enough: int | None = None) -> LineChart:
    """The imbalance of a gallery.

    Args:
        faces: of each person, most first.
        enough: so many are recognised well.
    """
    people = range(1, len(faces) + 1)
    chart = LineChart(
        "Faces of each person",
        Axis("people, most faces first", whole=True, low=1),
        Axis("faces", log=faces[0] > 20 * faces[-1], whole=True, low=1),
    )
    chart.set_line("faces", people, faces)
    if enough is not None:
        chart.set_line("enough", people, [enough] * len(people))
    return chart


def _rates_chart(balance: Balance) -> LineChart:
    chart = LineChart(
        "Recognition if everyone had this many faces",
        Axis("faces per person", whole=True),
        Axis("recognised", percent=True),
    )
    chart.set_line(
        "recognised",
        [rate.faces for rate in balance.rates],
        [rate.recognised for rate in balance.rates],
    )
    return chart
