"""How the pictures of the shelf of unknown queries come about."""

from __future__ import annotations

from tests.screens import DATA, PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("shelf", "light", WIDE, 1), ("shelf", "dark", WIDE, 1), ("shelf", "light", SMALL, 1),
    ("shelf", "dark", WIDE, 2), ("shelf_photos", "light", WIDE, 1),
    ("shelf_selected", "light", WIDE, 1), ("shelf_selected", "dark", SMALL, 1),
    ("shelf_likeness", "light", WIDE, 1), ("shelf_likeness", "light", SMALL, 1),
    ("shelf_one", "light", WIDE, 1), ("shelf_empty", "light", WIDE, 1),
    ("keep_asked", "light", WIDE, 1), ("keep_asked", "dark", SMALL, 1), ("kept", "light", WIDE, 1),
    ("shelf_groups", "light", WIDE, 1), ("shelf_groups", "dark", SMALL, 1),
    ("shelf_read_only", "light", WIDE, 1), ("shelf_strangers", "light", WIDE, 1),
]  # fmt: skip
_STRANGERS = ("Winona_Ryder", "Venus_Williams", "Tom_Hanks")


def _fill(stage: Stage, *, photos: bool = False) -> None:
    """A gallery without three people, and some of their faces on its shelf."""
    from engine.gallery import Gallery

    source = PHOTOS if photos else DATA
    tree = [folder for folder in sorted(source.iterdir()) if folder.is_dir()]
    friends = [folder for folder in tree if folder.name not in _STRANGERS][-60:]
    folder = stage.make("friends", friends)
    with Gallery.open(folder) as gallery:
        for name, most in zip(_STRANGERS, (14, 9, 1), strict=True):
            for file in sorted((source / name).glob("*.npy"))[:most]:
                gallery.unknowns.add(gallery.read_queries(file))
    stage.open(folder)
    stage.window.middle.setCurrentWidget(stage.window.unknown)
    stage.wait(lambda: stage.window.unknown.model.rowCount() > 0)
    stage.settle()


def shelf(stage: Stage) -> None:
    _fill(stage)


def shelf_photos(stage: Stage) -> None:
    _fill(stage, photos=True)


def shelf_selected(stage: Stage) -> None:
    _fill(stage)
    grid = stage.window.unknown.card.grid
    for row in (0, 2, 3):
        index = grid.model().index(row, 0)
        grid.selectionModel().select(index, grid.selectionModel().SelectionFlag.Select)
    stage.window.unknown.card.name.setText("Winona Ryder")
    stage.settle()


def shelf_likeness(stage: Stage) -> None:
    """Somebody was enrolled since."""
    _fill(stage)
    first = stage.window.unknown.shown
    assert first is not None
    stage.window.unknown.named.emit(list(first.ids[:6]), "Winona Ryder of the very long name")
    stage.settle(1.5)
    panel = stage.window.unknown
    clusters = [panel.model.cluster_at(row) for row in range(panel.model.rowCount())]
    names = [one.likeness.name if one and one.likeness else "" for one in clusters]
    row = names.index("Winona Ryder of the very long name")
    panel.list.setCurrentIndex(panel.model.index(row))
    stage.settle()


def keep_asked(stage: Stage) -> None:
    """The first unknown queries of a gallery."""
    people = [folder for folder in sorted(DATA.iterdir()) if folder.is_dir()]
    friends = [folder for folder in people if folder.name not in _STRANGERS]
    stage.open(stage.make("friends", friends[-60:]))
    stage.ask(*sorted((DATA / _STRANGERS[0]).glob("*.npy"))[:4])
    stage.settle()


def kept(stage: Stage) -> None:
    keep_asked(stage)
    stage.window.query.keep_notice.keep.click()
    stage.settle()


def shelf_groups(stage: Stage) -> None:
    """Two groups selected, to be named or put together."""
    _fill(stage)
    view = stage.window.unknown.list
    view.selectionModel().select(
        view.model().index(1, 0), view.selectionModel().SelectionFlag.Select
    )
    stage.settle()


def shelf_one(stage: Stage) -> None:
    _fill(stage)
    panel = stage.window.unknown
    panel.list.setCurrentIndex(panel.model.index(panel.model.rowCount() - 1))
    stage.settle()


def shelf_strangers(stage: Stage) -> None:
    """The first group was dismissed as strangers just now."""
    _fill(stage)
    stage.window.unknown.card.stranger.click()
    stage.settle(1.5)


def shelf_empty(stage: Stage) -> None:
    stage.open()
    stage.window.middle.setCurrentWidget(stage.window.unknown)
    stage.settle()


def shelf_read_only(stage: Stage) -> None:
    _fill(stage)
    stage.window.unknown.set_writable(False)
    stage.settle()
