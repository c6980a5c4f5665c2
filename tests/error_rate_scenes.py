"""How the pictures of strictness and of the page of error rates come about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QScrollArea

from engine.cohorts.cohort import Cohort
from engine.cohorts.cohort_library import THIS_COMPUTERS
from engine.gallery import Gallery
from tests.screens import DATA, SMALL, WIDE, Stage

SHOTS = [
    ("strictness_two", "light", WIDE, 1), ("strictness_ten", "light", WIDE, 1),
    ("strictness_all", "light", WIDE, 1), ("strictness_all", "dark", SMALL, 1),
    ("strictness_alike", "light", WIDE, 1), ("strictness_alone", "light", WIDE, 1),
    ("strictness_menu", "dark", WIDE, 1),
    ("error_rates", "light", WIDE, 1), ("error_rates", "dark", WIDE, 1),
    ("error_rates", "light", SMALL, 1), ("error_rates", "light", WIDE, 2),
    ("error_rates_two", "light", WIDE, 1), ("error_rates_alone", "light", WIDE, 1),
    ("error_rates_empty", "light", WIDE, 1),
    ("cohorts", "light", WIDE, 1), ("cohorts", "dark", WIDE, 1), ("cohorts", "light", SMALL, 1),
    ("cohorts", "light", WIDE, 2),
]  # fmt: skip


def _open_some(stage: Stage, count: int) -> None:
    people = sorted(folder for folder in DATA.iterdir() if folder.is_dir())[:count]
    stage.open(stage.make("some", people))


def _ask(stage: Stage) -> None:
    """A query of an enrolled person, with the strictness in view."""
    stage.ask(sorted(DATA.glob("A*/*.npy"))[0])
    panel = stage.window.query
    stage.wait(lambda: "missed" in panel.strictness.words.text())
    stage.settle()
    for area in panel.findChildren(QScrollArea):
        if area.isAncestorOf(panel.strictness):
            area.ensureWidgetVisible(panel.strictness)


def strictness_two(stage: Stage) -> None:
    _open_some(stage, 2)
    _ask(stage)


def strictness_ten(stage: Stage) -> None:
    _open_some(stage, 10)
    _ask(stage)


def strictness_all(stage: Stage) -> None:
    stage.open()
    _ask(stage)


def strictness_alike(stage: Stage) -> None:
    """A limit that the gallery cannot promise."""
    _open_some(stage, 10)
    strictness = stage.window.query.strictness
    strictness.kinds["alike"].trigger()
    strictness.slider.setValue(5)
    _ask(stage)
    stage.wait(lambda: strictness.note.isVisible())
    _ask(stage)


def strictness_menu(stage: Stage) -> None:
    stage.open()
    _ask(stage)
    choice = stage.window.query.strictness.choice
    choice.menu().popup(choice.mapToGlobal(QPoint(0, choice.height())))


def _other_network(stage: Stage) -> Path:
    """A gallery whose faces no cohort belongs to."""
    random = np.random.default_rng(5)
    people = random.normal(size=(12, 1, 64)) + 0.3 * random.normal(size=(12, 9, 64))
    folder = stage.home / "alone.gallery"
    with Gallery.create(folder, dimension=64) as gallery:
        for number, faces in enumerate(people.astype(np.float32)):
            gallery.enroll(f"Person {number + 1}", faces)
    return folder


def strictness_alone(stage: Stage) -> None:
    """Without a cohort."""
    stage.open(_other_network(stage))
    query = stage.home / "query.npy"
    np.save(query, stage.app.context.gallery.faces.vector(3))
    stage.ask(query)
    stage.wait(lambda: not stage.window.query.strictness.choice.isEnabled())
    stage.settle()
    for area in stage.window.query.findChildren(QScrollArea):
        area.ensureWidgetVisible(stage.window.query.strictness)


def _show(stage: Stage) -> None:
    stage.window.menus.actions["error_rates"].trigger()
    dialog = stage.dialog()
    stage.wait(lambda: dialog.cohorts.table.rowCount() > 0)
    if dialog.promise.text():
        stage.wait(lambda: "Measuring" not in dialog.one_more.text())


def error_rates(stage: Stage) -> None:
    stage.open()
    stage.wait(lambda: "missed" in stage.window.query.strictness.words.text())
    _show(stage)


def error_rates_two(stage: Stage) -> None:
    _open_some(stage, 2)
    stage.wait(lambda: "missed" in stage.window.query.strictness.words.text())
    _show(stage)


def error_rates_alone(stage: Stage) -> None:
    stage.open(_other_network(stage))
    stage.wait(lambda: not stage.window.query.strictness.choice.isEnabled())
    _show(stage)


def error_rates_empty(stage: Stage) -> None:
    Gallery.create(stage.home / "empty.gallery").close()
    stage.open(stage.home / "empty.gallery", faces=False)
    _show(stage)


def cohorts(stage: Stage) -> None:
    """One that is used, one that was added, and three that cannot be used."""
    random = np.random.default_rng(5)
    for name, dimension in (("Visitors, by another network", 128), ("Passers-by of a camera", 512)):
        vectors = (0.1 * random.normal(size=(300, dimension)) + 0.2).astype(np.float32)
        THIS_COMPUTERS.add(Cohort(name, vectors, np.arange(300)))
    bundled = Cohort.load(THIS_COMPUTERS.entries()[0].file)
    THIS_COMPUTERS.add(Cohort("Guests", bundled.vectors[:200] + 0.001, np.arange(200)))
    assert THIS_COMPUTERS.folder is not None
    (THIS_COMPUTERS.folder / "old.npz").write_bytes(b"no cohort")
    error_rates(stage)
    dialog = stage.dialog()
    dialog.cohorts.table.selectRow(2)
    stage.settle()
    bar = dialog.findChildren(QScrollArea)[0].verticalScrollBar()
    bar.setValue(bar.maximum())
