"""Points into pixels, by whole arrays: a hundred thousand cost a few milliseconds without a
graphics card, where a shape a point costs a second.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

DENSE = 150_000
"""Points in view from which on they are shown as density: more cannot be told apart."""
_SMOOTH = 30_000
"""Points in view up to which their rims are smooth."""


def visible(across: Floats, down: Floats, width: int, height: int, margin: float = 0.0) -> Rows:
    """Rows of the points that lie in the view, or so close that a part of them does."""
    inside = (across > -margin) & (across < width + margin)
    inside &= (down > -margin) & (down < height + margin)
    return np.flatnonzero(inside)


def radius_for(count: int, area: float, ratio: float) -> float:
    """Of a point, in device pixels, when so many are in a view of so many device pixels: together
    they would cover an eighth of it.
    """
    fitting = (0.125 * area / (np.pi * max(count, 1))) ** 0.5
    return round(min(max(fitting, 1.5 * ratio), 4.5 * ratio) * 2) / 2


def stamp_points(
    image: Pixels, across: Floats, down: Floats, colours: Pixels, radius: float
) -> None:
    """Paint discs, later ones over earlier ones.

    Args:
        image: ``(height, width)``, 0xffRRGGBB; changed.
        across, down: middles in device pixels, all within the image.
        colours: 0xffRRGGBB, ``(n,)``.
        radius: in device pixels.
    """
    height, width = image.shape
    reach = int(np.ceil(radius + 0.5))
    room = np.empty((height + 2 * reach, width + 2 * reach), dtype=np.uint32)
    room[reach:-reach, reach:-reach] = image
    flat = room.ravel()
    place = (down.astype(np.int32) + reach) * room.shape[1] + across.astype(np.int32) + reach
    smooth = len(across) <= _SMOOTH
    for right, below, cover in _disc(radius, smooth):
        at = place + (below * room.shape[1] + right)
        flat[at] = colours if cover >= 1.0 else _blended(flat[at], colours, cover)
    image[:] = room[reach:-reach, reach:-reach]


@cache
def _disc(radius: float, smooth: bool) -> tuple[tuple[int, int, float], ...]:
    """Offsets of the pixels of a disc, and how much of each it covers; rims first, so that no
    rim of a point is painted over the middle of the same one.
    """
    reach = int(np.ceil(radius + 0.5))
    steps = range(-reach, reach + 1)
    cells = []
    for below in steps:
        for right in steps:
            cover = min(1.0, max(0.0, radius + 0.5 - float(np.hypot(right, below))))
            cover = cover if smooth else float(cover >= 0.5)
            if cover > 0.05:
                cells.append((right, below, cover))
    return tuple(sorted(cells, key=lambda cell: cell[2]))


def _blended(under: Pixels, over: Pixels, share: float) -> Pixels:
    """Two colours a byte at a time, in one multiplication for two bytes."""
    weight, rest = np.uint32(share * 256), np.uint32(256 - int(share * 256))
    even, odd = np.uint32(0x00FF00FF), np.uint32(0xFF00FF00)
    red_blue = ((under & even) * rest + (over & even) * weight) >> np.uint32(8)
    green = ((under & odd) >> np.uint32(8)) * rest + ((over & odd) >> np.uint32(8)) * weight
    return (red_blue & even) | (green & odd) | np.uint32(0xFF000000)


def density(across: Floats, down: Floats, width: int, height: int, cell: int) -> Floats:
    """How crowded each cell of ``cell`` by ``cell`` device pixels is, from 0 to 1 (logarithmic).

    Returns:
        ``(rows, columns)`` of cells.
    """
    columns, rows = -(-width // cell), -(-height // cell)
    step = np.float32(1.0 / cell)
    place = (down * step).astype(np.int32) * columns + (across * step).astype(np.int32)
    counts = np.bincount(place, minlength=rows * columns)[: rows * columns]
    levels = np.log1p(counts.astype(np.float32))
    return (levels / max(float(levels.max(initial=0.0)), 1e-9)).reshape(rows, columns)


def shaded(levels: Floats, ramp: Pixels, width: int, height: int, cell: int) -> Pixels:
    """Levels from 0 to 1 as colours of a ramp ``(r,)``, an image ``(height, width)``."""
    cells = ramp[(levels * (len(ramp) - 1) + 0.5).astype(np.int32)]
    return np.repeat(np.repeat(cells, cell, axis=0), cell, axis=1)[:height, :width]


def faded(colours: Pixels, ground: int, nearness: Floats) -> Pixels:
    """Colours that go over into the ground the farther away they are.

    Args:
        nearness: ``(n,)``; the farthest keeps a third of its colour.
    """
    low, high = float(nearness.min()), float(nearness.max())
    share = 1 / 3 + (2 / 3) * (nearness - low) / max(high - low, 1e-9)
    return towards(colours, ground, share.astype(np.float32))


def towards(colours: Pixels, ground: int, share: Floats | float) -> Pixels:
    """Colours of which a share is left, the rest is ground."""
    made = np.full(len(colours), 0xFF000000, dtype=np.uint32)
    for shift in (0, 8, 16):
        own = ((colours >> np.uint32(shift)) & np.uint32(0xFF)).astype(np.float32)
        behind = np.float32((ground >> shift) & 0xFF)
        made |= (behind + (own - behind) * share).astype(np.uint32) << np.uint32(shift)
    return made


def back_to_front(nearness: Floats) -> Rows:
    """Rows in the order in which they are painted; by 65,536 steps of depth, which is quick."""
    low, high = float(nearness.min(initial=0.0)), float(nearness.max(initial=0.0))
    steps = ((nearness - low) * (65_535.0 / max(high - low, 1e-9))).astype(np.uint16)
    return np.argsort(steps, kind="stable")
