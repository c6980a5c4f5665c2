"""Maps of a gallery: laid out by a process of its own, kept, and brought up to date."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CancelledError, InputError, MapError
from engine.gallery import Gallery
from engine.maps import face_maps
from engine.maps.face_maps import FaceMap
from engine.progress import CancelToken, Event, Progress, Reporter
from tests.handmade import put_to_use
from tests.trained import people_of

installed = pytest.mark.skipif(
    importlib.util.find_spec("umap") is None or importlib.util.find_spec("openTSNE") is None,
    reason="UMAP and openTSNE are not installed",
)


@pytest.fixture
def folder(sample: Path, tmp_path: Path) -> Path:
    made, _ = Gallery.create_from(tmp_path / "some.gallery", [people_of(sample, tmp_path / "tree")])
    made.close()
    return tmp_path / "some.gallery"


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    with Gallery.open(folder) as opened:
        yield opened


def own_nearest(drawn: FaceMap) -> float:
    """Share of the faces whose nearest on the map is of the same person."""
    points = drawn.layout.points
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((drawn.owners[apart.argmin(axis=1)] == drawn.owners).mean())


def test_principal_components_are_there_at_once(gallery: Gallery) -> None:
    drawn = gallery.maps.draw(dimensions=3)
    faces, identities = gallery.people.counts()[1], gallery.people.counts()[0]
    assert drawn.layout.points.shape == (faces, 3)
    assert len(np.unique(drawn.owners)) == identities
    assert drawn.note == ""
    some = drawn.layout.faces[:4]
    vectors = np.stack([gallery.faces.vector(int(face)) for face in some])
    np.testing.assert_allclose(
        gallery.maps.place(drawn, vectors), drawn.layout.points[:4], atol=1e-5
    )


def test_faces_that_go_while_a_map_is_drawn_leave_it_whole(gallery: Gallery) -> None:
    before = gallery.people.counts()[1]
    first = int(gallery.maps.draw().layout.faces[0])
    gone: list[int] = []

    def remove_one(_: Event) -> None:
        if not gone:
            gone.append(first)
            gallery.corrections.remove(gone)

    drawn = gallery.maps.draw(reporter=Reporter(remove_one))
    assert gone
    assert len(drawn.layout.faces) == before - 1
    assert len(drawn.layout.points) == len(drawn.owners) == len(drawn.layout.faces)


@pytest.mark.slow
@installed
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_people_lie_together_and_the_same_seed_gives_the_same_picture(
    gallery: Gallery, method: face_maps.MapMethod
) -> None:
    drawn = gallery.maps.draw(method=method)
    assert own_nearest(drawn) > 0.9
    again = gallery.maps.draw(method=method, anew=True)
    assert np.array_equal(drawn.layout.points, again.layout.points)
    if method == "tsne":  # UMAP is compiled anew for each map: a quarter of a minute
        other = gallery.maps.draw(method=method, seed=2)
        assert not np.array_equal(drawn.layout.points, other.layout.points)


@pytest.mark.slow
@installed
def test_is_kept_and_takes_in_who_comes_and_lets_go_who_goes(
    folder: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Gallery.open(folder) as gallery:
        drawn = gallery.maps.draw(method="tsne")
    monkeypatch.setattr(face_maps, "run_worker", lambda *_: pytest.fail("it was laid out anew"))
    with Gallery.open(folder) as gallery:
        person = gallery.people.all()[0].name
        gone = gallery.faces.of(person)[0].id
        gallery.corrections.remove([gone])
        more = sorted(sample.glob(f"{person.replace(' ', '_')}/*.npy"))
        new = np.load(more[-1])
        report = gallery.enroll("Somebody Else", new + np.float32(0.001))
        kept = gallery.maps.draw(method="tsne")
        assert gone not in kept.layout.faces
        row = kept.layout.rows_of(np.array(report.face_ids))
        assert (row >= 0).all()
        assert not kept.layout.laid_out[row].any()
        assert "1 of" in kept.note
        same = np.intersect1d(kept.layout.faces, drawn.layout.faces)
        assert np.array_equal(
            kept.layout.points[kept.layout.rows_of(same)],
            drawn.layout.points[drawn.layout.rows_of(same)],
        )


@pytest.mark.slow
@installed
def test_of_a_sample_the_others_are_put_beside_those_they_look_like(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_maps, "LAID_OUT", 50)
    drawn = gallery.maps.draw(method="tsne")
    assert drawn.layout.laid_out.sum() == 50
    assert len(drawn.layout.faces) == gallery.people.counts()[1]
    assert own_nearest(drawn) > 0.8
    assert f"{len(drawn.owners) - 50} of {len(drawn.owners)} faces" in drawn.note


@pytest.mark.slow
@installed
def test_cancelled_nothing_is_left(folder: Path) -> None:
    token = CancelToken()

    def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.stage == "Computing layout":
            token.cancel()

    with Gallery.open(folder) as gallery, pytest.raises(CancelledError):
        gallery.maps.draw(method="tsne", reporter=Reporter(listen, token))
    assert not list(folder.glob("**/map-*"))
    assert not list(folder.glob(".unfinished*"))


def test_models_in_use_are_spaces_of_their_own(folder: Path) -> None:
    put_to_use(folder, "mlp", "triplet")
    with Gallery.open(folder) as gallery:
        assert gallery.maps.spaces() == ("original", "triplet", "mlp")
        for space in gallery.maps.spaces():
            drawn = gallery.maps.draw(space)
            assert drawn.layout.points.shape == (gallery.people.counts()[1], 2)
            found = gallery.maps.separation(space)
            assert found is not None
            assert found.knn > 0.9


def test_what_does_not_exist_is_refused(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot be compared"):
        gallery.maps.draw("triplet")
    with pytest.raises(InputError, match="no such map"):
        gallery.maps.draw(dimensions=4)
    monkeypatch.setattr(face_maps.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MapError, match="needs umap"):
        gallery.maps.draw(method="umap")


def test_an_empty_gallery_has_an_empty_map(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "empty.gallery") as gallery:
        assert gallery.maps.draw(method="umap").layout.points.shape == (0, 2)
        assert gallery.maps.separation() is None
