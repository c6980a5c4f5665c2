"""A rectangle in a photograph, as fractions of its sides, and how EXIF orientations turn it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rectangles = NDArray[np.float64]
"""(n, 4): left, top, width and height of each."""

UPRIGHT = 1
"""The EXIF orientation of a picture that is stored as it is to be seen."""
_TURNED: Mapping[int, Callable[[float, float], tuple[float, float]]] = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
_BACK = {6: 8, 8: 6}  # every other orientation undoes itself


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """How a photograph lies in its file: its size in pixels there, and its EXIF orientation."""

    width: int
    height: int
    orientation: int = UPRIGHT

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as the picture is to be seen."""
        sideways = self.orientation in (5, 6, 7, 8)
        return (self.height, self.width) if sideways else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in fractions of a picture's width and height, from its left and upper edge."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of_pixels(cls, box: Sequence[float], size: tuple[int, int]) -> Area:
        """From left, top, width and height in pixels of a picture of a size.

        >>> Area.of_pixels((20, 30, 10, 60), (200, 120))
        Area(left=0.1, top=0.25, width=0.05, height=0.5)
        """
        left, top, width, height = box
        return cls(left / size[0], top / size[1], width / size[0], height / size[1])

    def in_pixels(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """Left, top, width and height in pixels of a picture of a size."""
        across, down = size
        return self.left * across, self.top * down, self.width * across, self.height * down

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def turned(self, orientation: int) -> Area:
        """Where it is in the upright picture, given where it is in the stored one.

        >>> Area(0.0, 0.0, 0.25, 0.5).turned(6)
        Area(left=0.5, top=0.0, width=0.5, height=0.25)
        """
        turn = _TURNED.get(orientation, _TURNED[UPRIGHT])  # as viewers do with one unknown
        (x1, y1), (x2, y2) = turn(self.left, self.top), turn(self.right, self.bottom)
        return Area(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))

    def turned_back(self, orientation: int) -> Area:
        """Where it is in the stored picture, given where it is in the upright one."""
        return self.turned(_BACK.get(orientation, orientation))

    def plausible(self) -> Area | None:
        """Itself, if its sides are those of a rectangle and hardly longer than the picture's."""
        sound = 0 < self.width <= 1.1 and 0 < self.height <= 1.1
        return self if sound and abs(self.left) < 10 and abs(self.top) < 10 else None

    def clipped(self) -> Area | None:
        """What of it lies within the picture; None where that is less than half of it."""
        left, top = max(self.left, 0.0), max(self.top, 0.0)
        width, height = min(self.right, 1.0) - left, min(self.bottom, 1.0) - top
        if min(width, height) <= 0 or width * height < 0.5 * self.width * self.height:
            return None
        return Area(left, top, width, height)


def area_rows(areas: Iterable[Area]) -> Rectangles:
    """The areas as an array of shape (n, 4)."""
    rows = [(area.left, area.top, area.width, area.height) for area in areas]
    return np.array(rows, np.float64).reshape(-1, 4)


def overlap_matrix(ones: Rectangles, others: Rectangles) -> Rectangles:
    """Intersection over union of every pair, in [0, 1].

    Args:
        ones: (n, 4), others: (m, 4), in the same units.

    Returns:
        (n, m).
    """
    one, other = ones[:, None], others[None]
    first = np.maximum(one[..., :2], other[..., :2])
    last = np.minimum(one[..., :2] + one[..., 2:], other[..., :2] + other[..., 2:])
    both = np.prod(np.clip(last - first, 0, None), axis=-1)
    union = np.prod(one[..., 2:], axis=-1) + np.prod(other[..., 2:], axis=-1) - both
    shares: Rectangles = np.zeros_like(both)
    np.divide(both, union, out=shares, where=union > 0)
    return shares
