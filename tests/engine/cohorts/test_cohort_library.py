"""Cohorts are kept without names, checked on the way in, and used where they belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cohorts.cohort import FEWEST, Cohort
from engine.cohorts.cohort_library import CohortLibrary
from engine.errors import InputError
from tests.engine.cohorts.networks import network

PEOPLE = 200


@pytest.fixture
def library(tmp_path: Path) -> CohortLibrary:
    return CohortLibrary(tmp_path / "cohorts", bundled=False)


def write(path: Path, people: int, *, names: bool = True) -> Path:
    faces = network(seed=1).people(people, 2, seed=0)
    called = {"names": [f"Person {n // 2}" for n in range(2 * people)]} if names else {}
    np.savez(path, embeddings=faces, **called)
    return path


def test_an_imported_file_counts_people_by_name_and_keeps_no_name(
    library: CohortLibrary, tmp_path: Path
) -> None:
    entry = library.import_file(write(tmp_path / "some.npz", PEOPLE))
    assert (entry.name, entry.faces, entry.people) == ("some", 2 * PEOPLE, PEOPLE)
    assert b"Person 7" not in entry.file.read_bytes()
    assert entry.file.stat().st_mode & 0o77 == 0


def test_without_names_each_face_is_a_person(library: CohortLibrary, tmp_path: Path) -> None:
    entry = library.import_file(write(tmp_path / "some.npz", PEOPLE, names=False), "Others")
    assert (entry.name, entry.people) == ("Others", 2 * PEOPLE)


def test_too_few_people_are_refused(library: CohortLibrary, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"needs {FEWEST}"):
        library.import_file(write(tmp_path / "few.npz", FEWEST - 1))
    assert library.entries() == []


def test_a_name_is_taken_once(library: CohortLibrary, tmp_path: Path) -> None:
    library.import_file(write(tmp_path / "some.npz", PEOPLE))
    with pytest.raises(InputError, match="already"):
        library.import_file(tmp_path / "some.npz")


def test_what_was_added_can_be_removed_and_nothing_else(
    library: CohortLibrary, tmp_path: Path
) -> None:
    library.import_file(write(tmp_path / "some.npz", PEOPLE))
    with pytest.raises(InputError, match="was added"):
        library.remove("other")
    library.remove("some")
    assert library.entries() == []


def test_the_bundled_cohort_is_there_and_cannot_be_removed(tmp_path: Path) -> None:
    library = CohortLibrary(tmp_path)
    (entry,) = library.entries()
    assert entry.bundled
    assert entry.people > 2_000
    assert entry.dimension == 128
    with pytest.raises(InputError):
        library.remove(entry.name)


def test_only_cohorts_of_the_gallerys_network_are_joined(library: CohortLibrary) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        library.add(network(seed=seed).cohort(PEOPLE, seed=ord(name), name=name))
    match = library.match(network(seed=1).faces(10, seed=9), np.arange(10), "cosine")
    assert match.cohort is not None
    assert (match.cohort.count, match.cohort.name) == (2 * PEOPLE, "a, b")
    assert [name for name, _ in match.refused] == ["c"]
    assert library.find(match.cohort.id) is not None


def test_a_face_in_two_cohorts_counts_once(library: CohortLibrary) -> None:
    cohort = network(seed=1).cohort(PEOPLE, seed=5)
    assert len(Cohort.joined([cohort, cohort])) == PEOPLE


def test_another_dimension_is_passed_over(library: CohortLibrary) -> None:
    library.add(network(seed=1).cohort(PEOPLE, seed=5))
    match = library.match(np.ones((3, 7), dtype=np.float32), np.arange(3), "cosine")
    assert (match.cohort, match.refused) == (None, ())


@pytest.mark.parametrize("damage", ["truncated", "text", "float64", "rows", "zeros", "nan", "few"])
def test_a_damaged_cohort_is_named_and_left_out(library: CohortLibrary, damage: str) -> None:
    good = network(seed=1).cohort(PEOPLE, seed=5, name="good")
    library.add(good)
    entry = library.add(network(seed=1).cohort(PEOPLE, seed=6, name="bad"))
    arrays = {
        "format": np.array(1),
        "name": np.array("bad"),
        "embeddings": good.vectors.astype(np.float16),
        "people": good.people.astype(np.int32),
    }
    match damage:
        case "float64":
            arrays["embeddings"] = good.vectors.astype(np.float64)
        case "rows":
            arrays["people"] = arrays["people"][:-1]
        case "zeros":
            arrays["embeddings"][3] = 0
        case "nan":
            arrays["embeddings"][3, 3] = np.nan
        case "few":
            arrays["people"][:] = 0
    np.savez(entry.file, **arrays)
    if damage == "truncated":
        entry.file.write_bytes(entry.file.read_bytes()[:1000])
    if damage == "text":
        entry.file.write_text("no cohort")
    bad, fine = library.entries()
    assert bad.problem
    assert not fine.problem
    match_ = library.match(network(seed=1).faces(10, seed=9), np.arange(10), "cosine")
    assert match_.cohort is not None
    assert match_.cohort.name == "good"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda made: replace(made, name="new\nline"), "cannot be shown"),
        (lambda made: replace(made, name="n" * 201), "cannot be shown"),
        (lambda made: replace(made, vectors=made.vectors * 1e6), "no embeddings"),
        (lambda made: replace(made, vectors=made.vectors * 1e-9), "no embeddings"),
    ],
)
def test_what_could_not_be_read_again_is_not_kept(
    library: CohortLibrary, change: Callable[[Cohort], Cohort], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        library.add(change(network(seed=1).cohort(PEOPLE, seed=1)))
    assert library.entries() == []


def test_a_disk_that_refuses_is_told_in_words(
    library: CohortLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = library.add(network(seed=1).cohort(PEOPLE, seed=1, name="kept"))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Cohort, "save", refuse)
    with pytest.raises(InputError, match="No space left"):
        library.add(network(seed=1).cohort(PEOPLE, seed=1, name="new"))
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(InputError, match="No space left"):
        library.remove("kept")
    assert entry.file.exists()
