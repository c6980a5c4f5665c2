"""How the pictures of the map come about."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.handmade import put_to_use
from tests.screens import DATA, PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("map_flat", "light", WIDE, 1), ("map_flat", "dark", WIDE, 1), ("map_flat", "light", SMALL, 1),
    ("map_umap", "light", WIDE, 1), ("map_umap", "dark", WIDE, 2),
    ("map_round", "light", WIDE, 1), ("map_query", "light", WIDE, 1),
    ("map_query", "dark", WIDE, 1), ("map_photos_pointed", "light", WIDE, 1),
    ("map_lasso", "light", WIDE, 1), ("map_selected", "light", WIDE, 1),
    ("map_selected", "dark", SMALL, 1), ("map_compare", "light", WIDE, 1),
    ("map_compare", "dark", WIDE, 1), ("map_empty", "light", WIDE, 1),
    ("map_search", "light", WIDE, 1), ("map_search", "dark", WIDE, 1),
    ("map_review", "light", WIDE, 1), ("map_export", "light", WIDE, 1),
    ("map_density", "light", WIDE, 1),
]  # fmt: skip


def _open(stage: Stage, method: str = "pca", dimensions: str = "2") -> None:
    panel = stage.window.map
    stage.window.middle.setCurrentWidget(panel)
    for group, value in ((panel.tools.methods, method), (panel.tools.dimensions, dimensions)):
        next(one for one in group.buttons() if one.property("value") == value).click()
    stage.wait(lambda: bool(panel.views()) and panel.left.drawn.map.layout.method == method)
    stage.wait(lambda: panel.left.drawn.map.layout.dimensions == int(dimensions))
    stage.settle()


def map_flat(stage: Stage) -> None:
    stage.open()
    _open(stage)


def map_umap(stage: Stage) -> None:
    stage.open()
    _open(stage, "umap")


def map_round(stage: Stage) -> None:
    stage.open()
    _open(stage, dimensions="3")


def map_query(stage: Stage) -> None:
    from engine.gallery import Gallery

    people = [folder for folder in sorted(DATA.iterdir()) if folder.is_dir()]
    folder = stage.make("friends", [one for one in people if one.name != "Winona_Ryder"])
    with Gallery.open(folder) as gallery:
        for file in sorted((DATA / "Winona_Ryder").glob("*.npy"))[:4]:
            gallery.unknowns.add(gallery.read_queries(file))
    stage.open(folder)
    _open(stage)
    stage.ask(DATA / "Tiger_Woods" / "Tiger_Woods_0007.npy")
    stage.settle()


def _place_of(stage: Stage, row: int) -> QPoint:
    canvas = stage.window.map.left.canvas
    picture = canvas.picture()
    at = int(np.flatnonzero(picture.rows == row)[0])
    ratio = canvas.devicePixelRatioF()
    return QPoint(round(picture.across[at] / ratio), round(picture.down[at] / ratio))


def map_photos_pointed(stage: Stage) -> None:
    stage.open(stage.make("photos", sorted(PHOTOS.glob("[A-J]*"))))
    _open(stage)
    QTest.mouseMove(stage.window.map.left.canvas, _place_of(stage, 5))
    stage.wait(stage.window.map.card.isVisible)
    stage.settle()


def _circle(stage: Stage, *, release: bool) -> None:
    canvas = stage.window.map.left.canvas
    middle, shift = canvas.rect().center() + QPoint(-60, 30), Qt.KeyboardModifier.ShiftModifier
    around = [
        middle + QPoint(round(110 * np.cos(angle)), round(90 * np.sin(angle)))
        for angle in np.linspace(0, 5.6, 40)
    ]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, shift, around[0])
    for place in around[1:]:
        QTest.mouseMove(canvas, place)
    if release:
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, shift, around[-1])


def map_lasso(stage: Stage) -> None:
    stage.open()
    _open(stage)
    _circle(stage, release=False)
    stage.settle()


def map_selected(stage: Stage) -> None:
    stage.open()
    _open(stage)
    _circle(stage, release=True)
    stage.wait(stage.window.map.selection.isVisible)
    stage.settle()


def map_compare(stage: Stage) -> None:
    folder = stage.make("friends", sorted(DATA.glob("[A-S]*")))
    put_to_use(folder, "triplet")
    stage.open(folder)
    _open(stage)
    stage.window.map.tools.compare.click()
    stage.wait(lambda: len(stage.window.map.views()) == 2, 60.0)
    stage.settle()


def map_empty(stage: Stage) -> None:
    from engine.gallery import Gallery

    folder = stage.home / "nobody.gallery"
    Gallery.create(folder).close()
    stage.open(folder, faces=False)
    stage.window.middle.setCurrentWidget(stage.window.map)
    stage.wait(lambda: stage.window.map.nobody.isVisible())
    stage.settle()


def map_search(stage: Stage) -> None:
    stage.open()
    _open(stage)
    stage.window.identities.search.setText("jo")
    stage.settle()


def map_review(stage: Stage) -> None:
    map_selected(stage)
    stage.window.map.selection.review.click()
    dialog = stage.dialog()
    stage.wait(lambda: dialog.model.rowCount() > 0)
    dialog.grid.select_rows(np.array([1, 2]))


def map_export(stage: Stage) -> None:
    map_selected(stage)
    stage.window.map.selection.export.menu().actions()[1].trigger()
    stage.dialog()


def map_density(stage: Stage) -> None:
    from gallery_app.map import raster

    raster.DENSE = 2_000
    stage.open()
    _open(stage)
