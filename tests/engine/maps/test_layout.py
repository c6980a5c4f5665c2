"""Where faces lie: kept in a file, brought up to date, and never read from a damaged one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.maps.layout import Layout
from engine.maps.neighbour_graph import beside_neighbours
from engine.records.types import Neighbours


def layout(count: int = 6) -> Layout:
    points = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    faces = np.arange(count, dtype=np.int64) * 10
    return Layout(faces, points, np.ones(count, dtype=bool), "umap", 7)


def test_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    kept = layout()
    kept.save(tmp_path / "map.npz")
    again = Layout.load(tmp_path / "map.npz")
    assert np.array_equal(again.faces, kept.faces)
    assert np.array_equal(again.points, kept.points)
    assert np.array_equal(again.laid_out, kept.laid_out)
    assert (again.method, again.seed, again.dimensions) == ("umap", 7, 2)


@pytest.mark.parametrize("cut", [0, 10, 300])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "map.npz"
    layout().save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ModelError, match="The map cannot be read"):
        Layout.load(path)


@pytest.mark.parametrize(
    "other",
    [
        {"faces": np.array([3, 1, 2, 4, 5, 6])},
        {"points": np.full((6, 2), np.nan, dtype=np.float32)},
        {"points": np.zeros((6, 4), dtype=np.float32)},
        {"points": np.zeros((5, 2), dtype=np.float32)},
        {"method": np.array("magic")},
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path: Path, other: dict[str, np.ndarray]) -> None:
    path = tmp_path / "map.npz"
    layout().save(path)
    with np.load(path) as arrays:
        parts = dict(arrays)
    np.savez(path, **(parts | other))
    with pytest.raises(ModelError):
        Layout.load(path)


def test_faces_come_and_go() -> None:
    some = layout().kept(np.array([True, False, True, True, True, True]))
    more = some.with_faces(np.array([25, 5]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert more.faces.tolist() == [0, 5, 20, 25, 30, 40, 50]
    assert more.laid_out.tolist() == [True, False, True, False, True, True, True]
    assert more.points[1].tolist() == [3.0, 4.0]
    assert more.rows_of(np.array([25, 10, 0])).tolist() == [3, -1, 0]


def test_a_face_is_put_nearest_to_the_one_it_looks_like_most() -> None:
    points = np.array([[0, 0], [10, 0], [0, 10]], dtype=np.float32)
    near = Neighbours(np.array([[0, 1, 2], [1, 0, 2]]), np.array([[0.1, 1, 1], [0, 1, 1]], "f4"))
    first, equal = beside_neighbours(near, points)
    assert 0 < first[0] < 2
    assert 0 < first[1] < 2
    np.testing.assert_allclose(equal, [10, 0], atol=1e-3)
