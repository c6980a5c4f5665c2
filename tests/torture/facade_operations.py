"""Operations on a gallery: which can be asked of it as it is, and how each is done."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from random import Random
from typing import Any, Protocol

import numpy as np
from PIL import Image

from engine import backups
from engine.gallery import Gallery
from engine.jobs import Kind
from engine.types import FaceBatch
from tests.handmade import put_to_use
from tests.torture.facade_model import Model, Operation

NAMES = ("Ada", "Bo", "Cy", "Di", "Ed", "Fay", "Gus")
DIMENSION = 8
EACH = 8
_random = np.random.default_rng(0)
_CENTRES = np.repeat(_random.standard_normal((len(NAMES), DIMENSION)), EACH, axis=0)
POOL = (_CENTRES + 0.3 * _random.standard_normal(_CENTRES.shape)).astype(np.float32)
POOL /= np.linalg.norm(POOL, axis=1, keepdims=True)
"""Vectors by number: eight of each name in turn."""


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


# -- what can be asked -------------------------------------------------------------------------


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


# -- how it is done ----------------------------------------------------------------------------


class Worker:
    """Does operations to a gallery that it holds open; a context manager.

    Attributes:
        folder: the gallery's.
        gallery: open for writing.
        work: where the sources of imports and the backups are.
    """

    def __init__(
        self,
        folder: Path,
        work: Path,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """
        Args:
            around: made around each call of the façade, when what it is to read is there.
        """
        self.folder = folder
        self.work = work
        self._around = around
        self.gallery = Gallery.open(folder)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.gallery.close()

    def do(self, operation: Operation) -> object:
        """What the façade answers."""
        verb, *values = operation
        do = getattr(self, f"_{verb}", self._correct(verb))
        with nullcontext() if verb in ("import", "plan") else self._around():
            return do(*values)

    def _correct(self, verb: str) -> Callable[..., object]:
        names = {
            "portrait": "choose_portrait",
            "unreject": "take_back_rejection",
        }
        return lambda *values: getattr(self.gallery.corrections, names.get(verb, verb))(*values)

    def _import(self, kind: str, rows: list[tuple[str, int]]) -> object:
        with ExitStack() as stack:
            source = tree_of(rows, self.work) if kind == "tree" else table_of(rows, self.work)
            stack.callback(shutil.rmtree if kind == "tree" else Path.unlink, source)
            with self._around():
                return self.gallery.import_([source])

    def _plan(
        self, rows: list[tuple[str, int]], without: list[int], sent: list[int], name: str
    ) -> object:
        source = table_of(rows, self.work)
        with self._around():
            plan = self.gallery.plan_import([source])
            return self.gallery.import_plan(plan.without(without).sending(sent, name))

    def _enroll(self, name: str, numbers: list[int], elsewhere: dict[str, str]) -> object:
        rows = {int(row): other for row, other in elsewhere.items()}
        count = len(numbers)
        batch = FaceBatch(
            POOL[numbers], [None] * count, ["file"] * count, range(count), [None] * count
        )
        return self.gallery.enroll(name, batch, elsewhere=rows)

    def _reject(self, number: int, person: int) -> object:
        return self.gallery.corrections.reject(POOL[number], person)

    def _unreject(self, number: int, person: int) -> object:
        return self.gallery.corrections.take_back_rejection(POOL[number], person)

    def _shelve(self, numbers: list[int]) -> object:
        count = len(numbers)
        files = ["query"] * count
        batch = FaceBatch(POOL[numbers], [None] * count, files, numbers, [None] * count)
        return self.gallery.shelf.keep(batch)

    def _name(self, number: int, name: str) -> object:
        return self.gallery.shelf.name(self._on_shelf([number]), name)

    def _dismiss(self, numbers: list[int]) -> object:
        return self.gallery.shelf.dismiss(self._on_shelf(numbers))

    def _on_shelf(self, numbers: list[int]) -> list[int]:
        return [one.id for one in self.gallery.shelf.unknowns() if one.row in numbers]

    def _erase(self, name: str) -> object:
        return self.gallery.erase([name])

    def _cluster(self) -> object:
        return self.gallery.shelf.clusters()

    def _keep(self, number: int) -> None:
        self.gallery.keep_backups(number)

    def _backup(self, number: int) -> object:
        return self.gallery.backup(self.saved(number))

    def _restore(self, number: int) -> object:
        return self._closed(lambda: backups.restore(self.saved(number), self.folder, replace=True))

    def _identify(self, numbers: list[int]) -> object:
        return self.gallery.identify(POOL[numbers])

    def _review(self) -> object:
        return self.gallery.review()

    def _repair(self) -> object:
        return self.gallery.check(repair=True)

    def _draw(self) -> object:
        """Fits the lens of portraits and keeps it as a setting."""
        return self.gallery.traits_of(POOL[:2])

    def _reopen(self) -> object:
        return self._closed(lambda: None)

    def _hurt(self, how: str) -> object:
        """What is derived gets damaged, or lost, while nobody has it open."""
        self._closed(lambda: damage(self.folder / "index", how))
        return self.gallery.identify(POOL[:1])

    def open_anew(self) -> None:
        """Also where it stayed closed, or could be opened for reading only."""
        self.gallery.close()
        self.gallery = Gallery.open(self.folder)

    def _closed(self, do: Callable[[], object]) -> object:
        self.gallery.close()
        try:
            return do()
        finally:
            self.gallery = Gallery.open(self.folder)

    def saved(self, number: int) -> Path:
        return self.work / f"backup-{number}.zip"


def begin(folder: Path, *kinds: Kind) -> Model:
    """Makes a gallery of four people, with models of these kinds in use."""
    Gallery.create(folder, dimension=DIMENSION).close()
    model = Model()
    with Worker(folder, folder.parent) as worker:
        for place, name in enumerate(NAMES[:4]):
            operation = ("enroll", name, [EACH * place + face for face in range(3)], {})
            model.do(operation)
            worker.do(operation)
    put_to_use(folder, *kinds)
    for _ in kinds:
        model.now.change += 1
        model.now.states[model.now.change] = "aside"
    return model


def attempt(worker: Worker, operation: Operation, model: Model) -> tuple[Model, Exception | None]:
    """Does an operation that the disk may refuse.

    Returns:
        the model of what must be there now, and what was raised.
    """
    after, failure = model.copy(), None
    after.do(operation)
    try:
        worker.do(operation)
    except Exception as error:
        failure = error
    if operation[0] in ("reopen", "restore", "hurt"):
        worker.open_anew()
    if failure is None:
        return after, None
    if operation[0] == "restore":  # it may be in place, and only not have been opened then
        newest = worker.gallery.corrections.history(1)
        if newest and newest[0].change == after.now.change:
            return after, failure
    return model, failure


def table_of(rows: list[tuple[str, int]], work: Path) -> Path:
    """Faces as an ``.npz``."""
    path = work / "faces.npz"
    names = np.array([name for name, _ in rows])
    np.savez(path, embeddings=POOL[[number for _, number in rows]], names=names)
    return path


def tree_of(rows: list[tuple[str, int]], work: Path) -> Path:
    """Faces as a folder tree, each with a photograph."""
    root = work / "people"
    shutil.rmtree(root, ignore_errors=True)
    for name, number in rows:
        place = root / name
        place.mkdir(parents=True, exist_ok=True)
        np.save(place / f"{number:02}.npy", POOL[number])
        Image.new("RGB", (24, 24), "grey").save(place / f"{number:02}.jpg")
    return root


def damage(folder: Path, how: str) -> None:
    """Damages a saved index, where there is one."""
    graphs = sorted(folder.glob("faces-*.bin"))
    if how == "folder":
        shutil.rmtree(folder, ignore_errors=True)
    elif graphs and how == "graph":
        graphs[0].unlink()
    elif graphs and how == "sidecar":
        (folder / "faces.json").write_bytes(b"{")
    elif graphs:
        content = bytearray(graphs[0].read_bytes())
        if how == "cut":
            del content[len(content) // 2 :]
        else:
            content[len(content) // 3] ^= 0x40
        graphs[0].write_bytes(content)
