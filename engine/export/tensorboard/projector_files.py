"""A folder that TensorBoard's embedding projector opens: vectors, metadata and pictures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from engine.avatars.emblem import LINE_ALPHA, LINE_WIDTH, curves, palette, to_rgb
from engine.records.types import Vectors

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
import math
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.export.source import Source
from engine.records.exports import CONFIG, Remarks
from engine.records.types import Distance, Face, Identity
from engine.utils.distances import prepare
from engine.utils.files import private_file

_FINER = 3  # Pillow's polygons have no soft edges: drawn larger, then made smaller
_THINNEST = 0.5  # pixels, before that; what is thinner is not seen


def photo_square(photo: bytes, side: int) -> Picture:
    """The middle of a photograph, filling a square."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(photo)) as picture:
        return ImageOps.fit(picture.convert("RGB"), (side, side))


def emblem_square(traits: Vectors, side: int) -> Picture:
    """The portrait that the window draws for these traits ``(16,)``, filling a square."""
    from PIL import Image, ImageDraw

    trait = np.clip(np.asarray(traits, dtype=np.float64), -1.0, 1.0)
    colors = np.round(to_rgb(palette(trait)) * 255)
    top, bottom, line, *layers = colors
    large = side * _FINER
    shade = Image.fromarray(np.linspace(top, bottom, large).astype(np.uint8)[:, None])
    picture = shade.resize((large, large))
    draw = ImageDraw.Draw(picture)
    has_line = large * LINE_WIDTH >= _THINNEST
    for curve, color in zip(curves(trait) * large + large / 2, layers, strict=True):
        edge = _rgb(LINE_ALPHA * line + (1 - LINE_ALPHA) * color) if has_line else None
        draw.polygon(curve.ravel().tolist(), fill=_rgb(color), outline=edge)
    return picture.reduce(_FINER)


def _rgb(color: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, int, int]:
    red, green, blue = (round(value) for value in color.tolist())
    return red, green, blue


_LARGEST_SHEET = 8192  # pixels a side, as the projector's documentation has it
_LARGEST, _SMALLEST = 64, 16  # pixels a side of one picture
_STAGE = "Drawing pictures"
_EVERY = 256


def sprite_side(count: int) -> int:
    """Pixels a side of each of so many pictures; 0 where no sheet can hold them."""
    side = min(_LARGEST, _LARGEST_SHEET // math.ceil(math.sqrt(count)))
    return side if side >= _SMALLEST else 0


def write_sprite(
    source: Source, path: Path, side: int, traits_of: Callable[[Vectors], Vectors]
) -> None:
    """Write pictures row by row, as many in a row as make the sheet nearly square.

    Args:
        traits_of: numbers ``(n, 16)`` to draw portraits with, of vectors ``(n, d)``.
    """
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


COLUMNS = ("name", "faces", "own_distance", "added", "note", "photo", "file", "row", "face")
"""``own_distance``: to the mean of the person's other faces among those written; ``faces``: how
many the person has; ``row`` counts from 1; ``face`` is the number in the gallery."""

_BREAKING = frozenset({"Cc", "Zl", "Zp"})


class OwnDistances:
    """How far faces are from the mean of their person's other faces."""

    def __init__(self, dimension: int, distance: Distance) -> None:
        self._dimension = dimension
        self._distance: Distance = distance
        self._sums: dict[int, Vectors] = {}
        self._counts: dict[int, int] = {}

    def add(self, faces: Sequence[Face], vectors: Vectors) -> None:
        """Faces that count, and their embeddings ``(n, d)``."""
        for face, row in zip(faces, prepare(vectors, self._distance), strict=True):
            who = face.identity_id
            zeros = np.zeros(self._dimension, dtype=np.float32)
            self._sums[who] = self._sums.get(who, zeros) + row
            self._counts[who] = self._counts.get(who, 0) + 1

    def of(self, faces: Sequence[Face], vectors: Vectors) -> list[float | None]:
        """Distances of faces, with vectors ``(n, d)``, to their person's others; None where there
        are none.
        """
        rows = prepare(vectors, self._distance)
        sums = np.stack([self._sums[face.identity_id] for face in faces])
        others = np.array([self._counts[face.identity_id] - 1 for face in faces])[:, None]
        means = prepare((sums - rows) / np.maximum(others, 1), self._distance)
        if self._distance == "cosine":
            found = 1.0 - np.einsum("ij,ij->i", rows, means)
        else:
            found = np.linalg.norm(rows - means, axis=1)
        return [
            max(float(distance), 0.0) if count else None
            for distance, count in zip(found, others[:, 0], strict=True)
        ]


def write_metadata(source: Source, path: Path, distances: OwnDistances) -> None:
    """The file that goes with the vectors, face by face in the same order."""
    with private_file(path) as stream:
        stream.write(("\t".join(COLUMNS) + "\n").encode())
        for faces, vectors in source.chunks("Writing names"):
            own = distances.of(faces, vectors)
            lines = (
                _line(face, source.identities[face.identity_id], distance)
                for face, distance in zip(faces, own, strict=True)
            )
            stream.write("".join(lines).encode())


def _line(face: Face, identity: Identity, distance: float | None) -> str:
    cells = (
        identity.name,
        str(identity.faces),
        "" if distance is None else f"{distance:.4f}",
        time.strftime("%Y-%m-%d", time.gmtime(face.added)),
        identity.note,
        "yes" if face.has_photo else "no",
        face.file,
        str(face.row + 1),
        str(face.id),
    )
    return "\t".join(map(_cell, cells)) + "\n"


def _cell(text: str) -> str:
    return "".join(" " if unicodedata.category(letter) in _BREAKING else letter for letter in text)


METADATA = "metadata.tsv"
SPRITE = "sprite.png"
ORIGINAL = "original"


Transform = Callable[[Vectors], Vectors]


@dataclass(frozen=True, eq=False)
class ProjectorWriter:
    """Writes such a folder.

    Attributes:
        traits: numbers to draw portraits with, for embeddings ``(n, d)``.
        spaces: learned ones beside the original, by name.
    """

    traits: Transform
    spaces: Mapping[str, Transform]

    def __call__(self, source: Source, path: Path) -> Remarks:
        """Write it at a path that is free."""
        path.mkdir(mode=0o700)
        distances = OwnDistances(source.dimension, source.store.distance)
        self._write_tensors(source, path, distances)
        write_metadata(source, path / METADATA, distances)
        side = sprite_side(source.count)
        if side:
            write_sprite(source, path / SPRITE, side, self.traits)
        with private_file(path / CONFIG) as stream:
            stream.write(_config([ORIGINAL, *self.spaces], side).encode())
        return Remarks(pictured=bool(side))

    def _write_tensors(self, source: Source, path: Path, distances: OwnDistances) -> None:
        with ExitStack() as stack:
            original = stack.enter_context(private_file(path / f"{ORIGINAL}.tsv"))
            learned = {
                stack.enter_context(private_file(path / f"{name}.tsv")): transform
                for name, transform in self.spaces.items()
            }
            for faces, vectors in source.chunks("Writing embeddings"):
                original.write(_tsv(vectors))
                for stream, transform in learned.items():
                    stream.write(_tsv(transform(vectors)))
                distances.add(faces, vectors)


def _tsv(vectors: Vectors) -> bytes:
    """A row a line, with the nine digits that give a float32 back exactly."""
    line = "\t".join(["%.9g"] * vectors.shape[1]) + "\n"
    return "".join(line % tuple(row) for row in vectors.tolist()).encode()


def _config(names: list[str], side: int) -> str:
    """A ProjectorConfig message in protobuf's text form."""
    sprite = (
        f'  sprite {{\n    image_path: "{SPRITE}"\n'
        f"    single_image_dim: {side}\n    single_image_dim: {side}\n  }}\n"
    )
    return "".join(
        f'embeddings {{\n  tensor_name: "{name}"\n  tensor_path: "{name}.tsv"\n'
        f'  metadata_path: "{METADATA}"\n{sprite if side else ""}}}\n'
        for name in names
    )
