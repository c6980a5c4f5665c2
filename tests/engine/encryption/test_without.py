"""Where SQLCipher is not installed, everything about encryption says so in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import EncryptionMissingError
from engine.gallery import Gallery, is_encrypted
from engine.store import encryption
from tests.sealed import PASSPHRASE

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that does not have it."""
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)


@pytest.mark.slow
@pytest.mark.usefixtures("absent")
def test_every_door_says_how_to_install_it(plain: Path, tmp_path: Path):
    command = "-m pip install sqlcipher3"
    noise = tmp_path / "noise.gallery"
    noise.mkdir()
    (noise / "gallery.db").write_bytes(os.urandom(8_192))
    assert is_encrypted(noise)
    with pytest.raises(EncryptionMissingError, match=command) as opened:
        Gallery.open(noise)
    with pytest.raises(EncryptionMissingError, match=command):
        Gallery.create(tmp_path / "new.gallery", passphrase=PASSPHRASE)
    with pytest.raises(EncryptionMissingError, match=command):
        encryption.encrypt(plain, PASSPHRASE)
    with Gallery.open(plain) as gallery:
        with pytest.raises(EncryptionMissingError, match=command):
            gallery.encrypt(PASSPHRASE)
        assert gallery.people.all()
    assert "\n" not in str(opened.value)
    assert not (tmp_path / "new.gallery").exists()


@pytest.mark.slow
def test_a_plain_gallery_never_imports_it(plain: Path):
    look = (
        "import sys; from engine.gallery import Gallery\n"
        "with Gallery.open(sys.argv[1]) as gallery:\n"
        "    gallery.recogniser.identify_enrolled(1); gallery.backups.write(sys.argv[1] + '.zip')\n"
        "print([name for name in sys.modules if 'sqlcipher' in name])"
    )
    command = [sys.executable, "-c", look, str(plain)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_damaged_plain_database_is_not_taken_for_an_encrypted_one(plain: Path):
    database = plain / "gallery.db"
    content = database.read_bytes()
    for damaged in (
        b"\0" * 100 + content[100:],
        b"garbage",
        os.urandom(4096) + content[4096:],
        b"",
    ):
        database.write_bytes(damaged)
        assert not is_encrypted(plain)
    assert not is_encrypted(plain.parent)
