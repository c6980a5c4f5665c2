"""The drawn portrait of a face as numbers: colours and curves, for whoever paints them.

It is an abstract emblem on purpose: an embedding does not say what somebody looks like. Like
traits give like emblems, since every colour and every curve follows the traits without a jump.
Colours are in OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LINE_WIDTH = 0.005  # of the side
LINE_ALPHA = 0.55

_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
_LAYERS = 6
_HALF = np.linspace(0.0, np.pi, 61)  # angles from the top, clockwise, to the bottom
_COSINES = np.cos(np.outer([2, 3, 4, 5, 6, 8], _HALF))
_OUTER_SWING = np.array([0.24, 0.19, 0.21, 0.17, 0.13, 0.07])
_INNER_SWING = np.array([0.20, 0.13, 0.16, 0.09, 0.07, 0.03])
_WIDER = np.array([-0.07, 0.0, 0.0, 0.0, 0.0, 0.0])  # tall shapes would look like bodies
_REACH = 0.45  # of the side, from the centre to the farthest point
_HEART = 0.20  # size of the innermost layer beside the outermost
_RIM_LIGHT = 0.80
_LARGEST_TURN = 1.5  # radians between the hues of rim and heart


def to_rgb(lab: Floats) -> Floats:
    """sRGB ``(n, 3)`` in [0, 1] for OKLab rows; what no screen shows is clipped."""
    linear = np.clip((lab @ _TO_CONES.T) ** 3 @ _TO_LINEAR.T, 0.0, 1.0)
    low = linear * 12.92
    high = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, low, high))


def palette(trait: Floats) -> Floats:
    """OKLab rows ``(m, 3)`` of traits ``(16,)``: top and bottom of the ground, the line, then the
    layers from the outside in.

    The first two traits are the hue, as a point of the colour plane: near its middle all is grey,
    so that no small step can jump round the circle. The third turns the heart's hue away.
    """
    hue = trait[:2] * 1.3 / (0.3 + np.hypot(trait[0], trait[1]))
    turn = _LARGEST_TURN * trait[2]
    heart = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ hue
    tone = trait[3]
    depth = np.linspace(0.0, 1.0, _LAYERS)[:, None]
    layers = np.hstack(
        [
            _RIM_LIGHT + 0.03 * tone - (0.40 + 0.05 * tone) * depth**0.9,
            (1 - depth) * hue * 0.095 + depth * heart * 0.12,
        ]
    )
    layers[-1] = [0.93 - 0.03 * tone, *(heart * 0.045)]
    ground = [[0.925 + 0.035 * tone, *(hue * 0.028)], [0.860 + 0.05 * tone, *(hue * 0.05)]]
    return np.vstack([ground, [0.97, *(hue * 0.02)], layers])


def curves(trait: Floats) -> Floats:
    """Layer outlines ``(layers, points, 2)`` for a side of one, round the origin.

    ``r(θ) = exp Σ a_k cos kθ``, θ from the top, is symmetric left to right and never crosses
    itself; the layers between the outer and the inner curve are mixtures of the two.
    """
    depth = np.linspace(0.0, 1.0, _LAYERS)[:, None]
    swings = np.stack([trait[4:10] * _OUTER_SWING, trait[10:16] * _INNER_SWING])
    outer, inner = np.exp((swings + _WIDER) @ _COSINES)
    radius = (1 - depth) * outer / outer.max() + depth * inner / inner.max()
    radius *= _REACH * (1 - (1 - _HEART) * depth)
    x, y = radius * np.sin(_HALF), -radius * np.cos(_HALF)
    right, left = np.stack([x, y], axis=-1), np.stack([-x, y], axis=-1)
    return np.concatenate([right, left[:, -2:0:-1]], axis=1)
