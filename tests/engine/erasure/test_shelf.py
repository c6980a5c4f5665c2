"""Queries on the shelf that are an erased person's go too, also those that undo keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.gallery import Gallery
from engine.records.types import FaceBatch
from engine.store import encoding
from tests.engine.erasure.conftest import NAME, Scene, batch, person
from tests.needles import Needles

pytestmark = pytest.mark.slow

QUERIES = person(41, 3)


def test_unknowns_that_were_named_and_names_in_their_files_go(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    strangers = person(42, 2)
    with Gallery.create(folder, dimension=16) as gallery:
        for seed in range(10, 13):
            gallery.enroll(f"Person {seed}", batch(f"Person {seed}", person(seed)))
        rows = np.concatenate([QUERIES, strangers])
        files = ["a.npy", "b.npy", "c.npy", f"beside {NAME}.npy", "d.npy"]
        gallery.unknowns.add(FaceBatch(rows, [None] * 5, files, [0] * 5, [None] * 5))
        shelved = gallery.unknowns.all()
        gallery.unknowns.name([one.id for one in shelved[:3]], NAME)
        gallery.history.undo()
        gallery.history.redo()
        digests = [("digest", encoding.digest_of(one)) for one in encoding.to_blobs(QUERIES)]
        scene = Scene(folder, Needles([NAME], QUERIES, digests))
        assert all(scene.hits()[kind] for kind in ("vector", "digest", "name"))
        foreseen = gallery.erasure.foresee([NAME])
        assert foreseen.removed.faces == 3
        assert foreseen.removed.mentions == 1
        gallery.erasure.erase([NAME])
        assert [one.file for one in gallery.unknowns.all()] == ["beside erased.npy", "d.npy"]
        assert gallery.check().ok
    assert not any(scene.hits().values())


def test_that_two_are_not_one_person_goes_with_one_of_them(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        gallery.corrections.mark_distinct(NAME, "Person 14")
        gallery.erasure.erase([NAME])
        gallery.history.undo()
        assert gallery.check().ok
    assert not any(scene.hits().values())


def test_strangers_who_turn_out_to_be_the_person_go_with_them(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    with Gallery.create(folder, dimension=16) as gallery:
        for seed in range(10, 13):
            gallery.enroll(f"Person {seed}", batch(f"Person {seed}", person(seed)))
        files = ["a.npy", "b.npy", f"beside {NAME}.npy"]
        gallery.unknowns.add(FaceBatch(QUERIES, [None] * 3, files, [0] * 3, [None] * 3))
        gallery.unknowns.dismiss([one.id for one in gallery.unknowns.all()], as_strangers=True)
        gallery.unknowns.forget_strangers()
        gallery.history.undo()
        gallery.enroll(NAME, batch(NAME, QUERIES[:2]))
        gallery.history.undo()  # a stranger again, with the very vectors
        gallery.enroll(NAME, batch(NAME, QUERIES[:2]))
        gallery.recogniser.identify(QUERIES)
        digests = [("digest", encoding.digest_of(one)) for one in encoding.to_blobs(QUERIES[:2])]
        scene = Scene(folder, Needles([NAME], QUERIES[:2], digests))
        assert all(scene.hits()[kind] for kind in ("vector", "digest", "name"))
        assert gallery.erasure.foresee([NAME]).removed.mentions == 1
        gallery.erasure.erase([NAME])
        assert gallery.unknowns.count_strangers() == (1, 1)
        assert gallery.check().ok
    assert not any(scene.hits().values())


def test_a_kept_stranger_with_a_vector_of_the_person_goes(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    with Gallery.create(folder, dimension=16) as gallery:
        gallery.enroll("Person 10", batch("Person 10", person(10)))
        gallery.enroll(NAME, batch(NAME, QUERIES))
        gallery.corrections.delete([NAME])
        gallery.unknowns.add(QUERIES)  # asked about again, and not known any more
        gallery.unknowns.dismiss([one.id for one in gallery.unknowns.all()], as_strangers=True)
        assert gallery.unknowns.count_strangers()[0] == 3
        digests = [("digest", encoding.digest_of(one)) for one in encoding.to_blobs(QUERIES)]
        scene = Scene(folder, Needles([NAME], QUERIES, digests))
        gallery.erasure.erase([NAME])
        assert gallery.unknowns.count_strangers() == (0, 0)
        assert gallery.check().ok
    assert not any(scene.hits().values())
