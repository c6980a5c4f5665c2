"""Searches of a gallery's own faces by models without them: kept, cut, and learned from."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.errors import ModelError
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import (
    Trials,
    as_searches,
    in_common,
    space_searcher,
)
from engine.records.types import Ids, Vectors
from tests.engine.recognition.galleries import Crowd, crowd_of, tried


@pytest.fixture(scope="module")
def trials() -> Trials:
    owners, vectors = crowd_of(seed=3).draw(range(9), 6)
    return tried(owners, vectors)[1]


def test_trials_come_back_from_a_file_as_they_were(trials: Trials, tmp_path: Path) -> None:
    trials.save(tmp_path / "trials.npz")
    back = Trials.load(tmp_path / "trials.npz")
    for one in fields(Trials):
        there, here = getattr(trials, one.name), getattr(back, one.name)
        assert np.array_equal(there, here)
        assert np.asarray(there).dtype == np.asarray(here).dtype


def test_trials_that_are_absent_are_refused_with_the_file_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"trials\.npz.*train it again"):
        Trials.load(tmp_path / "trials.npz")


@pytest.mark.parametrize("seed", range(25))
def test_no_damage_gets_past_loading(trials: Trials, tmp_path: Path, seed: int) -> None:
    file = tmp_path / "trials.npz"
    trials.save(file)
    sound, random = file.read_bytes(), np.random.default_rng(seed)
    harmed = bytearray(sound)
    if seed % 3 == 0:
        harmed = harmed[: random.integers(0, len(harmed))]
    else:
        for place in random.integers(0, len(harmed), 20):
            harmed[place] ^= int(random.integers(1, 256))
    file.write_bytes(harmed)
    with pytest.raises(ModelError):
        Trials.load(file)


@pytest.mark.parametrize(
    "change",
    [
        {"own": np.zeros(3, dtype=np.int64)},
        {"searched": np.ones(54, dtype=np.int64)},
        {"mated_odds": np.full((54, 2), np.nan, dtype=np.float32)},
        {"non_mated": np.zeros(54, dtype=np.int64)},
        {"unmet": 9},
    ],
    ids=["too few", "not truth values", "not numbers", "no rows", "nobody met"],
)
def test_parts_that_do_not_fit_are_refused(
    trials: Trials, tmp_path: Path, change: dict[str, object]
) -> None:
    assert len(trials.faces) == 54
    replace(trials, **change).save(tmp_path / "trials.npz")
    with pytest.raises(ModelError, match="parts do not fit"):
        Trials.load(tmp_path / "trials.npz")


def test_some_faces_keep_their_own_searches_in_the_order_asked(trials: Trials) -> None:
    wanted = trials.faces[[7, 2, 30]]
    some = trials.of(wanted)
    assert some.faces.tolist() == wanted.tolist()
    assert np.array_equal(some.mated, trials.mated[[7, 2, 30]])
    assert np.array_equal(some.own, trials.own[[7, 2, 30]])


def test_everybody_is_searched_for_as_a_stranger_and_nobody_meets_himself(trials: Trials) -> None:
    assert (trials.non_mated >= 0).any(axis=1).all()
    assert not (trials.non_mated == trials.own[:, None]).any()
    assert np.isneginf(trials.mated_odds[~trials.searched]).all()


def test_trials_of_different_times_are_cut_to_the_searches_that_both_made() -> None:
    crowd = crowd_of(seed=1)
    owners, vectors = crowd.draw(range(12), 6)
    early = owners < 9  # three people came later, so the folds were dealt otherwise
    old, new = tried(owners[early], vectors[early])[1], tried(owners, vectors)[1]
    assert (old.searched != new.searched[early]).any()
    first, second = in_common([new, old])
    assert first.faces.tolist() == second.faces.tolist() == np.flatnonzero(early).tolist()
    assert np.array_equal(first.searched, second.searched)
    assert first.searched.any()
    assert as_searches([first, second]).mated.features.shape[2] == 2


def test_a_face_that_was_moved_to_somebody_else_is_no_common_ground(trials: Trials) -> None:
    own = trials.own.copy()
    own[5] = 777
    first, second = in_common([trials, replace(trials, own=own)])
    assert 5 not in first.faces
    assert len(first.faces) == len(second.faces) == len(trials.faces) - 1


@pytest.mark.parametrize("spread", [0.35, 0.9])
@pytest.mark.parametrize("fpir", [0.05, 0.1])
def test_calibrations_of_trials_keep_their_promise_to_strangers(spread: float, fpir: float) -> None:
    """Over several crowds, people who were never enrolled get a name as rarely as promised."""
    named, asked = 0, 0
    for seed in range(6):
        crowd = crowd_of(seed, spread)
        owners, vectors = crowd.draw(range(60), 5)
        calibration, _ = tried(owners, vectors)
        scores = best_scores(crowd, owners, vectors, calibration)
        assert calibration.achievable_fpir(fpir) == fpir
        named += int((scores > calibration.threshold(fpir)).sum())
        asked += len(scores)
    allowed = fpir + 3 * np.sqrt(fpir * (1 - fpir) / (asked / 2))  # two faces of each stranger
    assert named / asked <= allowed


def best_scores(
    crowd: Crowd, owners: Ids, vectors: Vectors, calibration: Calibration
) -> npt.NDArray[np.float64]:
    """Of faces of people beyond the first hundred, searched in the whole gallery."""
    _, strangers = crowd.draw(range(100, 300), 2)
    found = space_searcher(vectors, owners, "euclidean", lambda rows: rows)(strangers)
    return calibration.log_odds(found.features, found.filled).max(axis=1)
