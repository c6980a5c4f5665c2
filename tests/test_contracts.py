"""What may be loaded by what, looked at in a process of its own, and what no test may do. The
static rules are lint's.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

REPORT = """
import sys
{before}
import {module}
print(*sorted(name for name in {heavy} if sys.modules.get(name) is not None))
"""
HEAVY = ("PySide6", "tensorflow", "keras", "sklearn", "scipy", "PIL")
WITHOUT_QT = "sys.modules['PySide6'] = None  # an import of it now fails"


def loaded_by(module: str, before: str = "") -> list[str]:
    """Which of HEAVY the import of ``module`` brings in."""
    code = REPORT.format(before=before, module=module, heavy=HEAVY)
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_the_engine_is_imported_where_qt_is_absent() -> None:
    assert loaded_by("engine.gallery", before=WITHOUT_QT) == []


@pytest.mark.parametrize("part", ["formats", "store", "index", "identification"])
def test_each_part_of_the_engine_is_imported_without_the_heavy_libraries(part: str) -> None:
    assert loaded_by(f"engine.{part}", before=WITHOUT_QT) == []


def test_the_command_line_loads_no_qt() -> None:
    assert loaded_by("gallery_app.__main__", before=WITHOUT_QT) == []


def test_the_window_loads_qt_and_none_of_the_heavy_libraries() -> None:
    pytest.importorskip("PySide6")
    assert loaded_by("gallery_app.app") == ["PySide6"]


BY_THE_CLOCK = re.compile(
    r"timeout ?=|mark\.timeout|\.join\([\d.]+\)"
    r"|assert .*\b(?:perf_counter|monotonic|process_time|thread_time)\("
)


def test_no_test_judges_by_the_clock_or_gives_up_before_the_others() -> None:
    """How long anything may take on a slow or busy machine is said once, in ``conftest.py``."""
    written = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("*/conftest.py")]
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in written
        if path != Path(__file__)
        for line in path.read_text(encoding="utf-8").splitlines()
        if BY_THE_CLOCK.search(line)
    ]
    assert found == []
