"""Operations on a gallery: how each is done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from engine.gallery import Gallery
from engine.records.training_parameters import Kind
from engine.records.types import FaceBatch
from engine.store import recovery
from tests.handmade import put_to_use
from tests.torture.faces import DIMENSION, EACH, NAMES, POOL, table_of, tree_of
from tests.torture.model import Model, Operation
from tests.torture.proposing import GOING

CORRECTIONS = {
    "keep_apart": "mark_distinct",
    "note": "set_note",
    "portrait": "choose_portrait",
    "unkeep_apart": "unmark_distinct",
}
"""By verb: the method of the gallery's corrections, where it is called otherwise."""


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
        part = self.gallery.history if verb in GOING else self.gallery.corrections
        return lambda *values: getattr(part, CORRECTIONS.get(verb, verb))(*values)

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
            plan = self.gallery.enrolment.plan_import([source])
            return self.gallery.enrolment.import_plan(plan.without(without).sending(sent, name))

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
        return self.gallery.corrections.unreject(POOL[number], person)

    def _shelve(self, numbers: list[int]) -> object:
        count = len(numbers)
        files = ["query"] * count
        batch = FaceBatch(POOL[numbers], [None] * count, files, numbers, [None] * count)
        return self.gallery.unknowns.add(batch)

    def _name(self, number: int, name: str) -> object:
        return self.gallery.unknowns.name(self._on_shelf([number]), name)

    def _dismiss(self, numbers: list[int]) -> object:
        return self.gallery.unknowns.dismiss(self._on_shelf(numbers))

    def _on_shelf(self, numbers: list[int]) -> list[int]:
        return [one.id for one in self.gallery.unknowns.all() if one.row in numbers]

    def _erase(self, name: str) -> object:
        return self.gallery.erasure.erase([name])

    def _cluster(self) -> object:
        return self.gallery.unknowns.clusters()

    def _keep(self, number: int) -> None:
        self.gallery.backups.keep(number)

    def _backup(self, number: int) -> object:
        return self.gallery.backups.write(self.saved(number))

    def _restore(self, number: int) -> object:
        return self._closed(
            lambda: recovery.restore_backup(self.saved(number), self.folder, replace=True)
        )

    def _identify(self, numbers: list[int]) -> object:
        return self.gallery.identify(POOL[numbers])

    def _review(self) -> object:
        return self.gallery.review()

    def _repair(self) -> object:
        return self.gallery.check(repair=True)

    def _draw(self) -> object:
        """Fits the lens of portraits and keeps it as a setting."""
        return self.gallery.faces.traits_of(POOL[:2])

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
        newest = worker.gallery.history.changes(1)
        if newest and newest[0].change == after.now.change:
            return after, failure
    return model, failure


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
