"""How the pictures of the list of answers come about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt

from tests.screens import DATA, PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("answers", "light", WIDE, 1), ("answers", "dark", WIDE, 1), ("answers", "light", SMALL, 1),
    ("answers", "dark", WIDE, 2), ("answers_unsure", "light", WIDE, 1),
    ("answers_unsure", "dark", SMALL, 1), ("answers_selected", "light", WIDE, 1),
    ("answers_nothing", "dark", WIDE, 1), ("answers_photos", "light", WIDE, 1),
    ("answers_confirmed", "light", WIDE, 1), ("answers_button", "light", WIDE, 1),
    ("answers_button", "dark", SMALL, 1),
]  # fmt: skip
_ENROLLED = 60  # people; the others are strangers


def _ask(stage: Stage, source: Path = DATA, most: int = 8) -> None:
    """Half the faces of most people are enrolled; the others, some blurred, and strangers are
    asked.
    """
    people = [folder for folder in sorted(source.iterdir()) if folder.is_dir()][-80:]
    known, strangers = people[:_ENROLLED], people[_ENROLLED:]
    tree, asked = stage.home / "people", []
    for person in known:
        files = sorted(person.glob("*.npy"))[:most]
        (tree / person.name).mkdir(parents=True)
        for file in files[: len(files) // 2]:
            for beside in person.glob(f"{file.stem}.*"):
                (tree / person.name / beside.name).symlink_to(beside)
        asked += files[len(files) // 2 :]
    asked += [file for person in strangers for file in sorted(person.glob("*.npy"))[:2]]
    chance = np.random.default_rng(5)
    table = stage.home / "holiday.npz"
    vectors = np.stack([np.load(file) for file in asked])
    noise = chance.choice([0, 0.02, 0.03], size=(len(asked), 1), p=[0.8, 0.1, 0.1])
    vectors += (chance.normal(size=vectors.shape) * noise).astype(np.float32)
    np.savez(table, embeddings=vectors)
    stage.open(stage.make("friends", [tree]))
    stage.ask(*(asked if source is PHOTOS else [table]))


def answers(stage: Stage) -> None:
    _ask(stage)
    stage.window.menus.actions["answers"].trigger()
    stage.dialog().view.setCurrentIndex(stage.dialog().model.index(3, 2))


def answers_photos(stage: Stage) -> None:
    _ask(stage, PHOTOS)
    stage.window.menus.actions["answers"].trigger()


def answers_unsure(stage: Stage) -> None:
    answers(stage)
    dialog = stage.dialog()
    dialog.filters["unsure"].click()
    dialog.view.horizontalHeader().setSortIndicator(3, Qt.SortOrder.DescendingOrder)


def answers_selected(stage: Stage) -> None:
    answers(stage)
    stage.dialog().view.selectAll()


def answers_nothing(stage: Stage) -> None:
    answers(stage)
    stage.dialog().search.setText("zzz")


def answers_confirmed(stage: Stage) -> None:
    answers(stage)
    dialog = stage.dialog()
    dialog.filters["known"].click()
    dialog.view.selectAll()
    dialog.confirm.click()
    stage.wait(lambda: dialog.model.table.counts()["enrolled"] > 0)
    dialog.filters[None].click()


def answers_button(stage: Stage) -> None:
    _ask(stage)
