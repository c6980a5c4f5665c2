"""Values that no program of ours wrote, in every column of a gallery's database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import BackupError, FaceGalleryError, GalleryDamagedError
from engine.gallery import Gallery
from engine.records.domains import LATEST, harmless
from engine.records.types import FaceBatch
from engine.store import recovery
from engine.store.column_domains import COLUMNS
from engine.store.schema import MIGRATIONS
from tests.flow.conftest import Run
from tests.handmade import put_to_use

_STEERING = "\x1b]0;owned\x07\x1b[31mred\nFake\u202eline\x9b"
_ODD: tuple[object, ...] = (*(_STEERING, "[" * 3000, b"\xff\xfe", -1, 2**63 - 1, 1e300),)
_RAW = set(map(chr, (*range(0x20), *range(0x7F, 0xA0)))) - {"\n"} | {"\u202e"}


def _tables() -> dict[str, list[str]]:
    """Every column of every table."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in MIGRATIONS:
            connection.executescript(script)
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master "
                                                       "WHERE type = 'table'")]  # fmt: skip
        return {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in tables
        }


def _vectors(count: int, about: int) -> np.ndarray:
    made = np.random.default_rng(about).standard_normal((count, 8)) + 5 * np.eye(8)[about]
    return made.astype(np.float32)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery that has a row in every table but one or two."""
    place = tmp_path_factory.mktemp("rich")
    for about, name in enumerate(("Ann", "Bob", "Cem", "Dora")):
        (place / "src" / name).mkdir(parents=True)
        for number, vector in enumerate(_vectors(5, about)):
            np.save(place / "src" / name / f"{number}.npy", vector)
        Image.new("RGB", (32, 32)).save(place / "src" / name / "0.jpg")
    folder = place / "rich.gallery"
    with Gallery.create_from(folder, [place / "src"])[0] as gallery:
        to = gallery.corrections
        to.set_note("Ann", "words")
        to.choose_portrait("Ann", gallery.faces.of("Ann")[1].id)
        to.mark_distinct("Ann", "Bob")
        gallery.corrections.reject(_vectors(1, 5)[0], gallery.faces.of("Bob")[0].identity_id)
        to.ignore([gallery.faces.of("Dora")[0].id])
        gallery.unknowns.add(
            FaceBatch(_vectors(3, 6), [None] * 3, ["q"] * 3, [0, 1, 2], [None] * 3)
        )
        gallery.corrections.remove([gallery.faces.of("Cem")[0].id])
        to.merge(["Dora"], "Cem")
        gallery.history.undo()
        gallery.unknowns.dismiss([gallery.unknowns.all()[0].id])
        gallery.backups.keep(0)
        gallery.prepare()
    put_to_use(folder, "mlp")
    with Gallery.open(folder) as gallery:
        gallery.prepare()
    return folder


def _set(folder: Path, table: str, column: str, value: object) -> bool:
    """Puts a value in all rows that take it; whether there was one."""
    with closing(sqlite3.connect(folder / "gallery.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for name, _ in (kept := triggers.fetchall()):
            connection.execute(f"DROP TRIGGER {name}")
        try:
            query = f"UPDATE OR IGNORE {table} SET {column} = ?"
            changed = connection.execute(query, (value,)).rowcount
        except sqlite3.Error:  # a number that must be one
            changed = 0
        for _, script in kept:
            connection.execute(script)
        return changed > 0


def _everything(gallery: Gallery) -> Iterator[Callable[[], object]]:
    """Each way in which somebody comes to see what is stored."""
    query = _vectors(1, 0)
    yield from (
        gallery.people.all,
        gallery.people.roster,
        gallery.people.counts,
        gallery.history.changes,
    )
    for about in (1, 2):
        yield lambda about=about: gallery.faces.of(about)
        yield lambda about=about: gallery.faces.columns(about)
        yield lambda about=about: gallery.faces.thumbnail(about)
        yield lambda about=about: gallery.unknowns.thumbnail(about)
    yield from (gallery.unknowns.all, gallery.unknowns.clusters, gallery.models.all)
    yield from (
        gallery.corrections.cannot_link,
        gallery.corrections.ignored,
        gallery.backups.automatic,
    )
    yield lambda: gallery.identify(query)
    yield lambda: gallery.faces.from_file("1.npy")
    yield gallery.check
    yield from (gallery.history.undo, gallery.history.redo)
    yield lambda: gallery.corrections.set_note("Bob", "new")
    yield lambda: gallery.corrections.move([3], "Bob")


def test_every_column_has_a_domain() -> None:
    missing = {column for columns in _tables().values() for column in columns} - set(COLUMNS)
    assert not missing


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, some in _tables().items() for column in some]
)
def test_odd_values_of_any_column_are_refused_in_one_sentence_and_told_by_check(
    rich: Path, tmp_path: Path, run: Run, table: str, column: str
) -> None:
    for number, value in enumerate(_ODD):
        folder = shutil.copytree(rich, tmp_path / f"{number}.gallery")
        if not _set(folder, table, column, value):
            continue
        with suppress(FaceGalleryError), Gallery.open(folder) as gallery:
            for ask in _everything(gallery):
                with suppress(FaceGalleryError):
                    ask()
        if value is _STEERING:
            for command in ("people", "history", "check", "unknown", "models"):
                done = run(command, "-g", folder)
                assert done.returncode in (0, 1)
                assert not _RAW & set(done.stdout + done.stderr)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("table", "column", "value", "command"),
    [
        ("identities", "name", _STEERING, "people"),
        ("history", "at", 2.6e11, "history"),
        ("history", "at", -5.0, "history"),
        ("unknowns", "at", 1e300, "unknown"),
        ("models", "created", float("inf"), "models"),
        ("identities", "face_count", 2**63 - 1, "people"),
    ],
)
def test_the_command_line_says_what_makes_no_sense(
    rich: Path, tmp_path: Path, run: Run, table: str, column: str, value: object, command: str
) -> None:
    folder = shutil.copytree(rich, tmp_path / "odd.gallery")
    assert _set(folder, table, column, value)
    done = run(command, "-g", folder)
    assert done.returncode == 1
    assert "invalid values" in done.stderr
    assert done.stderr.count("\n") == 1
    checked = run("check", "-g", folder)
    assert checked.returncode == 1
    assert f"of {table}: {column} cannot be" in checked.stdout


def test_odd_values_are_neither_backed_up_nor_restored_nor_salvaged(
    rich: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(rich, tmp_path / "odd.gallery")
    with Gallery.open(folder) as gallery:
        sound = gallery.backups.write(tmp_path / "sound.zip").path
    assert _set(folder, "faces", "added", 1e300)
    assert _set(folder, "identities", "name", _STEERING)
    with (
        Gallery.open(folder, write=False) as gallery,
        pytest.raises(GalleryDamagedError, match="cannot be"),
    ):
        gallery.backups.write(tmp_path / "odd.zip")
    saved = recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
    with Gallery.open(saved.folder) as gallery:
        assert gallery.check().ok
        assert gallery.people.counts()[1] == saved.faces > 15
    assert any("added" in sentence for sentence in saved.lost)
    with pytest.MonkeyPatch.context() as patch:  # as a program that does not look would make it
        patch.setattr("engine.store.backup.backups._require_whole", lambda *_: None)
        with Gallery.open(folder, write=False) as gallery:
            odd = gallery.backups.write(tmp_path / "odd.zip").path
    with pytest.raises(BackupError, match="invalid data"):
        recovery.restore_backup(odd, tmp_path / "new.gallery")
    assert not (tmp_path / "new.gallery").exists()
    recovery.restore_backup(sound, tmp_path / "new.gallery")


@pytest.mark.parametrize("clock", [2.6e11, 1e300, -4e9])
def test_whatever_the_clock_says_what_is_written_can_be_read(
    rich: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, clock: float
) -> None:
    folder = shutil.copytree(rich, tmp_path / "late.gallery")
    monkeypatch.setattr("engine.records.domains.time.time", lambda: clock)
    assert run("note", "Bob", "late", "-g", folder).returncode == 0
    np.save(tmp_path / "more.npy", _vectors(1, 3)[0] + 1)
    assert run("enroll", "Zoe", tmp_path / "more.npy", "-g", folder).returncode == 0
    assert run("backup", tmp_path, "-g", folder).returncode == 0
    for command in ("history", "check"):
        assert run(command, "-g", folder).returncode == 0
    monkeypatch.undo()  # what draws the report's charts asks the clock itself
    assert run("export", "report", tmp_path / "report.html", "-g", folder).returncode == 0
    with Gallery.open(folder, write=False) as gallery:
        assert 0 <= gallery.faces.of("Zoe")[0].added <= LATEST


def test_file_names_may_hold_anything_and_are_shown_harmless(
    rich: Path, tmp_path: Path, run: Run
) -> None:
    folder = shutil.copytree(rich, tmp_path / "odd.gallery")
    assert _set(folder, "unknowns", "file", _STEERING)
    done = run("unknown", "-g", folder)
    assert done.returncode == 0
    assert harmless(_STEERING) in done.stdout
    assert not _RAW & set(done.stdout)


def test_nothing_but_the_one_way_writes_to_the_terminal() -> None:
    place = Path(__file__).resolve().parents[2] / "gallery_app" / "cli"
    for path in place.glob("*.py"):
        if path.name != "output.py":
            text = path.read_text(encoding="utf-8")
            assert not any(way in text for way in ("click.echo(", "click.secho(", "print(")), path
            assert "click.confirm(" not in text, path
