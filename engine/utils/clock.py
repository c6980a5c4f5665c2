"""The system's clock, which may be set to any time."""

from __future__ import annotations

import time

from engine.records.domains import LATEST


def now() -> float:
    """Seconds since the epoch, within what calendars can show: what is written must be readable."""
    return min(max(time.time(), 0.0), LATEST)
