"""A gallery from somebody else is data: whatever is planted in it, nothing outside changes, nothing
hangs, and what cannot be used is refused as declared.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.errors import FaceGalleryError, ForeignFileError, GalleryDamagedError
from engine.gallery import Gallery
from engine.store import encryption, recovery
from engine.store.lifecycle import WriterLock
from tests import hostile
from tests.hostile import NAME, NOTES, SCHEMAS, VALUES, Plant

pytestmark = pytest.mark.slow

PASSPHRASE = "correct horse battery"


@dataclass(frozen=True)
class Scene:
    """A closed gallery's folder, a backup of it, a query, and a folder that is no gallery's."""

    folder: Path
    backup: Path
    query: Path
    victims: Path

    def outcomes(self, *without: str) -> dict[str, FaceGalleryError | None]:
        """What all that can be done with a gallery came to; the victims are as they were."""
        victims = hostile.state_of(self.victims)
        told: dict[str, FaceGalleryError | None] = {}
        for action in [action for action in ACTIONS if action not in without]:
            try:
                ACTIONS[action](self)
                told[action] = None
            except FaceGalleryError as error:
                told[action] = error
        assert hostile.state_of(self.victims) == victims
        return told


def _read(scene: Scene) -> None:
    with Gallery.open(scene.folder, write=False) as gallery:
        for person in gallery.people.all():
            gallery.faces.of(person.id)
        gallery.history.changes()
        gallery.identify(np.load(scene.query)[None])
        gallery.models.all()


def _check(scene: Scene) -> None:
    with Gallery.open(scene.folder, write=False) as gallery:
        report = gallery.check()
        if not report.ok:
            raise GalleryDamagedError(report.problems[0], remedy="It was told.")


def _write(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        person = gallery.people.find(NAME)
        if person is not None:
            gallery.corrections.set_note(person.name, "another")
        gallery.prepare()
        gallery.check(repair=True)


def _take_over(scene: Scene) -> None:
    with Gallery.open(scene.folder, write=False) as gallery:
        gallery.try_to_write()


def _back_up(scene: Scene) -> None:
    target = scene.folder.parent / "new.zip"
    try:
        with Gallery.open(scene.folder, write=False) as gallery:
            gallery.backups.write(target)
            recovery.preview_backup(target, None)
    finally:
        target.unlink(missing_ok=True)


def _salvage(scene: Scene) -> None:
    target = scene.folder.parent / "salvaged"
    try:
        recovery.salvage_gallery(scene.folder, target)
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _create(scene: Scene) -> None:
    Gallery.create(scene.folder).close()


def _erase(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        gallery.erasure.foresee([NAME])
        gallery.erasure.erase([NAME])


ACTIONS: dict[str, Callable[[Scene], object]] = {
    "look": lambda scene: encryption.is_encrypted(scene.folder),
    "read": _read,
    "check": _check,
    "list backups": lambda scene: recovery.automatic_backups(scene.folder),
    "newest backup": lambda scene: recovery.newest_sound_backup(scene.folder),
    "preview": lambda scene: recovery.preview_backup(scene.backup, scene.folder),
    "salvage": _salvage,
    "take over": _take_over,
    "create": _create,
    "back up": _back_up,
    "write": _write,
    "lock": lambda scene: WriterLock(scene.folder).acquire(),
    "erase": _erase,
    "restore": lambda scene: recovery.restore_backup(scene.backup, scene.folder, replace=True),
    "encrypt": lambda scene: encryption.encrypt(scene.folder, PASSPHRASE),
    "decrypt": lambda scene: encryption.decrypt(scene.folder, PASSPHRASE),
    "clear backups": lambda scene: _clear_backups(scene),
}
"""In this order, one after another, with the same gallery."""


def _clear_backups(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        gallery.backups.clear()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    place = tmp_path_factory.mktemp("hostile")
    folder, query = hostile.make_gallery(place)
    with Gallery.open(folder, write=False) as gallery:
        backup = gallery.backups.write(place / "backup.zip").path
    return Scene(folder, backup, query, hostile.make_victims(place))


@pytest.fixture
def scene(made: Scene, tmp_path: Path) -> Scene:
    return again(made, tmp_path)


def again(made: Scene, place: Path) -> Scene:
    """A scene of its own."""
    folder, victims = place / made.folder.name, place / made.victims.name
    shutil.copytree(made.folder, folder)
    shutil.copytree(made.victims, victims)
    return Scene(folder, made.backup, made.query, victims)


def test_all_that_is_done_here_can_be_done_with_a_sound_gallery(scene: Scene) -> None:
    told = {action: error for action, error in scene.outcomes().items() if error is not None}
    assert told.keys() <= {"create"}, told


@pytest.mark.parametrize("kind", hostile.FILES)
def test_a_link_or_the_like_under_any_name_of_the_gallery_is_refused(
    kind: str, scene: Scene, tmp_path: Path
) -> None:
    if not hostile.can_plant(kind, tmp_path):
        pytest.skip("this cannot be planted here")
    for name in hostile.names_in(scene.folder):
        with hostile.planted(kind, scene.folder / name, scene.victims) as planted:
            before = hostile.state_of(scene.folder)
            told = scene.outcomes()
            assert hostile.state_of(scene.folder) == before, name
        for action, error in told.items():
            if action == "look":
                continue  # it tells whether there is a database that is encrypted
            assert isinstance(error, FaceGalleryError), (name, action)
            if action not in ("create", "decrypt"):
                assert isinstance(error, ForeignFileError), (name, action)
                assert error.file == str(planted), (name, action, error)
                assert error.remedy, (name, action)


@pytest.mark.parametrize("plant", NOTES.values(), ids=NOTES)
def test_the_note_of_an_erasure_removes_nothing_outside(plant: Plant, scene: Scene) -> None:
    plant(scene.folder, scene.victims)
    told = scene.outcomes("encrypt", "decrypt")  # they take it along
    for action in ("check", "write", "take over", "erase"):
        assert isinstance(told[action], GalleryDamagedError), (action, told[action])
        assert "erasure" in str(told[action]), told[action]
    assert told["read"] is None


@pytest.mark.parametrize("plant", SCHEMAS.values(), ids=SCHEMAS)
def test_what_acts_by_itself_in_the_database_is_refused(plant: Plant, scene: Scene) -> None:
    plant(scene.folder, scene.victims)
    told = scene.outcomes()
    for action in ("read", "check", "write", "take over", "back up", "erase"):
        assert isinstance(told[action], FaceGalleryError), (action, told[action])


@pytest.mark.parametrize("plant", VALUES.values(), ids=VALUES)
def test_values_that_no_gallery_holds_are_refused_or_shown_as_they_are(
    plant: Plant, scene: Scene
) -> None:
    plant(scene.folder, scene.victims)
    told = scene.outcomes()
    assert isinstance(told["check"], FaceGalleryError)


SIZES = (
    *("index/recognition.bin", "index/calibration.json", "index/faces.json", "gallery.lock.json"),
    *("models/auto.json", "models/evaluation.json", "backups/20260101-000000-import.zip"),
    *("gallery.db.before-conversion", "models/mlp-20260101-000000-abcd/network.npz"),
)


@pytest.mark.parametrize("name", SIZES)
def test_a_file_of_absurd_size_is_never_read_whole(name: str, scene: Scene) -> None:
    path = scene.folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as stream:
        try:
            stream.truncate(1 << 40)  # a hole: it takes no place
        except OSError:
            pytest.skip("this disk has no holes in files")
    told = scene.outcomes(*(action for action in ACTIONS if action not in _BRIEF))
    assert told["read"] is None


_BRIEF = frozenset({"look", "read", "check", "list backups", "newest backup", "take over", "write"})
