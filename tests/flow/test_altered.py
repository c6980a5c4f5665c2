"""Vectors that are not as they were enrolled, wherever faces are used."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.errors import GalleryDamagedError
from engine.gallery import Gallery
from engine.progress import Event, Message, Reporter
from engine.store import Store, recovery
from tests.flow.conftest import Run

_FACE = 5
_NAMED = r"The embedding of face 5 \(“Tiger Woods”, .*\.npy\) is not the one that was enrolled"


def _alter(folder: Path, table: str = "embeddings", where: str = f"face_id = {_FACE}") -> None:
    """Changes two of the numbers."""
    with closing(sqlite3.connect(folder / "gallery.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA recursive_triggers = OFF")
        query = f"SELECT rowid, vector FROM {table} WHERE {where}"
        for row, blob in connection.execute(query).fetchall():
            vector = np.frombuffer(blob, "<f4").copy()
            vector[:2] += 0.25
            query = f"UPDATE {table} SET vector = ? WHERE rowid = ?"
            connection.execute(query, (vector.tobytes(), row))


@pytest.fixture
def altered(folder: Path) -> Path:
    """A gallery of which one face has changed on the disk, without an index to hide that."""
    _alter(folder)
    shutil.rmtree(folder / "index")
    return folder


_USES: dict[str, Callable[[Gallery, Path], object]] = {
    "identify": lambda gallery, _: gallery.identify(np.ones((1, gallery.dimension), np.float32)),
    "prepare": lambda gallery, _: gallery.prepare(),
    "vector": lambda gallery, _: gallery.faces.vector(_FACE),
    "review": lambda gallery, _: gallery.review(),
    "map": lambda gallery, _: gallery.maps.draw(),
    "compare": lambda gallery, _: gallery.comparison.people("Tiger Woods", "Tony Blair"),
    "backup": lambda gallery, to: gallery.backups.write(to / "backup.zip"),
    "embeddings": lambda gallery, to: gallery.exports.write("npz", to / "out.npz"),
    "evaluate": lambda gallery, _: gallery.models.evaluate(methods=("knn",), repeats=1),
}


@pytest.mark.parametrize("use", _USES.values(), ids=_USES)
def test_whatever_uses_faces_names_the_one_that_has_changed(
    altered: Path, tmp_path: Path, use: Callable[[Gallery, Path], object]
) -> None:
    before = sorted(tmp_path.rglob("*.zip"))
    with (
        Gallery.open(altered) as gallery,
        pytest.raises(GalleryDamagedError, match=_NAMED) as raised,
    ):
        use(gallery, tmp_path)
    assert "check --repair" in raised.value.remedy
    assert sorted(tmp_path.rglob("*.zip")) == before


def test_an_index_that_was_saved_before_does_not_hide_it(folder: Path) -> None:
    _alter(folder)
    with (
        Gallery.open(folder, write=False) as gallery,
        pytest.raises(GalleryDamagedError, match=_NAMED),
    ):
        gallery.identify(np.ones((1, 128), np.float32))


def test_a_repair_takes_it_out_names_it_and_keeps_the_damaged_database(
    altered: Path, run: Run
) -> None:
    told = run("check", "-g", altered)
    assert told.returncode == 1
    assert re.search(_NAMED, told.stdout)
    assert "check --repair" in told.stderr
    mended = run("check", "--repair", "-g", altered)
    assert mended.returncode == 0, mended.stderr
    assert re.search(f"Removed: {_NAMED}", mended.stdout)
    with Gallery.open(altered) as gallery:
        assert gallery.check().ok
        assert _FACE not in [face.id for face in gallery.faces.of("Tiger Woods")]
        assert gallery.people.counts() == (4, 35)
        assert gallery.history.undo() is None
        assert gallery.identify(gallery.faces.vector(1)[None])[0].name == "Tiger Woods"
    (aside,) = altered.glob("damaged-*")
    assert (aside / "gallery.db").is_file()


def test_decisions_and_unknown_queries_are_held_to_the_same(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        gallery.corrections.reject(np.ones(128, np.float32), gallery.people.all()[0].id)
        gallery.unknowns.add(gallery.faces.vector(1)[None] + 0.5)
    _alter(folder, "decisions", "1")
    _alter(folder, "unknowns", "1")
    refused = pytest.raises(GalleryDamagedError, match="vector of decision 1")
    with Store.open(folder, write=False) as store, refused:
        store.decisions.rejected_vectors()
    with Gallery.open(folder) as gallery:
        with pytest.raises(GalleryDamagedError, match="vector of unknown 1"):
            gallery.unknowns.clusters()
        assert len(gallery.check(repair=True).repaired) >= 2
        assert gallery.check().ok
        assert gallery.unknowns.count() == 0


def test_a_backup_that_holds_one_is_restored_without_it_and_says_so(
    altered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:  # as an earlier version made it
        patch.setattr("engine.store.backup.backups._require_whole", lambda *_: None)
        with Gallery.open(altered, write=False) as gallery:
            backup = gallery.backups.write(tmp_path / "backup.zip").path
    events: list[Event] = []
    recovery.restore_backup(backup, tmp_path / "new.gallery", reporter=Reporter(events.append))
    said = [event.text for event in events if isinstance(event, Message)]
    assert len(said) == 1
    assert re.search(f"Not restored: {_NAMED}", said[0])
    with Gallery.open(tmp_path / "new.gallery") as gallery:
        assert gallery.check().ok
        assert gallery.people.counts()[1] == 35
