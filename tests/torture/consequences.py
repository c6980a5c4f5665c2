"""What each change of people comes to, in plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.torture.model import Model

PICTURE = b"a picture"
"""Stands for the thumbnail of every face that came with a photograph."""


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
        people.faces[model.new_face()] = (owner, number, PICTURE if pictured else None)
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
    """Only what is named leaves the shelf, not what else is enrolled since it was put there."""
    shelf = model.people.shelf - {number}
    _enrol(model, [(name, number, False)], True)
    model.people.shelf = shelf


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
