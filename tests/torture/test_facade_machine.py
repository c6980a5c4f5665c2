"""A short run of the state machine; ``make torture`` runs it at length."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.torture.machine import FacadeMachine

pytestmark = pytest.mark.slow

FacadeMachine.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # to shrink takes minutes: raise it by hand
    suppress_health_check=list(HealthCheck),
)
TestFacadeAgainstDictionaries = FacadeMachine.TestCase
