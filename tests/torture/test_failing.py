"""Some writes that fail; ``make torture`` lets each one fail of every operation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.failing import library_built, run

pytestmark = pytest.mark.slow


def test_a_write_that_fails_is_told_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    if library_built(tmp_path) is None:
        pytest.skip("needs Linux and a C compiler")
    failures = list(run(tmp_path, ["import"], every=18))
    assert [one.problems for one in failures] == [()] * 2
    assert all(one.positions and one.refused for one in failures)
