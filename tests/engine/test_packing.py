"""Rows of numbers as text, and text that is none."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest

from engine.recognition.calibration import calibration_cache
from engine.recognition.calibration.calibration_cache import packed, unpacked


@pytest.mark.parametrize("numbers", [[], [0], [5, 3, 9, -4], list(range(1, 5000))])
def test_numbers_come_back(numbers: list[int]) -> None:
    assert unpacked(packed(np.array(numbers, dtype=np.int64))).tolist() == numbers


def test_ids_in_order_take_hardly_any_room() -> None:
    assert len(packed(np.arange(100_000))) < 2_000


def test_what_is_no_row_of_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good = packed(np.arange(100))
    for text in ("", "AAAA", good[:-8], base64.b64encode(zlib.compress(b"123")).decode()):
        with pytest.raises(ValueError, match=r"packed numbers|element size"):
            unpacked(text)
    monkeypatch.setattr(calibration_cache, "_MOST", 80)
    with pytest.raises(ValueError, match="too many"):
        unpacked(good)
