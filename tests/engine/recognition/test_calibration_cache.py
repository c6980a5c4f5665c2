"""When a calibration still speaks for a gallery that changed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CancelledError
from engine.gallery import Gallery
from engine.progress import CancelToken, Reporter
from engine.recognition.calibration.calibration_cache import _difference
from engine.store.settings_table import CALIBRATION

FACES = st.dictionaries(st.integers(1, 30), st.integers(1, 9), max_size=12)


@given(FACES, FACES)
def test_faces_that_came_or_left_are_counted_whoever_they_are_of(
    one: dict[int, int], other: dict[int, int]
) -> None:
    def arrays(faces: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
        ids = sorted(faces)
        return np.array(ids, np.int64), np.array([faces[owner] for owner in ids], np.int64)

    moved = Counter(one)
    moved.subtract(other)
    expected = sum(map(abs, moved.values()))
    assert _difference(arrays(one), arrays(other)) == expected


def test_a_gallery_that_is_prepared_can_be_stopped_and_prepared_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.recognition.calibration.calibration_cache.PROBES", 10
    )  # they take no time
    random, token = np.random.default_rng(0), CancelToken()
    with Gallery.create(tmp_path / "gallery", dimension=8) as gallery:
        for name in ("Ada", "Bo", "Cy"):
            gallery.enroll(name, random.standard_normal((5, 8)).astype(np.float32))
        kept = gallery.folder / CALIBRATION
        before = kept.read_text()  # of fewer faces
        token.cancel()
        with pytest.raises(CancelledError):
            gallery.prepare(Reporter(cancel=token))
        assert kept.read_text() == before
        gallery.prepare()
        assert kept.read_text() != before
