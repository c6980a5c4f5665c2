"""Backups of an encrypted gallery are encrypted, and are put back with the passphrase of then."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from engine.errors import BackupError, PassphraseNeededError, WrongPassphraseError
from engine.gallery import Gallery, is_encrypted
from engine.store import recovery
from tests.sealed import OTHER, PASSPHRASE, Secrets, needs_sqlcipher

pytestmark = [pytest.mark.slow, needs_sqlcipher]


@pytest.fixture
def backup(gallery: Gallery, tmp_path: Path) -> Path:
    return gallery.backups.write(tmp_path / "backup.zip").path


def test_a_backup_holds_nothing_in_clear_but_counts(
    gallery: Gallery, backup: Path, tmp_path: Path, secrets: Secrets
):
    assert secrets.in_clear(tmp_path) == []
    with zipfile.ZipFile(backup) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert secrets.in_clear(tmp_path / "unpacked") == []
    assert recovery.preview_backup(backup, None, passphrase=PASSPHRASE).backup.faces == 48


def test_a_new_gallery_made_of_it_has_its_passphrase(backup: Path, tmp_path: Path):
    target = tmp_path / "restored.gallery"
    with pytest.raises(PassphraseNeededError, match="The backup is encrypted"):
        recovery.restore_backup(backup, target)
    with pytest.raises(WrongPassphraseError):
        recovery.restore_backup(backup, target, passphrase=OTHER)
    assert not target.exists()
    recovery.restore_backup(backup, target, passphrase=PASSPHRASE)
    with Gallery.open(target, passphrase=PASSPHRASE) as gallery:
        assert gallery.people.counts() == (6, 48)
        assert gallery.check().ok


def test_it_is_put_back_in_place_though_the_passphrase_is_another_now(
    gallery: Gallery, backup: Path, secrets: Secrets
):
    people = gallery.people.all()
    gallery.corrections.delete([people[0].name])
    gallery.change_passphrase(OTHER)
    gallery.close()
    both = {"passphrase": PASSPHRASE, "passphrase_there": OTHER}
    assert recovery.preview_backup(backup, gallery.folder, **both).present.only_there == (
        people[0].name,
    )
    done = recovery.restore_backup(backup, gallery.folder, replace=True, **both)
    assert secrets.in_clear(gallery.folder) == []
    with Gallery.open(gallery.folder, passphrase=OTHER) as restored:
        assert restored.people.all() == people
        assert restored.check().ok
        assert [one.path for one in restored.backups.automatic()] == [done.safety]


def test_plain_and_encrypted_do_not_replace_one_another(
    gallery: Gallery, plain: Path, backup: Path, tmp_path: Path
):
    gallery.close()
    with Gallery.open(plain, write=False) as other:
        clear = other.backups.write(tmp_path / "clear.zip").path
    with pytest.raises(BackupError, match="The gallery is encrypted, and this backup of it is not"):
        recovery.restore_backup(clear, gallery.folder, replace=True, passphrase=PASSPHRASE)
    with pytest.raises(BackupError, match="The backup is encrypted, and the gallery is not"):
        recovery.restore_backup(backup, plain, replace=True, passphrase=PASSPHRASE)
    assert is_encrypted(gallery.folder)
    assert not is_encrypted(plain)


def test_a_damaged_gallery_gives_way_to_its_backup(gallery: Gallery, backup: Path):
    gallery.close()
    database = gallery.folder / "gallery.db"
    content = bytearray(database.read_bytes())
    content[5 * 4096 : 6 * 4096] = bytes(4096)
    database.write_bytes(content)
    done = recovery.restore_backup(backup, gallery.folder, replace=True, passphrase=PASSPHRASE)
    assert done.aside is not None
    with Gallery.open(gallery.folder, passphrase=PASSPHRASE) as restored:
        assert restored.check().ok
    shutil.rmtree(done.aside)
