"""The shelf of unknown queries through the façade, and identities that are kept apart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import (
    EmbeddingError,
    GalleryReadOnlyError,
    IdentityNameError,
    InputError,
    MismatchError,
    UnknownIdentityError,
)
from engine.gallery import Gallery
from engine.records.types import FaceBatch, Vectors

DIMENSION = 24


def people(count: int, each: int, seed: int) -> FaceBatch:
    random = np.random.default_rng(seed)
    centres = random.standard_normal((count, 1, DIMENSION))
    faces = centres + 0.25 * random.standard_normal((count, each, DIMENSION))
    names = [f"P{seed}{person:02}" for person in range(count) for _ in range(each)]
    files = [f"{name}_{row % each}.npy" for row, name in enumerate(names)]
    rows = faces.reshape(-1, DIMENSION).astype(np.float32)
    return FaceBatch(rows, names, files, [0] * len(names), [None] * len(names))


STRANGERS = people(3, 5, seed=9)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf") / "crowd.gallery"
    batch = people(20, 6, seed=1)
    table = folder.with_suffix(".npz")
    np.savez(table, embeddings=batch.vectors, names=batch.names, files=batch.files)
    with Gallery.create_from(folder, [table])[0] as gallery:
        gallery.prepare()
    return folder


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_once, tmp_path / "crowd.gallery")


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    with Gallery.open(folder) as opened:
        yield opened


def ids_from(gallery: Gallery, rows: range) -> list[int]:
    return [one.id for one in gallery.shelf.from_files([STRANGERS.files[row] for row in rows])]


def files_of(cluster) -> set[str]:
    return {one.file for one in cluster.unknowns}


def test_the_same_vector_is_kept_once_and_enrolled_ones_never(gallery: Gallery):
    assert gallery.shelf.keep(STRANGERS) == 15
    assert gallery.shelf.keep(STRANGERS) == 0
    assert gallery.shelf.keep(gallery.vector(1)) == 0
    assert gallery.shelf.count() == len(gallery.shelf.unknowns()) == 15


def test_keeping_is_no_step_and_cuts_off_no_redo(gallery: Gallery):
    gallery.corrections.note("P100", "one")
    gallery.corrections.undo()
    before = gallery.corrections.history()
    gallery.shelf.keep(STRANGERS)
    assert gallery.corrections.history() == before
    assert gallery.corrections.redo() is not None
    assert gallery.shelf.count() == 15
    assert gallery.check().problems == ()


def test_clusters_are_people_the_largest_first(gallery: Gallery):
    gallery.shelf.keep(STRANGERS.take([0, 5, 1, 6, 2, 3, 7, 4, 10]))
    clusters = gallery.shelf.clusters()
    assert [files_of(one) for one in clusters] == [
        set(STRANGERS.files[:5]),
        set(STRANGERS.files[5:8]),
        {STRANGERS.files[10]},
    ]
    assert clusters[2].cohesion == 0
    assert 0 < clusters[0].cohesion < 0.3
    assert not any(one.likeness is not None and one.likeness.known for one in clusters)


def test_a_cluster_is_named_in_one_step_and_comes_back_with_undo(gallery: Gallery):
    gallery.shelf.keep(STRANGERS)
    before = gallery.shelf.unknowns()
    cluster = next(one for one in gallery.shelf.clusters() if STRANGERS.files[0] in files_of(one))
    changed = gallery.shelf.name(cluster.ids, "Somebody")
    assert changed is not None
    assert changed.summary == "5 unknown faces named “Somebody”"
    assert gallery.identity("Somebody").faces == 5  # type: ignore[union-attr]
    assert {face.file for face in gallery.faces("Somebody")} == set(STRANGERS.files[:5])
    assert gallery.shelf.count() == 10
    assert gallery.identify(STRANGERS.vectors[0])[0].name == "Somebody"
    gallery.corrections.undo()
    assert gallery.shelf.unknowns() == before
    assert gallery.identity("Somebody") is None
    assert gallery.identify(STRANGERS.vectors[0])[0].name is None
    gallery.corrections.redo()
    assert gallery.identify(STRANGERS.vectors[0])[0].name == "Somebody"
    assert gallery.shelf.count() == 10
    assert gallery.check().problems == ()


def test_some_of_a_cluster_can_be_named_and_the_others_say_so(gallery: Gallery):
    gallery.shelf.keep(STRANGERS)
    gallery.shelf.name(ids_from(gallery, range(3)), "Somebody")
    left = next(one for one in gallery.shelf.clusters() if STRANGERS.files[3] in files_of(one))
    assert files_of(left) == set(STRANGERS.files[3:5])
    assert left.likeness is not None
    assert (left.likeness.name, left.likeness.known) == ("Somebody", True)
    assert left.likeness.confidence is not None
    assert left.likeness.confidence > 0.5
    gallery.shelf.name(left.ids, left.likeness.name)
    assert gallery.identity("Somebody").faces == 5  # type: ignore[union-attr]


def test_naming_overrules_that_it_is_not_this_person(gallery: Gallery):
    gallery.shelf.keep(STRANGERS)
    identity = gallery.identity("P100")
    assert identity is not None
    gallery.reject(STRANGERS.vectors[0], identity.id)
    gallery.shelf.name(ids_from(gallery, range(1)), "P100")
    assert not gallery.take_back_rejection(STRANGERS.vectors[0], identity.id)


def test_what_is_enrolled_elsewhere_leaves_the_shelf_with_that_step(gallery: Gallery):
    gallery.shelf.keep(STRANGERS)
    gallery.enroll("Somebody", STRANGERS.take([0, 1]))
    assert gallery.shelf.count() == 13
    gallery.corrections.undo()
    assert gallery.shelf.count() == 15
    gallery.corrections.redo()
    gallery.corrections.delete(["Somebody"])
    assert gallery.shelf.count() == 13  # who was named and deleted is not asked about again


def test_dismissed_ones_can_be_kept_again_and_undo_brings_the_old_ones(gallery: Gallery):
    gallery.shelf.keep(STRANGERS)
    before = gallery.shelf.unknowns()
    assert gallery.shelf.dismiss([one.id for one in before[:2]]) is not None
    assert gallery.shelf.count() == 13
    assert gallery.shelf.keep(STRANGERS) == 2
    gallery.corrections.undo()
    assert gallery.shelf.unknowns() == before
    gallery.corrections.redo()
    assert gallery.shelf.count() == 15
    assert gallery.shelf.dismiss([]) is None
    assert gallery.check().problems == ()


def test_photographs_come_along(gallery: Gallery, tmp_path: Path):
    photo = tmp_path / "query.jpg"
    Image.new("RGB", (64, 64), "teal").save(photo)
    one = STRANGERS.take([0, 1])
    gallery.shelf.keep(FaceBatch(one.vectors, one.names, one.files, one.rows, [photo, None]))
    first, second = gallery.shelf.unknowns()
    assert (first.has_photo, second.has_photo) == (True, False)
    kept = gallery.shelf.photo(first.id)
    assert kept is not None
    assert gallery.shelf.photo(second.id) is None
    assert gallery.shelf.traits([first.id, second.id]).shape == (2, 16)
    gallery.shelf.name([second.id, first.id], "Somebody")
    assert [gallery.photo(face.id) for face in gallery.faces("Somebody")] == [kept, None]


@pytest.mark.parametrize(
    ("vectors", "error"),
    [
        (np.ones((2, 7), np.float32), MismatchError),
        (np.full((1, DIMENSION), np.nan, np.float32), EmbeddingError),
        (np.zeros((1, DIMENSION), np.float32), EmbeddingError),
        (np.ones((0, DIMENSION), np.float32), EmbeddingError),
    ],
    ids=["dimension", "nan", "zeros", "none"],
)
def test_what_cannot_be_enrolled_is_not_kept(gallery: Gallery, vectors: Vectors, error):
    with pytest.raises(error):
        gallery.shelf.keep(vectors)
    assert gallery.shelf.count() == 0


def test_what_is_not_there_and_no_name_are_refused(gallery: Gallery):
    gallery.shelf.keep(STRANGERS)
    one = gallery.shelf.unknowns()[0].id
    for change in (
        lambda: gallery.shelf.name([one, 999], "A"),
        lambda: gallery.shelf.dismiss([999]),
    ):
        with pytest.raises(UnknownIdentityError, match="Unknown 999 is not on the shelf"):
            change()
    with pytest.raises(IdentityNameError):
        gallery.shelf.name([one], "  ")
    assert gallery.shelf.count() == 15


def test_it_stays_and_can_be_looked_at_while_another_writes(gallery: Gallery):
    gallery.shelf.keep(STRANGERS)
    with Gallery.open(gallery.folder, write=False) as reader:
        assert [len(one) for one in reader.shelf.clusters()] == [5, 5, 5]
        with pytest.raises(GalleryReadOnlyError):
            reader.shelf.keep(people(1, 1, seed=5))
        with pytest.raises(GalleryReadOnlyError):
            reader.shelf.dismiss(reader.shelf.clusters()[0].ids)


def test_a_gallery_without_anybody_has_a_shelf_too(tmp_path: Path):
    with Gallery.create(tmp_path / "new.gallery", dimension=DIMENSION) as gallery:
        assert gallery.shelf.clusters() == ()
        gallery.shelf.keep(people(10, 1, seed=3))
        assert {len(one) for one in gallery.shelf.clusters()} == {1}
        assert all(one.likeness is None for one in gallery.shelf.clusters())
        gallery.shelf.name(gallery.shelf.clusters()[0].ids, "First")
        assert gallery.counts() == (1, 1)


# -- kept apart ------------------------------------------------------------------------------


@pytest.fixture
def twins(gallery: Gallery) -> Gallery:
    """Two identities that are one person by their looks."""
    one = people(1, 12, seed=4)
    gallery.enroll("Twin", one.take(range(6)))
    gallery.enroll("Other twin", one.take(range(6, 12)))
    return gallery


def merges(gallery: Gallery) -> list[set[str | None]]:
    return [{one.identity, one.suggestion} for one in gallery.review(["merges"]).findings]


def test_the_review_does_not_ask_again_about_two_people(twins: Gallery):
    assert merges(twins) == [{"Twin", "Other twin"}]
    changed = twins.corrections.keep_apart("Twin", "Other twin")
    assert changed is not None
    assert changed.summary == "“Twin” and “Other twin” are two people"
    assert len(changed.identities) == 2
    assert merges(twins) == []
    assert twins.corrections.keep_apart("Other twin", "Twin") is None
    twins.corrections.undo()
    assert merges(twins) == [{"Twin", "Other twin"}]
    twins.corrections.redo()
    assert twins.corrections.unkeep_apart("Other twin", "Twin") is not None
    assert twins.corrections.unkeep_apart("Other twin", "Twin") is None
    assert merges(twins) == [{"Twin", "Other twin"}]
    with Gallery.open(twins.folder, write=False) as reader:
        assert reader.corrections.apart() == frozenset()


def test_a_merge_takes_it_along_and_a_deletion_drops_it(twins: Gallery):
    fix = twins.corrections
    fix.keep_apart("Twin", "Other twin")
    before = fix.apart()
    fix.merge(["Other twin"], "P100")
    ids = {twins.identity(name).id for name in ("Twin", "P100")}  # type: ignore[union-attr]
    assert fix.apart() == {tuple(sorted(ids))}
    fix.merge(["P100"], "Twin")
    assert fix.apart() == frozenset()
    fix.undo()
    fix.undo()
    assert fix.apart() == before
    fix.delete(["Twin"])
    assert fix.apart() == frozenset()
    fix.undo()
    assert fix.apart() == before
    assert twins.check().problems == ()


def test_nobody_is_kept_apart_from_himself_or_from_nobody(twins: Gallery):
    with pytest.raises(InputError, match="itself"):
        twins.corrections.keep_apart("Twin", "Twin")
    with pytest.raises(UnknownIdentityError):
        twins.corrections.keep_apart("Twin", "Nobody")


def test_what_was_put_together_stays_so_and_where_it_is(gallery: Gallery):
    gallery.shelf.keep(STRANGERS.take([*range(0, 4), *range(5, 9)]))
    first = [sorted(one.ids) for one in gallery.shelf.clusters()]
    known = [first[1][:2], [first[1][2], *first[0][:1]], first[0][1:]]  # as a person had it
    gallery.shelf.keep(STRANGERS)
    found = gallery.shelf.clusters([*known, [999_999]])
    for group, cluster in zip(known, found, strict=False):
        assert set(group) <= set(cluster.ids)
    assert len(found) == 4  # the third stranger comes after
    assert sorted(i for one in found for i in one.ids) == [
        one.id for one in gallery.shelf.unknowns()
    ]


def test_whether_to_keep_is_remembered_with_the_gallery(folder: Path):
    with Gallery.open(folder) as gallery:
        assert gallery.shelf.keeping is None
        before = gallery.corrections.history()
        gallery.shelf.set_keeping(True)
        assert gallery.corrections.history() == before
        with Gallery.open(folder, write=False) as reader:
            assert reader.shelf.keeping is True
            with pytest.raises(GalleryReadOnlyError):
                reader.shelf.set_keeping(False)
        gallery.shelf.set_keeping(False)
    with Gallery.open(folder) as gallery:
        assert gallery.shelf.keeping is False
