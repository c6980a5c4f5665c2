"""What must be so of a gallery at any time: it is what the model says, sound, and no litter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.gallery import Gallery
from engine.records.types import Identification
from tests.torture.faces import POOL
from tests.torture.model import Model

QUERIES = POOL[::5]
_BELONGS = re.compile(
    r"gallery\.(db(-wal|-shm)?|lock(\.json)?)|index|models|backups"
    r"|index/(faces(-\w+\.bin|\.json)|calibration\.json|near_duplicates\.json|recognition\.bin)"
    r"|index/triplet-[\w-]+(/faces(-\w+\.bin|\.json))?"
    r"|models/[\w-]+(/[\w.-]+)?|models/auto\.json"
    r"|backups/[\w-]+\.zip"
)


def disagreements(gallery: Gallery, model: Model) -> Iterator[str]:
    """Sentences on whatever a gallery holds otherwise than the model."""
    yield from _people(gallery, model)
    yield from _decisions(gallery, model)
    yield from _shelf(gallery, model)
    yield from _history(gallery, model)
    yield from _backups(gallery, model)
    if gallery.backups.kept != model.now.backups:
        yield f"{gallery.backups.kept} backups are kept, not {model.now.backups}"


def _differ(what: str, found: object, expected: object) -> Iterator[str]:
    if found != expected:
        yield f"{what}: {found} instead of {expected}"


def _people(gallery: Gallery, model: Model) -> Iterator[str]:
    people = model.people
    found = {
        one.id: (one.name, one.faces, one.portrait, one.note, one.chosen)
        for one in gallery.people.all()
    }
    expected = {
        one: (person.name, len(people.of(one)), people.portrait(one), person.note,
              person.chosen is not None)
        for one, person in people.people.items()
    }  # fmt: skip
    yield from _differ("people", found, expected)
    yield from _differ("counts", gallery.people.counts(), (len(people.people), len(people.faces)))
    faces = {
        face.id: (
            one,
            gallery.faces.vector(face.id).tobytes(),
            gallery.faces.thumbnail(face.id) is not None,
        )
        for one in found
        for face in gallery.faces.of(one)
    }
    theirs = {
        face: (owner, POOL[number].tobytes(), photo is not None)
        for face, (owner, number, photo) in people.faces.items()
    }
    if faces != theirs:
        wrong = {face for face in {*faces, *theirs} if faces.get(face) != theirs.get(face)}
        yield f"faces: {sorted(wrong)} differ; {sorted(faces)} instead of {sorted(theirs)}"


def _decisions(gallery: Gallery, model: Model) -> Iterator[str]:
    people, said = model.people, model.people.decided
    faces = sorted(people.faces.items())
    yield from _differ(
        "confirmed",
        gallery.corrections.confirmed().tolist(),
        [face for face, (owner, number, _) in faces if said.get((number, owner)) == "is"],
    )
    yield from _differ(
        "ignored",
        gallery.corrections.ignored().tolist(),
        [face for face, (_, number, _) in faces if (number, None) in said],
    )
    yield from _differ(
        "apart", gallery.corrections.cannot_link(), {tuple(sorted(pair)) for pair in people.apart}
    )
    yield from _differ(
        "rejected",
        [{person for person, _ in record.rejected} for record in gallery.faces.records(POOL)],
        [
            {one for (of, one), kind in said.items() if of == number and kind == "is-not"}
            for number in range(len(POOL))
        ],
    )


def _shelf(gallery: Gallery, model: Model) -> Iterator[str]:
    shelf = gallery.unknowns.all()
    yield from _differ("shelf", sorted(one.row for one in shelf), model.shown())
    vectors = gallery._store.unknowns.vectors([one.id for one in shelf])[1]
    if vectors.tobytes() != POOL[[one.row for one in shelf]].tobytes():
        yield "vectors on the shelf differ"


def _history(gallery: Gallery, model: Model) -> Iterator[str]:
    entries = {entry.change: entry for entry in gallery.history.changes()}
    states = {change: entry.state for change, entry in entries.items()}
    if states != model.now.states:
        yield f"history: {states} instead of {model.now.states}"
        return
    yield from _differ("change", gallery.history.last_change(), model.now.change)
    steps = (gallery.history.undo_step(), gallery.history.redo_step())
    for step, way in zip(steps, (model.now.past, model.now.future), strict=True):
        if way or model.can_undo():
            yield from _differ("next step", step, entries[way[-1].change].summary if way else None)


def _backups(gallery: Gallery, model: Model) -> Iterator[str]:
    """Those that were asked for stand beside the gallery."""
    found = {path.name for path in gallery.folder.parent.glob("backup-*")}
    yield from _differ("backups", found, {f"backup-{number}.zip" for number in model.saved})


def unsound(gallery: Gallery) -> Iterator[str]:
    """What ``check`` finds, and answers that another process would not get."""
    yield from gallery.check().problems
    with Gallery.open(gallery.folder, write=False) as anew:
        yield from other_answers(gallery, anew)
    yield from (f"after a question: {problem}" for problem in gallery.check().problems)
    yield from litter(gallery.folder)


def other_answers(gallery: Gallery, other: Gallery) -> Iterator[str]:
    """Questions that two processes in one folder do not answer alike."""
    methods, theirs = gallery.recogniser.methods(), other.recogniser.methods()
    if methods != theirs:
        yield f"{methods} can be asked here, {theirs} there"
        return
    for method in ("auto", *methods):
        mine, theirs = (one.identify(QUERIES, method=method) for one in (gallery, other))
        for query, (here, there) in enumerate(zip(mine, theirs, strict=True)):
            if not _alike(here, there):
                yield f"query {query}, {method}: {here} here, {there} there"


def _alike(one: Identification, other: Identification) -> bool:
    """The same faces at the same distances, and the same people.

    Where a vector is enrolled twice, which of its faces are among the nearest is not fixed, nor
    who comes into question by them; nor how old a calibration may be.
    """
    distances = [sorted(face.distance for face in answer.evidence) for answer in (one, other)]
    faces = [
        {face.face: (face.identity_id, face.name) for face in answer.evidence}
        for answer in (one, other)
    ]
    people = [{who.identity_id: who.name for who in answer.candidates} for answer in (one, other)]
    return len(distances[0]) == len(distances[1]) and (
        np.allclose(*distances, rtol=0, atol=2e-6) and _agree(*faces) and _agree(*people)
    )


def _agree(one: dict[int, object], other: dict[int, object]) -> bool:
    return all(one[key] == other[key] for key in one.keys() & other.keys())


def litter(folder: Path) -> Iterator[str]:
    """Files in a gallery's folder that belong to no part of it."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if not _BELONGS.fullmatch(name):
            yield f"{name} was left behind"
