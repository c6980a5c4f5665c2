"""Every write of an operation fails in turn: the first, the second, … until it succeeds.

    python -m tests.torture.failing [OPERATION…]

runs in a process with a small library in front of the system's (failing.c, built on demand with
the C compiler that hnswlib needs as well). After each failure the error must be a declared one,
nothing half-done, earlier content whole, ``check`` clean, and the next change must work.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import FaceGalleryError
from engine.gallery import Gallery
from tests.torture import making
from tests.torture.agreement import disagreements, unsound
from tests.torture.erased import attempt_erasure
from tests.torture.faces import DIMENSION, EACH, NAMES
from tests.torture.model import Model, Operation
from tests.torture.worker import Worker, attempt

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_name("failing.c")
HOW = {"the disk is full from then on": (errno.ENOSPC, 1), "one write is refused": (errno.EIO, 0)}
Trial = tuple[Exception | None, list[str]]
"""What was raised and what was wrong then; None in its place where there was no such write."""
OPERATIONS: dict[str, Operation] = {
    "import": ("import", "npz", [(name, EACH * place + face)
                                 for place, name in enumerate(NAMES) for face in (3, 4, 5)]),
    "import of a tree": ("import", "tree", [("Gus", 48), ("Gus", 49), ("Ada", 7)]),
    "enroll": ("enroll", "Fay", [40, 41], {}),
    "merge": ("merge", ["Bo", "Cy"], "Ada"),
    "split": ("split", "Ada", {"Hal": [1], "Bo": [2]}),
    "delete": ("delete", ["Ada", "Bo", "Cy", "Di"]),
    "confirm": ("confirm", [1, 2, 3]),
    "two people": ("keep_apart", "Ada", "Bo"),
    "shelf": ("shelve", [14, 15, 22]),
    "naming": ("name", 39, "Fay"),
    "undo": ("undo",),
    "redo": ("redo",),
    "go to": ("go_to", 1),
    "backup": ("backup", 1),
    "restore": ("restore", 0),
    "setting": ("keep", 3),
    "erase": ("erase", "Cy"),
    "snapshot": ("reopen",),
    "index made anew": ("hurt", "folder"),
}  # fmt: skip
ALL = (*OPERATIONS, *making.MAKING)


@dataclass(frozen=True)
class Failures:
    """One operation, failing in one way.

    Attributes:
        positions: writes that failed in turn.
        refused: how often the operation was refused; else it did without that write.
        problems: one sentence each.
    """

    operation: str
    how: str
    positions: int
    refused: int
    problems: tuple[str, ...]


def prepare(work: Path) -> Model:
    """Makes ``some.gallery`` and a backup in a folder, with a history and something to redo."""
    folder = work / "some.gallery"
    Gallery.create(folder, dimension=DIMENSION).close()
    model = Model()
    operations: list[Operation] = [
        ("enroll", name, [EACH * place + face for face in range(3)], {})
        for place, name in enumerate(NAMES[:5])
    ]
    operations += [
        ("keep", 1),
        ("shelve", [38, 39]),
        ("backup", 0),
        ("enroll", "Ed", [35, 36], {}),
        ("note", "Ada", "one"),
        ("reopen",),
        ("move", [4, 5], "Cy"),
        ("reject", 0, 2),
        ("note", "Bo", "two"),
        ("undo",),
    ]
    with Worker(folder, work) as worker:
        for operation in operations:
            model.do(operation)
            worker.do(operation)
    return model


def fail_all(work: Path, chosen: Sequence[str], every: int = 1) -> Iterator[Failures]:
    """To be called where the library is loaded."""
    library = ctypes.CDLL(os.environ["LD_PRELOAD"])
    template = work / "template"
    template.mkdir()
    model = prepare(template)
    making.prepare(template)

    def trial(name: str, position: int, code: int, lasting: int) -> Trial | None:
        if name in making.MAKING:
            return _made(library, template, name, position, code, lasting)
        return _changed(library, template, model, OPERATIONS[name], position, code, lasting)

    for name in chosen:
        for how, (code, lasting) in HOW.items():
            trials, problems = [], []
            while one := trial(name, 1 + every * len(trials), code, lasting):
                trials.append(one)
                problems += [f"write {1 + every * (len(trials) - 1)}: {said}" for said in one[1]]
            refused = sum(error is not None for error, _ in trials)
            yield Failures(name, how, len(trials), refused, tuple(problems))


def _made(
    library: ctypes.CDLL, template: Path, name: str, position: int, code: int, lasting: int
) -> Trial | None:
    place, error = template.with_name("place"), None
    place.mkdir()
    try:
        library.torture_arm(position, code, lasting)
        try:
            making.MAKING[name](template, place / "new.gallery")
        except Exception as raised:
            error = raised
        finally:
            seen = library.torture_disarm()
        if seen < position and error is None:
            return None
        return error, list(making.judged(place, error))
    finally:
        shutil.rmtree(place)


def _changed(
    library: ctypes.CDLL,
    template: Path,
    model: Model,
    operation: Operation,
    position: int,
    code: int,
    lasting: int,
) -> Trial | None:
    work = template.with_name("work")
    for name in ("some.gallery", "backup-0.zip"):
        copy = shutil.copytree if (template / name).is_dir() else shutil.copy
        work.mkdir(exist_ok=True)
        copy(template / name, work / name)
    try:
        trial = _Trial(library, work, model)
        there = trial.run(operation, position, code, lasting)
        return (trial.error, trial.problems) if there else None
    finally:
        shutil.rmtree(work)


class _Trial:
    """One operation with one write that fails.

    Attributes:
        error: what it raised.
        problems: what is wrong afterwards.
    """

    def __init__(self, library: ctypes.CDLL, work: Path, model: Model) -> None:
        self._library, self._model = library, model
        self._failure: tuple[int, int, int] | None = None
        self._seen = 0
        self._worker = Worker(work / "some.gallery", work, self._failing)
        self._worker.do(("identify", [0]))  # everything is taken up, as in a window that is open
        self.error: Exception | None = None
        self.problems: list[str] = []

    @contextmanager
    def _failing(self) -> Iterator[None]:
        if self._failure is None:
            yield
            return
        self._library.torture_arm(*self._failure)
        try:
            yield
        finally:
            self._seen = self._library.torture_disarm()

    def run(self, operation: Operation, position: int, code: int, lasting: int) -> bool:
        """Whether there was such a write at all."""
        self._failure = (position, code, lasting)
        try:
            if operation[0] == "erase":
                expected, self.error, self.problems = attempt_erasure(
                    self._worker, operation[1], self._model
                )
            else:
                expected, self.error = attempt(self._worker, operation, self._model)
        finally:
            self._failure = None
        if self._seen < position and self.error is None:
            self._worker.gallery.close()
            return False
        self._judge(expected)
        return True

    def _judge(self, expected: Model) -> None:
        worker = self._worker
        if self.error is not None and not isinstance(self.error, FaceGalleryError):
            self.problems.append(f"undeclared {self.error!r}")
        try:
            self._compare("at once", expected)
            somebody = next(iter(expected.people.people.values())).name
            operation = ("note", somebody, "afterwards")
            expected = expected.copy()
            expected.do(operation)
            worker.do(operation)
            self._compare("after the next change", expected)
            worker.do(("reopen",))
            self._compare("opened anew", expected)
        except Exception as error:
            self.problems.append(f"{error!r} afterwards; it had raised {self.error!r}")
        finally:
            worker.gallery.close()

    def _compare(self, when: str, expected: Model) -> None:
        gallery = self._worker.gallery
        wrong = [*disagreements(gallery, expected), *unsound(gallery)]
        self.problems += [f"{when}: {one}; it had raised {self.error!r}" for one in wrong]


# -- the process that it happens in ------------------------------------------------------------


def library_built(place: Path) -> Path | None:
    """The library, or None where there is no C compiler or another system."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    built = place / "failing.so"
    flags = ["-shared", "-fPIC", "-O1"]
    subprocess.run([compiler, *flags, "-o", built, SOURCE, "-ldl"], check=True)
    return built


def run(place: Path, chosen: Sequence[str], every: int = 1) -> Iterator[Failures]:
    """Runs the operations in a process with the library; nothing where it cannot be built."""
    library = library_built(place)
    if library is None:
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.torture.failing", str(every), *chosen],
        cwd=ROOT,
        env=os.environ | {"LD_PRELOAD": str(library)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout:
        for line in process.stdout:
            said = json.loads(line)
            yield Failures(**said | {"problems": tuple(said["problems"])})
    if process.returncode:
        raise RuntimeError(f"the process ended with {process.returncode}")


def summary(failures: Sequence[Failures]) -> str:
    """One line an operation, and one for all."""
    lines = [
        f"{one.operation}, {one.how}: {one.positions} writes, {one.refused} times refused, "
        f"{len(one.problems)} problems"
        for one in failures
    ]
    return "\n".join(
        [
            *lines,
            f"failing writes: {sum(one.positions for one in failures)} in "
            f"{len({one.operation for one in failures})} operations, "
            f"{sum(len(one.problems) for one in failures)} problems",
        ]
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for outcome in fail_all(Path(scratch), sys.argv[2:], int(sys.argv[1])):
            print(json.dumps(asdict(outcome)), flush=True)
