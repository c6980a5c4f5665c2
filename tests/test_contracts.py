"""What may be loaded by what, looked at in a process of its own, and what no test may do. The
static rules are lint's.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
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


@pytest.mark.slow
def test_the_engine_is_imported_where_qt_is_absent() -> None:
    assert loaded_by("engine.gallery", before=WITHOUT_QT) == []


@pytest.mark.parametrize("part", ["formats", "store", "index", "recognition"])
def test_each_part_of_the_engine_is_imported_without_the_heavy_libraries(part: str) -> None:
    assert loaded_by(f"engine.{part}", before=WITHOUT_QT) == []


def test_the_command_line_loads_no_qt() -> None:
    assert loaded_by("gallery_app.__main__", before=WITHOUT_QT) == []


@pytest.mark.slow
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


# -- names and docstrings ----------------------------------------------------------------------

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
NOT_ALONE = re.compile(r"(The same|The other|As|See|Likewise)\b")
PACKAGES = pytest.mark.parametrize("package", ["engine", "gallery_app"])


def sources(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def classes(package: str) -> list[ast.ClassDef]:
    nodes = [node for _, module in sources(package) for node in ast.walk(module)]
    return [node for node in nodes if isinstance(node, ast.ClassDef)]


@PACKAGES
def test_no_name_of_a_module_or_of_a_public_class_occurs_twice(package: str) -> None:
    modules = Counter(path.stem for path, _ in sources(package) if path.stem[:2] != "__")
    public = Counter(node.name for node in classes(package) if node.name[0] != "_")
    assert [name for name, count in (modules + public).items() if count > 1] == []


@PACKAGES
def test_no_class_has_more_than_two_bases(package: str) -> None:
    assert [node.name for node in classes(package) if len(node.bases) > 2] == []


@PACKAGES
def test_every_docstring_stands_alone(package: str) -> None:
    said = [
        f"{path}: {text.splitlines()[0]}"
        for path, module in sources(package)
        for node in ast.walk(module)
        if isinstance(node, DOCUMENTED) and NOT_ALONE.match(text := ast.get_docstring(node) or "")
    ]
    assert said == []
