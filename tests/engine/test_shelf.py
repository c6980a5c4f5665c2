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
from engine.records.changes import event
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
    return [one.id for one in gallery.unknowns.from_files([STRANGERS.files[row] for row in rows])]


def files_of(cluster) -> set[str]:
    return {one.file for one in cluster.unknowns}


def test_the_same_vector_is_kept_once_and_enrolled_ones_never(gallery: Gallery):
    assert gallery.unknowns.add(STRANGERS) == 15
    assert gallery.unknowns.add(STRANGERS) == 0
    assert gallery.unknowns.add(gallery.faces.vector(1)) == 0
    assert gallery.unknowns.count() == len(gallery.unknowns.all()) == 15


def test_keeping_is_no_step_and_cuts_off_no_redo(gallery: Gallery):
    gallery.corrections.set_note("P100", "one")
    gallery.history.undo()
    before = gallery.history.changes()
    gallery.unknowns.add(STRANGERS)
    assert gallery.history.changes() == before
    assert gallery.history.redo() is not None
    assert gallery.unknowns.count() == 15
    assert gallery.check().problems == ()


def test_clusters_are_people_the_largest_first(gallery: Gallery):
    gallery.unknowns.add(STRANGERS.take([0, 5, 1, 6, 2, 3, 7, 4, 10]))
    clusters = gallery.unknowns.clusters()
    assert [files_of(one) for one in clusters] == [
        set(STRANGERS.files[:5]),
        set(STRANGERS.files[5:8]),
        {STRANGERS.files[10]},
    ]
    assert clusters[2].cohesion == 0
    assert 0 < clusters[0].cohesion < 0.3
    assert not any(one.likeness is not None and one.likeness.known for one in clusters)


def test_a_cluster_is_named_in_one_step_and_comes_back_with_undo(gallery: Gallery):
    gallery.unknowns.add(STRANGERS)
    before = gallery.unknowns.all()
    cluster = next(
        one for one in gallery.unknowns.clusters() if STRANGERS.files[0] in files_of(one)
    )
    changed = gallery.unknowns.name(cluster.ids, "Somebody")
    assert changed is not None
    assert changed.summary == event("named", 5, "Somebody")
    assert gallery.people.find("Somebody").faces == 5  # type: ignore[union-attr]
    assert {face.file for face in gallery.faces.of("Somebody")} == set(STRANGERS.files[:5])
    assert gallery.unknowns.count() == 10
    assert gallery.identify(STRANGERS.vectors[0])[0].name == "Somebody"
    gallery.history.undo()
    assert gallery.unknowns.all() == before
    assert gallery.people.find("Somebody") is None
    assert gallery.identify(STRANGERS.vectors[0])[0].name is None
    gallery.history.redo()
    assert gallery.identify(STRANGERS.vectors[0])[0].name == "Somebody"
    assert gallery.unknowns.count() == 10
    assert gallery.check().problems == ()


def test_some_of_a_cluster_can_be_named_and_the_others_say_so(gallery: Gallery):
    gallery.unknowns.add(STRANGERS)
    gallery.unknowns.name(ids_from(gallery, range(3)), "Somebody")
    left = next(one for one in gallery.unknowns.clusters() if STRANGERS.files[3] in files_of(one))
    assert files_of(left) == set(STRANGERS.files[3:5])
    assert left.likeness is not None
    assert (left.likeness.name, left.likeness.known) == ("Somebody", True)
    assert left.likeness.confidence is not None
    assert left.likeness.confidence > 0.5
    gallery.unknowns.name(left.ids, left.likeness.name)
    assert gallery.people.find("Somebody").faces == 5  # type: ignore[union-attr]


def test_naming_overrules_that_it_is_not_this_person(gallery: Gallery):
    gallery.unknowns.add(STRANGERS)
    identity = gallery.people.find("P100")
    assert identity is not None
    gallery.corrections.reject(STRANGERS.vectors[0], identity.id)
    gallery.unknowns.name(ids_from(gallery, range(1)), "P100")
    assert not gallery.corrections.unreject(STRANGERS.vectors[0], identity.id)


def test_what_is_enrolled_elsewhere_leaves_the_shelf_with_that_step(gallery: Gallery):
    gallery.unknowns.add(STRANGERS)
    gallery.enroll("Somebody", STRANGERS.take([0, 1]))
    assert gallery.unknowns.count() == 13
    gallery.history.undo()
    assert gallery.unknowns.count() == 15
    gallery.history.redo()
    gallery.corrections.delete(["Somebody"])
    assert gallery.unknowns.count() == 13  # who was named and deleted is not asked about again


def test_dismissed_ones_can_be_kept_again_and_undo_brings_the_old_ones(gallery: Gallery):
    gallery.unknowns.add(STRANGERS)
    before = gallery.unknowns.all()
    assert gallery.unknowns.dismiss([one.id for one in before[:2]]) is not None
    assert gallery.unknowns.count() == 13
    assert gallery.unknowns.add(STRANGERS) == 2
    gallery.history.undo()
    assert gallery.unknowns.all() == before
    gallery.history.redo()
    assert gallery.unknowns.count() == 15
    assert gallery.unknowns.dismiss([]) is None
    assert gallery.check().problems == ()


def test_photographs_come_along(gallery: Gallery, tmp_path: Path):
    photo = tmp_path / "query.jpg"
    Image.new("RGB", (64, 64), "teal").save(photo)
    one = STRANGERS.take([0, 1])
    gallery.unknowns.add(FaceBatch(one.vectors, one.names, one.files, one.rows, [photo, None]))
    first, second = gallery.unknowns.all()
    assert (first.has_photo, second.has_photo) == (True, False)
    kept = gallery.unknowns.thumbnail(first.id)
    assert kept is not None
    assert gallery.unknowns.thumbnail(second.id) is None
    assert gallery.unknowns.traits([first.id, second.id]).shape == (2, 16)
    gallery.unknowns.name([second.id, first.id], "Somebody")
    assert [gallery.faces.thumbnail(face.id) for face in gallery.faces.of("Somebody")] == [
        kept,
        None,
    ]


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
        gallery.unknowns.add(vectors)
    assert gallery.unknowns.count() == 0


def test_what_is_not_there_and_no_name_are_refused(gallery: Gallery):
    gallery.unknowns.add(STRANGERS)
    one = gallery.unknowns.all()[0].id
    for change in (
        lambda: gallery.unknowns.name([one, 999], "A"),
        lambda: gallery.unknowns.dismiss([999]),
    ):
        with pytest.raises(UnknownIdentityError, match="There is no unknown query 999"):
            change()
    with pytest.raises(IdentityNameError):
        gallery.unknowns.name([one], "  ")
    assert gallery.unknowns.count() == 15


def test_it_stays_and_can_be_looked_at_while_another_writes(gallery: Gallery):
    gallery.unknowns.add(STRANGERS)
    with Gallery.open(gallery.folder, write=False) as reader:
        assert [len(one) for one in reader.unknowns.clusters()] == [5, 5, 5]
        with pytest.raises(GalleryReadOnlyError):
            reader.unknowns.add(people(1, 1, seed=5))
        with pytest.raises(GalleryReadOnlyError):
            reader.unknowns.dismiss(reader.unknowns.clusters()[0].ids)


def test_a_gallery_without_anybody_has_a_shelf_too(tmp_path: Path):
    with Gallery.create(tmp_path / "new.gallery", dimension=DIMENSION) as gallery:
        assert gallery.unknowns.clusters() == ()
        gallery.unknowns.add(people(10, 1, seed=3))
        assert {len(one) for one in gallery.unknowns.clusters()} == {1}
        assert all(one.likeness is None for one in gallery.unknowns.clusters())
        gallery.unknowns.name(gallery.unknowns.clusters()[0].ids, "First")
        assert gallery.people.counts() == (1, 1)


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
    changed = twins.corrections.mark_distinct("Twin", "Other twin")
    assert changed is not None
    assert changed.summary == event("distinct", "Twin", "Other twin")
    assert len(changed.identities) == 2
    assert merges(twins) == []
    assert twins.corrections.mark_distinct("Other twin", "Twin") is None
    twins.history.undo()
    assert merges(twins) == [{"Twin", "Other twin"}]
    twins.history.redo()
    assert twins.corrections.unmark_distinct("Other twin", "Twin") is not None
    assert twins.corrections.unmark_distinct("Other twin", "Twin") is None
    assert merges(twins) == [{"Twin", "Other twin"}]
    with Gallery.open(twins.folder, write=False) as reader:
        assert reader.corrections.cannot_link() == frozenset()


def test_a_merge_takes_it_along_and_a_deletion_drops_it(twins: Gallery):
    fix = twins.corrections
    fix.mark_distinct("Twin", "Other twin")
    before = fix.cannot_link()
    fix.merge(["Other twin"], "P100")
    ids = {twins.people.find(name).id for name in ("Twin", "P100")}  # type: ignore[union-attr]
    assert fix.cannot_link() == {tuple(sorted(ids))}
    fix.merge(["P100"], "Twin")
    assert fix.cannot_link() == frozenset()
    twins.history.undo()
    twins.history.undo()
    assert fix.cannot_link() == before
    fix.delete(["Twin"])
    assert fix.cannot_link() == frozenset()
    twins.history.undo()
    assert fix.cannot_link() == before
    assert twins.check().problems == ()


def test_nobody_is_kept_apart_from_himself_or_from_nobody(twins: Gallery):
    with pytest.raises(InputError, match="itself"):
        twins.corrections.mark_distinct("Twin", "Twin")
    with pytest.raises(UnknownIdentityError):
        twins.corrections.mark_distinct("Twin", "Nobody")


def test_what_was_put_together_stays_so_and_where_it_is(gallery: Gallery):
    gallery.unknowns.add(STRANGERS.take([*range(0, 4), *range(5, 9)]))
    first = [sorted(one.ids) for one in gallery.unknowns.clusters()]
    known = [first[1][:2], [first[1][2], *first[0][:1]], first[0][1:]]  # as a person had it
    gallery.unknowns.add(STRANGERS)
    found = gallery.unknowns.clusters([*known, [999_999]])
    for group, cluster in zip(known, found, strict=False):
        assert set(group) <= set(cluster.ids)
    assert len(found) == 4  # the third stranger comes after
    assert sorted(i for one in found for i in one.ids) == [one.id for one in gallery.unknowns.all()]


def test_whether_to_keep_is_remembered_with_the_gallery(folder: Path):
    with Gallery.open(folder) as gallery:
        assert gallery.unknowns.collecting is None
        before = gallery.history.changes()
        gallery.unknowns.set_collecting(True)
        assert gallery.history.changes() == before
        with Gallery.open(folder, write=False) as reader:
            assert reader.unknowns.collecting is True
            with pytest.raises(GalleryReadOnlyError):
                reader.unknowns.set_collecting(False)
        gallery.unknowns.set_collecting(False)
    with Gallery.open(folder) as gallery:
        assert gallery.unknowns.collecting is False
