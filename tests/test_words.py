"""Words that people read: none of those that stumbled, in window, command line, engine and docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STUMBLING = (
    r"\bat best\b",
    r"\bcomes? in, of\b",
    r"\bfor good\b(?! recognition)",
    r"\bgets? a name\b",
    r"\bhand in\b",
    r"\bit is found from now on\b",
    r"\bleft out, this\b",
    r"\bmade anew\b",
    r"\bnot taste\b",
    r"\bopen(ed)? for reading only\b",
    r"\bput(ting)? to use\b",
    r"\bso many (people|faces)\b",
    r"\btake in after all\b",
    r"\btakes? back\b",
    r"\btold right\b",
    r"\bunless said\b",
)
IN_SENTENCES = (*STUMBLING, r"\bdrawn by chance\b", r"\bnobody\b", r"\bwhom\b")
LOGGED = {"debug", "info", "warning", "error", "exception"}  # for whoever looks into the log


def _strings(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of a module that are no documentation; commands' docstrings are their help."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        command = "cli" in path.parts and isinstance(node, ast.FunctionDef) and node.decorator_list
        body = getattr(node, "body", None)
        for one in body if isinstance(body, list) and not command else ():
            if isinstance(one, ast.Expr):  # of a module, class, function or attribute
                skipped.add(id(one.value))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in LOGGED:
            skipped.update(id(argument) for argument in node.args)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in skipped
        ):
            yield node.lineno, node.value


def _modules() -> list[Path]:
    return sorted(
        path for room in ("engine", "gallery_app") for path in ROOT.glob(f"{room}/**/*.py")
    )


def test_sentences_of_window_command_line_and_engine_use_plain_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in _modules()
        for line, text in _strings(path)
        if re.search("|".join(IN_SENTENCES), text, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("pattern", ["docs/*.md", "README.md", "gallery_app/**/*.jinja"])
def test_pages_use_plain_words(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line}"
        for path in sorted(ROOT.glob(pattern))
        if path.name != "modules.md"  # made of the modules' own docstrings
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search("|".join(STUMBLING), line, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)
