"""How long work will still take, judged by how fast it went lately."""

from __future__ import annotations

from collections import deque

from engine.progress import Progress

_WINDOW = 10.0  # seconds that count as lately
_SURE_AFTER = 2.0  # seconds until a time left means something


class TimeLeft:
    """Fed with how far the work is; forgets the past when it begins anew."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, float]] = deque()
        self._began = 0.0
        self._total = 0.0

    def take(self, now: float, done: float, total: float) -> None:
        """At ``now`` seconds ``done`` of ``total`` steps were done."""
        if not self._past or done < self._past[-1][1] or total != self._total:
            self._past.clear()
            self._began, self._total = now, total
        self._past.append((now, done))
        while len(self._past) > 2 and self._past[0][0] < now - _WINDOW:
            self._past.popleft()

    def seconds(self, now: float) -> float | None:
        """Seconds left; None while nobody can tell."""
        if not self._past or now - self._began < _SURE_AFTER:
            return None
        (then, first), (_, last) = self._past[0], self._past[-1]
        if last <= first or now <= then or not self._total:
            return None
        rate = (last - first) / (now - then)  # falls while nothing comes
        return max(self._total - last, 0.0) / rate


def share_done(progress: Progress) -> float | None:
    """How far the whole work is, or its stage where the whole is not foreseen; None where nobody
    can tell.
    """
    if progress.overall is not None:
        return progress.overall
    return progress.done / progress.total if progress.total else None


def left_text(seconds: float) -> str:
    """ "about 5 s left", "about 3 min left"."""
    if seconds < 1:
        return "almost done"
    if seconds < 90:
        return f"about {round(seconds)} s left"
    return f"about {round(seconds / 60)} min left"
