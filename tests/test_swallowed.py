"""No ``except`` of the program leaves no trace: it raises, passes the error on, or logs it.

What belongs to ordinary control flow is free: errors of the kinds below, or a handler that says so
in a comment that begins with ``ordinary:``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ORDINARY = {
    "AttributeError", "CancelledError", "EmbeddingError", "Empty", "Exit", "FileExistsError",
    "FileNotFoundError", "IdentityNameError", "ImportError", "InputError", "KeyError",
    "KeyboardInterrupt", "LinAlgError", "MalformedError", "OverflowError", "PackageNotFoundError",
    "ProcessLookupError", "RecursionError", "SystemExit", "TypeError", "UnicodeDecodeError",
    "UnicodeEncodeError", "UnknownIdentityError", "ValueError",
}  # fmt: skip


def kinds(node: ast.expr | None) -> set[str]:
    """Names of the exceptions that a handler catches."""
    if node is None:
        return {"BaseException"}
    if isinstance(node, ast.Tuple):
        return {name for each in node.elts for name in kinds(each)}
    return {ast.unparse(node).split(".")[-1]}


def leaves_trace(handler: ast.ExceptHandler) -> bool:
    """Whether it raises, uses the error, or logs."""
    inside = [node for statement in handler.body for node in ast.walk(statement)]
    names = {node.id for node in inside if isinstance(node, ast.Name)}
    raises = any(isinstance(node, ast.Raise) for node in inside)
    return raises or handler.name in names or "_log" in names


def swallowed(text: str) -> Iterator[int]:
    """Lines where an error that is not ordinary goes without a trace."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            caught, silent, end = kinds(node.type), not leaves_trace(node), node.body[0].lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught, silent, end = {k for arg in node.args for k in kinds(arg)}, True, node.lineno
        else:
            continue
        head = "\n".join(lines[node.lineno - 1 : max(end - 1, node.lineno)])
        if silent and not caught <= ORDINARY and "# ordinary: " not in head:
            yield node.lineno


@pytest.mark.parametrize("package", ["engine", "gallery_app"])
def test_no_error_goes_without_a_trace(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in swallowed(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "log it, use engine's ignored(...), or say why it is `# ordinary: …`"


@pytest.mark.parametrize(
    "handler",
    [
        "except OSError:\n    pass",
        "except (KeyError, OSError) as error:\n    x = 1",
        "except:\n    pass",
    ],
)
def test_a_silent_handler_is_found(handler: str) -> None:
    assert list(swallowed(f"try:\n    f()\n{handler}\n")) == [3]


@pytest.mark.parametrize(
    "handler",
    [
        "except OSError:\n    raise E from None",
        "except OSError as error:\n    tell(error)",
        "except OSError:\n    _log.debug('', exc_info=True)",
        "except KeyError:\n    pass",
        "except OSError:  # ordinary: it is not there\n    pass",
    ],
)
def test_a_handler_that_leaves_a_trace_is_none(handler: str) -> None:
    assert list(swallowed(f"try:\n    f()\n{handler}\n")) == []


def test_suppressed_errors_are_found() -> None:
    assert list(swallowed("with suppress(OSError):\n    f()\n")) == [1]
    assert list(swallowed("with suppress(ValueError), open(p):\n    f()\n")) == []
