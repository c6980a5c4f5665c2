"""The map's points as pixels, against painting them one by one; and back to points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gallery_app.map import picture as picture_module
from gallery_app.map import raster
from gallery_app.map.camera import Camera, within_unit
from gallery_app.map.canvas import MapCanvas
from gallery_app.map.picture import MARGIN, Points, painted

GROUND, ACCENT = QColor("#ffffff"), QColor("#1f6feb")
COLOURS = np.array([0xFF1F6FEB, 0xFFC2410C, 0xFF1A7F5A], dtype=np.uint32)


def scattered(count: int, dimensions: int = 2) -> Points:
    random = np.random.default_rng(3)
    places = random.uniform(-0.9, 0.9, (count, dimensions)).astype(np.float32)
    return Points(places, COLOURS[np.arange(count) % 3])


def pixels(image: QImage) -> np.ndarray:  # type: ignore[type-arg]
    bits = np.frombuffer(image.constBits(), dtype=np.uint32)
    return bits.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()].copy()


def one_by_one(image, across, down, colours, radius):  # type: ignore[no-untyped-def]
    """Discs with hard rims, a point and a pixel at a time."""
    reach = int(np.ceil(radius + 0.5))
    for x, y, colour in zip(across.astype(int), down.astype(int), colours, strict=True):
        for below in range(-reach, reach + 1):
            for right in range(-reach, reach + 1):
                if radius + 0.5 - np.hypot(right, below) < 0.5:
                    continue
                if 0 <= y + below < image.shape[0] and 0 <= x + right < image.shape[1]:
                    image[y + below, x + right] = colour


@pytest.mark.parametrize("radius", [1.5, 3.0, 4.5])
def test_points_are_painted_as_one_by_one(radius: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "_SMOOTH", 0)  # hard rims can be compared exactly
    random = np.random.default_rng(1)
    across, down = random.uniform(0, 60, 12), random.uniform(0, 40, 12)
    colours = COLOURS[np.arange(12) % 3]
    found = np.full((40, 60), 0xFFFFFFFF, dtype=np.uint32)
    wanted = found.copy()
    raster.stamp_points(found, across.astype(np.float32), down.astype(np.float32), colours, radius)
    one_by_one(wanted, across, down, colours, radius)
    assert (found != wanted).mean() < 0.02  # where discs overlap, the order of pixels differs
    assert set(np.unique(found)) <= {0xFFFFFFFF, *COLOURS.tolist()}
    apart = (wanted == 0xFFFFFFFF) == (found == 0xFFFFFFFF)
    assert apart.all()  # exactly the same pixels are covered


def test_a_point_lies_where_the_camera_says_and_back() -> None:
    camera = Camera(width=400, height=300, zoom=2.0, x=0.2, y=-0.1)
    across, down = camera.pixels(np.array([[0.3, 0.4]], dtype=np.float32))
    assert camera.at(float(across[0]), float(down[0])) == pytest.approx((0.3, 0.4), abs=1e-5)


def test_zooming_keeps_what_is_under_the_mouse() -> None:
    camera = Camera(width=400, height=300)
    there = camera.at(90, 70)
    assert camera.zoomed(3.0, 90, 70).at(90, 70) == pytest.approx(there)


def test_a_turn_by_a_quarter_brings_the_depth_to_the_side() -> None:
    points = np.array([[0, 0, 1]], dtype=np.float32)
    front = Camera(turn=0.0, tilt=0.0).seen(points)[0]
    side = Camera(turn=-np.pi / 2, tilt=0.0).seen(points)[0]
    assert front == pytest.approx([0, 0, 1], abs=1e-6)
    assert abs(side[0]) == pytest.approx(1, abs=1e-6)
    assert side[2] == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(Camera(turn=0.7, tilt=0.9).seen(points)) == pytest.approx(1, abs=1e-6)


def test_near_points_are_painted_over_far_ones() -> None:
    places = np.array([[0, 0, 1], [0, 0, -1]], dtype=np.float32)
    camera = Camera(width=101, height=101, turn=0.0, tilt=0.0)
    shown = painted(Points(places, COLOURS[:2]), camera, GROUND, ACCENT, 1.0)
    assert pixels(shown.image)[MARGIN + 50, MARGIN + 50] == COLOURS[0]


def test_nobody_who_is_dimmed_lies_over_who_stands_out() -> None:
    places = np.zeros((40, 2), dtype=np.float32)
    places[:, 0] = np.linspace(-0.02, 0.02, 40)
    points = Points(places, COLOURS[np.zeros(40, dtype=int)])
    chosen = np.zeros(40, dtype=bool)
    chosen[20] = True
    camera = Camera(width=201, height=201)
    alone = painted(Points(places[20:21], COLOURS[:1]), camera, GROUND, ACCENT, 1.0)
    among = painted(points.choosing(chosen), camera, GROUND, ACCENT, 1.0)
    own = pixels(alone.image) == COLOURS[0]
    assert own.sum() > 20
    assert (pixels(among.image)[own] == COLOURS[0]).all()


def test_outliers_do_not_make_the_rest_small() -> None:
    points = np.random.default_rng(0).normal(0, 1, (5000, 2)).astype(np.float32)
    points[0] = 1e6
    places, _, _ = within_unit(points)
    assert 0.2 < np.abs(places[1:]).mean() < 1.0


def test_what_stands_out_is_seen_also_where_density_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(raster, "DENSE", 50)
    points = scattered(200)
    camera = Camera(width=200, height=200)
    plain = painted(points, camera, GROUND, ACCENT, 1.0)
    assert plain.dense
    chosen = np.zeros(200, dtype=bool)
    chosen[7] = True
    marked = painted(points.choosing(chosen), camera, GROUND, ACCENT, 1.0)
    at = int(np.flatnonzero(marked.rows == 7)[0])
    across, down = int(marked.across[at]) + MARGIN, int(marked.down[at]) + MARGIN
    assert pixels(marked.image)[down, across] == points.colours[7]


def canvas_of(points: Points, qtbot: QtBot, size: tuple[int, int] = (320, 240)) -> MapCanvas:
    canvas = MapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(*size)
    canvas.show()
    canvas.show_points(points)
    canvas.grab()
    return canvas


def place_of(canvas: MapCanvas, row: int) -> QPointF:
    across, down = canvas.camera.pixels(canvas.camera.seen(canvas.points.places[row : row + 1]))
    ratio = canvas.devicePixelRatioF()
    return QPointF(across[0] / ratio, down[0] / ratio)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_point_under_the_mouse_is_found(
    ratio: float, dimensions: int, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MapCanvas, "devicePixelRatioF", lambda _: ratio)
    canvas = canvas_of(scattered(40, dimensions), qtbot)
    assert canvas.camera.width == 320 * ratio
    seen = canvas.camera.pixels(canvas.camera.seen(canvas.points.places))
    for row in range(40):
        found = canvas.row_at(place_of(canvas, row))
        gap = np.hypot(seen[0][found] - seen[0][row], seen[1][found] - seen[1][row])
        assert gap < 0.01  # itself, or one that hides it
    assert canvas.row_at(QPointF(2, 2)) == -1


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_lasso_picks_what_lies_inside_also_after_moving(
    ratio: float, closed: bool, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MapCanvas, "devicePixelRatioF", lambda _: ratio)
    canvas = canvas_of(scattered(300), qtbot)
    canvas.camera = canvas.camera.moved(20 * ratio, -10 * ratio)
    corners = [QPoint(100, 60), QPoint(220, 60), QPoint(220, 180), QPoint(100, 180)]
    corners += [QPoint(101, 62)] * closed  # released where it began, nearly
    canvas.lassoing = True
    with qtbot.waitSignal(canvas.lassoed) as lassoed:
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=corners[0])
        for corner in corners[1:]:
            QTest.mouseMove(canvas, corner)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=corners[-1])
    places = [place_of(canvas, row) for row in range(300)]
    well_inside = [row for row, at in enumerate(places) if 101 < at.x() < 219 and 61 < at.y() < 179]
    touched = [row for row, at in enumerate(places) if 99 <= at.x() <= 221 and 59 <= at.y() <= 181]
    assert well_inside
    assert set(well_inside) <= set(lassoed.args[0].tolist()) <= set(touched)


@pytest.mark.parametrize("lassoing", [False, True])
def test_only_a_mouse_that_stays_where_it_was_pressed_clicks(lassoing: bool, qtbot: QtBot) -> None:
    canvas = canvas_of(scattered(300), qtbot)
    canvas.lassoing = lassoing
    clicked: list[int] = []
    canvas.clicked.connect(clicked.append)
    at = place_of(canvas, 7).toPoint()
    for far, clicks in ((40, 0), (2, 1)):  # there and back again
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at)
        QTest.mouseMove(canvas, at + QPoint(far, 0))
        QTest.mouseMove(canvas, at)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at)
        assert len(clicked) == clicks


def test_moving_shows_what_painting_anew_shows(qtbot: QtBot) -> None:
    canvas = canvas_of(scattered(500), qtbot)
    before = canvas.picture()
    canvas.camera = canvas.camera.moved(37, -22)
    moved = pixels(canvas.grab().toImage())
    assert canvas.picture() is before  # only moved
    canvas.show_points(canvas.points, keep_view=True)
    anew = pixels(canvas.grab().toImage())
    assert canvas.picture() is not before
    assert np.array_equal(moved, anew)


def test_moving_far_and_zooming_paint_anew(qtbot: QtBot) -> None:
    canvas = canvas_of(scattered(50), qtbot)
    before = canvas.picture()
    canvas.camera = canvas.camera.moved(MARGIN + 1, 0)
    assert canvas.picture() is not before
    near = canvas.picture()
    canvas.zoom(2.0)
    assert canvas.picture() is not near


def test_dragging_turns_a_map_in_the_round_and_moves_a_flat_one(qtbot: QtBot) -> None:
    for dimensions, same in ((2, ("turn", "tilt")), (3, ("x", "y"))):
        canvas = canvas_of(scattered(30, dimensions), qtbot)
        before = canvas.camera
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
        QTest.mouseMove(canvas, QPoint(140, 120))
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(140, 120))
        assert canvas.camera != before
        assert replace(before, **{one: getattr(canvas.camera, one) for one in same}) == before


@pytest.mark.parametrize(
    ("key", "field"),
    [
        (Qt.Key.Key_Left, "x"), (Qt.Key.Key_Right, "x"), (Qt.Key.Key_Up, "y"),
        (Qt.Key.Key_Down, "y"), (Qt.Key.Key_Plus, "zoom"), (Qt.Key.Key_Minus, "zoom"),
    ],
)  # fmt: skip
def test_keys_move_and_zoom_and_0_shows_everything(key: Qt.Key, field: str, qtbot: QtBot) -> None:
    canvas = canvas_of(scattered(30), qtbot)
    before = canvas.camera
    QTest.keyClick(canvas, key)
    assert getattr(canvas.camera, field) != getattr(before, field)
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.camera == before


def test_the_theme_stays_as_it_is_after_a_lasso(qtbot: QtBot) -> None:
    from gallery_app.theme.colours import current_theme

    canvas = canvas_of(scattered(30), qtbot)
    canvas.lassoing = True
    before = pixels(canvas.grab().toImage())
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    QTest.mouseMove(canvas, QPoint(140, 120))
    assert not np.array_equal(pixels(canvas.grab().toImage()), before)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert current_theme().accent.alphaF() == 1.0
    assert np.array_equal(pixels(canvas.grab().toImage()), before)


def test_density_is_told_once_it_is_shown(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module.raster, "DENSE", 20)
    canvas = MapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(200, 200)
    told: list[bool] = []
    canvas.density_shown.connect(told.append)
    canvas.show_points(scattered(30))
    canvas.grab()
    assert told == [True]
