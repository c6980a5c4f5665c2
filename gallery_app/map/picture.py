"""The picture of all points for one camera, with room around the view so that it can be moved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtGui import QColor, QImage

from gallery_app.map import raster
from gallery_app.map.camera import Camera
from gallery_app.map.raster import Flags, Floats, Pixels, Rows

MARGIN = 96
"""Device pixels around the view: moving the map by less only moves its picture."""
_CELL = 2  # device pixels that a density is counted in
_DIMMED = 0.14  # of its colour that a point keeps which is not among the chosen ones
_RAMP = 64


@dataclass(frozen=True, eq=False)
class Points:
    """What is on the map.

    Attributes:
        places: ``(n, 2)`` or ``(n, 3)``, within the unit circle or ball.
        colours: 0xffRRGGBB, ``(n,)``.
        chosen: those that stand out, ``(n,)``; None where none is dimmed.
    """

    places: Floats
    colours: Pixels
    chosen: Flags | None = None

    def __len__(self) -> int:
        return len(self.places)

    @property
    def in_the_round(self) -> bool:
        return self.places.shape[1] == 3

    def choosing(self, chosen: Flags | None) -> Points:
        return replace(self, chosen=chosen)


@dataclass(frozen=True, eq=False)
class Picture:
    """Points painted for a camera.

    Attributes:
        image: larger than the view by :data:`MARGIN` on every side.
        camera: that it was painted for.
        across, down: device pixels of the points in the view, ``(v,)``, from its upper left.
        rows: of these points.
        dense: whether it shows density instead of points.
    """

    image: QImage
    camera: Camera
    across: Floats
    down: Floats
    rows: Rows
    dense: bool

    def nearest(self, across: float, down: float, within: float) -> int:
        """Row of the point nearest to a device pixel of the view, -1 where none is near."""
        if not len(self.rows):
            return -1
        squares = (self.across - across) ** 2 + (self.down - down) ** 2
        best = int(squares.argmin())
        return int(self.rows[best]) if squares[best] <= within**2 else -1

    def under(self, mask: QImage) -> Rows:
        """Rows of the points on the white of a mask as large as the view."""
        bits = np.frombuffer(mask.constBits(), dtype=np.uint8)
        table = bits.reshape(mask.height(), mask.bytesPerLine())[:, : mask.width()]
        inside = raster.visible(self.across, self.down, mask.width(), mask.height())
        down, across = self.down[inside].astype(np.int32), self.across[inside].astype(np.int32)
        return self.rows[inside[table[down, across] > 127]]


def painted(
    points: Points, camera: Camera, ground: QColor, accent: QColor, ratio: float
) -> Picture:
    """Paint the points as a camera sees them.

    Args:
        ratio: device pixels to a logical one.
    """
    width, height = camera.width + 2 * MARGIN, camera.height + 2 * MARGIN
    seen = camera.seen(points.places)
    across, down = camera.pixels(seen)
    across, down = across + np.float32(MARGIN), down + np.float32(MARGIN)
    rows = raster.visible(across, down, width, height)
    across, down = across[rows], down[rows]
    image = np.full((height, width), _rgb(ground), dtype=np.uint32)
    dense = len(rows) > raster.DENSE
    if dense:
        levels = raster.density(across, down, width, height, _CELL)
        if points.chosen is not None:
            levels = levels * np.float32(_DIMMED)
        image = raster.shaded(levels, _ramp(ground, accent), width, height, _CELL)
        out = np.flatnonzero(points.chosen[rows]) if points.chosen is not None else rows[:0]
        _stamp(image, points, rows[out], seen, across[out], down[out], _rgb(ground), ratio)
    else:
        _stamp(image, points, rows, seen, across, down, _rgb(ground), ratio)
    return Picture(_image(image), camera, across - MARGIN, down - MARGIN, rows, dense)


def _stamp(
    image: Pixels,
    points: Points,
    rows: Rows,
    seen: Floats,
    across: Floats,
    down: Floats,
    ground: int,
    ratio: float,
) -> None:
    """In the round the far ones first; those that are dimmed below all others."""
    colours, order = points.colours[rows], None
    if points.in_the_round and len(rows):
        nearness = seen[rows, 2]
        colours = raster.faded(colours, ground, nearness)
        order = raster.back_to_front(nearness)
    radius = raster.radius_for(len(rows), image.size, ratio)
    if points.chosen is not None:
        chosen = points.chosen[rows]
        colours = np.where(chosen, colours, raster.towards(colours, ground, _DIMMED))
        order = np.arange(len(rows)) if order is None else order
        # one after the other: of what is stamped at once, all rims come before all middles
        layers = [order[~chosen[order]], order[chosen[order]]]
    else:
        layers = [slice(None) if order is None else order]
    for some in layers:
        raster.stamp_points(image, across[some], down[some], colours[some], radius)


def _ramp(ground: QColor, accent: QColor) -> Pixels:
    """From the ground, by way of a light accent, to the accent."""
    top = np.array([_rgb(accent)], dtype=np.uint32)
    return np.array(
        [raster.towards(top, _rgb(ground), step / (_RAMP - 1))[0] for step in range(_RAMP)],
        dtype=np.uint32,
    )


def _rgb(colour: QColor) -> int:
    return int(colour.rgb())


def _image(pixels: Pixels) -> QImage:
    """A copy: the array may go."""
    height, width = pixels.shape
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
