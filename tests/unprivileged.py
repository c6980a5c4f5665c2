"""Checks as an ordinary user, for whom the permissions of files count."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

NOBODY = 65534


def call_unprivileged(check: Callable[[], None], owned: Path | None = None) -> None:
    """Call a check in a child process without root's rights, and fail as it fails.

    The process of the tests keeps its own rights: a change of them would hold for all its threads.

    Args:
        owned: a folder that belongs to the ordinary user then, with all that is in it.
    """
    if not hasattr(os, "fork"):
        pytest.skip("needs POSIX permissions")
    if owned is not None and os.geteuid() == 0:
        for path in (owned, *owned.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads, Python 3.12
        child = os.fork()
    if child == 0:
        _check_and_exit(check, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        failure = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, failure or f"the child process ended with status {status}"


def _check_and_exit(check: Callable[[], None], writing: int) -> None:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        check()
        os._exit(0)
    except BaseException:
        os.write(writing, traceback.format_exc().encode())
        os._exit(1)
