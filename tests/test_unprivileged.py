"""Checks as an ordinary user fail as they fail, and leave the tests their own rights."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unprivileged import call_unprivileged

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX permissions")


def test_permissions_count_for_a_check_and_not_for_the_tests(reachable: Path) -> None:
    (reachable / "private").touch(mode=0)
    before = os.getresuid()

    def check() -> None:
        assert os.getuid() != 0
        with pytest.raises(PermissionError):
            (reachable / "private").read_bytes()

    call_unprivileged(check)
    assert os.getresuid() == before


def test_a_check_that_fails_fails_the_test_with_its_words() -> None:
    def check() -> None:
        raise AssertionError("what went wrong")

    with pytest.raises(AssertionError, match="what went wrong"):
        call_unprivileged(check)
