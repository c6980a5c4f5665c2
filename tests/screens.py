"""Renders every view, dialog and state to ``build/screens``: ``python -m tests.screens``.

Each scene runs in a process of its own, because Qt takes its scale only at start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.desktop import OFFSCREEN, offscreen

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
OUT = ROOT / "build" / "screens"
PHOTOS = Path(os.environ.get("FACE_GALLERY_SHARED", ROOT.parent / "shared" / "data")) / "lfw-158"
WIDE, SMALL = (1360, 860), (1024, 640)
LAPTOP, SCALED = (1366, 740), (720, 450)
"""Free on a screen of 1366 x 768 with a panel, and on 1440 x 900 at a scale of 2: the window is as
large as it opens there."""
_FITTED = (LAPTOP, SCALED)

# scene, theme, size, scale
SHOTS = [
    ("welcome", "light", WIDE, 1), ("welcome", "dark", SMALL, 1),
    ("welcome_recent", "light", WIDE, 1),
    ("gallery", "light", WIDE, 1), ("gallery", "dark", WIDE, 1), ("gallery", "light", SMALL, 1),
    ("gallery", "light", WIDE, 2), ("gallery", "light", LAPTOP, 1), ("known", "dark", LAPTOP, 1),
    ("known", "light", SCALED, 2), ("known", "dark", SCALED, 2), ("welcome", "light", SCALED, 2),
    ("enroll", "light", SCALED, 2),
    ("known", "light", WIDE, 1), ("known", "dark", WIDE, 1), ("known", "light", SMALL, 1),
    ("known", "dark", WIDE, 2),
    ("known_photos", "light", WIDE, 1), ("known_photos", "dark", WIDE, 1),
    ("unknown", "light", WIDE, 1), ("unknown", "dark", WIDE, 1),
    ("candidate_chosen", "light", WIDE, 1), ("candidate_chosen", "dark", WIDE, 1),
    ("several", "light", WIDE, 1), ("added", "light", WIDE, 1), ("left_out", "light", WIDE, 1),
    ("methods_agree", "light", WIDE, 1), ("methods_agree", "light", SMALL, 1),
    ("methods_disagree", "light", WIDE, 1), ("methods_disagree", "dark", WIDE, 2),
    ("methods_wide", "light", WIDE, 1), ("method_triplet", "dark", WIDE, 1),
    ("method_menu", "light", WIDE, 1), ("rejected", "light", WIDE, 1),
    ("rejected", "dark", WIDE, 1), ("rejected_left_out", "light", WIDE, 1),
    ("details", "light", WIDE, 1), ("details", "dark", SMALL, 1),
    ("empty_gallery", "light", WIDE, 1), ("one_face", "light", WIDE, 1),
    ("long_names", "light", WIDE, 1), ("long_names", "dark", SMALL, 1),
    ("no_match", "light", WIDE, 1), ("read_only", "light", WIDE, 1), ("importing", "dark", WIDE, 1),
    ("drop", "light", WIDE, 1), ("menu", "light", WIDE, 1), ("menu", "dark", WIDE, 1),
    ("offer", "light", WIDE, 1), ("error", "light", WIDE, 1), ("error", "dark", WIDE, 1),
    ("enroll", "light", WIDE, 1), ("enroll", "dark", WIDE, 1), ("enroll_warned", "light", WIDE, 1),
    ("enroll_warned", "dark", SMALL, 1), ("enroll_sent", "light", WIDE, 2),
    ("enroll_other_network", "dark", WIDE, 1),
    ("import_preview", "light", WIDE, 1), ("import_preview", "dark", SMALL, 1),
    ("import_preview_remarks", "light", WIDE, 2), ("import_preview_remarks", "dark", WIDE, 1),
    ("import_preview_column", "light", WIDE, 1), ("import_preview_column", "dark", WIDE, 1),
    ("import_preview_doubt", "light", SMALL, 1), ("import_preview_doubt", "dark", WIDE, 1),
    ("import_report", "light", WIDE, 1), ("check", "light", WIDE, 1),
    ("shortcuts", "light", WIDE, 1), ("about", "dark", WIDE, 1),
]  # fmt: skip


def main(wanted: list[str]) -> int:
    """Renders the scenes whose name is asked for, or all."""
    from tests import (
        answer_scenes,
        camera_scenes,
        correcting_scenes,
        encryption_scenes,
        erasing_scenes,
        error_rate_scenes,
        exporting_scenes,
        face_size_scenes,
        keeping_scenes,
        map_scenes,
        photo_scenes,
        preview_scenes,
        scan_scenes,
        shelf_scenes,
        similarity_scenes,
        training_scenes,
    )

    if not wanted:
        shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True, exist_ok=True)
    failed = 0
    more = (
        *(training_scenes, correcting_scenes, keeping_scenes),
        *(shelf_scenes, erasing_scenes, encryption_scenes),
        *(exporting_scenes, map_scenes, similarity_scenes, error_rate_scenes),
        answer_scenes,
        camera_scenes,
        face_size_scenes,
        photo_scenes,
        preview_scenes,
        scan_scenes,
    )
    for scene, theme, (width, height), scale in sum((one.SHOTS for one in more), SHOTS):
        if wanted and scene not in wanted:
            continue
        if "photos" in scene and not PHOTOS.is_dir():
            print(f"{scene}: skipped, there are no photographs at {PHOTOS}")
            continue
        name = f"{scene}-{theme}-{width}x{height}" + ("@2x" if scale == 2 else "")
        desk = OFFSCREEN
        if (width, height) in _FITTED:
            desk = offscreen(OUT, width * scale, height * scale)
        environment = os.environ | {"QT_QPA_PLATFORM": desk, "QT_SCALE_FACTOR": str(scale)}
        size = f"{width}x{height}"
        command = [sys.executable, "-m", "tests.screens", "--one", scene, theme, size, name]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        print(f"{name}: {'done' if done.returncode == 0 else done.stderr[-400:]}", flush=True)
        failed += done.returncode != 0
    return 1 if failed else 0


class Stage:
    """The running application, and what scenes do with it."""

    def __init__(self, theme: str, size: tuple[int, int], home: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from gallery_app import settings
        from gallery_app.app import App

        self.home = home
        self.qt = QApplication(["face-gallery"])
        remembered = settings.Settings()
        remembered.set(settings.THEME, theme)
        remembered.save()
        self.app = App(self.qt)
        self.window = self.app.window
        if size not in _FITTED:
            self.window.setGeometry(0, 0, *size)
        self.window.show()

    def wait(self, until: Callable[[], bool], seconds: float = 120.0) -> None:
        """Lets the window live until something is so."""
        deadline = time.monotonic() + seconds
        while not until():
            self.qt.processEvents()
            time.sleep(0.005)
            assert time.monotonic() < deadline, "the scene did not come about"

    def settle(self, seconds: float = 0.6) -> None:
        """Lets pictures and late answers arrive."""
        deadline = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > deadline)

    def open(self, gallery: Path | None = None, *, faces: bool = True) -> None:
        self.app.open(gallery, sample=gallery is None)
        self.wait(lambda: self.app.state.gallery is not None)
        if faces:
            self.wait(lambda: self.window.faces.model.rowCount() > 0)

    def make(self, name: str, sources: list[Path]) -> Path:
        from engine.gallery import Gallery

        folder = self.home / f"{name}.gallery"
        Gallery.create_from(folder, sources)[0].close()
        return folder

    def ask(self, *paths: Path) -> None:
        from gallery_app.operations.queries import open_queries

        open_queries(self.app.context, list(paths))
        self.wait_for_answer()

    def wait_for_answer(self) -> None:
        self.wait(
            lambda: self.app.state.query is not None and self.app.state.query.answer is not None
        )

    def choose(self, name: str) -> None:
        gallery = self.app.context.gallery
        identity = gallery.people.find(name)
        assert identity is not None
        self.app.people_controller.go_to_identity(identity.id)
        self.wait(lambda: self.window.faces.title.text() == name)

    def dialog(self):  # type: ignore[no-untyped-def]
        from PySide6.QtWidgets import QDialog

        def shown() -> list[QDialog]:
            return [
                one
                for one in self.qt.topLevelWidgets()
                if isinstance(one, QDialog) and one.isVisible()
            ]

        self.wait(lambda: bool(shown()))
        return shown()[0]

    def shoot(self, name: str) -> None:
        """The window with whatever lies over it, as one picture."""
        from PySide6.QtCore import QRect
        from PySide6.QtGui import QPainter

        self.settle()
        self._wait_for_pictures()
        picture = self.window.grab()
        painter = QPainter(picture)
        for widget in self.qt.topLevelWidgets():
            if widget is not self.window and widget.isVisible():
                at = widget.pos() - self.window.pos()
                if widget.isModal():
                    at = self.window.rect().center() - widget.rect().center()
                painter.drawPixmap(at, widget.grab())
                painter.setPen("#808890")
                painter.drawRect(QRect(at, widget.size()))  # the frame that a desktop gives it
        painter.end()
        assert picture.save(str(OUT / f"{name}.png"))

    def _wait_for_pictures(self) -> None:
        """Of faces: until no more come, however busy the machine is."""
        if not self.window.faces.model.rowCount():
            return
        kept = self.app.pictures.kept
        self.wait(lambda: bool(kept))
        count = 0
        while count != len(kept):
            count = len(kept)
            self.settle()

    def close(self) -> None:
        for widget in self.qt.topLevelWidgets():
            widget.close()
        self.qt.processEvents()


def one(scene: str, theme: str, size: str, name: str) -> None:
    """Renders one scene in this process."""
    from tests import (
        answer_scenes,
        camera_scenes,
        correcting_scenes,
        encryption_scenes,
        erasing_scenes,
        error_rate_scenes,
        exporting_scenes,
        face_size_scenes,
        keeping_scenes,
        map_scenes,
        photo_scenes,
        preview_scenes,
        scan_scenes,
        scenes,
        shelf_scenes,
        similarity_scenes,
        training_scenes,
    )

    width, height = map(int, size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FACE_GALLERY_HOME"] = folder
        stage = Stage(theme, (width, height), Path(folder))
        modules = (
            *(scenes, training_scenes, correcting_scenes, keeping_scenes),
            *(shelf_scenes, erasing_scenes, encryption_scenes),
            *(exporting_scenes, map_scenes, similarity_scenes, error_rate_scenes),
            answer_scenes,
            camera_scenes,
            face_size_scenes,
            photo_scenes,
            preview_scenes,
            scan_scenes,
        )
        next(getattr(module, scene) for module in modules if hasattr(module, scene))(stage)
        stage.shoot(name)
        stage.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
