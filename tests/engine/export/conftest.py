"""A small gallery of people whose names are hard to write, and what a gallery holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.formats.photo_files import read_photo
from engine.gallery import Gallery
from engine.records.types import FaceBatch
from engine.store import Store

HARD = (
    "Tiger Woods",
    "under_score",
    "_",
    "a __ b",
    "two  blanks",
    "O'Neal, Shaquille",
    'He said "no"',
    "=HYPERLINK(1)",
    "-5",
    "42",
    "CON",
    "com1.old",
    ".hidden",
    "Jr.",
    "what?",
    "a:b*c<d>|e",
    "Ann",
    "ANN",
    "José",  # in one piece
    "Jose\N{COMBINING ACUTE ACCENT}",  # and taken apart
    "胡锦涛",
    "محمد خاتمی",
    "🙂",
    "x" * 200,
    "é" * 200,
    "identity.txt",
)


def photo(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 50), (shade, 255 - shade, 90)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def hard(tmp_path: Path) -> Gallery:
    """Two faces of each; the first has a photograph. Names that differ in case alone are two
    people's only where one import brings both, or in old galleries.
    """
    chance = np.random.default_rng(5)
    with Store.create(tmp_path / "hard.gallery", dimension=8) as store:
        for number, name in enumerate(HARD):
            picture = tmp_path / f"{number}.jpg"
            picture.write_bytes(photo(number * 9))
            vectors = chance.standard_normal((2, 8)).astype(np.float32)
            files = [f"faces\t{number}.npy", 'two\nlines, "quoted".npy']
            faces = FaceBatch(vectors, [name] * 2, files, [0, 3], [picture, None])
            store.faces.add(faces, thumbnails={0: read_photo(picture)})
    gallery = Gallery.open(tmp_path / "hard.gallery")
    yield gallery
    gallery.close()


@pytest.fixture
def read_back(tmp_path: Path) -> Callable[[Path], Gallery]:
    """A new gallery of what was exported, with nothing left out."""
    opened: list[Gallery] = []

    def make(path: Path) -> Gallery:
        gallery, report = Gallery.create_from(tmp_path / f"back{len(opened)}.gallery", [path])
        opened.append(gallery)
        assert report.rejected == ()
        return gallery

    yield make
    for gallery in opened:
        gallery.close()


def contents(gallery: Gallery) -> list[tuple[str, list[bytes]]]:
    """Everybody's vectors, to the byte, in order of enrolment."""
    return [
        (one.name, [gallery.faces.vector(face.id).tobytes() for face in gallery.faces.of(one.id)])
        for one in gallery.people.all()
    ]
