"""The soak itself: its sums, and that a run ends in order, also when it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6")
from benchmarks.soaking.measuring import Held, handles, rss, slope
from benchmarks.soaking.reporting import Outcome, summary
from benchmarks.soaking.stalls import Stalls
from tests.watchdog import Stall

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def held(minutes: float, rss: float, *, python: int = 2, open_: bool = True) -> Held:
    return Held(minutes, rss, 9, python, 10, 0, 4, 500, 0, open_, {"MainWindow": 1})


def stall(seconds: float, place: str, *, cpu: float | None = None, queued: float = 0.0) -> Stall:
    return Stall(seconds + queued, seconds if cpu is None else cpu, queued, place)


def outcome(*samples: Held, rests: Sequence[Held] = ()) -> Outcome:
    ends = {"before": held(0, 100), "after": held(9, 100)}
    return Outcome("a test", 1, Stalls(), list(samples), list(rests), **ends)


def test_the_slope_heeds_no_outlier() -> None:
    minutes = np.arange(30.0)
    memory = 100 + 2 * minutes
    memory[[3, 20]] = 5_000, 0
    assert slope(minutes, memory) == pytest.approx(2.0, abs=0.05)
    assert slope([1.0], [2.0]) == slope([], []) == 0.0


def test_flat_memory_breaks_no_limit_and_rising_memory_does() -> None:
    flat = outcome(rests=[held(one, 300 + one % 2) for one in range(30)])
    rising = outcome(rests=[held(one, 300 + 5 * one) for one in range(30)])
    assert flat.broken() == []
    assert "memory of a closed window rises" in rising.broken()[0]
    assert rising.rests_per_hour == pytest.approx(300)


def test_memory_that_is_taken_at_first_and_kept_is_flat() -> None:
    rests = [held(one, min(300 + 40 * one, 500)) for one in range(30)]
    assert outcome(rests=rests).broken() == []


def test_what_an_open_gallery_holds_is_told_and_breaks_no_limit() -> None:
    told = outcome(*(held(one, 300 + 5 * one) for one in range(30)))
    assert told.per_hour == pytest.approx(300)
    assert "+300.0 MB an hour" in summary(told)
    assert told.broken() == []


def test_a_thread_left_in_a_closed_window_breaks_a_limit() -> None:
    left = outcome(held(0, 100))
    left.after = held(9, 100, python=3)
    assert left.broken() == ["left behind in a closed window: python 2 to 3"]


def test_stalls_of_one_function_are_one_group_and_the_scripts_own_do_not_count() -> None:
    found = outcome(held(0, 100))
    for seconds, line in ((0.3, 4), (0.12, 5), (0.06, 4)):
        found.stalls.add(stall(seconds, f"gallery_app/app.py:{line} show"))
    found.stalls.add(stall(0.9, "benchmarks/soaking/measuring.py:9 held"))
    found.stalls.add(stall(0.01, "gallery_app/app.py:4 show", queued=3.0))
    (group,) = found.stalls.of_the_window()
    assert (group.place, group.count, group.over) == ("gallery_app/app.py:show", 4, [1, 2, 3])
    assert found.broken() == ["1 frames over 250 ms on the UI thread"]
    assert "gallery_app/app.py:show" in summary(found)


def test_a_wait_is_named_after_who_worked_beside_it() -> None:
    stalls = Stalls()
    beside = ("engine/review/labels.py:7 look",)
    stalls.add(Stall(0.2, 0.01, 0.0, "gallery_app/app.py:4 show", (), beside))
    assert stalls.groups()[0].place == "waiting, beside engine/review/labels.py:look"


@LINUX
def test_memory_and_file_handles_are_those_of_this_process(tmp_path: Path) -> None:
    assert 10 < rss() < 100_000
    with (tmp_path / "open").open("w"):
        assert str(tmp_path / "open") in handles()
    assert str(tmp_path / "open") not in handles()


@contextmanager
def soak(tmp_path: Path, minutes: float) -> Iterator[subprocess.Popen[str]]:
    """A run on a handful of people."""
    rng = np.random.default_rng(0)
    people = np.repeat(rng.normal(size=(40, 128)), 5, axis=0)
    faces = people + 0.3 * rng.normal(size=people.shape)
    faces *= 1.42 / np.linalg.norm(faces, axis=1, keepdims=True)  # as long as real ones
    names = np.array([f"Person {row // 5}" for row in range(len(faces))])
    np.savez(tmp_path / "faces.npz", embeddings=faces.astype(np.float32), names=names)
    (tmp_path / "temporary").mkdir()
    wanted = ["--faces", str(len(faces)), "--minutes", str(minutes), "--out", str(tmp_path / "out")]
    run = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.soak", str(tmp_path / "faces.npz"), *wanted],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield run
    finally:
        run.kill()
        run.wait()


@LINUX
def test_a_run_leaves_its_figures_and_no_galleries(tmp_path: Path) -> None:
    with soak(tmp_path, minutes=0.1) as run:
        said, _ = run.communicate()
    assert run.returncode in (0, 1), said  # a busy machine may break a limit
    facts = json.loads((tmp_path / "out" / "soak.json").read_text())
    assert sum(facts["steps"].values()) > 0
    assert facts["after"]["children"] == 0
    assert (tmp_path / "out" / "soak.png").is_file()
    assert list((tmp_path / "temporary").iterdir()) == []


@LINUX
def test_an_interrupted_run_ends_in_order(tmp_path: Path) -> None:
    log = tmp_path / "out" / "steps.log"
    with soak(tmp_path, minutes=30) as run:
        while run.poll() is None and not (log.is_file() and "HELD" in log.read_text()):
            time.sleep(0.1)
        run.send_signal(signal.SIGTERM)
        said, _ = run.communicate()
    assert run.returncode == 2, said
    assert list((tmp_path / "temporary").iterdir()) == []
