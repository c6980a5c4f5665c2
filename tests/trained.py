"""A gallery with two small trained models, made once by a process of its own, and variations.

The MLP is put to use by hand: what is learned in three epochs is not better than k-NN.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from engine.models.version_files import load_version

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = 9
FACES = 8
QUICK = {"epochs": 3, "hidden": [16], "rate": 0.01}
CHANGES = QUICK | {"batch": 32, "identities": 6, "faces": 3}
TRAIN = """
import json, sys
from engine.gallery import Gallery
from engine.records.jobs import TrainingRequest
from engine.progress import Measured, Message, Progress, Reporter
events = []
with Gallery.create_from(sys.argv[1], [sys.argv[2]])[0] as gallery:
    gallery.prepare()
    request = TrainingRequest(changes=json.loads(sys.argv[3]))
    outcome = gallery.models.train(request, Reporter(events.append))
    for model in outcome.models:
        if model.kind == "mlp" and not model.active:
            gallery.models.activate(model.id)
print(json.dumps({
    "heavy": [name for name in ("tensorflow", "keras", "sklearn") if name in sys.modules],
    "kinds": sorted({type(event).__name__ for event in events}),
    "series": sorted({event.series for event in events if isinstance(event, Measured)}),
    "stages": list(dict.fromkeys(one.stage for one in events if isinstance(one, Progress))),
    "sentence": outcome.sentence,
    "seconds": outcome.seconds,
}))
"""


@dataclass(frozen=True)
class TrainedOnce:
    """The gallery's folder, closed, and what the process that trained it said at its end."""

    folder: Path
    said: dict[str, Any]

    def copy(self, place: Path) -> Path:
        return shutil.copytree(self.folder, place)


def people_of(sample: Path, tree: Path, first: int = 0, count: int = PEOPLE) -> Path:
    """A folder tree of some people of the sample with a few faces each."""
    everybody = sorted(folder for folder in sample.iterdir() if folder.is_dir())
    for person in everybody[first : first + count]:
        (tree / person.name).mkdir(parents=True)
        for face in sorted(person.glob("*.npy"))[:FACES]:
            shutil.copy(face, tree / person.name)
    return tree


def train_once(sample: Path, place: Path) -> TrainedOnce:
    """In a folder that the processes of a test run share; the first to come trains."""
    folder, said = place / "trained.gallery", place / "trained.json"
    with FileLock(place / "trained.lock"):
        if not said.exists():
            tree = people_of(sample, place / "trained-people")
            done = subprocess.run(
                [sys.executable, "-c", TRAIN, str(folder), str(tree), json.dumps(CHANGES)],
                cwd=ROOT,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            said.write_text(done.stdout)
    return TrainedOnce(folder, json.loads(said.read_text()))


def another_version(old: Path, new: Path, **changes: object) -> Path:
    """The same version under another name, its record changed."""
    shutil.copytree(old, new)
    record = json.loads((new / "version.json").read_text(encoding="utf-8"))
    record["version"] |= {"id": new.name, **changes}
    (new / "version.json").write_text(json.dumps(record), encoding="utf-8")
    load_version(new)
    return new
