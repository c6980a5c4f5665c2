"""Where points of a map fall on the screen, flat or in the round, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_FILLS = 0.92  # of the view's shorter side, when everything is shown
_CLOSEST, _FARTHEST = 400.0, 0.5
_RADIANS_A_PIXEL = 0.008
_UPRIGHT = 1.5  # how far up or down one can look, in radians


@dataclass(frozen=True)
class Camera:
    """How a map of points within the unit circle or ball is looked at.

    Attributes:
        width, height: of the view, in device pixels.
        zoom: 1 shows everything.
        x, y: what is in the middle of the view, in units of the map (after turning).
        turn, tilt: about the upright axis and the level one, in radians; for a map in the round.
    """

    width: int = 1
    height: int = 1
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    turn: float = 0.6
    tilt: float = 0.4

    @property
    def scale(self) -> float:
        """Device pixels to a unit of the map."""
        return 0.5 * _FILLS * min(self.width, self.height) * self.zoom

    def seen(self, points: Floats) -> Floats:
        """Points ``(n, 2)`` or ``(n, 3)`` as they are seen: right, up and, in the round, near."""
        if points.shape[1] == 2:
            return points
        turn, tilt = np.float32(self.turn), np.float32(self.tilt)
        right = np.array([np.cos(turn), 0.0, -np.sin(turn)], dtype=np.float32)
        near = np.array(
            [np.sin(turn) * np.cos(tilt), np.sin(tilt), np.cos(turn) * np.cos(tilt)],
            dtype=np.float32,
        )
        up = np.cross(near, right)
        return np.asarray(points @ np.stack([right, up, near], axis=1), dtype=np.float32)

    def pixels(self, seen: Floats) -> tuple[Floats, Floats]:
        """Device pixels ``(n,)`` from the left and from the top."""
        scale = np.float32(self.scale)
        across = seen[:, 0] * scale + np.float32(self.width / 2 - self.x * self.scale)
        down = seen[:, 1] * -scale + np.float32(self.height / 2 + self.y * self.scale)
        return across, down

    def at(self, across: float, down: float) -> tuple[float, float]:
        """The place on the map (right, up) under a device pixel."""
        return (
            (across - self.width / 2) / self.scale + self.x,
            (self.height / 2 - down) / self.scale + self.y,
        )

    def sized(self, width: int, height: int) -> Camera:
        return replace(self, width=max(1, width), height=max(1, height))

    def moved(self, across: float, down: float) -> Camera:
        """What is shown moves by so many device pixels."""
        return replace(self, x=self.x - across / self.scale, y=self.y + down / self.scale)

    def turned(self, across: float, down: float) -> Camera:
        """Turned as by a hand that moves by so many device pixels."""
        tilt = min(_UPRIGHT, max(-_UPRIGHT, self.tilt + down * _RADIANS_A_PIXEL))
        return replace(self, turn=self.turn - across * _RADIANS_A_PIXEL, tilt=tilt)

    def zoomed(self, factor: float, across: float, down: float) -> Camera:
        """Closer by a factor; what is under this device pixel stays there."""
        x, y = self.at(across, down)
        closer = replace(self, zoom=min(_CLOSEST, max(_FARTHEST, self.zoom * factor)))
        there_x, there_y = closer.at(across, down)
        return replace(closer, x=closer.x + x - there_x, y=closer.y + y - there_y)

    def everything(self) -> Camera:
        """All of the map, upright as at first."""
        return Camera(self.width, self.height)


def within_unit(points: Floats) -> tuple[Floats, Floats, float]:
    """Points moved and scaled into the unit circle or ball; with the shift and the factor.

    A hundredth of the points that lie farthest out do not make the rest small.
    """
    if not len(points):
        return points.astype(np.float32), np.zeros(points.shape[1], dtype=np.float32), 1.0
    some = points[:: max(1, len(points) // 50_000)]
    low, high = np.quantile(some, [0.005, 0.995], axis=0)
    middle = ((low + high) / 2).astype(np.float32)
    reach = float(np.quantile(np.linalg.norm(some - middle, axis=1), 0.995))
    factor = 1.0 / max(reach, 1e-9)
    return ((points - middle) * np.float32(factor)).astype(np.float32), middle, factor
