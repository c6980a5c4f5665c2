"""The wheel, built and installed outside the source: the command runs and opens the sample."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("engine", "gallery_app", "data", "resources")
BUILD = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation")

WINDOW = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication, QPushButton
from gallery_app.app import start

qt = QApplication([])
timer = QTimer(interval=50)

def look():
    window = next(widget for widget in qt.topLevelWidgets() if widget.isVisible())
    people = window.findChild(QAbstractItemView, "identityList").model().rowCount()
    if people == 158:
        icons = [b.icon() for b in window.findChildren(QPushButton) if not b.icon().isNull()]
        images = [i.pixmap(32).toImage() for i in [window.windowIcon(), *icons]]
        drawn = [any(bytes(image.constBits())) for image in images]
        print(people, all(drawn) and len(drawn) > 3)
        timer.stop()
        window.close()

timer.timeout.connect(look)
timer.start()
start(None, sample=True)
"""


@dataclass(frozen=True)
class Installed:
    """Face Gallery as its wheel installs it, run from an empty folder."""

    wheel: Path
    programs: Path
    folder: Path

    def run(self, program: str, *arguments: object) -> str:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "FACE_GALLERY_HOME": str(self.folder / "home"),
            "QT_QPA_PLATFORM": "offscreen",
        }
        (empty := self.folder / "empty").mkdir(exist_ok=True)
        done = subprocess.run(
            [self.programs / program, *map(str, arguments)],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment that takes its libraries from this one and Face Gallery from the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (path for path in ROOT.iterdir() if path.is_file()):
        shutil.copy(file, source)
    subprocess.run([*BUILD, "-w", folder, source], check=True)
    shutil.rmtree(source)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    paths = sysconfig.get_paths(
        vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    )
    python = Path(paths["scripts"]) / "python"
    install = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--python", python]
    subprocess.run([*install, "install", "--no-index", "--no-deps", wheel], check=True)
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(paths["purelib"], "libraries.pth").write_text("\n".join(libraries))
    return Installed(wheel, Path(paths["scripts"]), folder)


@pytest.fixture(scope="module")
def opened(installed: Installed) -> str:
    """What the window on the sample shows; its gallery is there afterwards."""
    pytest.importorskip("PySide6")
    return installed.run("python", "-c", WINDOW)


def test_the_wheel_holds_icons_sample_and_typing_marks(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
    assert {"engine/py.typed", "gallery_app/py.typed", "gallery_app/data/README.md"} <= names
    for folder, pattern in (("data", "*/*.npy"), ("resources", "icons/*.svg")):
        carried = {str(path.relative_to(ROOT)) for path in (ROOT / folder).glob(pattern)}
        assert {f"gallery_app/{name}" for name in carried} <= names
    networks = {str(path.relative_to(ROOT)) for path in (ROOT / "engine/photos/networks").iterdir()}
    assert networks
    assert networks <= names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"engine", "gallery_app"}


def test_the_command_is_installed(installed: Installed) -> None:
    where = installed.run("python", "-c", "import engine, gallery_app; print(engine.__file__)")
    assert str(installed.folder) in where
    assert "identify" in installed.run("face-gallery", "--help")


def test_the_window_opens_the_sample_and_draws_its_icons(opened: str) -> None:
    assert opened == "158 True\n"


def test_the_command_line_reads_the_sample(installed: Installed, opened: str) -> None:
    gallery = installed.folder / "home" / "sample.gallery"
    people = json.loads(installed.run("face-gallery", "people", "-g", gallery, "--json"))
    assert len(people) == 158
    face = ROOT / "data" / "Tiger_Woods" / "Tiger_Woods_0001.npy"
    answer = installed.run("face-gallery", "identify", face, "-g", gallery)
    assert "Tiger Woods" in answer
