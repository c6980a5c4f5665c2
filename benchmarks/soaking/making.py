"""What the soak works on: a large gallery with photographs and models, a small one, query files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.gallery import Gallery
from tests.handmade import put_to_use

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
PHOTOS = Path(os.environ.get("FACE_GALLERY_SHARED", ROOT.parent / "shared" / "data")) / "lfw-158"
_WITH_PHOTOS = 20  # people of the large gallery, out of 158
_OTHERS = 6  # people of the small gallery


@dataclass(frozen=True)
class Material:
    """Attributes:
    large, small: galleries that the run may change.
    queries: files that can be read, of enrolled people and of strangers.
    broken: files that look like queries and are none.
    """

    large: Path
    small: Path
    queries: tuple[Path, ...]
    broken: tuple[Path, ...]


def made_up(count: int, kept: Path) -> Path:
    """Faces of the generator, ten a person in the mean, made once."""
    path = kept / f"made-{count}.npz"
    if not path.is_file():
        from benchmarks.generator import write

        kept.mkdir(parents=True, exist_ok=True)
        write(path, count, max(count // 10, 1))
    return path


def material(faces: Path, count: int, kept: Path, work: Path, seed: int) -> Material:
    """Makes it all in ``work``; the large gallery is made once and copied from ``kept``.

    Args:
        faces: ``.npz`` with ``embeddings`` and ``names``, in the order of people.
        count: rows of it that are enrolled.
    """
    master = kept / f"{faces.stem}-{count}.gallery"
    if not (master / "models").is_dir():  # the last that is made
        _make_large(faces, count, master)
    large = work / "large.gallery"
    shutil.copytree(master, large)
    small = work / "small.gallery"
    Gallery.create_from(small, _people(_OTHERS, of=DATA))[0].close()
    queries, broken = work / "queries", work / "broken"
    queries.mkdir()
    broken.mkdir()
    _write_queries(faces, count, queries, np.random.default_rng(seed))
    _write_broken(broken)
    listed = [*sorted(queries.iterdir()), *_photographed()]
    return Material(large, small, tuple(listed), tuple(sorted(broken.iterdir())))


def _make_large(faces: Path, count: int, master: Path) -> None:
    shutil.rmtree(master, ignore_errors=True)
    master.parent.mkdir(parents=True, exist_ok=True)
    table = master.parent / f"{faces.stem}-{count}.npz"
    with np.load(faces, allow_pickle=False) as read:
        names = read["names"][:count]
        np.savez(table, embeddings=read["embeddings"][:count], names=names)
    gallery, report = Gallery.create_from(master, [table])
    if PHOTOS.is_dir():
        gallery.import_(_people(_WITH_PHOTOS, of=PHOTOS))
    gallery.prepare()
    gallery.close()
    table.unlink()
    put_to_use(master, "mlp", "triplet", fused=True)
    with Gallery.open(master) as gallery:
        gallery.prepare()  # the triplet model's index
    print(f"made a gallery of {report.faces_added:,} faces in {report.seconds:.0f} s", flush=True)


def _people(number: int, *, of: Path) -> list[Path]:
    return sorted(folder for folder in of.iterdir() if folder.is_dir())[:number]


def _photographed() -> Sequence[Path]:
    """Single faces with a photograph beside them: enrolled people and strangers."""
    if not PHOTOS.is_dir():
        return ()
    folders = [*_people(5, of=PHOTOS), *_people(_WITH_PHOTOS + 20, of=PHOTOS)[_WITH_PHOTOS:]]
    return [face for folder in folders for face in sorted(folder.glob("*.npy"))[:2]]


def _write_queries(faces: Path, count: int, into: Path, rng: np.random.Generator) -> None:
    """Noisy copies of enrolled faces, alone and in tables, and faces of nobody."""
    with np.load(faces, allow_pickle=False) as read:
        rows = read["embeddings"][np.sort(rng.choice(count, 120, replace=False))]
    spread = np.float32(0.02 * rows.std())
    rows = rows + spread * rng.standard_normal(rows.shape, dtype=np.float32)
    rng.shuffle(rows)
    for number, row in enumerate(rows[:60]):
        np.save(into / f"known_{number:02}.npy", row)
    for number, few in enumerate(np.split(rows[60:], 5)):
        np.savez(into / f"several_{number}.npz", embeddings=few)
    strangers = rows[:20].mean(axis=0) + rows.std(axis=0) * rng.standard_normal((20, rows.shape[1]))
    for number, row in enumerate(strangers.astype(np.float32)):
        np.save(into / f"stranger_{number:02}.npy", row)


def _write_broken(into: Path) -> None:
    face = np.ones(128, dtype=np.float32)
    np.save(into / "short.npy", face)
    whole = (into / "short.npy").read_bytes()
    (into / "short.npy").write_bytes(whole[: len(whole) // 2])
    (into / "words.npy").write_text("no embedding at all\n")
    (into / "empty.npz").write_bytes(b"")
    (into / "header.csv").write_text("name,file\nsomebody,somewhere\n")
    np.save(into / "dimension.npy", face[:64])
    np.save(into / "nan.npy", face * np.nan)
