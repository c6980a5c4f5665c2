"""Unknown queries that are kept as strangers: off the shelf, in the gallery, and of use."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.cohorts.cohort_library import CohortLibrary
from engine.errors import GalleryReadOnlyError, UnknownIdentityError
from engine.gallery import Gallery
from engine.records.changes import event
from engine.store import recovery
from tests.engine.cohorts.networks import DIMENSION, network
from tests.sealed import PASSPHRASE, needs_sqlcipher

NETWORK = network(seed=3)
PEOPLE = NETWORK.people(8, 4, seed=2)
STRANGERS = NETWORK.people(3, 4, seed=9, scatter=0.1)


@pytest.fixture(params=[None, pytest.param(PASSPHRASE, marks=needs_sqlcipher)])
def passphrase(request: pytest.FixtureRequest) -> str | None:
    return request.param


@pytest.fixture
def library(tmp_path: Path) -> CohortLibrary:
    made = CohortLibrary(tmp_path / "cohorts", bundled=False)
    made.add(NETWORK.cohort(300, seed=1))
    return made


@pytest.fixture
def gallery(tmp_path: Path, library: CohortLibrary) -> Iterator[Gallery]:
    with filled(tmp_path / "some.gallery", library, None) as made:
        yield made


def filled(folder: Path, library: CohortLibrary, passphrase: str | None) -> Gallery:
    made = Gallery.create(folder, dimension=DIMENSION, cohorts=library, passphrase=passphrase)
    for person in range(8):
        made.enroll(f"Person {person}", PEOPLE[4 * person : 4 * person + 4])
    made.unknowns.add(STRANGERS)
    return made


def shelf(gallery: Gallery) -> list[int]:
    return [one.id for one in gallery.unknowns.all()]


def threshold(gallery: Gallery, fpir: float = 0.3) -> float:
    gallery.identify(PEOPLE[:1])
    calibration = gallery.recogniser._ready_now().identifier.calibration_of("knn")
    assert calibration is not None
    return calibration.threshold(fpir)


def people_behind(gallery: Gallery) -> int:
    return gallery.error_rates.measure([0.1], method="knn").people


def test_strangers_leave_the_shelf_and_count_by_who_looks_alike(gallery: Gallery) -> None:
    ids = shelf(gallery)
    changed = gallery.unknowns.dismiss(ids[:9], as_strangers=True)
    assert changed is not None
    assert changed.summary == event("strangers", 9)
    assert shelf(gallery) == ids[9:]
    assert gallery.unknowns.count() == 3
    assert {one for group in gallery.unknowns.clusters() for one in group.ids} == set(ids[9:])
    assert gallery.unknowns.count_strangers() == (9, 3)
    assert gallery.unknowns.from_files(["vector"]) == gallery.unknowns.all()
    assert gallery.check().ok


def test_groups_that_somebody_made_are_one_person(gallery: Gallery) -> None:
    ids = shelf(gallery)
    gallery.unknowns.dismiss(ids, as_strangers=True, known=[ids[:8]])
    assert gallery.unknowns.count_strangers() == (12, 2)


def test_undo_and_redo_go_both_ways_with_all_that_was_kept(gallery: Gallery) -> None:
    before = gallery.unknowns.all()
    ids = shelf(gallery)
    gallery.unknowns.dismiss(ids, as_strangers=True)
    gallery.unknowns.forget_strangers()
    assert gallery.unknowns.count_strangers() == (0, 0)
    assert gallery.unknowns.forget_strangers() is None
    gallery.history.undo()
    assert gallery.unknowns.count_strangers() == (12, 3)
    gallery.history.undo()
    assert (gallery.unknowns.all(), gallery.unknowns.count_strangers()) == (before, (0, 0))
    gallery.history.redo()
    assert gallery.unknowns.count_strangers() == (12, 3)
    gallery.history.redo()
    assert gallery.unknowns.count_strangers() == (0, 0)
    assert gallery.check().problems == ()


def test_the_same_vector_does_not_come_to_the_shelf_again(gallery: Gallery) -> None:
    gallery.unknowns.dismiss(shelf(gallery), as_strangers=True)
    assert gallery.unknowns.add(STRANGERS) == 0
    assert gallery.unknowns.count() == 0
    gallery.unknowns.forget_strangers()
    assert gallery.unknowns.add(STRANGERS) == 12


def test_who_is_enrolled_is_no_stranger_any_more_until_that_is_undone(gallery: Gallery) -> None:
    gallery.unknowns.dismiss(shelf(gallery), as_strangers=True)
    gallery.enroll("Somebody", STRANGERS[:4])
    assert gallery.unknowns.count_strangers() == (8, 2)
    gallery.history.undo()
    assert gallery.unknowns.count_strangers() == (12, 3)
    assert gallery.check().problems == ()


def test_what_is_not_on_the_shelf_is_refused(gallery: Gallery) -> None:
    ids = shelf(gallery)
    gallery.unknowns.dismiss(ids[:1], as_strangers=True)
    for change in (
        lambda: gallery.unknowns.dismiss([ids[1], 999], as_strangers=True),
        lambda: gallery.unknowns.dismiss(ids[:1], as_strangers=True),
        lambda: gallery.unknowns.dismiss(ids[:1]),
        lambda: gallery.unknowns.name(ids[:1], "Somebody"),
    ):
        with pytest.raises(UnknownIdentityError):
            change()
    assert gallery.unknowns.dismiss([], as_strangers=True) is None
    with Gallery.open(gallery.folder, write=False) as reader:
        assert reader.unknowns.count_strangers() == (1, 1)
        with pytest.raises(GalleryReadOnlyError):
            reader.unknowns.forget_strangers()


def test_they_outlast_a_backup_and_salvage(
    tmp_path: Path, library: CohortLibrary, passphrase: str | None
) -> None:
    folder = tmp_path / "kept.gallery"
    with filled(folder, library, passphrase) as gallery:
        gallery.unknowns.dismiss(shelf(gallery)[:2])
        gallery.unknowns.dismiss(shelf(gallery)[2:], as_strangers=True)
        gallery.backups.write(tmp_path / "some.zip")
    recovery.restore_backup(tmp_path / "some.zip", tmp_path / "restored", passphrase=passphrase)
    with Gallery.open(tmp_path / "restored", passphrase=passphrase) as restored:
        assert restored.unknowns.count_strangers() == (8, 2)
        assert restored.unknowns.count() == 2
        restored.history.undo()
        assert restored.unknowns.count() == 10
    if passphrase is None:
        saved = recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
        with Gallery.open(saved.folder) as gallery:
            assert gallery.unknowns.count_strangers() == (8, 2)
            assert gallery.unknowns.count() == 2
            assert min(gallery._store.unknowns.strangers().values()) in shelf_and_strangers(gallery)


def shelf_and_strangers(gallery: Gallery) -> set[int]:
    return {*shelf(gallery), *gallery._store.unknowns.strangers()}


def test_a_gallery_of_schema_4_keeps_strangers_and_undoes_what_it_did(tmp_path: Path) -> None:
    archive = Path(__file__).resolve().parents[1] / "formats" / "4.zip"
    shutil.unpack_archive(archive, tmp_path / "old.gallery")
    with Gallery.open(tmp_path / "old.gallery") as gallery:
        ids = shelf(gallery)
        gallery.unknowns.dismiss(ids[:1])
        gallery.history.undo()
        gallery.unknowns.dismiss(ids, as_strangers=True)
        assert (gallery.unknowns.count(), gallery.unknowns.count_strangers()[0]) == (0, 3)
        while gallery.history.undo() is not None:
            assert not gallery.check().in_database
        while gallery.history.redo() is not None:
            pass
        assert gallery.unknowns.count_strangers()[0] == 3


# -- thresholds ------------------------------------------------------------------------------


def test_the_threshold_rests_on_them_beside_a_cohort_and_forgets_them(gallery: Gallery) -> None:
    before, people = threshold(gallery), people_behind(gallery)
    gallery.unknowns.add(alike := near_people(gallery))
    gallery.unknowns.dismiss(shelf(gallery), as_strangers=True)
    assert people < people_behind(gallery) <= people + 3 + len(alike)
    assert threshold(gallery) > before
    with Gallery.open(gallery.folder, write=False, cohorts=gallery._cohorts) as reader:
        assert threshold(reader) == pytest.approx(threshold(gallery))
    gallery.unknowns.forget_strangers()
    assert (threshold(gallery), people_behind(gallery)) == (before, people)
    gallery.history.undo()
    assert threshold(gallery) > before


def near_people(gallery: Gallery) -> np.ndarray:
    """Faces that look like enrolled people without being taken for them."""
    random = np.random.default_rng(4)
    noise = NETWORK.of(random.normal(size=(200, DIMENSION))) - NETWORK.mean
    near = (PEOPLE[random.integers(0, len(PEOPLE), 200)] + 1.2 * noise).astype(np.float32)
    answers = gallery.identify(near, method="knn")
    return near[[answer.verdict == "unknown" for answer in answers]]


def test_without_a_cohort_they_set_nothing(tmp_path: Path) -> None:
    nothing = CohortLibrary(tmp_path / "empty", bundled=False)
    with filled(tmp_path / "alone.gallery", nothing, None) as gallery:
        before = threshold(gallery)
        gallery.unknowns.add(near_people(gallery))
        gallery.unknowns.dismiss(shelf(gallery), as_strangers=True)
        assert threshold(gallery) == before
        assert math.isfinite(before)
