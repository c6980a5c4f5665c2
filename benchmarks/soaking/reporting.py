"""What a soak found: limits, a summary to read and one to process, and the curve."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.soaking.measuring import Held, settled, slope
from benchmarks.soaking.stalls import Stalls, table

RISE = 0.05  # of the median memory of a closed window, over the last two thirds
LEFT = ("python", "children")  # as many at the end as before, in a closed window
_CURVES = {
    "rss": "memory, MB", "threads": "threads", "handles": "file handles",
    "widgets": "top-level widgets", "objects": "Qt objects",
}  # fmt: skip


@dataclass
class Outcome:
    """All that a run saw.

    Attributes:
        samples: while it ran, every few seconds.
        rests: every few minutes, with everything put away and the gallery closed.
        before, after: with the gallery closed, at the start and at the end.
        left: threads, file handles and processes that are there when all is closed.
        findings: warnings, exceptions and errors that nobody asked for, and how often.
    """

    about: str
    seed: int
    stalls: Stalls
    samples: list[Held] = field(default_factory=list)
    rests: list[Held] = field(default_factory=list)
    before: Held | None = None
    after: Held | None = None
    left: list[str] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    collections: list[float] = field(default_factory=list)

    @property
    def per_hour(self) -> float:
        """MB of memory more for every hour, over the last two thirds, while a gallery is open."""
        return _per_hour([one for one in settled(self.samples) if one.open])

    @property
    def rests_per_hour(self) -> float:
        """The same of the closed window."""
        return _per_hour(settled(self.rests))

    def broken(self) -> list[str]:
        """The limits that were broken, one sentence each."""
        said = []
        late = settled(self.rests)
        if late:
            level = median(one.rss for one in late)
            rise = self.rests_per_hour / 60 * (late[-1].minutes - late[0].minutes)
            if rise > RISE * level:
                said.append(
                    f"memory of a closed window rises: {rise:.0f} MB in the last two thirds, "
                    f"of {level:.0f}"
                )
        long = sum(one.over[0] for one in self.stalls.of_the_window())
        if long:
            said.append(f"{long:,} frames over 250 ms on the UI thread")
        if self.before is not None and self.after is not None:
            now, then = self.after.as_dict(), self.before.as_dict()
            more = [
                f"{name} {then[name]} to {now[name]}" for name in LEFT if now[name] > then[name]
            ]
            said += [f"left behind in a closed window: {one}" for one in more]
            kinds = Counter(now["kinds"]) - Counter(then["kinds"])
            said += [
                f"left behind in a closed window: {kind}, {more}" for kind, more in kinds.items()
            ]
        said += [f"left behind at the end: {one}" for one in self.left]
        said += [f"{times:,} times: {text}" for text, times in self.findings.items()]
        return said

    def as_dict(self) -> dict[str, Any]:
        late = [one for one in settled(self.samples) if one.open]
        return {
            "about": self.about,
            "seed": self.seed,
            "minutes": self.samples[-1].minutes if self.samples else 0,
            "steps": dict(self.steps.most_common()),
            "memory_mb_per_hour": round(self.per_hour, 1),
            "memory_mb_median": round(median(one.rss for one in late)) if late else None,
            "rests_mb_per_hour": round(self.rests_per_hour, 1),
            "rests": [one.as_dict() for one in self.rests],
            "before": self.before and self.before.as_dict(),
            "after": self.after and self.after.as_dict(),
            "longest_collection_ms": round(max(self.collections, default=0.0) * 1000),
            "stalls": [one.as_dict() for one in self.stalls.groups()],
            "samples": [one.as_dict() for one in self.samples],
            "broken": self.broken(),
        }


def write(outcome: Outcome, folder: Path) -> str:
    """Writes ``soak.json``, ``soak.md`` and ``soak.png``; returns what ``soak.md`` says."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "soak.json").write_text(json.dumps(outcome.as_dict(), indent=1))
    text = summary(outcome)
    (folder / "soak.md").write_text(text)
    if outcome.samples:
        _draw(outcome, folder / "soak.png")
    return text


def summary(outcome: Outcome) -> str:
    """In Markdown."""
    facts = outcome.as_dict()
    broken = outcome.broken()
    gestures = ", ".join(f"{name} {count:,}" for name, count in outcome.steps.most_common())
    lines = [
        f"Soak: {outcome.about}, seed {outcome.seed}, {facts['minutes']:.0f} minutes, "
        f"{sum(outcome.steps.values()):,} gestures.",
        f"Memory, everything put away and the gallery closed every few minutes: "
        f"{', '.join(f'{one.rss:.0f}' for one in outcome.rests)} MB; "
        f"{facts['rests_mb_per_hour']:+} MB an hour (Theil-Sen, last two thirds).",
        f"Memory while a gallery is open: median {facts['memory_mb_median']} MB, "
        f"{facts['memory_mb_per_hour']:+} MB an hour; it depends on what is shown and under way.",
        f"Longest pause of Python's garbage collector: {facts['longest_collection_ms']} ms.",
        "",
        *_levels(outcome),
        "",
        "Stalls of the UI thread, ms (own: all but the wait for a processor; starved: no thread of "
        "the window ran, and one that it may have waited for had no processor):",
        "",
        table([one for one in outcome.stalls.of_the_window() if one.over[1]][:25]),
        "",
        f"Gestures: {gestures}.",
        "",
        "Limits broken:" if broken else "No limit was broken.",
        *(f"- {one}" for one in broken),
    ]
    return "\n".join(lines) + "\n"


def _levels(outcome: Outcome) -> list[str]:
    """What was held at the ends and between, as a table."""
    late = [one.as_dict() for one in settled(outcome.samples) if one.open]
    if not late or outcome.before is None or outcome.after is None:
        return []
    then, now = outcome.before.as_dict(), outcome.after.as_dict()
    lines = ["| | closed, at the start | median while open | closed, at the end |"]
    lines.append("|---|--:|--:|--:|")
    for name in ("rss", "threads", "python", "handles", "children", "widgets", "objects"):
        middle = median(one[name] for one in late)
        lines.append(f"| {name} | {then[name]:,.0f} | {middle:,.0f} | {now[name]:,.0f} |")
    return lines


def _per_hour(held: Sequence[Held]) -> float:
    return 60 * slope([one.minutes for one in held], [one.rss for one in held])


def _draw(outcome: Outcome, path: Path) -> None:
    from matplotlib.figure import Figure

    samples = outcome.samples
    figure = Figure(figsize=(8, 9), layout="constrained")
    axes = figure.subplots(len(_CURVES), 1, sharex=True)
    minutes = [one.minutes for one in samples]
    for axis, (name, words) in zip(axes, _CURVES.items(), strict=True):
        axis.plot(minutes, [one.as_dict()[name] for one in samples], linewidth=1)
        rests = [one.as_dict()[name] for one in outcome.rests]
        axis.plot([one.minutes for one in outcome.rests], rests, "o", markersize=3)
        axis.set_ylabel(words)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("minutes; dots: everything put away and the gallery closed")
    figure.savefig(path, dpi=110)
