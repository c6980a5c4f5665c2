"""Work in a process of its own: what one library leaves in memory or in its threads does not touch
the figures of another.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_SPAWN = multiprocessing.get_context("spawn")


class Apart:
    """An object that lives in a process of its own; its methods are called by name, one at a time.

    Raises RuntimeError, with what the other process said, where the call or the making of the
    object raised there.
    """

    def __init__(self, make: Callable[..., Any], *arguments: Any) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, make, arguments))
        self._process.start()
        theirs.close()
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


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, called in a new process that ends with it. Raises as Apart."""
    one = Apart(_Call, work)
    try:
        return one.call("run", *arguments)
    finally:
        one.end()


class _Call:
    def __init__(self, work: Callable[..., Any]) -> None:
        self.run = work


def _serve(pipe: Connection, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        one = make(*arguments)
        pipe.send((True, None))
        while True:
            method, arguments = pipe.recv()
            pipe.send((True, getattr(one, method)(*arguments)))
    except (EOFError, BrokenPipeError):
        pass  # the other end has done with it, or is gone
    except Exception:
        pipe.send((False, traceback.format_exc()))
