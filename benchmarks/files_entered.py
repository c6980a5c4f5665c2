"""Files of this program whose functions run for one identification, enrolment, import or rename.

    .venv/bin/python -m benchmarks.files_entered [--root DIR] [--list]

Each is done twice, in a process of its own: through the façade on an open gallery, and by the
command line. Counted are distinct files under ``engine/`` and ``gallery_app/`` in which a function
or method is called meanwhile; importing a module does not count. DIR is the folder of another
checkout, to be held against this one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

ACTS = ("identify", "enroll", "import", "rename")


def files_entered(act: Callable[[], Any], root: Path) -> list[str]:
    """Return the files under a checkout whose functions run during ``act``."""
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            seen.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    parts = [root / "engine", root / "gallery_app"]
    inside = [path for path in map(Path, seen) if any(path.is_relative_to(p) for p in parts)]
    return sorted(str(path.relative_to(root)) for path in inside)


def acts(place: Path, way: str) -> dict[str, Callable[[], Any]]:
    """What is measured, on the gallery in a folder."""
    from engine.gallery import Gallery

    folder, query, more = place / "people.gallery", place / "query.npy", place / "more.npz"
    vector = np.load(query)
    if way == "façade":
        gallery = Gallery.open(folder)
        gallery.prepare()
        gallery.identify(vector)  # what is made once is not counted
        return {
            "identify": lambda: gallery.identify(vector),
            "enroll": lambda: gallery.enroll("Somebody", vector),
            "import": lambda: gallery.import_([more]),
            "rename": lambda: gallery.corrections.rename("P01", "Q01"),
        }
    from gallery_app.cli import run

    def command(*words: str) -> Callable[[], Any]:
        return lambda: run([*words, "-g", str(folder)])

    return {
        "identify": command("identify", str(query)),
        "enroll": command("enroll", "Somebody", str(query)),
        "import": command("import", str(more)),
        "rename": command("rename", "P01", "Q01"),
    }


def prepare(place: Path) -> None:
    """Make a small gallery, a query and an archive to import."""
    from engine.gallery import Gallery

    random = np.random.default_rng(0)
    means = random.normal(size=(60, 128))
    vectors = np.repeat(means, 8, axis=0) + 0.4 * random.normal(size=(480, 128))
    names = np.repeat([f"P{number:02}" for number in range(60)], 8)
    vectors = vectors.astype(np.float32)
    np.savez(place / "first.npz", embeddings=vectors[:400], names=names[:400])
    np.savez(place / "more.npz", embeddings=vectors[400:], names=names[400:])
    np.save(place / "query.npy", random.normal(size=128).astype(np.float32))
    with Gallery.create_from(place / "people.gallery", [place / "first.npz"])[0] as gallery:
        gallery.prepare()


def measure(root: Path, way: str, act: str) -> list[str]:
    """Return the files entered, measured in a process that uses the checkout at ``root``."""
    command = [sys.executable, str(Path(__file__).resolve()), "--act", f"{way}:{act}"]
    environment = {**os.environ, "PYTHONPATH": str(root), "FACES_ROOT": str(root)}
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--list", action="store_true", help="name the files too")
    parser.add_argument("--act", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.act:
        way, act = options.act.split(":")
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name))
            run = acts(Path(name), way)[act]
            found = files_entered(run, Path(os.environ["FACES_ROOT"]).resolve())
        print("\n" + json.dumps(found))
        return
    for act in ACTS:
        for way in ("façade", "command line"):
            found = measure(options.root.resolve(), way, act)
            print(f"{act}, {way}: {len(found)}")
            if options.list:
                print(*(f"    {file}" for file in found), sep="\n")


if __name__ == "__main__":
    main()
