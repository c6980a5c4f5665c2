"""A folder that TensorBoard's embedding projector opens: vectors, metadata, pictures, a config.

The vectors are text: TensorBoard tries that form first, and a binary one only where its bytes
happen to be no UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.export.landing import private_file
from engine.export.metadata import OwnDistances, write_metadata
from engine.export.source import Source
from engine.export.sprite import sprite_side, write_sprite
from engine.records.exports import CONFIG
from engine.types import Vectors

METADATA = "metadata.tsv"
SPRITE = "sprite.png"
ORIGINAL = "original"

_CLEAR = 10_000  # points: the projector's t-SNE takes no more
_FETCHED = 100_000  # points: it asks for no more

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

    def __call__(self, source: Source, path: Path) -> list[str]:
        """Writes it at a path that is free, and says what to know of it."""
        path.mkdir(mode=0o700)
        distances = OwnDistances(source.dimension, source.store.distance)
        self._write_tensors(source, path, distances)
        write_metadata(source, path / METADATA, distances)
        side = sprite_side(source.count)
        if side:
            write_sprite(source, path / SPRITE, side, self.traits)
        with private_file(path / CONFIG) as stream:
            stream.write(_config([ORIGINAL, *self.spaces], side).encode())
        return _sentences(source.count, side)

    def _write_tensors(self, source: Source, path: Path, distances: OwnDistances) -> None:
        with ExitStack() as stack:
            original = stack.enter_context(private_file(path / f"{ORIGINAL}.tsv"))
            learned = {
                stack.enter_context(private_file(path / f"{name}.tsv")): transform
                for name, transform in self.spaces.items()
            }
            for faces, vectors in source.chunks("Writing the vectors"):
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


def _sentences(count: int, side: int) -> list[str]:
    said = []
    if count > _FETCHED:
        said.append(
            f"The projector shows the first {_FETCHED:,} of the {count:,} faces: write some "
            "people with some faces of each instead."
        )
    elif count > _CLEAR:
        said.append(
            f"With {count:,} faces the projector is slow, and its t-SNE takes only {_CLEAR:,} of "
            "them: some people with some faces of each make a clearer picture."
        )
    if not side:
        said.append("There are too many faces for a sheet of pictures, so it was left out.")
    return said
