"""A cohort's search follows every change of a gallery as if it were made anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cohorts.cohort_library import CohortLibrary
from engine.errors import CancelledError
from engine.gallery import Gallery
from engine.progress import CancelToken, Reporter
from engine.recognition import cohort_search
from engine.recognition.cohort_search import CohortSearch
from engine.recognition.shortlist import Shortlist
from tests.engine.cohorts.networks import DIMENSION, network

NETWORK = network(seed=3)
COHORT = NETWORK.cohort(120, seed=1)
STEPS = st.lists(
    st.tuples(st.sampled_from(["enroll", "more", "delete", "merge", "undo", "redo", "rename"]),
              st.integers(0, 10**6)),
    max_size=12,
)  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> CohortLibrary:
    made = CohortLibrary(tmp_path / "cohorts", bundled=False)
    made.add(COHORT)
    return made


@pytest.fixture
def gallery(tmp_path: Path, library: CohortLibrary) -> Iterator[Gallery]:
    folder = tmp_path / "some.gallery"
    with Gallery.create(folder, dimension=DIMENSION, cohorts=library) as made:
        fill(made, people=12)
        yield made


def fill(gallery: Gallery, people: int, faces: int = 4) -> None:
    vectors = NETWORK.people(people, faces, seed=2)
    for person in range(people):
        gallery.enroll(f"Person {person}", vectors[person * faces : (person + 1) * faces])


def step(gallery: Gallery, what: str, seed: int) -> None:
    names = [one.name for one in gallery.people.all()]
    chosen = names[seed % len(names)]
    match what:
        case "enroll":
            gallery.enroll(f"Person {seed + 100}", NETWORK.faces(1 + seed % 3, seed))
        case "more":
            gallery.enroll(chosen, NETWORK.faces(1, seed))
        case "delete" if len(names) > 3:
            gallery.corrections.delete([chosen])
        case "merge" if len(names) > 3:
            gallery.corrections.merge([chosen], names[(seed + 1) % len(names)])
        case "rename":
            gallery.corrections.rename(chosen, f"Called {gallery.history.last_change()}")
        case "undo":
            gallery.history.undo()
        case "redo":
            gallery.history.redo()


def kept_and_fresh(gallery: Gallery) -> tuple[Shortlist, Shortlist]:
    """What the gallery's own search says after its changes, and a new one."""
    gallery.identify(COHORT.vectors[:1])
    recogniser = gallery.recogniser
    searches = recogniser._searches
    assert searches is not None
    (space,) = searches.spaces
    fresh = CohortSearch(COHORT_ON_DISK, space, None)
    owners = recogniser._state.owners
    return searches.shortlist(space.space), fresh.shortlist(owners, recogniser._vectors_of)


COHORT_ON_DISK = type(COHORT)(
    COHORT.name, COHORT.vectors.astype(np.float16).astype(np.float32), COHORT.people
)


def assert_same(kept: Shortlist, fresh: Shortlist) -> None:
    for one, other in zip(kept.rows, fresh.rows, strict=True):
        assert set(one.tolist()) == set(other.tolist())
    order = [np.argsort(found.rows, axis=1, kind="stable") for found in (kept, fresh)]
    for number in range(kept.features.shape[2]):
        columns = [
            np.take_along_axis(found.features[:, :, number], places, axis=1)
            for found, places in zip((kept, fresh), order, strict=True)
        ]
        np.testing.assert_allclose(*columns, atol=2e-5)


@settings(max_examples=15)
@given(steps=STEPS)
def test_any_history_gives_what_a_new_search_gives(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("history")
    library = CohortLibrary(place / "cohorts", bundled=False)
    library.add(COHORT)
    with Gallery.create(place / "g", dimension=DIMENSION, cohorts=library) as gallery:
        fill(gallery, people=8)
        gallery.identify(COHORT.vectors[:1])
        for what, seed in steps:
            step(gallery, what, seed)
            if seed % 2:
                gallery.identify(COHORT.vectors[:1])
        assert_same(*kept_and_fresh(gallery))
    shutil.rmtree(place)


def test_a_change_of_one_person_searches_few_again(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    search = CohortSearch._search

    def counted(self: CohortSearch, which: object, *rest: object) -> object:
        searched.append(int(np.sum(which)))  # type: ignore[arg-type]
        return search(self, which, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cohort_search.CohortSearch, "_search", counted)
    fill_more = NETWORK.people(60, 6, seed=50)
    for person in range(60):
        gallery.enroll(f"Other {person}", fill_more[6 * person : 6 * person + 6])
    gallery.identify(COHORT.vectors[:1])
    searched.clear()
    gallery.corrections.delete(["Other 7"])
    gallery.identify(COHORT.vectors[:1])
    assert sum(searched) < len(COHORT) / 2


def test_the_search_is_kept_between_processes(
    tmp_path: Path, gallery: Gallery, library: CohortLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = kept_and_fresh(gallery)
    gallery.close()

    def never(*_: object) -> None:
        raise AssertionError("searched again")

    monkeypatch.setattr(cohort_search.CohortSearch, "_search", never)
    with Gallery.open(gallery.folder, cohorts=library) as again:
        again.identify(COHORT.vectors[:1])
        assert_same(again.recogniser._searches.shortlist(before_space(again)), before)  # type: ignore[union-attr]


def before_space(gallery: Gallery):  # type: ignore[no-untyped-def]
    return gallery.recogniser._searches.spaces[0].space  # type: ignore[union-attr]


def test_a_change_by_another_process_is_followed(gallery: Gallery, library: CohortLibrary) -> None:
    gallery.identify(COHORT.vectors[:1])
    with Gallery.open(gallery.folder, write=False, cohorts=library) as reader:
        reader.identify(COHORT.vectors[:1])
        gallery.enroll("Somebody", NETWORK.faces(3, seed=77))
        assert_same(*kept_and_fresh(reader))


@pytest.mark.parametrize("damage", ["truncated", "text", "other"])
def test_a_damaged_search_is_made_anew(
    gallery: Gallery, library: CohortLibrary, damage: str
) -> None:
    before, _ = kept_and_fresh(gallery)
    gallery.close()
    (kept,) = gallery.folder.glob("index/cohort*.npz")
    data = kept.read_bytes()
    if damage == "truncated":
        kept.write_bytes(data[: len(data) // 2])
    elif damage == "text":
        kept.write_text("no search")
    else:
        with np.load(kept) as arrays:
            parts = dict(arrays)
        parts["ids"] = parts["ids"][:5]
        np.savez(kept, **parts)
    with Gallery.open(gallery.folder, cohorts=library) as again:
        assert_same(kept_and_fresh(again)[0], before)


def test_an_encrypted_gallery_leaves_no_search_on_disk(
    tmp_path: Path, library: CohortLibrary
) -> None:
    pytest.importorskip("sqlcipher3")
    folder = tmp_path / "secret.gallery"
    words = "a passphrase for tests"
    with Gallery.create(folder, dimension=DIMENSION, passphrase=words, cohorts=library) as gallery:
        fill(gallery, people=6)
        assert_same(*kept_and_fresh(gallery))
    assert not list(folder.rglob("cohort*"))


def test_a_cohort_that_comes_or_goes_while_the_gallery_is_open_is_taken_up(
    tmp_path: Path,
) -> None:
    library = CohortLibrary(tmp_path / "cohorts", bundled=False)
    other = network(seed=8).cohort(120, seed=1, name="of another network")
    with Gallery.create(tmp_path / "g", dimension=DIMENSION, cohorts=library) as gallery:
        fill(gallery, people=12)
        rates = partial(gallery.error_rates.measure, (0.01,))
        assert rates().cohort is None
        library.add(COHORT)
        library.add(other)
        assert rates().cohort is None  # nobody said so yet
        gallery.recogniser.cohorts_changed()
        used = rates().cohort
        assert used is not None
        assert (used.name, used.people) == (COHORT.name, COHORT.count)
        assert [name for name, _ in rates().refused] == [other.name]
        assert_same(*kept_and_fresh(gallery))
        library.remove(COHORT.name)
        gallery.recogniser.cohorts_changed()
        assert rates().cohort is None
        library.remove(other.name)
        gallery.recogniser.cohorts_changed()
        assert rates().refused == ()
    gallery.recogniser.cohorts_changed()  # also where it is closed


def test_what_one_more_face_wins_can_be_stopped(gallery: Gallery) -> None:
    token = CancelToken()
    token.cancel()
    fill(gallery, people=60, faces=5)
    with pytest.raises(CancelledError):
        gallery.error_rates.fnir_with_one_more(0.01, reporter=Reporter(cancel=token))
