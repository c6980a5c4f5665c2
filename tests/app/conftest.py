"""The real application on a small real gallery, offscreen, with its own settings folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from tests.watchdog import SUSPICIOUS, Stall, Watchdog, blocked, in_the_application

DATA = Path(__file__).resolve().parents[2] / "data"
PEOPLE = ("Tiger_Woods", "Tim_Henman", "Tom_Ridge", "Tom_Hanks", "Tony_Blair", "Venus_Williams")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and recent galleries of the test alone."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("FACE_GALLERY_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_stall(qapp: object) -> Iterator[None]:
    """Fails a test in which the application kept the UI thread at work for too long in one go.

    It counts processor time: what the machine does beside is not blamed on the window. How smooth
    the window is on a large gallery is for `make soak` to say.
    """
    stalls: list[Stall] = []
    with Watchdog(stalls.append, least=SUSPICIOUS, doing=in_the_application, every=0.05):
        yield
    if long := blocked(stalls):
        told = "\n".join(stall.text() for stall in long)
        pytest.fail(f"the UI thread was at work for too long in one go:\n{told}")


@pytest.fixture(scope="session")
def small_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people with up to nine faces each, in the dataset's layout; the tenth is a query."""
    tree = tmp_path_factory.mktemp("tree") / "people"
    for person in PEOPLE:
        (tree / person).mkdir(parents=True)
        for face in sorted((DATA / person).glob("*.npy"))[:9]:
            shutil.copy(face, tree / person)
    return tree


@pytest.fixture(scope="session")
def made_gallery(small_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "six.gallery"
    gallery, _ = Gallery.create_from(folder, [small_tree])
    gallery.close()
    return folder


@pytest.fixture
def gallery_folder(made_gallery: Path, tmp_path: Path) -> Path:
    """A gallery that the test may change."""
    folder = tmp_path / "six.gallery"
    shutil.copytree(made_gallery, folder)
    return folder


@pytest.fixture
def query_file() -> Path:
    """A face of Tiger Woods that is not in the small gallery."""
    return sorted((DATA / "Tiger_Woods").glob("*.npy"))[9]


@pytest.fixture
def stranger_file() -> Path:
    """A face of somebody who is not in the small gallery."""
    return sorted((DATA / "Winona_Ryder").glob("*.npy"))[0]


@pytest.fixture
def start(qtbot: QtBot, home: Path) -> Iterator[Callable[..., App]]:
    """Starts the application as ``face-gallery open`` does; closes it at the end."""
    from PySide6.QtWidgets import QApplication

    started: list[App] = []

    def begin(folder: Path | None = None, *, sample: bool = False) -> App:
        app = App(QApplication.instance())  # type: ignore[arg-type]
        started.append(app)
        app.window.show()
        app.open(folder, sample=sample)
        return app

    yield begin
    for app in started:
        app.window.close()
        app.window.deleteLater()
        app.deleteLater()


@pytest.fixture
def app(start: Callable[..., App], gallery_folder: Path, qtbot: QtBot) -> App:
    """The window on the small gallery, everything shown."""
    running = start(gallery_folder)
    qtbot.waitUntil(lambda: running.window.faces.model.rowCount() > 0)
    return running
