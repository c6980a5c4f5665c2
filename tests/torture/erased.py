"""What an erasure must leave of a gallery, and the model of what it left.

Which changes it fixes, and what else it takes along, is for the tests of erasing; here it is taken
as it is, and everything that comes after it is held against that.
"""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.gallery import Gallery
from tests.torture.consequences import PICTURE
from tests.torture.faces import POOL
from tests.torture.model import Model
from tests.torture.worker import Worker

_NUMBERS = {row.tobytes(): number for number, row in enumerate(POOL)}


def not_erased(gallery: Gallery, before: Model, name: str) -> Iterator[str]:
    """Whatever is left of a person, and whatever else is not as it was."""
    people = before.people
    person = people.id_of(name)
    theirs = people.numbers(person)
    if gallery.people.find(name) is not None:
        yield f"{name} is enrolled"
    found = {
        face.id: (person.id, _NUMBERS[gallery.faces.vector(face.id).tobytes()])
        for person in gallery.people.all()
        for face in gallery.faces.of(person.id)
    }
    expected = {
        face: (owner, number)
        for face, (owner, number, _) in people.faces.items()
        if owner != person and number not in theirs
    }
    if found != expected:
        yield f"faces are {found} instead of {expected}"
    for path in gallery.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for number in theirs:
            if POOL[number].tobytes() in content:
                yield f"vector {number} of {name} is left in {path.name}"


def attempt_erasure(
    worker: Worker, name: str, model: Model
) -> tuple[Model, Exception | None, list[str]]:
    """Erases a person while the disk may refuse it; what was begun, the next opening finishes.

    Returns:
        the model of what is there now, what was raised, and what is wrong.
    """
    failure = None
    try:
        worker.do(("erase", name))
    except Exception as error:
        failure = error
        worker.open_anew()
    if worker.gallery.people.find(name) is not None:
        return model, failure, [] if failure else [f"{name} is still there"]
    problems = list(not_erased(worker.gallery, model, name))
    if worker.gallery._store.erasure.unfinished() is not None:
        problems.append("the erasure is still under way")
    return adopted(worker.gallery, model), failure, problems


def adopted(gallery: Gallery, before: Model) -> Model:
    """The model with what a gallery holds now; the way back from here is not known to it."""
    model = copy.deepcopy(before)
    now, people = model.now, model.people
    rows = _rows(gallery.folder)
    people.faces = {
        face: (owner, _NUMBERS[vector], PICTURE if pictured else None)
        for face, owner, vector, pictured in rows["faces"]
    }
    people.decided = {(_NUMBERS[vector], one): kind for vector, one, kind in rows["decisions"]}
    people.apart = {frozenset(pair) for pair in rows["apart"]}
    people.shelf = {_NUMBERS[vector] for (vector,) in rows["unknowns"]}
    people.settle()
    now.states = {entry.change: entry.state for entry in gallery.history.changes()}
    now.past, now.future = [], []
    now.change = now.known_from = gallery.history.last_change()
    return model


_TABLES = {
    "faces": "SELECT f.id, f.identity_id, e.vector, EXISTS (SELECT 1 FROM photos p "
    "WHERE p.face_id = f.id) FROM faces f JOIN embeddings e ON e.face_id = f.id",
    "decisions": "SELECT vector, identity_id, kind FROM decisions",
    "apart": "SELECT one, other FROM apart",
    "unknowns": "SELECT vector FROM unknowns",
}


def _rows(folder: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(f"file:{folder / 'gallery.db'}?mode=ro", uri=True)) as base:
        return {table: base.execute(query).fetchall() for table, query in _TABLES.items()}
