"""One input, one judgement: answered, refused as declared, or found wanting."""

from __future__ import annotations

import re
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import FaceGalleryError
from tests.fuzz.mutating import Mutate
from tests.pace import pace

SUSPICIOUS = 1.0  # seconds of processor time from which on the machine is asked how fast it is
PACES = 60  # one input may take as long as this many pieces of fixed work
_LONGEST = 1_000  # characters of a message that a person can still read
_OURS = ("engine", "gallery_app", "tests")


class WrongAnswer(Exception):
    """A reader gave back what it must not."""


@dataclass(frozen=True)
class Reader:
    """One thing that reads what others wrote.

    Attributes:
        read: has it read an input, in an empty folder of its own, and checks what comes out.
        declared: what it may raise.
        mutate: damages a sound input.
        seeds: sound inputs, made here and now.
        largest: bytes of an input.
        memory: megabytes that one input may take.
        weight: its share of the inputs in the short version.
        names_file: whether a refusal must name the file and what to do.
    """

    name: str
    read: Callable[[bytes, Path], None]
    declared: tuple[type[Exception], ...]
    mutate: Mutate
    seeds: Callable[[], Iterable[bytes]]
    largest: int = 1 << 14
    memory: int = 64
    weight: float = 1.0
    names_file: bool = True


@dataclass(frozen=True)
class Finding:
    """What is wrong: ``kind`` tells one cause from another, ``story`` is for the reader."""

    kind: str
    story: str


def judge(reader: Reader, data: bytes, folder: Path) -> Finding | None:
    """Has an input read. None where all is well; whatever is left in ``folder`` is the caller's."""
    _forget_peak()
    before, start = peak(), time.process_time()
    try:
        reader.read(data, folder)
    except reader.declared as error:
        if found := _faulty(reader, error, folder):
            return found
    except Exception as error:
        return Finding(_kind(error), traceback.format_exc())
    seconds, megabytes = time.process_time() - start, peak() - before
    if seconds > SUSPICIOUS and seconds > PACES * pace():
        return Finding("slow", f"{seconds:.1f} s of processor time")
    if megabytes > reader.memory:
        return Finding("memory", f"{megabytes:.0f} MB more than before")
    return None


def require(condition: object, what: str) -> None:
    """Raises WrongAnswer unless it holds."""
    if not condition:
        raise WrongAnswer(what)


def _faulty(reader: Reader, error: Exception, folder: Path) -> Finding | None:
    """A declared error that does not say what it should."""
    if not isinstance(error, FaceGalleryError):
        return None
    wrong = [
        *(["says nothing"] if not isinstance(error.problem, str) or not error.problem else []),
        *(["too long"] if len(str(error)) > _LONGEST + 4 * len(str(folder)) else []),
    ]
    if reader.names_file:
        wrong += [] if error.file and str(folder) in error.file else ["names no file"]
        wrong += [] if error.remedy else ["no remedy"]
    if not wrong:
        return None
    where = _kind(error).split("-", 1)[1]
    return Finding(f"message-{where}", f"{', '.join(wrong)}: {error!s:.2000}")


def _kind(error: BaseException) -> str:
    """The error's type and the last place in our own code that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    root = str(Path(__file__).resolve().parents[2])
    places = [
        f"{Path(frame.filename).stem}-{frame.name}".replace("<", "").replace(">", "")
        for frame in frames
        if frame.filename.startswith(tuple(f"{root}/{part}" for part in _OURS))
        and frame.name not in ("require", "require_typed")
    ]
    said = "-" + "-".join(re.findall(r"\w+", str(error))[:3]) if _is_ours(error) else ""
    return f"{type(error).__name__}-{places[-1] if places else 'nowhere'}{said}"


def _is_ours(error: BaseException) -> bool:
    return isinstance(error, WrongAnswer)


def peak() -> float:
    """Megabytes of memory that this process took at most, on Linux since an input began."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return most / 1024 if sys.platform == "darwin" else most


def _forget_peak() -> None:
    """Else what an earlier input or another test took would hide what this one takes."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
