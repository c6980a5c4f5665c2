"""The sheet of pictures that the projector shows for points."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from engine.export.landing import private_file
from engine.export.pixels import emblem_square, photo_square
from engine.export.source import Source
from engine.types import Vectors

_LARGEST_SHEET = 8192  # pixels a side, as the projector's documentation has it
_LARGEST, _SMALLEST = 64, 16  # pixels a side of one picture
_STAGE = "Drawing the pictures"
_EVERY = 256


def sprite_side(count: int) -> int:
    """Pixels a side of each of so many pictures; 0 where no sheet can hold them."""
    side = min(_LARGEST, _LARGEST_SHEET // math.ceil(math.sqrt(count)))
    return side if side >= _SMALLEST else 0


def write_sprite(
    source: Source, path: Path, side: int, traits_of: Callable[[Vectors], Vectors]
) -> None:
    """Pictures row by row, as many in a row as make the sheet nearly square."""
    from PIL import Image

    across = math.ceil(math.sqrt(source.count))
    sheet = Image.new("RGB", (across * side, math.ceil(source.count / across) * side), "white")
    place = 0
    for faces, vectors in source.chunks(_STAGE):
        for face, traits in zip(faces, traits_of(vectors), strict=True):
            photo = source.store.faces.thumbnail(face.id) if face.has_photo else None
            square = photo_square(photo, side) if photo else emblem_square(traits, side)
            sheet.paste(square, (place % across * side, place // across * side))
            place += 1
            if place % _EVERY == 0:
                source.reporter.progress(_STAGE, place, source.count)
    with private_file(path) as stream:
        sheet.save(stream, "PNG", compress_level=3)
