"""Which operations can be asked of a gallery as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol

from tests.torture.faces import EACH, NAMES, POOL
from tests.torture.model import Model, Operation


class Chooser(Protocol):
    """Where choices come from: a seed, or Hypothesis."""

    def one(self, among: Sequence[Any]) -> Any: ...
    def some(self, among: Sequence[Any], least: int, most: int) -> list[Any]: ...


class Dice:
    """Choices that a seed decides."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def one(self, among: Sequence[Any]) -> Any:
        return self._random.choice(among)

    def some(self, among: Sequence[Any], least: int, most: int) -> list[Any]:
        most = min(most, len(among))
        return self._random.sample(list(among), self._random.randint(min(least, most), most))


def propose(verb: str, model: Model, choose: Chooser) -> Operation | None:
    """An operation of a kind that the gallery would not refuse, or None where there is none."""
    values = _PROPOSE[verb](model, choose)
    return None if values is None else (verb, *values)


def _rows(choose: Chooser, most: int) -> list[tuple[str, int]]:
    """Names and numbers; most of them right, so that there is somebody to tell apart."""
    numbers = choose.some(range(len(POOL)), 1, most)
    wrong = choose.some(numbers, 0, 2)
    return [
        (choose.one(NAMES) if number in wrong else NAMES[number // EACH], number)
        for number in numbers
    ]


def _import(_: Model, choose: Chooser) -> tuple[Any, ...]:
    return choose.one(("npz", "tree")), _rows(choose, choose.one((3, 24)))


def _plan(_: Model, choose: Chooser) -> tuple[Any, ...]:
    rows = _rows(choose, 8)
    places = range(len(rows))
    return rows, choose.some(places, 0, 3), choose.some(places, 0, 2), choose.one(NAMES)


def _enroll(_: Model, choose: Chooser) -> tuple[Any, ...]:
    numbers = choose.some(range(len(POOL)), 1, 4)
    elsewhere = choose.some(range(len(numbers)), 0, 1)
    return choose.one(NAMES), numbers, {str(row): choose.one(NAMES) for row in elsewhere}


def _names(model: Model) -> list[str]:
    return [person.name for person in model.people.people.values()]


def _known(model: Model, choose: Chooser) -> str | None:
    return choose.one(names) if (names := _names(model)) else None


def _rename(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    name, free = _known(model, choose), sorted({*NAMES, "Hal"} - set(_names(model)))
    return (name, choose.one(free)) if name and free else None


def _merge(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    names = _names(model)
    return (choose.some(names, 1, 3), choose.one(names)) if names else None


def _delete(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    return (choose.some(names, 1, 2),) if (names := _names(model)) else None


def _note(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    name = _known(model, choose)
    return (name, choose.one(("", "one", "two"))) if name else None


def _portrait(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    name = _known(model, choose)
    return (name, choose.one([None, *model.people.of(model.people.id_of(name))])) if name else None


def _faces(most: int) -> Callable[[Model, Chooser], tuple[Any, ...] | None]:
    def faces(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
        known = sorted(model.people.faces)
        return (choose.some(known, 1, most),) if known else None

    return faces


def _move(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    faces = _faces(5)(model, choose)
    return None if faces is None else (*faces, choose.one(NAMES))


def _split(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    name = _known(model, choose)
    if not name:
        return None
    own = model.people.of(model.people.id_of(name))
    first = choose.some(own, 1, 4)
    second = choose.some([face for face in own if face not in first], 0, 4)
    one, other = choose.some(NAMES, 2, 2)
    return name, {one: first, other: second}


def _about(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    people = sorted(model.people.people)
    return (choose.one(range(len(POOL))), choose.one(people)) if people else None


def _unreject(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    said = [key for key, kind in model.people.decided.items() if kind == "is-not"]
    return choose.one(said) if said else None


def _keep_apart(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    names = _names(model)
    return tuple(choose.some(names, 2, 2)) if len(names) > 1 else None


def _unkeep_apart(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    if not model.people.apart:
        return None
    pair = choose.one(sorted(map(sorted, model.people.apart)))
    return tuple(model.people.people[one].name for one in pair)


def _name(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    shown = model.shown()
    return (choose.one(shown), choose.one(NAMES)) if shown else None


def _dismiss(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    shown = model.shown()
    return (choose.some(shown, 1, 3),) if shown else None


def _backup(model: Model, _: Chooser) -> tuple[Any, ...]:
    return (len(model.saved),)


def _restore(model: Model, choose: Chooser) -> tuple[Any, ...] | None:
    return (choose.one(sorted(model.saved)),) if model.saved else None


_PROPOSE: dict[str, Callable[[Model, Chooser], tuple[Any, ...] | None]] = {
    "import": _import,
    "plan": _plan,
    "enroll": _enroll,
    "rename": _rename,
    "merge": _merge,
    "move": _move,
    "split": _split,
    "expel": _faces(2),
    "remove": _faces(14),
    "delete": _delete,
    "note": _note,
    "portrait": _portrait,
    **{kind: _faces(5) for kind in ("confirm", "unconfirm", "ignore", "unignore")},
    "reject": _about,
    "unreject": _unreject,
    "keep_apart": _keep_apart,
    "unkeep_apart": _unkeep_apart,
    "shelve": lambda _, choose: (choose.some(range(len(POOL)), 1, 6),),
    "name": _name,
    "dismiss": _dismiss,
    "undo": lambda model, choose: () if model.can_undo() else None,
    "redo": lambda _, choose: (),
    "go_to": lambda model, choose: (choose.one(model.reachable()),),
    "keep": lambda _, choose: (choose.one((0, 1, 3)),),
    "backup": _backup,
    "restore": _restore,
    "identify": lambda _, choose: (choose.some(range(len(POOL)), 1, 3),),
    "review": lambda _, choose: (),
    "cluster": lambda _, choose: (),
    "repair": lambda _, choose: (),
    "draw": lambda _, choose: (),
    "reopen": lambda _, choose: (),
    "hurt": lambda _, choose: (choose.one(("cut", "flip", "sidecar", "graph", "folder")),),
}
VERBS = tuple(_PROPOSE)
FILLING = ("import", "plan", "enroll")
GOING = ("undo", "redo", "go_to")
KEEPING = (
    "keep",
    "backup",
    "restore",
    "reopen",
    "hurt",
    "repair",
    "draw",
    "identify",
    "review",
    "cluster",
)
CORRECTING = tuple(verb for verb in VERBS if verb not in {*FILLING, *GOING, *KEEPING})
