"""Galleries that come to be while the disk refuses: whole ones, or nothing is left of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import FaceGalleryError
from engine.gallery import Gallery
from engine.store import recovery
from tests.torture.faces import DIMENSION, EACH, NAMES, table_of

Make = Callable[[Path, Path], object]
"""Makes a gallery at the second path of what is in the first, see :func:`prepare`."""
MAKING: dict[str, Make] = {
    "new gallery": lambda _, new: Gallery.create(new, dimension=DIMENSION).close(),
    "gallery of a table": lambda work, new: Gallery.create_from(new, [work / "faces.npz"])[
        0
    ].close(),
    "restore elsewhere": lambda work, new: recovery.restore_backup(work / "backup-0.zip", new),
    "salvage": lambda work, new: recovery.salvage_gallery(work / "damaged.gallery", new),
}


def prepare(work: Path) -> None:
    """Puts a table and a damaged gallery beside ``some.gallery`` and its backup."""
    rows = [(name, EACH * at + face) for at, name in enumerate(NAMES) for face in range(3)]
    table_of(rows, work)
    database = shutil.copytree(work / "some.gallery", work / "damaged.gallery") / "gallery.db"
    content = bytearray(database.read_bytes())
    content[3 * 4096 : 4 * 4096] = bytes(4096)
    database.write_bytes(content)


def judged(place: Path, error: Exception | None) -> Iterator[str]:
    """What is wrong in a folder where ``new.gallery`` came to be, or this was raised."""
    left = sorted(path.name for path in place.iterdir())
    if error is not None:
        if not isinstance(error, FaceGalleryError):
            yield f"undeclared {error!r}"
        if left:
            yield f"{left} left behind; it had raised {error!r}"
        return
    if left != ["new.gallery"]:
        yield f"{left} left behind"
    with Gallery.open(place / "new.gallery") as gallery:
        yield from gallery.check().problems
