"""The check for leaked threads is itself checked."""

from __future__ import annotations

import threading

import pytest

from tests import conftest


def test_a_thread_left_running_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "PATIENCE", 0.05)
    before, end = set(threading.enumerate()), threading.Event()
    thread = threading.Thread(target=end.wait, daemon=True)
    thread.start()
    assert conftest.left_behind(before) == [thread]
    end.set()
    thread.join()


def test_a_thread_that_ends_within_a_while_is_no_leak() -> None:
    before = set(threading.enumerate())
    threading.Timer(0.05, lambda: None).start()
    assert conftest.left_behind(before) == []
