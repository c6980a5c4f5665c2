"""A small gallery of real faces, what its database holds."""

from __future__ import annotations

import io
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.gallery import Gallery
from gallery_app import cli

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = ("Tiger_Woods", "Tim_Henman", "Tom_Ridge", "Tony_Blair")
TABLES = ("gallery", "settings", "identities", "faces", "embeddings", "photos", "history")

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Contents = Callable[[Path], dict[str, list[Any]]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of the test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("FACE_GALLERY_HOME", str(folder))
    return folder


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Calls ``face-gallery`` in this process: to start one for each call takes much longer."""
    interrupted = signal.getsignal(signal.SIGINT)

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = list(map(str, arguments))
        said, told = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
            patch.setattr(sys, "stdout", said)
            patch.setattr(sys, "stderr", told)
            code = cli.run(command)
        texts = []
        for stream in (said, told):
            stream.seek(0)
            texts.append(stream.read())
        return subprocess.CompletedProcess(command, code, *texts)

    yield call
    signal.signal(signal.SIGINT, interrupted)


@pytest.fixture
def run_apart(home: Path) -> Run:
    """Calls ``face-gallery`` in a process of its own, as a shell does."""

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gallery_app", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    return call


@pytest.fixture(scope="session")
def four_people(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder tree of nine faces of each of four people."""
    tree = tmp_path_factory.mktemp("four") / "people"
    for person in PEOPLE:
        (tree / person).mkdir(parents=True)
        for face in sorted((sample / person).glob("*.npy"))[:9]:
            shutil.copy(face, tree / person)
    return tree


@pytest.fixture(scope="session")
def made_once(four_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "four.gallery"
    with Gallery.create_from(folder, [four_people])[0] as gallery:
        gallery.prepare()
    return folder


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> Path:
    """A gallery of the four people, closed."""
    return shutil.copytree(made_once, tmp_path / "four.gallery")


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    """The same, open for writing."""
    with Gallery.open(folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def contents() -> Contents:
    """All rows of a gallery's database, history included, read behind the engine's back."""

    def read(folder: Path) -> dict[str, list[Any]]:
        with closing(sqlite3.connect(f"file:{folder / 'gallery.db'}?mode=ro", uri=True)) as base:
            return {
                table: base.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in TABLES
            }

    return read
