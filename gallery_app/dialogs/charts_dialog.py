"""The gallery in charts. Import it late: it brings pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialogButtonBox, QDoubleSpinBox, QWidget

from engine.records.findings import Balance
from engine.records.gallery_figures import GalleryFigures, Separation
from engine.records.roster import Roster
from engine.records.types import Vectors
from gallery_app.theme.colours import current_theme, theme_changed
from gallery_app.widgets.charts.chart_style import Axis
from gallery_app.widgets.charts.line_chart import LineChart
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, scrolling
from gallery_app.widgets.controls.flow_layouts import Tiles
from gallery_app.wording.review_words import balance_text

_HEIGHT = 320
_BINS, _STEPS = 80, 300
_LISTED = 3
_AT_ONCE = 60  # seconds: within that there is no growth to show
_UNITS = ((2 * 86_400, 86_400, "days"), (2 * 3_600, 3_600, "hours"), (0, 60, "minutes"))


class ChartsDialog(Dialog):
    """Args:
    distance: that the gallery compares by.
    roster: for the names.
    """

    def __init__(
        self, figures: GalleryFigures, distance: str, roster: Roster, parent: QWidget | None = None
    ) -> None:
        super().__init__("Charts", parent)
        room = parent.size() if parent is not None else QSize(980, 760)
        self.resize(min(980, room.width() - 48), min(760, room.height() - 48))
        tiles: list[QWidget] = [faces_chart(sorted(figures.counts.values(), reverse=True))]
        self.distances = _distances(figures.separation, distance)
        if self.distances is not None:
            tiles.append(self.distances)
        if figures.recognised:
            tiles.append(_recognition(figures, roster))
        if figures.added[-1] - figures.added[0] >= _AT_ONCE:
            tiles.append(_growth(figures.added))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        hint = text_label(
            "Right-click a chart to copy it or save it as PNG, SVG or CSV.",
            "small",
            wrap=False,
        )
        foot = hbox((hint, 1), buttons)
        vbox((scrolling(Tiles(tiles, _HEIGHT)), 1), foot, parent=self, margins=24, spacing=16)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()


class DistanceChart(QWidget):
    """Own and other distances with a threshold to drag, and what it would cost."""

    def __init__(self, found: Separation, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found = found
        edges = np.linspace(0, float(max(found.own[-1], found.other[-1])), _BINS + 1)
        middles = (edges[:-1] + edges[1:]) / 2
        self.chart = LineChart(
            "Distances within and between people",
            Axis(f"{name} distance between two faces", low=0),
            Axis("pairs", percent=True, low=0),
        )
        for words, apart in (("one person", found.own), ("two people", found.other)):
            shares = np.histogram(apart, edges)[0] / len(apart)
            self.chart.set_line(words, middles.tolist(), shares.tolist())
        self.line = pg.InfiniteLine(angle=90, movable=True, bounds=(0, float(edges[-1])))
        self.working = pg.InfiniteLine(angle=90, movable=False)
        for line in (self.working, self.line):
            self.chart.plot.addItem(line, ignoreBounds=True)
        self.place = QDoubleSpinBox()
        self.place.setRange(0, float(edges[-1]))
        self.place.setDecimals(3)
        self.place.setSingleStep(0.01)
        self.place.setAccessibleName("Threshold")
        self.place.setToolTip("Drag the line in the chart, or enter a distance")
        self.message = text_label(role="small")
        self.line.sigPositionChanged.connect(lambda: self.place.setValue(self.line.value()))
        self.place.valueChanged.connect(self._read)
        self._lay_out()
        theme_changed().changed.connect(self._colour)
        self._colour()
        self.working.setVisible(found.threshold is not None)
        start = found.threshold if found.threshold is not None else float(np.median(found.own))
        self.working.setValue(start)
        self.place.setValue(start)
        self._read(start)

    def _lay_out(self) -> None:
        below = hbox(self.place, (self.message, 1), spacing=8)
        vbox((self.chart, 1), below, parent=self, margins=0, spacing=8)

    def _colour(self) -> None:
        theme = current_theme()
        self.line.setPen(pg.mkPen(theme.text, width=2))
        self.line.setHoverPen(pg.mkPen(theme.accent, width=3))
        self.working.setPen(pg.mkPen(theme.muted, width=1.5, style=Qt.PenStyle.DotLine))

    def _read(self, place: float) -> None:
        if abs(self.line.value() - place) > 5e-4:
            self.line.setValue(place)
        own, other = self._found.nearer(place)
        said = (
            f"Nearer than {place:.3f}: {own * 100:.1f} % of pairs of the same person, "
            f"{_percent(other)} of pairs of different people."
        )
        if self._found.threshold is not None:
            said += (
                " Dotted line: 1 in 1,000 pairs of different people, at "
                f"{self._found.threshold:.3f}."
            )
        self.message.setText(said)


def _percent(share: float) -> str:
    return f"{share * 100:.2g} %" if 0 < share < 0.1 else f"{share * 100:.1f} %"


def _distances(found: Separation, name: str) -> DistanceChart | None:
    """None where nobody has two faces, or there is but one person."""
    return DistanceChart(found, name) if len(found.own) and len(found.other) else None


def _recognition(figures: GalleryFigures, roster: Roster) -> QWidget:
    """The share of right names by person, the worst first, and who they are."""
    shares = sorted(
        (right / asked, asked, identity) for identity, (right, asked) in figures.recognised.items()
    )
    chart = LineChart(
        "Recognised by their other faces",
        Axis("people, least recognised first", whole=True, low=1),
        Axis("recognised", percent=True, low=0, high=1),
    )
    chart.set_line("recognised", range(1, len(shares) + 1), [share for share, _, _ in shares])
    named = [
        f"{listed.name} {share * 100:.0f} % of {asked}"
        for share, asked, identity in shares[:_LISTED]
        if share < 1 and (listed := roster.identity(identity)) is not None
    ]
    told = text_label(
        "Least recognised: " + ", ".join(named)
        if named
        else ("Everyone was recognised every time."),
        "small",
    )
    page = QWidget()
    vbox((chart, 1), told, parent=page, margins=0, spacing=8)
    return page


def _growth(added: Vectors) -> LineChart:
    """How many faces there were, since the first of those that are enrolled now."""
    since = added - added[0]
    unit, name = next((unit, name) for least, unit, name in _UNITS if since[-1] >= least)
    steps = np.linspace(0, len(added) - 1, min(len(added), _STEPS)).astype(int)
    chart = LineChart(
        "Growth", Axis(f"{name} since the first face", low=0), Axis("faces", whole=True, low=0)
    )
    chart.set_line("faces", (since[steps] / unit).tolist(), (steps + 1).tolist())
    return chart


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
