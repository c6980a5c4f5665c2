"""The stalls of a run, grouped by the place in the code where the UI thread was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tests.watchdog import Stall

LIMITS = (0.25, 0.1, 0.05)  # seconds


@dataclass
class Group:
    """The stalls at one place.

    Attributes:
        over: how many lasted longer than each of ``LIMITS``, of their own time.
        working: how many took more than the first limit of processor time.
        worst: the longest, by its own time.
    """

    place: str
    worst: Stall
    count: int = 0
    seconds: float = 0.0
    working: int = 0
    over: list[int] = field(default_factory=lambda: [0] * len(LIMITS))

    def add(self, stall: Stall) -> None:
        self.count += 1
        self.seconds += stall.own
        self.working += stall.cpu > LIMITS[0]
        for at, limit in enumerate(LIMITS):
            self.over[at] += stall.own > limit
        if stall.own > self.worst.own:
            self.worst = stall

    def as_dict(self) -> dict[str, Any]:
        return {
            "place": self.place,
            "over_250_100_50_ms": self.over,
            "over_250_ms_of_cpu": self.working,
            "worst_ms": _milliseconds(self.worst),
            "stack": list(self.worst.stack),
            "beside": list(self.worst.beside),
        }


class Stalls:
    """Takes stalls from any thread; one entry for each place, however many come."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._lock = Lock()

    def add(self, stall: Stall) -> None:
        place = _place_of(stall)
        with self._lock:
            group = self._groups.setdefault(place, Group(place, stall))
            group.add(stall)

    def groups(self) -> list[Group]:
        """The longest stalls first."""
        with self._lock:
            return sorted(self._groups.values(), key=lambda one: -one.worst.own)

    def of_the_window(self) -> list[Group]:
        """Those of the application: what only this script did is not its fault."""
        return [one for one in self.groups() if not is_of_the_script(one.place)]


def is_of_the_script(place: str) -> bool:
    """What it measures and prepares; at its clicks and in its event loop it is Qt that works."""
    return place.startswith(("benchmarks/soaking/measuring", "benchmarks/soaking/making"))


def table(groups: Sequence[Group]) -> str:
    """As a table in Markdown."""
    lines = [
        "| where | over 250 ms | 100 | 50 | longest: own | wall | CPU | no processor | starved | "
        "collecting |"
    ]
    lines.append("|---|" + "--:|" * 9)
    for one in groups:
        over = " | ".join(f"{count:,}" for count in one.over)
        longest = " | ".join(f"{value}" for value in _milliseconds(one.worst).values())
        lines.append(f"| `{one.place}` | {over} | {longest} |")
    return "\n".join(lines)


def _milliseconds(stall: Stall) -> dict[str, int]:
    parts = {
        "own": stall.own, "wall": stall.wall, "cpu": stall.cpu, "queued": stall.queued,
        "starved": stall.starved, "collecting": stall.collecting,
    }  # fmt: skip
    return {name: round(seconds * 1000) for name, seconds in parts.items()}


def _place_of(stall: Stall) -> str:
    """A function is one place, whichever of its lines was seen. Where the thread was not at work
    it waited, in most cases for the interpreter's lock: then who worked beside it says more.
    """
    if stall.cpu < stall.own / 2 and not is_of_the_script(stall.place):
        beside = _without_line(stall.beside[0]) if stall.beside else "nobody that was seen"
        return f"waiting, beside {beside}"
    return _without_line(stall.place)


def _without_line(place: str) -> str:
    file, _, rest = place.partition(":")
    return f"{file}:{rest.partition(' ')[2]}"
