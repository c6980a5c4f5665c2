"""How the pictures of scans of photographs come about."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.photos.face_regions import FaceRegion
from engine.photos.region_area import Area
from engine.photos.sidecars import write_sidecar
from gallery_app.operations import scanning
from tests.screens import DATA, PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("scan_empty", "light", WIDE, 1), ("scan_photos_under_way", "light", WIDE, 1),
    ("scan_photos_under_way", "dark", WIDE, 1), ("scan_photos_done", "light", WIDE, 1),
    ("scan_photos_done", "dark", SMALL, 1), ("scan_photos_done", "light", WIDE, 2),
    ("names_photos", "light", WIDE, 1), ("names_photos", "dark", SMALL, 1),
    ("person_photos", "light", WIDE, 1), ("person_photos", "dark", SMALL, 1),
    ("scan_photos_again", "light", WIDE, 1), ("scan_photos_answers", "light", WIDE, 1),
]  # fmt: skip

FACE, CORNER = Area(0.28, 0.25, 0.45, 0.5), Area(0.0, 0.9, 0.05, 0.05)


def _pictures(stage: Stage, people: int) -> Path:
    folder = stage.home / "Pictures"
    for person in sorted((PHOTOS.parent / "photos").iterdir())[:people]:
        shutil.copytree(person, folder / person.name)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return folder


def _begin(stage: Stage, people: int = 5) -> None:
    known = [DATA / person.name for person in sorted((PHOTOS.parent / "photos").iterdir())[:3]]
    others = sorted(folder for folder in DATA.iterdir() if folder.is_dir())[20:40]
    stage.open(stage.make("some", [*known, *others]))
    stage.app.scan_controller.show(_pictures(stage, people))


def _finish(stage: Stage) -> None:
    context = stage.app.context
    stage.wait(lambda: not scanning.is_scanning(context))
    stage.settle()


def scan_empty(stage: Stage) -> None:
    stage.open()
    stage.app.scan_controller.show()


def scan_photos_under_way(stage: Stage) -> None:
    _begin(stage, people=12)
    dialog = stage.app.scan_controller.dialog
    stage.wait(lambda: "looked at" in dialog.result.text() and "left" in dialog.stage.text())


def scan_photos_done(stage: Stage) -> None:
    _begin(stage)
    _finish(stage)


def scan_photos_again(stage: Stage) -> None:
    _begin(stage)
    _finish(stage)
    dialog = stage.app.scan_controller.dialog
    dialog.mode.setCurrentIndex(1)
    dialog.scan.click()
    _finish(stage)
    dialog.again.click()
    stage.wait(dialog.apply.isVisible)


def scan_photos_answers(stage: Stage) -> None:
    _begin(stage)
    _finish(stage)
    stage.app.scan_controller.dialog.confirm.click()
    stage.wait(lambda: stage.app.answers_controller.dialog is not None)
    stage.settle()


def names_photos(stage: Stage) -> None:
    """Names in sidecars: some agree, one is another person's, one has no face."""
    _begin(stage)
    _finish(stage)
    people = sorted((stage.home / "Pictures").glob("*/*.jpg"))
    for number, photo in enumerate(people):
        area = CORNER if number == 3 else FACE
        name = "Tony Blair" if number == 1 else photo.parent.name.replace("_", " ")
        write_sidecar(photo, [FaceRegion(name, area)], (250, 250), 1)
    stage.app.scan_controller.dialog.names.click()
    stage.wait(lambda: stage.app.scan_controller.names.list.topLevelItemCount() > 0)
    stage.app.scan_controller.dialog.hide()
    stage.settle()


def person_photos(stage: Stage) -> None:
    """All photographs of one person, by date."""
    _begin(stage)
    _finish(stage)
    stage.app.scan_controller.dialog.hide()
    gallery = stage.app.state.gallery
    _, batch = gallery.photographs.waiting()
    rows = [row for row, file in enumerate(batch.files) if "Angelina_Jolie" in file]
    gallery.enroll("Angelina Jolie", batch.take(rows))
    stage.app.people_controller.go_to_name("Angelina Jolie")
    stage.settle()
    stage.window.menus.actions["photographs"].trigger()
    stage.settle()
