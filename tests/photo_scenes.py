"""How the pictures of photographs as queries come about."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from PySide6.QtWidgets import QMessageBox

from tests.screens import DATA, PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("photos_one", "light", WIDE, 1), ("photos_one", "dark", WIDE, 1),
    ("photos_five", "light", WIDE, 1), ("photos_five", "dark", WIDE, 1),
    ("photos_five", "light", SMALL, 1), ("photos_five", "light", WIDE, 2),
    ("photos_fifty", "light", WIDE, 1), ("photos_fifty", "dark", WIDE, 1),
    ("photos_fifty", "dark", SMALL, 1), ("photos_fifty", "light", WIDE, 2),
    ("photos_enroll", "light", WIDE, 1), ("photos_enroll", "dark", SMALL, 1),
    ("photos_start", "light", WIDE, 1), ("photos_start", "dark", SMALL, 1),
    ("photos_import", "light", WIDE, 1), ("photos_import", "dark", SMALL, 1),
    ("photos_large", "light", WIDE, 1), ("photos_large", "dark", SMALL, 1),
    ("photos_large", "light", WIDE, 2), ("photos_strip", "light", WIDE, 1),
    ("photos_strip", "dark", SMALL, 1),
]  # fmt: skip
FOLDER = PHOTOS.parent / "photos"
_ENROLLED = 100  # people of the sample, the others are strangers


def portraits() -> list[Path]:
    """Photographs of one person each, another person every time."""
    people = sorted(folder for folder in FOLDER.iterdir() if folder.is_dir())
    return [sorted(person.glob("*.jpg"))[turn] for turn in range(6) for person in people]


def group_picture(target: Path, faces: Sequence[Path], columns: int, sides: Sequence[int]) -> Path:
    """Put portraits side by side, at sizes that take turns."""
    most = max(sides)
    rows = -(-len(faces) // columns)
    picture = Image.new("RGB", (columns * most, rows * most), (96, 104, 92))
    for at, face in enumerate(faces):
        side = sides[at % len(sides)]
        left, top = at % columns * most, at // columns * most
        with Image.open(face) as portrait:
            away = (most - side) // 2
            picture.paste(portrait.resize((side, side)), (left + away, top + away))
    picture.save(target, quality=92)
    return target


def _open(stage: Stage) -> None:
    people = sorted(folder for folder in DATA.iterdir() if folder.is_dir())
    stage.open(stage.make("friends", people[:_ENROLLED]))
    stage.choose("Ari Fleischer")


def photos_one(stage: Stage) -> None:
    _open(stage)
    stage.ask(portraits()[2])


def photos_five(stage: Stage) -> None:
    _open(stage)
    faces = [portraits()[at] for at in (2, 29, 5, 7, 21)]
    stage.ask(group_picture(stage.home / "Summer party.jpg", faces, 5, (250, 200)))
    stage.app.state.step(2)


def photos_fifty(stage: Stage) -> None:
    _open(stage)
    stage.ask(group_picture(stage.home / "Class of 2004.jpg", portraits()[:50], 10, (180, 120, 90)))
    stage.app.state.go_to(14)


def photos_strip(stage: Stage) -> None:
    _open(stage)
    party = group_picture(stage.home / "Summer party.jpg", portraits()[3:7], 4, (250,))
    stage.ask(party, *portraits()[20:32])
    stage.app.state.go_to(1)


def photos_enroll(stage: Stage) -> None:
    """Two portraits, a group and a picture in which the face is small."""
    _open(stage)
    faces = [portraits()[at] for at in (27, 29, 19)]
    party = group_picture(stage.home / "Summer party.jpg", faces, 3, (200, 250, 200))
    small = group_picture(stage.home / "Far away.jpg", portraits()[59:60], 1, (90,))
    stage.window.menus.actions["enroll"].trigger()
    dialog = stage.dialog()
    dialog.add_files([portraits()[89], party, small])
    stage.wait(lambda: dialog.model.rowCount() > 4)
    dialog.name.setText("Winona Ryder")
    stage.wait(lambda: dialog.model.draft.checked)


def photos_start(stage: Stage) -> None:
    """The question that follows the first door."""
    from gallery_app.operations import galleries

    start = stage.app.menu_controller._start_with
    galleries.look_at_photographs(stage.app.context, FOLDER, start)
    stage.wait(lambda: any(one.isVisible() for one in stage.window.findChildren(QMessageBox)))


def photos_large(stage: Stage) -> None:
    photos_fifty(stage)
    stage.window.query.photograph.opened.emit()
    stage.app.state.step(8)


def photos_import(stage: Stage) -> None:
    """What would become of folders named after people; one photograph has several faces."""
    from engine.gallery import Gallery

    tree = stage.home / "family"
    for person in sorted(FOLDER.iterdir())[:6]:
        shutil.copytree(person, tree / person.name)
    faces = [portraits()[at] for at in (7, 1, 9)]
    group_picture(tree / "Angelina_Jolie" / "Party.jpg", faces, 3, (200, 250, 200))
    Gallery.create(stage.home / "new.gallery").close()
    stage.open(stage.home / "new.gallery", faces=False)
    stage.app.menu_controller.preview([tree])
    stage.dialog()
