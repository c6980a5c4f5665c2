"""What a process holds: memory, threads, file handles, children, widgets; and how that goes on."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Held:
    """Attributes:
    minutes: since the start of the run.
    rss: MB of resident memory.
    threads: of the system; ``python`` those that Python knows.
    handles: open file handles.
    children: processes.
    widgets: top-level ones; ``kinds`` says what they are.
    objects: Qt objects below them.
    steps: done so far.
    open: whether a gallery is open.
    """

    minutes: float
    rss: float
    threads: int
    python: int
    handles: int
    children: int
    widgets: int
    objects: int
    steps: int
    open: bool
    kinds: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def held(minutes: float, steps: int, root: QObject, *, open_: bool) -> Held:
    """What this process holds now; ``root`` is the parent of what is no widget."""
    tops = QApplication.topLevelWidgets()
    return Held(
        minutes=round(minutes, 3),
        rss=rss(),
        threads=len(os.listdir("/proc/self/task")),
        python=threading.active_count(),
        handles=len(handles()),
        children=len(children()),
        widgets=len(tops),
        objects=sum(len(one.findChildren(QObject)) for one in (root, *tops)),
        steps=steps,
        open=open_,
        kinds=dict(Counter(type(one).__name__ for one in tops)),
    )


def rss() -> float:
    """MB of resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * _PAGE / 1e6, 2)


def trim() -> None:
    """Gives back what is free: what is held after that is held by somebody."""
    gc.collect()
    with suppress(OSError, AttributeError):  # the C library of others has none
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def handles() -> list[str]:
    """What each open file handle leads to, but those that the watching itself needs."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the one that lists them
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return [one for one in found if not one.endswith(("/fd", "/schedstat"))]


def children() -> list[int]:
    """Processes that this one has begun and that are not gone."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # gone meanwhile
                stat = (entry / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) == os.getpid():
                    found.append(int(entry.name))
    return found


def settled(samples: Sequence[Held]) -> list[Held]:
    """The last two thirds: by then every cache has been filled and every dialog seen."""
    return list(samples[len(samples) // 3 :])


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Median of the slopes between all pairs of points (Theil 1950, Sen 1968): a closed gallery
    or one dear step more or less does not move it. 0 where there are fewer than two points.
    """
    at, value = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    first, second = np.triu_indices(len(at), k=1)
    apart = at[second] - at[first]
    if not (apart > 0).any():
        return 0.0
    steps = (value[second] - value[first])[apart > 0] / apart[apart > 0]
    return float(np.median(steps))
