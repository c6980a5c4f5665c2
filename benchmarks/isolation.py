"""Work in a process of its own, so that what one library leaves in memory or in its threads does
not touch the figures of another.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_SPAWN = multiprocessing.get_context("spawn")


class IsolatedObject:
    """An object in a process of its own, whose methods are called by name, one at a time.

    Raises:
        RuntimeError: the call, or the constructor, raised in the other process; with its traceback.
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self._pipe, other_end = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(other_end, make, arguments))
        self._process.start()
        other_end.close()
        self._answer()

    def call(self, method: str, *arguments: Any) -> Any:
        self._pipe.send((method, arguments))
        return self._answer()

    def end(self) -> None:
        self._pipe.close()
        self._process.join(60)
        self._process.kill()

    def _answer(self) -> Any:
        try:
            done, value = self._pipe.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            raise RuntimeError(f"The process ended with code {code}") from None
        if not done:
            raise RuntimeError(value)
        return value


def run_isolated(work: Callable[..., Any], *arguments: Any) -> Any:
    """Result of a function called in a new process. Raises as :class:`IsolatedObject`."""
    process = IsolatedObject(_Function, work)
    try:
        return process.call("__call__", *arguments)
    finally:
        process.end()


class _Function:
    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work

    def __call__(self, *arguments: Any) -> Any:
        return self._work(*arguments)


def _serve(pipe: Connection, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        served = make(*arguments)
        pipe.send((True, None))
        while True:
            method, arguments = pipe.recv()
            pipe.send((True, getattr(served, method)(*arguments)))
    except (EOFError, BrokenPipeError):
        pass  # the other end has closed, or is gone
    except Exception:
        pipe.send((False, traceback.format_exc()))
