"""People erased from a gallery of ``data/`` with trained models, corrections and backups: every
byte of its folder is searched for them before and after; then the same with ``kill -9`` at random
moments and the gallery opened again.

    .venv/bin/python -m benchmarks.erasing [--people 3] [--kills 20] [--seed 0] [--gallery DIR]

A vector is found by any 16 bytes of it in a row, at any offset; a name in several cases, Unicode
forms and encodings; a digest as bytes and as hex. Looked for are the vectors as they came, and as
the indexes hold them. ``--gallery`` is one of such faces that has trained models; one of all of
``data/`` is made and trained without it.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.options import DATA, ROOT, parser
from engine.embeddings import read_sources
from engine.gallery import Gallery
from engine.records.jobs import TrainingRequest
from engine.store import Store, encoding
from engine.tools.needles import Needles

QUICK = {"epochs": 3, "hidden": [32], "rate": 0.01}
ERASE = """
import sys
from engine.gallery import Gallery
with Gallery.open(sys.argv[1]) as gallery:
    print("ready", flush=True)
    gallery.erase([sys.argv[2]])
print("done", flush=True)
"""


def search(folder: Path, needles: Needles) -> tuple[int, Counter[str]]:
    """Bytes of all files in a folder, and hits by kind in them and in their names."""
    found: Counter[str] = Counter()
    size = 0
    for path in sorted(folder.rglob("*")):
        found += needles.count(str(path.relative_to(folder)).encode())
        if path.is_file():
            size += path.stat().st_size
            found += needles.count_in(path)
    return size, found


def trained(folder: Path) -> Path:
    """A gallery of ``data/`` with both models."""
    with Gallery.create_from(folder, [DATA])[0] as gallery:
        gallery.prepare()
        gallery.learning.train(TrainingRequest(changes=QUICK))
    return folder


def filled(folder: Path, people: list[Path]) -> Path:
    """The gallery with some corrections of everybody asked for, and backups."""
    with Gallery.open(folder) as gallery:
        for person in people:
            name = person.name.replace("_", " ")
            faces = [face.id for face in gallery.faces(name)]
            gallery.corrections.note(name, f"{name}, as in the list")
            gallery.corrections.confirm(faces[:3])
            gallery.corrections.rename(name, f"{name} Junior")
            gallery.corrections.rename(f"{name} Junior", name)
            gallery.corrections.remove(faces[-2:])
        gallery.traits(faces)
        gallery.backup(folder / "asked.zip")
    with Store.open(folder) as store:
        store.backup_automatically("import")
    return folder


def needles_of(person: Path, folder: Path) -> Needles:
    """What is to be looked for: all files of this person in the data set, and what the indexes
    hold of them: of unit length, and as a model maps them.
    """
    name = person.name.replace("_", " ")
    batch = read_sources([person.parent]).batch
    rows = batch.vectors[[at for at, one in enumerate(batch.names) if one == name]]
    with Gallery.open(folder) as gallery:
        gallery.prepare()
        ids = np.array([face.id for face in gallery.faces(name)], dtype=np.int64)
        held = [space.keeper._live.get(ids) for space in gallery._recogniser._grounds.spaces]
    digests = [encoding.digest_of(blob) for blob in encoding.to_blobs(rows)]
    others = [("digest", one) for one in digests]
    others += [("digest", one.hex().encode()) for one in digests]
    return Needles([name], np.concatenate([rows, *held]), others)


def kill(folder: Path, name: str, needles: Needles, seconds: float) -> str:
    """Erases in a process of its own that is killed so long after it began; what came of it."""
    command = [sys.executable, "-c", ERASE, str(folder), name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        finished = "done" in process.stdout.read()
    with Gallery.open(folder) as gallery:
        there, whole = gallery.identity(name), gallery.check().ok
        resumed = gallery.receipt is not None
    _, found = search(folder, needles)
    if not whole:
        return "DAMAGED"
    if there is not None:
        return "as it was" if not finished and found["vector"] else "WRONG: half erased"
    if any(found.values()):
        return f"WRONG: {dict(found)}"
    return "finished at the next opening" if resumed else "erased"


def people_of(folder: Path) -> list[Path]:
    """The folders in ``data/`` of the people in a gallery."""
    with Gallery.open(folder, write=False) as gallery:
        return [DATA / one.name.replace(" ", "_") for one in gallery.people("name")]


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--people", type=int, default=3)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--gallery", type=Path)
    asked = options.parse_args()
    kills, chance = asked.kills, random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as place:
        template = Path(place) / "some.gallery"
        shutil.copytree(asked.gallery, template) if asked.gallery else trained(template)
        chosen = chance.sample(sorted(people_of(template)), asked.people)
        filled(template, chosen)
        looked_for = {one.name.replace("_", " "): needles_of(one, template) for one in chosen}
        folder = shutil.copytree(template, Path(place) / "copy.gallery")
        bad = 0
        with Gallery.open(folder) as gallery:
            for name, needles in looked_for.items():
                size, before = search(folder, needles)
                started = time.monotonic()
                receipt = gallery.erase([name])
                took = time.monotonic() - started
                after_size, after = search(folder, needles)
                bad += any(after.values())
                print(
                    f"{name}: {receipt.removed.faces} faces, {len(receipt.models)} models, "
                    f"{len(receipt.deleted)} files; before {size:,} bytes, hits {dict(before)}; "
                    f"after {after_size:,} bytes, hits {dict(after)}; {took:.2f} s",
                    flush=True,
                )
        name, needles = next(iter(looked_for.items()))
        outcomes: Counter[str] = Counter()
        rehearsal = shutil.copytree(template, Path(place) / "rehearsal.gallery")
        with Gallery.open(rehearsal) as gallery:
            started = time.monotonic()
            gallery.erase([name])
            longest = time.monotonic() - started
        for _ in range(kills):  # most fall early: the index, which is made last, takes longest
            copy = shutil.copytree(template, Path(place) / "killed.gallery")
            outcomes[kill(copy, name, needles, longest * chance.random() ** 3)] += 1
            shutil.rmtree(copy)
        print(f"{kills} kills: {dict(outcomes)}")
        bad += sum(count for what, count in outcomes.items() if what.isupper() or "WRONG" in what)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
