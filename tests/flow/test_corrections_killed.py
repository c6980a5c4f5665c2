"""A process killed in the midst of corrections: each is there wholly or not at all."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.gallery import Gallery
from tests.killing import killed_after, started

pytestmark = pytest.mark.kill

OPERATIONS = """
import sys
from tests.flow.test_corrections_killed import operations
from engine.gallery import Gallery
with Gallery.open(sys.argv[1]) as gallery:
    gallery.identify(gallery.faces.vector(1))
    print("ready", flush=True)
    for number, correct in enumerate(operations(gallery)):
        correct()
        print(number, flush=True)
"""
MANY = 120
WITHOUT_TIMES = {
    "identities": "*",
    "faces": "*",
    "embeddings": "*",
    "decisions": "id, digest, identity_id, kind",
}


def operations(gallery: Gallery) -> Iterator[Callable[[], object]]:
    """The same ones each time; after eight the gallery is as before, but for its history."""
    fix = gallery.corrections
    for _ in range(MANY // 8):
        yield lambda: fix.merge(["Tiger Woods", "Tom Ridge"], "Tony Blair")
        yield lambda: fix.confirm([face.id for face in gallery.faces.of("Tony Blair")])
        yield lambda: fix.move([1, 2, 3], "Somebody")
        yield lambda: fix.delete(["Tony Blair"])
        yield gallery.history.undo
        yield gallery.history.undo
        yield gallery.history.redo
        yield lambda: gallery.history.go_to(1)


def rows(folder: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(f"file:{folder / 'gallery.db'}?mode=ro", uri=True)) as base:
        return {
            table: base.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
            for table, columns in WITHOUT_TIMES.items()
        }


@pytest.mark.parametrize(("lines", "seconds"), [(3, 0.002), (17, 0.013), (40, 0.007)])
def test_a_killed_correction_is_there_wholly_or_not_at_all(
    folder: Path, tmp_path: Path, lines: int, seconds: float
) -> None:
    undisturbed = shutil.copytree(folder, tmp_path / "undisturbed.gallery")
    alive, said = killed_after(started(OPERATIONS, folder), seconds, lines)
    assert alive
    done = int(said[-1]) + 1
    assert done >= lines
    expected = []
    with Gallery.open(undisturbed) as gallery:
        for number, correct in enumerate(operations(gallery), start=1):
            correct()
            if number >= done:
                expected.append(rows(undisturbed))
            if number > done:
                break
    with Gallery.open(folder) as gallery:
        assert rows(folder) in expected
        assert gallery.check().problems == ()
        gallery.history.go_to(1)  # the way back is there as well
        assert gallery.people.counts() == (4, 36)
        assert all(answer.verdict for answer in gallery.identify(gallery.faces.vector(1)))
        assert gallery.check().problems == ()
