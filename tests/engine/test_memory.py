"""What is large lies in large pages, where the system offers them; nothing is lost by it."""

from __future__ import annotations

import gc
import logging
import re
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.gallery import Gallery
from engine.index.hnsw import HnswIndex
from engine.utils.trim_heap import _without, large_pages

_OFFERED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_MB = 1 << 20


def in_large_pages() -> int:
    """Bytes of this process."""
    said = Path("/proc/self/smaps_rollup").read_text()
    found = re.search(r"AnonHugePages:\s+(\d+) kB", said)
    assert found is not None
    return 1024 * int(found[1])


@pytest.mark.slow
@pytest.mark.skipif(
    not _OFFERED.exists() or "[never]" in _OFFERED.read_text(),
    reason="the system offers no large pages",
)
def test_a_large_graph_lies_in_large_pages_from_the_start() -> None:
    index = HnswIndex(128, "cosine")
    before = in_large_pages()
    index.reserve(70_000)  # 36 MB of vectors
    faces = np.random.default_rng(1).normal(size=(9_000, 128)).astype(np.float32)
    index.add(np.arange(9_000), faces)
    assert in_large_pages() > before
    assert index.search(faces, 1).ids[:, 0].tolist() == list(range(9_000))


def test_what_was_there_before_is_left_as_it_is() -> None:
    before = [np.ones(5 * _MB, dtype=np.int64) for _ in range(3)]
    in_large = in_large_pages()
    with large_pages(36 * _MB):
        taken = np.ones(4 * _MB, dtype=np.int64)  # smaller than what is waited for
    assert in_large_pages() - in_large <= taken.nbytes
    assert all((one == 1).all() for one in before)


def test_what_was_written_is_still_there() -> None:
    with large_pages(64 * _MB):
        numbers = np.arange(16 * _MB, dtype=np.int64)
    assert (numbers == np.arange(16 * _MB)).all()


@pytest.mark.parametrize("size", [0, 1, 1 << 60])
def test_nothing_so_large_is_no_error(size: int) -> None:
    with large_pages(size):
        pass


def test_a_system_without_them_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(Path, "read_text", lambda *_: pytest.fail("it looked for memory"))
    with large_pages(64 * _MB):
        pass


@given(
    st.lists(st.integers(0, 40), max_size=8, unique=True), st.integers(0, 40), st.integers(1, 20)
)
def test_a_piece_without_the_known_ones(bounds: list[int], start: int, length: int) -> None:
    known = list(zip(*[iter(sorted(bounds))] * 2, strict=False))
    new = {
        at for first, last in _without(known, start, start + length) for at in range(first, last)
    }
    covered = {at for first, last in known for at in range(first, last)}
    assert new == set(range(start, start + length)) - covered


def test_a_closed_gallery_is_gone_without_a_collection_of_garbage(
    sample: Path, tmp_path: Path
) -> None:
    logging.disable()  # pytest keeps what is logged, with the frames of exceptions
    gallery, _ = Gallery.create_from(tmp_path / "one.gallery", [sample / "Tiger_Woods"])
    gallery.identify(np.ones(gallery.dimension))
    held = weakref.ref(gallery)
    gc.disable()
    try:
        gallery.close()
        del gallery
        assert held() is None
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)
