"""How fast this machine is at the moment: tests know no seconds, only multiples of that."""

from __future__ import annotations

import math
import statistics
import time


def pace() -> float:
    """Seconds of processor time that a fixed piece of work takes just now; some 0.03 on a desk."""
    return statistics.median(_timed() for _ in range(3))


def work() -> None:
    """The fixed piece of work; it makes no objects, which would set off the garbage collector."""
    for number in range(500_000):
        math.sqrt(number)


def _timed() -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
