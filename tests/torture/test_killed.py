"""A few kills; ``make torture`` does two hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.killing import kill_many

pytestmark = pytest.mark.kill


def test_what_was_reported_done_outlives_kills_and_nothing_is_there_by_half(tmp_path: Path) -> None:
    kills = list(kill_many(tmp_path, kills=3, seed=1))
    assert [kill.problems for kill in kills] == [()] * 3
    assert all(kill.alive for kill in kills)
    assert sum(kill.reported for kill in kills) > 3
