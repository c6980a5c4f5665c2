"""An encrypted gallery does what a plain one does, and nothing of it can be read on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryReadOnlyError,
    GalleryWriteError,
    InputError,
    PassphraseNeededError,
    WrongPassphraseError,
)
from engine.gallery import Gallery, is_encrypted
from engine.store import Store, encryption
from engine.store.cipher import key_for
from engine.store.database import Database, connect
from engine.store.encryption.model_files import MemoryFolder, missing_memory
from engine.store.settings_table import CALIBRATION
from tests.sealed import OTHER, PASSPHRASE, Secrets, needs_sqlcipher

ROOT = Path(__file__).resolve().parents[3]
pytestmark = needs_sqlcipher


@pytest.mark.slow
def test_no_file_of_it_holds_a_vector_a_name_or_a_picture_in_clear(
    gallery: Gallery, plain: Path, secrets: Secrets
):
    assert len(secrets.in_clear(plain)) > len(secrets) / 2  # the search does find what is there
    face = gallery.people.all()[0].portrait
    gallery.recogniser.identify_enrolled(face)
    gallery.prepare()
    gallery.review()
    gallery.corrections.rename(gallery.people.all()[1].name, "Somebody Else")
    gallery.corrections.delete([gallery.people.all()[2].name])
    open_now = secrets.in_clear(gallery.folder)
    gallery.close()
    assert open_now == secrets.in_clear(gallery.folder) == []
    assert b"Somebody Else" not in (gallery.folder / "gallery.db").read_bytes()


def test_it_tells_who_somebody_is_just_as_a_plain_gallery(gallery: Gallery, plain: Path):
    with Gallery.open(plain) as other:
        rows = np.stack([other.faces.vector(face.id) for face in other.faces.of(1)])
        ours, theirs = gallery.identify(rows), other.identify(rows)
    assert [one.name for one in ours] == [one.name for one in theirs]
    assert [one.confidence for one in ours] == pytest.approx([one.confidence for one in theirs])


def test_changes_are_taken_back_and_made_again_after_it_was_closed(encrypted: Path):
    with Gallery.open(encrypted, passphrase=PASSPHRASE) as gallery:
        name = gallery.people.all()[0].name
        gallery.corrections.rename(name, "Somebody Else")
    with Gallery.open(encrypted, passphrase=PASSPHRASE) as gallery:
        gallery.history.undo()
        assert gallery.people.all()[0].name == name
        gallery.history.redo()
        assert gallery.people.find("Somebody Else") is not None
        assert gallery.check().ok


def test_it_opens_with_its_passphrase_alone(encrypted: Path):
    assert is_encrypted(encrypted)
    with pytest.raises(PassphraseNeededError, match="is encrypted"):
        Gallery.open(encrypted)
    with pytest.raises(WrongPassphraseError, match="is wrong, or this is not a gallery"):
        Gallery.open(encrypted, passphrase=PASSPHRASE + "!")
    Gallery.open(encrypted, passphrase=PASSPHRASE).close()


def test_a_wrong_passphrase_says_nothing_on_the_terminal(encrypted: Path, capfd):
    with pytest.raises(WrongPassphraseError):
        Gallery.open(encrypted, passphrase=OTHER)
    assert capfd.readouterr() == ("", "")


def test_a_plain_gallery_heeds_no_passphrase(plain: Path):
    assert not is_encrypted(plain)
    with Gallery.open(plain, passphrase=PASSPHRASE) as gallery:
        assert not gallery.encrypted


def test_a_passphrase_is_the_same_however_its_letters_are_composed(tmp_path: Path):
    words = "Köche mögen süße Äpfel"
    folder = tmp_path / "some.gallery"
    Gallery.create(folder, passphrase=unicodedata.normalize("NFC", words)).close()
    Gallery.open(folder, passphrase=unicodedata.normalize("NFD", words)).close()


@pytest.mark.parametrize(
    ("weak", "why"), [("eleven char", "11 characters of at least 12"), ("a" * 40, "repeats itself")]
)
def test_a_passphrase_that_is_easily_guessed_is_refused_and_nothing_made(
    tmp_path: Path, plain: Path, weak: str, why: str
):
    with pytest.raises(InputError, match=why):
        Gallery.create(tmp_path / "new.gallery", passphrase=weak)
    assert not (tmp_path / "new.gallery").exists()
    with pytest.raises(InputError, match=why):
        encryption.encrypt(plain, weak)
    assert not is_encrypted(plain)


@pytest.mark.slow
def test_a_second_process_reads_it_while_the_first_one_writes(gallery: Gallery):
    read = (
        "import sys; from engine.gallery import Gallery\n"
        "with Gallery.open(sys.argv[1], passphrase=sys.argv[2]) as gallery:\n"
        "    print(gallery.people.counts(), gallery.writable, *gallery.notices)"
    )
    command = [sys.executable, "-c", read, str(gallery.folder), PASSPHRASE]
    gallery.corrections.delete([gallery.people.all()[0].name])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith(f"{gallery.people.counts()} False Opened read-only"), done.stderr


@pytest.mark.slow
def test_a_reader_takes_over_when_the_writer_has_left(encrypted: Path):
    writer = Gallery.open(encrypted, passphrase=PASSPHRASE)
    with Gallery.open(encrypted, passphrase=PASSPHRASE) as reader:
        assert not reader.try_to_write()
        writer.close()
        assert reader.try_to_write()
        assert reader.corrections.delete([reader.people.all()[0].name]) is not None


@pytest.mark.skipif(bool(missing_memory()), reason="no folder in memory")
def test_what_a_killed_process_left_in_memory_goes_with_the_next(tmp_path: Path):
    left = (
        "import os, signal; from engine.store.encryption.model_files import MemoryFolder\n"
        "memory = MemoryFolder(); print(memory.path(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", left], cwd=ROOT, capture_output=True, text=True)
    folder = Path(done.stdout.strip())
    assert folder.is_dir()
    memory = MemoryFolder()
    assert memory.path().stat().st_mode & 0o077 == 0
    assert not folder.exists()
    memory.close()


# -- there and back ----------------------------------------------------------------------------


def test_a_gallery_is_encrypted_in_place_and_decrypted_again(plain: Path, secrets: Secrets):
    with Gallery.open(plain) as gallery:
        gallery.corrections.rename(gallery.people.all()[0].name, "Aaron Aardvark")
        before = gallery.people.all(), gallery.history.changes(), gallery.faces.vector(3).tobytes()
        gallery.encrypt(PASSPHRASE)
        assert gallery.encrypted
        assert secrets.in_clear(plain) == []
        after = gallery.people.all(), gallery.history.changes(), gallery.faces.vector(3).tobytes()
        assert before == after
        assert gallery.history.undo() is not None
        gallery.decrypt()
        assert not gallery.encrypted
        assert gallery.history.redo() is not None
        assert gallery.check().ok
    with Gallery.open(plain) as gallery:
        assert gallery.people.find("Aaron Aardvark") is not None
        assert not list(plain.glob("gallery.db*-conversion"))


def test_automatic_backups_in_clear_go_with_the_rest(plain: Path, secrets: Secrets):
    with Gallery.open(plain) as gallery:
        gallery.corrections.delete([one.name for one in gallery.people.all()[:4]])
        assert gallery.backups.automatic()
        gallery.encrypt(PASSPHRASE)
        assert gallery.backups.automatic() == []
        assert secrets.in_clear(plain) == []
        gallery.history.undo()
        gallery.corrections.delete([one.name for one in gallery.people.all()[:4]])
        assert gallery.backups.automatic()[0].encrypted
        assert secrets.in_clear(plain) == []


@pytest.mark.slow
def test_what_a_person_lays_into_the_folder_later_stays(encrypted: Path, plain: Path):
    (encrypted / "backups").mkdir()
    with Gallery.open(plain, write=False) as other:
        mine = other.backups.write(encrypted / "backups" / "mine.zip")
    copy = encrypted / "gallery.db.old"
    copy.write_bytes(b"a copy of my own")
    with Gallery.open(encrypted, passphrase=PASSPHRASE) as gallery:
        gallery.change_passphrase(OTHER)
    assert copy.exists()
    assert mine.path.exists()


def test_nobody_else_on_the_computer_can_look_at_it(plain: Path):
    before = os.umask(0o022)
    try:
        for convert in (encryption.encrypt, encryption.decrypt):
            convert(plain, PASSPHRASE)
            modes = {path: path.stat().st_mode & 0o077 for path in [plain, *plain.rglob("*")]}
            assert not any(modes.values()), modes
    finally:
        os.umask(before)


@pytest.mark.slow
def test_another_passphrase_opens_it_and_the_old_one_does_not(encrypted: Path):
    with Gallery.open(encrypted, passphrase=PASSPHRASE) as gallery:
        gallery.change_passphrase(OTHER)
        people = gallery.people.all()
    with pytest.raises(WrongPassphraseError):
        Gallery.open(encrypted, passphrase=PASSPHRASE)
    with Gallery.open(encrypted, passphrase=OTHER) as gallery:
        assert gallery.people.all() == people


def test_what_is_refused_leaves_the_gallery_open_as_it_was(gallery: Gallery, plain: Path):
    with pytest.raises(InputError, match="already encrypted"):
        gallery.encrypt(OTHER)
    with pytest.raises(InputError, match="too short"):
        gallery.change_passphrase("short")
    assert gallery.people.all()
    with Gallery.open(plain) as other:
        with pytest.raises(InputError, match="not encrypted"):
            other.decrypt()
        assert other.people.all()


@pytest.mark.slow
def test_a_gallery_that_others_read_is_not_converted_under_them(gallery: Gallery):
    with (
        Gallery.open(gallery.folder, write=False, passphrase=PASSPHRASE) as reader,
        pytest.raises(GalleryReadOnlyError, match="read-only"),
    ):
        reader.decrypt()
    command = (
        "import sys; from engine.gallery import Gallery\n"
        "with Gallery.open(sys.argv[1], write=False, passphrase=sys.argv[2]) as gallery:\n"
        "    print(len(gallery.people.all()), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", command, str(gallery.folder), PASSPHRASE],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(GalleryBusyError):
            gallery.decrypt()
        other.communicate()
    assert gallery.encrypted
    assert gallery.people.all()
    gallery.decrypt()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "CREATE TRIGGER stranger AFTER INSERT ON faces BEGIN DELETE FROM identities; END",
            "Another program has added “stranger”",
        ),
        ("DROP TABLE unknowns", "The database lacks .*unknowns"),
    ],
)
def test_what_is_not_ours_in_an_encrypted_database_is_refused(
    encrypted: Path, statement: str, words: str
):
    path = encrypted / "gallery.db"
    with closing(connect(path, "mode=rw", key_for(path, PASSPHRASE))) as connection:
        connection.execute(statement)
    with pytest.raises(GalleryDamagedError, match=words):
        Gallery.open(encrypted, passphrase=PASSPHRASE)


def test_a_gallery_that_cannot_be_opened_once_made_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise GalleryWriteError("The disk is full")

    monkeypatch.setattr(Database, "start_writing", full)
    with pytest.raises(GalleryWriteError, match="full"):
        Gallery.create(tmp_path / "new" / "some.gallery", passphrase=PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


def calibration(gallery: Gallery) -> str | None:
    with Store.open(gallery.folder, write=False, passphrase=PASSPHRASE) as store:
        return store.derived.read(CALIBRATION)


@pytest.mark.slow
def test_a_calibration_that_is_damaged_in_it_is_made_anew(gallery: Gallery):
    gallery.prepare()
    kept = calibration(gallery)
    for damaged in ("{", '{"change": 1}', '{"change": "1", "faces": {}, "calibration": ""}'):
        gallery._store.derived.write(CALIBRATION, damaged)
        with Gallery.open(gallery.folder, write=False, passphrase=PASSPHRASE) as reader:
            reader.identify(reader.faces.vector(1))
            assert reader.recogniser.unsaved
        gallery.recogniser.renew(gallery.prepare)
        assert calibration(gallery) == kept


USURPED = """
import sys
import tensorflow
from engine.errors import EncryptionMissingError
from engine.gallery import Gallery
try:
    Gallery.create(sys.argv[1], passphrase=sys.argv[2])
except EncryptionMissingError as error:
    print(error.remedy)
"""


@pytest.mark.slow
def test_nothing_is_written_where_another_library_answers_for_sqlcipher(tmp_path: Path):
    pytest.importorskip("tensorflow")
    command = [sys.executable, "-c", USURPED, tmp_path / "new.gallery", PASSPHRASE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "Import sqlcipher3 before" in done.stdout, done.stderr
    assert not (tmp_path / "new.gallery").exists()
