"""A gallery that is asked by some threads while another one changes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.gallery import Gallery

ROUNDS = 8


def test_questions_and_changes_from_several_threads_do_not_disturb_one_another(
    sample: Path, tmp_path: Path
) -> None:
    people = [sample / name for name in ("Tiger_Woods", "Tim_Henman", "Tom_Ridge")]
    gallery, _ = Gallery.create_from(tmp_path / "busy.gallery", people)
    queries = np.stack([np.load(face) for face in sorted((sample / "Tom_Hanks").glob("*.npy"))])
    errors: list[BaseException] = []
    changed = threading.Event()

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                errors.append(error)

        return threading.Thread(target=run)

    def change() -> None:
        try:
            for turn in range(ROUNDS):
                report = gallery.enroll("Tom Hanks", queries[:5] + np.float32(turn * 1e-6))
                removed = gallery.corrections.remove(report.face_ids)
                assert removed is not None
                assert len(removed.faces) == 5
        finally:
            changed.set()

    def ask() -> None:
        while not changed.is_set():
            assert len(gallery.identify(queries)) == len(queries)

    threads = [guarded(ask), guarded(ask), guarded(change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert gallery.check().ok
    assert gallery.people.counts()[0] == 3
    gallery.close()
