"""A gallery with a person in every corner of it, and what of that person is to be looked for."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.gallery import Gallery
from engine.records.types import FaceBatch, Vectors
from engine.store import encoding
from tests.handmade import put_to_use
from tests.needles import Needles

NAME = "Zoë Quist"
OLD_NAME = "Zoe Kvist"
DIMENSION = 16
FACES = 8
MOVED = 9  # of the person's faces, the one that is somebody else's


@dataclass(frozen=True, eq=False)
class Scene:
    """A closed gallery's folder, and the person's vectors, among them some that were removed."""

    folder: Path
    needles: Needles

    def hits(self) -> Counter[str]:
        """Over every byte of every file in the folder, and over the files' names."""
        found: Counter[str] = Counter()
        for path in sorted(self.folder.rglob("*")):
            found += self.needles.count(str(path.relative_to(self.folder)).encode())
            if path.is_file():
                found += self.needles.count(path.read_bytes())
        return found


def person(seed: int, count: int = FACES) -> Vectors:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=DIMENSION) + 0.2 * rng.normal(size=(count, DIMENSION))
    return rows.astype(np.float32)


def batch(name: str, vectors: Vectors, photos: list[Path | None] | None = None) -> FaceBatch:
    count = len(vectors)
    files = [f"{name.replace(' ', '_')}/{at}.npy" for at in range(count)]
    return FaceBatch(vectors, [name] * count, files, [0] * count, photos or [None] * count)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    place = tmp_path_factory.mktemp("erasing")
    folder = place / "some.gallery"
    vectors = person(1, 12)
    photos: list[Path | None] = []
    rng = np.random.default_rng(5)
    for at in range(len(vectors)):
        photos.append(place / f"{at}.jpg")
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(photos[-1])
    with Gallery.create(folder, dimension=DIMENSION) as gallery:
        for seed in range(10, 24):
            gallery.enroll(f"Person {seed}", batch(f"Person {seed}", person(seed)))
        gallery.enroll(OLD_NAME, batch(OLD_NAME, vectors, photos))
        gallery.prepare()
        gallery.faces.traits_of(vectors)
        _touch(gallery, vectors)
        thumbnails = [gallery.faces.thumbnail(one.id) for one in _faces(gallery)]
    put_to_use(folder, "triplet")
    with Gallery.open(folder) as gallery:
        gallery.prepare()
        indexed = searched(gallery, [one.id for one in _faces(gallery)])
        gallery.backups.write_automatic("import")
    vectors = np.delete(vectors, MOVED, axis=0)
    needles = Needles(
        [NAME, OLD_NAME],
        np.concatenate([vectors, *indexed]),
        [
            *(("digest", encoding.digest_of(one)) for one in encoding.to_blobs(vectors)),
            *(("digest", encoding.digest_of(one).hex().encode())
              for one in encoding.to_blobs(vectors)),
            *(("thumbnail", one[start : start + 24])
              for one in thumbnails if one for start in range(len(one) // 2, len(one) - 24, 96)),
        ],
    )  # fmt: skip
    return Scene(folder, needles)


def searched(gallery: Gallery, faces: list[int]) -> list[Vectors]:
    """Vectors as the indexes hold them: of unit length, and as a model maps them."""
    ids = np.array(faces, dtype=np.int64)
    return [space.index._live.get(ids) for space in gallery.recogniser._state.spaces]


def _touch(gallery: Gallery, vectors: Vectors) -> None:
    """Corrections that leave the person in undo, history, decisions, notes and other people."""
    corrections = gallery.corrections
    corrections.rename(OLD_NAME, NAME)
    corrections.set_note(NAME, f"{NAME} is known from the choir")
    corrections.set_note("Person 11", f"a friend of {NAME}")
    faces = [one.id for one in _faces(gallery)]
    corrections.confirm(faces[:2])
    corrections.choose_portrait(NAME, faces[1])
    corrections.remove(faces[10:])
    corrections.move(faces[MOVED : MOVED + 1], "Person 12")
    corrections.reject(vectors[0], gallery.people.all()[0].id)
    corrections.ignore(faces[3:4])
    corrections.mark_distinct(NAME, "Person 15")
    gallery.unknowns.add(batch(NAME, vectors[10:]))  # those removed, asked about again
    kept = [one.id for one in gallery.unknowns.all()]
    gallery.unknowns.dismiss(kept[:1])
    gallery.enroll("Person 13", batch("Person 13", vectors[4:5]))  # the very same vector
    corrections.rename("Person 20", "Person 30")  # nothing to do with the person
    corrections.set_note("Person 21", "plays the viola")


def _faces(gallery: Gallery):
    who = next(one for one in gallery.people.all() if one.name in (NAME, OLD_NAME))
    return gallery.faces.of(who.id)


@pytest.fixture
def scene(made: Scene, tmp_path: Path) -> Scene:
    return Scene(shutil.copytree(made.folder, tmp_path / "some.gallery"), made.needles)
