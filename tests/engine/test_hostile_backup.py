"""A backup from somebody else is data: whatever is in it, nothing outside changes, nothing hangs,
and what cannot be used is refused as declared and leaves nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.errors import FaceGalleryError
from engine.gallery import Gallery
from engine.store import recovery
from tests import hostile
from tests.hostile import ARCHIVES, NAME, NOTES, SCHEMAS, Plant


@dataclass(frozen=True)
class Scene:
    """A backup, and beside it the gallery that it is of, and a folder that is no gallery's."""

    backup: Path
    folder: Path
    victims: Path

    def refused(self) -> FaceGalleryError:
        """What restoring it is refused with, whichever way; everything is as it was."""
        place = self.backup.parent
        before = hostile.state_of(place)
        told = []
        for do in (
            lambda: recovery.preview_backup(self.backup, None),
            lambda: recovery.preview_backup(self.backup, self.folder),
            lambda: recovery.restore_backup(self.backup, place / "restored"),
            lambda: recovery.restore_backup(self.backup, self.folder, replace=True),
        ):
            with pytest.raises(FaceGalleryError) as refusal:
                do()
            told.append(refusal.value)
            assert _but_database(hostile.state_of(place)) == _but_database(before)
        return told[0]

    def used_as_automatic(self) -> None:
        """Among the gallery's own backups, and looked through for somebody who is erased."""
        shutil.copy(self.backup, self.folder / "backups" / "20270101-000000-import.zip")
        before = hostile.state_of(self.victims)
        recovery.automatic_backups(self.folder)
        with suppress(FaceGalleryError):
            recovery.newest_sound_backup(self.folder)
        with Gallery.open(self.folder) as gallery:
            gallery.erasure.erase([NAME])
        assert hostile.state_of(self.victims) == before
        assert not (self.backup.parent / "made").exists()


def _but_database(state: dict[str, str]) -> dict[str, str]:
    """A gallery that was read has a log beside its database."""
    return {name: found for name, found in state.items() if "gallery.db-" not in name}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    place = tmp_path_factory.mktemp("hostile")
    folder, _ = hostile.make_gallery(place)
    with Gallery.open(folder, write=False) as gallery:
        backup = gallery.backups.write(place / "backup.zip").path
    return Scene(backup, folder, hostile.make_victims(place))


@pytest.fixture
def scene(made: Scene, tmp_path: Path) -> Scene:
    shutil.copytree(made.folder, tmp_path / "some.gallery")
    shutil.copytree(made.victims, tmp_path / "victims")
    return Scene(
        Path(shutil.copy(made.backup, tmp_path)), tmp_path / "some.gallery", tmp_path / "victims"
    )


def test_a_sound_backup_that_was_written_anew_is_restored(scene: Scene) -> None:
    hostile.rewrite(scene.backup, lambda *_: None)
    recovery.restore_backup(scene.backup, scene.folder, replace=True)
    restored = recovery.restore_backup(scene.backup, scene.folder.with_name("restored")).folder
    with Gallery.open(restored) as gallery:
        assert gallery.check().ok
        assert len(gallery.models.all()) == 1
    scene.used_as_automatic()


@pytest.mark.slow
@pytest.mark.parametrize("change", ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_of_anything_is_refused_or_restored_as_it_is(
    change: Callable[[Path], None], scene: Scene, request: pytest.FixtureRequest
) -> None:
    change(scene.backup)
    if request.node.callspec.id in _HARMLESS:
        restored = recovery.restore_backup(scene.backup, scene.backup.parent / "restored").folder
        hostile.require_plain(restored)
        with Gallery.open(restored) as gallery:
            assert gallery.check().ok
    else:
        assert scene.refused().file
    scene.used_as_automatic()


_HARMLESS = frozenset({"links", "models above", "a name of control characters"})


@pytest.mark.parametrize("plant", (NOTES | SCHEMAS).values(), ids=NOTES | SCHEMAS)
def test_a_database_that_acts_or_asks_for_a_removal_is_refused(plant: Plant, scene: Scene) -> None:
    hostile.with_database(scene.backup, plant, scene.victims)
    assert scene.refused().file == str(scene.backup)
    scene.used_as_automatic()


@pytest.mark.parametrize("kind", hostile.FILES)
def test_what_is_no_file_is_no_backup(kind: str, scene: Scene, tmp_path: Path) -> None:
    if not hostile.can_plant(kind, tmp_path):
        pytest.skip("this cannot be planted here")
    with hostile.planted(kind, scene.backup, scene.victims):
        scene.refused()


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_backup_may_be_reached_by_a_link(scene: Scene) -> None:
    link = scene.backup.with_name("link.zip")
    link.symlink_to(scene.backup)
    assert recovery.preview_backup(link, None).backup.faces == 36
