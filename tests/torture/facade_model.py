"""A whole gallery in plain dictionaries: people, faces, decisions, history, settings, backups.

An operation is a tuple of a verb and plain values, so that it can be written down as JSON, done to
a gallery in another process, and done to this model.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.engine.store.people import People, Person

Operation = tuple[Any, ...]
PICTURE = b"a picture"
"""Stands for the thumbnail of every face that came with a photograph."""


@dataclass
class Past:
    """What undo can come back to, or redo: the change, and the people on its other side."""

    change: int
    people: People


@dataclass
class Kept:
    """What a backup holds, and what a restored gallery goes on from.

    Attributes:
        known_from: change from which on the way back is known here; an erasure hides it.
    """

    people: People = field(default_factory=People)
    past: list[Past] = field(default_factory=list)
    future: list[Past] = field(default_factory=list)
    states: dict[int, str] = field(default_factory=dict)
    change: int = 0
    backups: int = 5
    known_from: int = 0


@dataclass
class Model:
    """Attributes:
    now: people, decisions, history, settings.
    last_face, last_person: ids that were given last; none is ever given twice.
    saved: what is in the backups that were asked for, by number.
    """

    now: Kept = field(default_factory=Kept)
    last_face: int = 0
    last_person: int = 0
    saved: dict[int, Kept] = field(default_factory=dict)

    @property
    def people(self) -> People:
        return self.now.people

    def copy(self) -> Model:
        return copy.deepcopy(self)

    def do(self, operation: Operation) -> bool:
        """Does an operation that a gallery would not refuse; whether it changed people or
        decisions, or their history.
        """
        verb, *values = operation
        special = getattr(self, f"_{verb}", None)
        if special is not None:
            before = self.now.change
            special(*values)
            return self.now.change != before
        return self._step(CHANGES[verb], *values)

    # -- one step of the history ---------------------------------------------------------------

    def _step(self, change: Callable[..., None], *values: Any) -> bool:
        before = copy.deepcopy(self.people)
        last = (self.last_face, self.last_person)
        change(self, *values)
        if self.people == before:
            self.last_face, self.last_person = last  # undone with the transaction
            return False
        for gone in self.now.future:
            self.now.states[gone.change] = "cut"
        self.now.future = []
        self.now.change += 1
        self.now.states[self.now.change] = "done"
        self.now.past.append(Past(self.now.change, before))
        return True

    def _undo(self) -> None:
        self._go(self.now.past, self.now.future, "undone", self.now.past[-1:])

    def _redo(self) -> None:
        self._go(self.now.future, self.now.past, "done", self.now.future[-1:])

    def _go_to(self, change: int) -> None:
        if later := [one for one in self.now.past if one.change > change]:
            self._go(self.now.past, self.now.future, "undone", later)
        else:
            earlier = [one for one in self.now.future if one.change <= change]
            self._go(self.now.future, self.now.past, "done", earlier)

    def _go(self, out: list[Past], into: list[Past], state: str, steps: list[Past]) -> None:
        for _ in steps:
            one = out.pop()
            into.append(Past(one.change, self.now.people))
            self.now.people = one.people
            self.now.states[one.change] = state
        self.now.change += bool(steps)

    def reachable(self) -> list[int]:
        """Changes that can be gone to."""
        known = {0: "done", **self.now.states}
        return [
            one for one, state in known.items() if state != "cut" and one >= self.now.known_from
        ]

    def can_undo(self) -> bool:
        """Whether it is known here what undoing comes to."""
        return bool(self.now.past) or not self.now.known_from

    # -- around it -----------------------------------------------------------------------------

    def _keep(self, number: int) -> None:
        self.now.backups = number

    def _backup(self, number: int) -> None:
        self.saved[number] = copy.deepcopy(self.now)

    def _restore(self, number: int) -> None:
        change = max(self.now.change, self.saved[number].change) + 1
        self.now = copy.deepcopy(self.saved[number])
        self.now.change = change
        self.now.states[change] = "aside"

    def _shelve(self, numbers: list[int]) -> None:
        """No step: it is there at every moment that did not hold it by itself."""
        new = set(numbers) - self.people.shelf - self.people.enrolled()
        for one in (self, *self.now.past, *self.now.future):
            one.people.shelf |= new

    def shown(self) -> list[int]:
        """Numbers of the vectors on the shelf."""
        return sorted(self.people.shelf - self.people.enrolled())

    def _new_face(self) -> int:
        self.last_face += 1
        return self.last_face

    def _new_person(self, name: str) -> int:
        self.last_person += 1
        self.people.people[self.last_person] = Person(name)
        return self.last_person

    def target(self, name: str) -> int:
        known = self.people.id_of(name)
        return self._new_person(name) if known is None else known


# -- what each verb comes to -------------------------------------------------------------------


def _enrol(model: Model, rows: Iterable[tuple[str, int, bool]], overrule: bool) -> None:
    """Rows of a name, the number of a vector, and whether there is a photograph."""
    people, new = model.people, []
    for name, number, pictured in rows:
        owner = people.id_of(name)
        if (owner is not None and number in people.numbers(owner)) or (name, number) in {
            (one, other) for one, other, _ in new
        }:
            continue
        new.append((name, number, pictured))
    for name in dict.fromkeys(name for name, _, _ in new):
        model.target(name)
    for name, number, pictured in new:
        owner = model.target(name)
        people.faces[model._new_face()] = (owner, number, PICTURE if pictured else None)
        if overrule and people.decided.get((number, owner)) == "is-not":
            del people.decided[number, owner]
    if new:
        people.shelf -= people.enrolled()


def _import(model: Model, kind: str, rows: list[tuple[str, int]]) -> None:
    """A tree is read in the order of its folders and files, and has photographs."""
    tree = kind == "tree"
    read = [(name, number, tree) for name, number in rows]
    _enrol(model, sorted(read) if tree else read, False)


def _plan(
    model: Model, rows: list[tuple[str, int]], without: list[int], sent: list[int], name: str
) -> None:
    """Rows left out, then rows sent to another name; those that are duplicates do not come in."""
    people, met, coming = model.people, set(), []
    for row, (own, number) in enumerate(rows):
        owner = people.id_of(own)
        twice = (own, number) in met or (owner is not None and number in people.numbers(owner))
        met.add((own, number))
        if row in sent:
            coming.append((name, number, False))
        elif not twice and row not in without:
            coming.append((own, number, False))
    _enrol(model, coming, False)


def _enroll(model: Model, name: str, numbers: list[int], elsewhere: dict[str, str]) -> None:
    _enrol(
        model,
        [(elsewhere.get(str(row), name), number, False) for row, number in enumerate(numbers)],
        True,
    )


def _rename(model: Model, name: str, new: str) -> None:
    model.people.people[model.people.id_of(name)].name = new


def _merge(model: Model, names: list[str], into: str) -> None:
    ids = [model.people.id_of(name) for name in dict.fromkeys(names)]
    target = model.people.id_of(into)
    if others := [one for one in ids if one != target]:
        model.people.merge(others, target)


def _move(model: Model, faces: list[int], name: str) -> None:
    if faces:
        model.people.move(faces, model.target(name))


def _split(model: Model, name: str, parts: dict[str, list[int]]) -> None:
    for new, faces in parts.items():
        if faces and new != name:
            model.people.move(faces, model.target(new))


def _expel(model: Model, faces: list[int]) -> None:
    for face in faces:
        owner, number, _ = model.people.faces[face]
        model.people.decided[number, owner] = "is-not"
    model.people.remove(faces)


def _remove(model: Model, faces: list[int]) -> None:
    model.people.remove(faces)


def _delete(model: Model, names: list[str]) -> None:
    ids = [model.people.id_of(name) for name in names]
    model.people.remove([face for one in ids for face in model.people.of(one)])


def _note(model: Model, name: str, text: str) -> None:
    model.people.people[model.people.id_of(name)].note = text


def _portrait(model: Model, name: str, face: int | None) -> None:
    model.people.people[model.people.id_of(name)].chosen = face


def _decide(kind: str) -> Callable[[Model, list[int]], None]:
    def decide(model: Model, faces: list[int]) -> None:
        decided = model.people.decided
        for face in faces:
            owner, number, _ = model.people.faces[face]
            if kind == "confirm":
                decided[number, owner] = "is"
            elif kind == "ignore":
                decided[number, None] = "ignore"
            elif kind == "unignore":
                decided.pop((number, None), None)
            elif decided.get((number, owner)) == "is":
                del decided[number, owner]

    return decide


def _reject(model: Model, number: int, person: int) -> None:
    model.people.decided[number, person] = "is-not"


def _unreject(model: Model, number: int, person: int) -> None:
    if model.people.decided.get((number, person)) == "is-not":
        del model.people.decided[number, person]


def _keep_apart(model: Model, name: str, other: str) -> None:
    model.people.apart.add(frozenset({model.people.id_of(name), model.people.id_of(other)}))


def _unkeep_apart(model: Model, name: str, other: str) -> None:
    model.people.apart.discard(frozenset({model.people.id_of(name), model.people.id_of(other)}))


def _name(model: Model, number: int, name: str) -> None:
    _enrol(model, [(name, number, False)], True)
    model.people.shelf.discard(number)


def _dismiss(model: Model, numbers: list[int]) -> None:
    model.people.shelf -= set(numbers)


def _nothing(model: Model, *_: Any) -> None:
    pass


CHANGES: dict[str, Callable[..., None]] = {
    "import": _import,
    "plan": _plan,
    "enroll": _enroll,
    "rename": _rename,
    "merge": _merge,
    "move": _move,
    "split": _split,
    "expel": _expel,
    "remove": _remove,
    "delete": _delete,
    "note": _note,
    "portrait": _portrait,
    **{kind: _decide(kind) for kind in ("confirm", "unconfirm", "ignore", "unignore")},
    "reject": _reject,
    "unreject": _unreject,
    "keep_apart": _keep_apart,
    "unkeep_apart": _unkeep_apart,
    "name": _name,
    "dismiss": _dismiss,
    # what changes nothing that anybody is told of
    **dict.fromkeys(
        ("identify", "review", "cluster", "repair", "reopen", "hurt", "draw"), _nothing
    ),
}
