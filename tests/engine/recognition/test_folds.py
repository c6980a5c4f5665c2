"""How a gallery is dealt out to be tried on itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recognition.calibration import cross_validation as module
from engine.recognition.calibration.cross_validation import Fold, make_folds
from engine.recognition.calibration.method_selection import trial_figures
from engine.records.types import Ids
from tests.engine.recognition.galleries import crowd_of, tried


@st.composite
def galleries(draw: st.DrawFn) -> tuple[Ids, Ids]:
    """Face ids and identity ids, in any order, of two identities or more."""
    counts = draw(st.lists(st.integers(1, 12), min_size=2, max_size=15))
    people = draw(
        st.lists(st.integers(1, 2**31), min_size=len(counts), max_size=len(counts), unique=True)
    )
    owners = np.repeat(np.array(people, dtype=np.int64), counts)
    start = draw(st.integers(1, 2**31))
    faces = start + np.arange(len(owners), dtype=np.int64)
    order = np.random.default_rng(draw(st.integers(0, 2**16))).permutation(len(owners))
    return faces[order], owners[order]


def parts(fold: Fold, faces: Ids) -> tuple[set[int], set[int], set[int]]:
    enrolled, mated, strangers = (
        set(faces[rows].tolist()) for rows in (fold.enrolled, fold.mated, fold.non_mated)
    )
    return enrolled, mated, strangers


@settings(max_examples=150)
@given(galleries())
def test_every_face_is_a_stranger_once_and_asked_for_at_most_once(
    gallery: tuple[Ids, Ids],
) -> None:
    faces, owners = gallery
    dealt = make_folds(faces, owners)
    strangers = np.concatenate([fold.non_mated for fold in dealt])
    mated = np.concatenate([fold.mated for fold in dealt])
    assert np.array_equal(np.sort(strangers), np.arange(len(faces)))
    assert len(np.unique(mated)) == len(mated)


@settings(max_examples=150)
@given(galleries())
def test_a_fold_never_knows_a_stranger_and_always_knows_whom_it_is_asked_for(
    gallery: tuple[Ids, Ids],
) -> None:
    faces, owners = gallery
    for fold in make_folds(faces, owners):
        everything = np.concatenate([fold.enrolled, fold.mated, fold.non_mated])
        assert np.array_equal(np.sort(everything), np.arange(len(faces)))
        known = set(owners[fold.enrolled].tolist())
        assert set(owners[fold.mated].tolist()) <= known
        assert not known & set(owners[fold.non_mated].tolist())


@settings(max_examples=75)
@given(galleries(), st.integers(0, 2**16))
def test_the_order_of_the_faces_does_not_matter(gallery: tuple[Ids, Ids], seed: int) -> None:
    faces, owners = gallery
    order = np.random.default_rng(seed).permutation(len(faces))
    there = [parts(fold, faces) for fold in make_folds(faces, owners)]
    here = [parts(fold, faces[order]) for fold in make_folds(faces[order], owners[order])]
    assert there == here


def test_thirty_people_of_five_faces_take_fair_turns() -> None:
    faces = np.arange(1, 151, dtype=np.int64)
    owners = np.repeat(np.arange(30, dtype=np.int64), 5)
    dealt = make_folds(faces, owners)
    assert [len(fold.non_mated) for fold in dealt] == [50, 50, 50]
    assert [len(fold.mated) for fold in dealt] == [20, 20, 20]


def test_of_a_large_gallery_a_sample_is_asked_for_and_the_strangers_stay_away_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners = np.repeat(np.arange(30), 10)
    faces = np.arange(300, dtype=np.int64)
    monkeypatch.setattr(module, "TRIAL_FACES", 90)
    dealt = make_folds(faces, owners)
    strangers = np.concatenate([fold.non_mated for fold in dealt])
    assert len(np.unique(strangers)) == len(strangers) == 90
    assert set(np.concatenate([fold.mated for fold in dealt])) <= set(strangers)
    for fold in dealt:
        enrolled = set(owners[fold.enrolled])
        assert len(enrolled) == 20
        assert not enrolled & set(owners[fold.non_mated])
        assert set(owners[fold.mated]) <= enrolled
        assert not set(fold.mated) & set(fold.enrolled)


def test_trials_of_a_sample_tell_the_same_as_trials_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    owners, vectors = crowd_of(4, spread=0.6).draw(range(150), 8)
    whole = trial_figures([tried(owners, vectors)[1]])
    monkeypatch.setattr(module, "TRIAL_FACES", 600)
    calibration, trials = tried(owners, vectors)
    sample = trial_figures([trials])
    assert len(trials.faces) == 600
    assert trials.identities == calibration.identities == 150
    assert trials.unmet == 50
    assert abs(sample.rank1 - whole.rank1) < 0.05
    assert abs(sample.fnir - whole.fnir) < 0.1
