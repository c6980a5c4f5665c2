"""Portraits drawn from traits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.records.types import Vectors
from gallery_app.widgets.faces.painting import portrait_image
from tests.app.widgets.drawing import pixels, traits_of


def difference(one: Vectors, other: Vectors) -> float:
    """Mean difference of the two portraits, in grey levels of 255."""
    images = (pixels(portrait_image(traits, 96)) for traits in (one, other))
    first, second = images
    return float(np.abs(first - second).mean())


def test_the_same_traits_give_the_same_picture(qtbot: QtBot) -> None:
    assert portrait_image(traits_of(3), 96) == portrait_image(traits_of(3), 96)


def test_a_portrait_drawn_on_another_thread_is_the_same(qtbot: QtBot) -> None:
    with ThreadPoolExecutor(2) as pool:
        drawn = list(pool.map(lambda seed: portrait_image(traits_of(seed), 96), range(8)))
    assert drawn == [portrait_image(traits_of(seed), 96) for seed in range(8)]


def test_near_traits_look_alike_and_far_ones_do_not(qtbot: QtBot) -> None:
    faces = [traits_of(seed) for seed in range(8)]
    alike = [difference(face, face + np.float32(0.03)) for face in faces]
    unlike = [difference(one, other) for one, other in pairwise(faces)]
    assert max(alike) < min(unlike) / 2


@pytest.mark.parametrize("trait", range(16))
def test_every_trait_shows_and_none_makes_the_picture_jump(trait: int, qtbot: QtBot) -> None:
    steps = []
    for value in np.linspace(-1.0, 1.0, 41):
        traits = traits_of(5)
        traits[trait] = value
        steps.append(traits)
    jumps = [difference(one, other) for one, other in pairwise(steps)]
    assert difference(steps[0], steps[-1]) > 0.5
    assert max(jumps) < 4


def test_the_colour_does_not_jump_where_the_hue_turns_over(qtbot: QtBot) -> None:
    round_the_middle = []
    for angle in np.linspace(0, 2 * np.pi, 73):
        traits = np.zeros(16, np.float32)
        traits[:2] = 0.02 * np.cos(angle), 0.02 * np.sin(angle)
        round_the_middle.append(traits)
    assert max(difference(one, other) for one, other in pairwise(round_the_middle)) < 1


def test_a_portrait_is_the_same_left_and_right(qtbot: QtBot) -> None:
    drawn = pixels(portrait_image(traits_of(2), 96))
    assert np.abs(drawn - drawn[:, ::-1]).mean() < 1


def test_a_circle_leaves_the_corners_clear_and_a_square_does_not(qtbot: QtBot) -> None:
    circle = pixels(portrait_image(traits_of(1), 40, "circle"))
    square = pixels(portrait_image(traits_of(1), 40))
    assert circle[0, 0, 3] == 0
    assert circle[20, 20, 3] == 255
    assert (square[..., 3] == 255).all()


def test_at_double_scale_a_portrait_has_twice_the_pixels(qtbot: QtBot) -> None:
    image: QImage = portrait_image(traits_of(1), 40, device_pixel_ratio=2.0)
    assert (image.width(), image.devicePixelRatio()) == (80, 2.0)


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, 5.0])
def test_traits_at_their_ends_and_beyond_still_stay_inside_the_tile(
    value: float, qtbot: QtBot
) -> None:
    drawn = pixels(portrait_image(np.full(16, value, np.float32), 96))
    left, right = drawn[:, 0], drawn[:, -1]
    assert np.array_equal(left, right)  # nothing but the ground, which only shades downwards
    assert np.abs(np.diff(left, axis=0)).max() <= 2
