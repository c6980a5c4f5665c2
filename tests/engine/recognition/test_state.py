"""A gallery is taken up from what was saved of it, and from its faces wherever that is in doubt."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.gallery import Gallery
from engine.recognition import state_snapshot
from engine.recognition.state import RecognitionState
from engine.records.types import Vectors
from engine.utils.distances import prepare
from tests.alike import assert_alike

DIMENSION, PEOPLE, EACH = 8, 40, 3


def faces(seed: int, people: int = PEOPLE) -> Vectors:
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(people, 1, DIMENSION))
    rows = centres + 0.2 * random.normal(size=(people, EACH, DIMENSION))
    return rows.reshape(-1, DIMENSION).astype(np.float32)


def make(folder: Path, vectors: Vectors) -> Path:
    names = np.array([f"P{row // EACH:02}" for row in range(len(vectors))])
    np.savez(folder.with_suffix(".npz"), embeddings=vectors, names=names)
    gallery, _ = Gallery.create_from(folder, [folder.with_suffix(".npz")])
    gallery.prepare()
    gallery.close()
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made") / "some.gallery", faces(1))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "some.gallery")


def file_of(folder: Path) -> Path:
    return folder / "index" / state_snapshot.NAME


@contextmanager
def taken_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether each gallery that was taken up meanwhile was made anew from all of its faces."""
    anew: list[bool] = []

    from_snapshot = RecognitionState._owners_from_snapshot

    def recorded(*given: Any) -> Any:
        found = from_snapshot(*given)
        anew.append(found is None)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(RecognitionState, "_owners_from_snapshot", recorded)
        yield anew


def same_as_made_anew(folder: Path, tmp_path: Path) -> None:
    bare = shutil.copytree(folder, tmp_path / "bare.gallery")
    for derived in (bare / "index").glob("[!c]*"):  # the calibration may be a little old
        derived.unlink()
    queries = faces(2)[:30]
    with Gallery.open(folder) as one, Gallery.open(bare) as other:
        assert_alike(one.identify(queries), other.identify(queries))
        assert_alike(one.identify(queries[0]), other.identify(queries[0]))
    shutil.rmtree(bare)


def test_an_opening_does_not_read_all_vectors(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken_up(monkeypatch) as anew, Gallery.open(folder) as gallery:
        gallery.identify(faces(2)[0])
    assert anew == [False]
    same_as_made_anew(folder, tmp_path)


CHANGES: dict[str, Callable[[Gallery], object]] = {
    "enroll": lambda one: one.enroll("P03", faces(3)[0]),
    "a new one": lambda one: one.enroll("New", faces(3)[:2]),
    "delete": lambda one: one.corrections.delete(["P04"]),
    "merge": lambda one: one.corrections.merge(["P05"], "P06"),
    "move": lambda one: one.corrections.move([1, 2], "P09"),
    "rename": lambda one: one.corrections.rename("P07", "Somebody"),
    "there and back": lambda one: (one.corrections.delete(["P04"]), one.history.undo()),
    "most": lambda one: one.corrections.delete([f"P{number:02}" for number in range(2, 39)]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_is_merely_old_is_caught_up(
    folder: Path, tmp_path: Path, change: Callable[[Gallery], object]
) -> None:
    old = file_of(folder).read_bytes()
    with Gallery.open(folder) as gallery:
        change(gallery)
    file_of(folder).write_bytes(old)
    same_as_made_anew(folder, tmp_path)


def test_a_file_that_is_missing_is_made_again(folder: Path, tmp_path: Path) -> None:
    file_of(folder).unlink()
    with Gallery.open(folder) as gallery:
        gallery.prepare()
    assert file_of(folder).exists()
    same_as_made_anew(folder, tmp_path)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.data())
def test_a_damaged_file_is_never_trusted(made: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = shutil.copytree(made, tmp_path / "damaged.gallery", dirs_exist_ok=True)
    content = bytearray(file_of(folder).read_bytes())
    if data.draw(st.booleans(), "cut"):
        del content[data.draw(st.integers(0, len(content) - 1), "length") :]
    else:
        at = data.draw(st.one_of(st.integers(0, 400), st.integers(0, len(content) - 1)), "at")
        content[at] ^= data.draw(st.integers(1, 255), "bits")
    file_of(folder).write_bytes(content)
    with Gallery.open(folder, write=False) as gallery:
        answers = gallery.identify(faces(1)[::9])
    assert all(one.evidence[0].distance < 1e-5 for one in answers)
    with Gallery.open(made, write=False) as sound:
        assert_alike(answers, sound.identify(faces(1)[::9]))


def test_the_file_of_another_gallery_is_not_trusted(folder: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other.gallery", faces(7)[::-1].copy())
    shutil.copy(file_of(other), file_of(folder))
    same_as_made_anew(folder, tmp_path)


def test_nothing_of_it_is_left_of_one_who_was_erased(folder: Path) -> None:
    alone = faces(9)[:1]
    with Gallery.open(folder) as gallery:
        gallery.enroll("Alone", alone)
        gallery.enroll("P01", faces(9)[3:6])
    direction = prepare(prepare(alone, "cosine"), "cosine").tobytes()  # of the mean of one
    assert direction in file_of(folder).read_bytes()
    with Gallery.open(folder) as gallery:
        gallery.erasure.erase(["Alone"])
    assert direction not in file_of(folder).read_bytes()


def test_a_reader_follows_what_another_writes_without_reading_it_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = faces(3)[0]
    with Gallery.open(folder) as writer, Gallery.open(folder, write=False) as reader:
        assert_alike(reader.identify(query), writer.identify(query))
        for change in CHANGES.values():
            change(writer)
            with taken_up(monkeypatch) as anew:
                assert_alike(reader.identify(query), writer.identify(query))
                assert_alike(reader.identify(faces(2)[:20]), writer.identify(faces(2)[:20]))
            assert anew == []
            writer.history.go_to(1)
