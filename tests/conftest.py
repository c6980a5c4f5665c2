"""What all tests share: no screen, no thread left behind, the larger data where it is there."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.desktop import show_offscreen
from tests.trained import TrainedOnce, train_once

show_offscreen()
with suppress(ImportError):
    import sqlcipher3  # noqa: F401  (before TensorFlow, whose SQLite would stand in for it)

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120.0  # seconds that a busy machine may take for what should be there at once

# what comes to be is waited for, however slow the machine; pytest's own limit is for what hangs
settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("any machine")
with suppress(ImportError):  # the engine's tests also run without Qt
    from pytestqt.qtbot import QtBot

    for wait in (QtBot.waitUntil, QtBot.waitSignal):
        wait.__kwdefaults__["timeout"] = int(PATIENCE * 1000)


_MARK_OF_FILE = re.compile(
    r"^pytestmark = \[?\s*pytest\.mark\.(slow|training|kill)\b", re.MULTILINE
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file that `make quick` leaves out as a whole is not even imported."""
    if collection_path.suffix != ".py":
        return None
    mark = _MARK_OF_FILE.search(collection_path.read_text(encoding="utf-8"))
    return True if mark and f"not {mark[1]}" in config.option.markexpr else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for a trained gallery waits for a training."""
    for item in items:
        if "trained_once" in getattr(item, "fixturenames", ()):
            item.add_marker("training")


def left_behind(before: set[threading.Thread]) -> list[threading.Thread]:
    """Threads started since ``before`` that still run after a while."""
    deadline = time.monotonic() + PATIENCE
    while True:
        # a dummy thread stands for one that Qt started; Python never sees it end
        now = [t for t in threading.enumerate() if not isinstance(t, threading._DummyThread)]
        leaked = [thread for thread in now if thread not in before]
        if not leaked or time.monotonic() > deadline:
            return leaked
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fails a test that leaves a thread running, and names the thread."""
    before = set(threading.enumerate())
    yield
    if leaked := left_behind(before):
        pytest.fail(f"threads left running: {', '.join(thread.name for thread in leaked)}")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that any user can enter; pytest's own is for its owner only."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def no_log_left_open() -> Iterator[None]:
    """Ends the log that a command or a window began."""
    yield
    if logs := sys.modules.get("gallery_app.logs"):
        logs.stop_logging()


@pytest.fixture(scope="session")
def sample() -> Path:
    """The sample faces that come with the application."""
    return ROOT / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The larger data beside the project (FACE_GALLERY_SHARED says where); skips without it."""
    folder = Path(os.environ.get("FACE_GALLERY_SHARED", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}")
    return folder


@pytest.fixture(scope="session")
def trained_once(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedOnce:
    """A small gallery with a trained MLP and a trained triplet model; takes half a minute once."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    place = tmp_path_factory.getbasetemp()
    return train_once(sample, place.parent if "PYTEST_XDIST_WORKER" in os.environ else place)
