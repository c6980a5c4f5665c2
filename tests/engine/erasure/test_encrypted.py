"""Erasing from an encrypted gallery, where the bytes of its files tell nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from engine.errors import GalleryBusyError
from engine.gallery import Gallery
from engine.records.receipts import Receipt
from engine.store import Store
from engine.store.database import Database
from engine.store.encryption import model_files
from tests.engine.erasure.conftest import NAME, Scene, batch, person
from tests.sealed import OTHER, PASSPHRASE, needs_sqlcipher

pytestmark = needs_sqlcipher
in_memory = pytest.mark.skipif(bool(model_files.missing_memory()), reason="no folder in memory")


@pytest.fixture
def gallery(scene: Scene) -> Iterator[Gallery]:
    """Encrypted, with one version of a model; what was in clear beside it is gone."""
    with Gallery.open(scene.folder) as opened:
        opened.encrypt(PASSPHRASE)
        yield opened


def versions(gallery: Gallery) -> set[str]:
    """On disk and in memory."""
    places = gallery._store.models.folders()
    return {path.name for place in places if place.is_dir() for path in place.iterdir()}


def backup(gallery: Gallery, action: str) -> str:
    made = gallery.backups.write_automatic(action)
    assert made is not None
    assert made.encrypted
    return str(made.path.relative_to(gallery.folder.absolute()))


def reader(gallery: Gallery) -> Store:
    return Store.open(gallery.folder, write=False, passphrase=PASSPHRASE)


def free_pages(gallery: Gallery) -> int:
    with reader(gallery) as store, store.database.reading() as connection:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


@pytest.mark.slow
@in_memory
def test_nothing_of_the_person_is_left_under_the_encryption(scene: Scene, gallery: Gallery) -> None:
    gallery.prepare()
    assert gallery.recogniser.methods() == ("knn", "triplet")  # its files are in memory now
    (model,) = gallery.models.all()
    held = backup(gallery, "import")
    receipt = gallery.erasure.erase([NAME])
    assert receipt.models == (model.id,)
    assert receipt.deleted == (held,)
    assert receipt.removed.faces == 9
    assert versions(gallery) == set()
    assert list((gallery.folder / "backups").iterdir()) == []
    assert free_pages(gallery) <= 1  # of the note that it was under way
    assert (gallery.folder / "gallery.db-wal").stat().st_size == 0
    assert gallery.check().ok
    assert gallery.encrypted
    gallery.decrypt()
    assert not any(scene.hits().values()), scene.hits()


def test_what_was_measured_on_the_person_goes_too(gallery: Gallery) -> None:
    gallery.prepare()
    gallery._store.derived.write("models/evaluation.json", '{"of": "everybody"}')
    with reader(gallery) as store:
        assert store.derived.read("index/calibration.json")
    gallery.erasure.erase([NAME])
    with reader(gallery) as store:
        assert store.derived.read("models/evaluation.json") is None
        assert store.derived.read("index/calibration.json") is None


@pytest.mark.slow
def test_an_encrypted_backup_is_looked_into(gallery: Gallery) -> None:
    before = backup(gallery, "before")
    gallery.enroll("Late Comer", batch("Late Comer", person(77)))
    after = backup(gallery, "after")
    foreseen = gallery.erasure.foresee(["Late Comer"])
    assert [str(path.relative_to(gallery.folder.absolute())) for path in foreseen.inside] == [after]
    assert gallery.erasure.erase(["Late Comer"]).deleted == (after,)
    assert (gallery.folder / before).exists()


@pytest.mark.slow
def test_what_nobody_can_look_into_counts_as_holding_the_person(gallery: Gallery) -> None:
    earlier = backup(gallery, "earlier")
    gallery.change_passphrase(OTHER)
    shutil.copy(gallery.folder / "gallery.db", gallery.folder / "copy")
    (gallery.folder / "notes.txt").write_text("nobody in here", encoding="utf-8")
    beside = gallery.backups.write(gallery.folder.parent / "beside.zip").path
    receipt = gallery.erasure.erase([NAME], keep_files=True)
    kept = [gallery.folder.absolute() / name for name in (earlier, "copy")]
    assert set(receipt.holding) == {str(path) for path in (*kept, beside.absolute())}
    assert gallery.erasure.erase(["Person 10"]).deleted == (earlier, "copy")
    assert beside.exists()


@pytest.mark.slow
def test_the_next_opening_with_the_passphrase_finishes_it(
    scene: Scene, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = backup(gallery, "import")
    with monkeypatch.context() as patched:
        patched.setattr(Database, "compact", lambda _: False)
        with pytest.raises(GalleryBusyError, match="reading the gallery"):
            gallery.erasure.erase([NAME])
    gallery.close()
    with Gallery.open(scene.folder, passphrase=PASSPHRASE) as again:
        assert again.notices == ["An interrupted erasure has been completed."]
        assert isinstance(again.erasure.receipt, Receipt)
        assert again.erasure.receipt.is_of(NAME)
        assert again.erasure.receipt.deleted == (held,)
        assert free_pages(again) <= 1


def test_undo_shelf_and_what_is_kept_apart_go_through_a_conversion(gallery: Gallery) -> None:
    kept = gallery.unknowns.count()
    assert kept > 0
    undo = gallery.history.undo_step()
    gallery.corrections.mark_distinct("Person 16", "Person 17")
    gallery.history.undo()
    gallery.decrypt()
    assert gallery.unknowns.count() == kept
    assert gallery.history.undo_step() == undo
    gallery.history.redo()
    assert gallery.history.undo_step() != undo
