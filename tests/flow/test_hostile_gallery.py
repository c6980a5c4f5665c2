"""The command line on a gallery or a backup from somebody else: one line, exit code 1, and nothing
outside changes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gallery_app.cli import run
from tests import hostile
from tests.hostile import NAME, NOTES, SCHEMAS, Plant

PLACES = ("gallery.db", "gallery.db-wal", "gallery.lock.json", "index", "models", "backups")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hostile")
    folder, _ = hostile.make_gallery(place)
    assert run(["backup", str(place / "backup.zip"), "-g", str(folder)]) == 0
    hostile.make_victims(place)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACE_GALLERY_HOME", str(tmp_path / "home"))
    shutil.copytree(made, tmp_path / "place")
    return tmp_path / "place"


def commands(place: Path) -> dict[str, list[str]]:
    gallery = ["-g", str(place / "some.gallery")]
    return {
        "people": ["people", *gallery],
        "identify": ["identify", str(place / "query.npy"), *gallery],
        "history": ["history", *gallery],
        "models": ["models", *gallery],
        "check": ["check", *gallery],
        "repair": ["check", "--repair", *gallery],
        "salvage": ["check", "--salvage", str(place / "salvaged"), *gallery],
        "backups": ["backup", "--list", *gallery],
        "backup": ["backup", str(place / "new.zip"), *gallery],
        "note": ["note", NAME, "another", *gallery],
        "enroll": ["enroll", NAME, str(place / "query.npy"), *gallery],
        "undo": ["undo", *gallery],
        "restore": ["restore", str(place / "backup.zip"), "--yes", *gallery],
        "erase": ["erase", NAME, "--yes", *gallery],
        "new": ["new", gallery[1]],
    }


def refused(place: Path, capsys: pytest.CaptureFixture[str], *allowed: str) -> dict[str, str]:
    """What each command said; all but those that are allowed to were refused."""
    victims = hostile.state_of(place / "victims")
    said = {}
    for name, arguments in commands(place).items():
        capsys.readouterr()
        code = run(arguments)
        written = capsys.readouterr()
        said[name] = written.out + written.err
        assert code in ((0, 1) if name in allowed else (1,)), (name, said[name])
        assert "Traceback" not in said[name]
        assert "\x1b" not in said[name]
        shutil.rmtree(place / "salvaged", ignore_errors=True)
        (place / "new.zip").unlink(missing_ok=True)
    assert hostile.state_of(place / "victims") == victims
    return said


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", ["link", "link to a folder", "link to nothing", "named pipe"])
def test_a_link_or_a_pipe_is_refused_in_one_line_that_names_it(
    kind: str, name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not hostile.can_plant(kind, place):
        pytest.skip("this cannot be planted here")
    with hostile.planted(kind, place / "some.gallery" / name, place / "victims") as planted:
        said = refused(place, capsys)
    for command, words in said.items():
        assert "Traceback" not in words
        if command != "new":
            assert str(planted) in words, (command, words)
            assert len(words.splitlines()) == 1, (command, words)


@pytest.mark.slow
@pytest.mark.parametrize("plant", NOTES.values(), ids=NOTES)
def test_the_note_of_an_erasure_is_not_obeyed(
    plant: Plant, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(place / "some.gallery", place / "victims")
    reading = ("people", "identify", "history", "models", "backups", "backup", "salvage", "restore")
    said = refused(place, capsys, *reading, "erase")  # what was restored over it is sound
    assert "erasure" in said["check"]
    assert "erasure" in said["note"]


@pytest.mark.parametrize("plant", SCHEMAS.values(), ids=SCHEMAS)
def test_what_acts_by_itself_is_refused(
    plant: Plant, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(place / "some.gallery", place / "victims")
    refused(place, capsys, "backups", "salvage", "restore", "erase")
