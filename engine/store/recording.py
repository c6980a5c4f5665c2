"""The history: every change of a gallery is one entry, and moves the change counter by one."""

from __future__ import annotations

import getpass
import json
import sqlite3
import time
from collections.abc import Mapping
from functools import cache
from typing import Any


def record(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> None:
    """Notes a change in the transaction that makes it.

    Args:
        action: a verb such as ``import``.
        summary: one sentence for the person.
        payload: which rows it touched.
    """
    connection.execute("UPDATE gallery SET change = change + 1")
    connection.execute(
        "INSERT INTO history (change, at, actor, action, summary, payload) "
        "SELECT change, ?, ?, ?, ?, ? FROM gallery",
        (time.time(), actor(), action, summary, json.dumps(payload, ensure_ascii=False)),
    )


def number(count: int, noun: str) -> str:
    """A count with its noun, such as "1,200 faces"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@cache
def actor() -> str:
    """The operating system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without an account, as in some containers
        return "unknown"
