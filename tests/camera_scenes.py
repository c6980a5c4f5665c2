"""How the pictures of the camera come about: a folder of pictures stands in for it."""

from __future__ import annotations

from pathlib import Path

from gallery_app import settings
from gallery_app.dialogs.camera_dialog import CameraDialog
from tests.photo_scenes import group_picture, portraits
from tests.screens import DATA, SMALL, WIDE, Stage

SHOTS = [
    ("camera_photos_live", "light", WIDE, 1), ("camera_photos_live", "dark", WIDE, 1),
    ("camera_photos_live", "light", WIDE, 2), ("camera_photos_live", "dark", SMALL, 1),
    ("camera_photos_taken", "light", WIDE, 1), ("camera_photos_taken", "dark", WIDE, 1),
    ("camera_photos_taken", "light", SMALL, 1), ("camera_none", "light", WIDE, 1),
    ("camera_none", "dark", SMALL, 1),
]  # fmt: skip
_ENROLLED = 100  # people of the sample, the others are strangers


def _open(stage: Stage, source: Path) -> CameraDialog:
    people = sorted(folder for folder in DATA.iterdir() if folder.is_dir())
    stage.open(stage.make("friends", people[:_ENROLLED]))
    stage.choose("Ari Fleischer")
    stage.app.settings.set(settings.CAMERA, str(source))
    stage.window.menus.actions["camera"].trigger()
    dialog = stage.app.camera_controller.dialog
    assert dialog is not None
    return dialog


def _before_camera(stage: Stage) -> CameraDialog:
    frames = stage.home / "Camera"
    frames.mkdir()
    faces = [portraits()[at] for at in (2, 29)]
    group_picture(frames / "frame.jpg", faces, 2, (250, 210))
    dialog = _open(stage, frames)
    stage.wait(lambda: len(dialog.view.marks) == 2)
    return dialog


def camera_photos_live(stage: Stage) -> None:
    _before_camera(stage)


def camera_photos_taken(stage: Stage) -> None:
    dialog = _before_camera(stage)
    dialog.view.chosen.emit(1)
    stage.wait_for_answer()


def camera_none(stage: Stage) -> None:
    dialog = _open(stage, Path("/dev/video99"))
    stage.wait(lambda: "/dev/video99" in dialog.waiting.sentence.text())
