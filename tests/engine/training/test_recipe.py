"""From faces to a network and its trials; small real trainings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import TrainingError
from engine.progress import SILENT, Event, Progress, Reporter
from engine.records.training_parameters import MlpParameters
from engine.training.worker import train_model
from engine.training.worker.stages import Stages
from engine.training.worker.train_model import (
    TrainingFaces,
    dealt_out,
    looker,
    train,
    try_knn,
    try_model,
)
from engine.training.worker.trained import Trained
from tests.engine.recognition.galleries import crowd_of

pytestmark = pytest.mark.training

SMALL = MlpParameters(hidden=(16,), dropout=0.0, batch=32, epochs=30, rate=1e-2, balance=0)


def faces_of(people: int = 9, faces: int = 10) -> TrainingFaces:
    """Identity and face ids with gaps, as after deletions."""
    owners, vectors = crowd_of(seed=0, spread=0.2).draw(range(people), faces)
    ids = 5 + 3 * np.arange(len(owners), dtype=np.int64)
    nothing = np.empty((0, vectors.shape[1]), dtype=np.float32)
    return TrainingFaces(
        ids, 100 - 7 * owners, vectors, "euclidean", nothing, np.empty(0, dtype=np.int64)
    )


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(faces_of(), SMALL, 0, SILENT)


def test_outputs_of_an_mlp_stand_for_the_identities_in_ascending_order(trained: Trained) -> None:
    faces = faces_of()
    named = faces.identities[trained.network(faces.vectors).argmax(axis=1)]
    assert np.mean(named == faces.owners) > 0.95


def test_a_looker_speaks_of_identity_ids(trained: Trained) -> None:
    faces = faces_of()
    found = looker(faces, "mlp", trained.network)(faces.vectors)
    assert set(np.unique(found.rows)) <= set(faces.identities)
    first = np.take_along_axis(
        found.rows, found.features[:, :, 0].argmax(axis=1, keepdims=True), axis=1
    )[:, 0]
    assert np.mean(first == faces.owners) > 0.95


def test_a_model_is_tried_on_people_whom_it_has_not_seen() -> None:
    faces, told = faces_of(), list[Event]()
    calibration, trials = try_model(faces, "mlp", SMALL, 0, Stages(Reporter(told.append), 3))
    assert not (trials.non_mated == trials.own[:, None]).any()
    assert trials.identities == 9
    assert trials.unmet == 3
    right = trials.mated[trials.searched, trials.mated_odds[trials.searched].argmax(axis=1)]
    assert np.mean(right == trials.own[trials.searched]) > 0.7
    assert calibration.features == ("logit", "level")
    assert calibration.fitted
    steps = [event.done for event in told if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert max(steps) <= 300
    assert {event.total for event in told if isinstance(event, Progress)} == {300}


def test_knn_is_tried_in_the_same_searches_as_every_model() -> None:
    faces = faces_of()
    _, first = try_knn(faces)
    order = np.random.default_rng(0).permutation(len(faces.ids))
    _, second = try_knn(faces.part(order))
    assert np.array_equal(
        np.sort(first.faces[first.searched]), np.sort(second.faces[second.searched])
    )


def test_a_model_that_collapses_when_it_is_tried_is_no_model(
    monkeypatch: pytest.MonkeyPatch, trained: Trained
) -> None:
    monkeypatch.setattr(train_model, "train_mlp", lambda *_, **__: replace(trained, collapsed=True))
    with pytest.raises(TrainingError, match="collapsed during testing"):
        try_model(faces_of(), "mlp", SMALL, 0, Stages(SILENT, 3))


@pytest.mark.parametrize(("people", "faces"), [(2, 8), (3, 1), (1, 9)])
def test_a_gallery_too_small_to_be_dealt_out_is_refused(people: int, faces: int) -> None:
    with pytest.raises(TrainingError, match=r"too small to test.*Enroll more people"):
        dealt_out(faces_of(people, faces))


def test_what_was_rejected_reaches_the_training_under_its_label(
    monkeypatch: pytest.MonkeyPatch, trained: Trained
) -> None:
    """Of people who are not in this part there is nothing to learn."""
    seen = {}

    def noted(vectors, labels, *_, rejected, **__) -> Trained:  # type: ignore[no-untyped-def]
        seen.update(labels=labels, rejected=rejected)
        return trained

    monkeypatch.setattr(train_model, "train_mlp", noted)
    faces = faces_of()
    known, unknown = faces.identities[4], 12_345
    vectors = np.stack([faces.vectors[0], faces.vectors[1]])
    faces = replace(faces, rejected=vectors, rejected_owners=np.array([known, unknown]))
    train(faces, SMALL, 0, SILENT)
    assert np.array_equal(faces.identities[seen["labels"]], faces.owners)
    assert np.array_equal(seen["rejected"][0], vectors[:1])
    assert seen["rejected"][1].tolist() == [4]
