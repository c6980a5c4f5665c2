"""Training the triplet embedding."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import CancelledError, TrainingError
from engine.models.discriminant import discriminant
from engine.progress import SILENT, CancelToken, Measured, Message, Reporter
from engine.records.training_parameters import NOTEBOOK_TRIPLET, TripletParameters
from engine.training.worker.dataset import Pool
from engine.training.worker.keras_model import to_keras
from engine.training.worker.triplet_trainer import gentler, train_triplet

pytestmark = pytest.mark.training

# one recipe and one shape where it can be: each costs seconds to compile
SMALL = TripletParameters(hidden=(), identities=8, faces=4, epochs=12, rate=3e-3)


def noisy(identities=24, faces=10, dimension=12, seed=0):
    """People told apart in four directions, under three times as much noise in the others."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(identities), faces)
    rows = random.normal(size=(len(labels), dimension)) * 3
    rows[:, :4] = 2 * random.normal(size=(identities, 4))[labels] + 0.6 * random.normal(
        size=(len(labels), 4)
    )
    turn = np.linalg.qr(random.normal(size=(dimension, dimension)))[0]
    return (rows @ turn).astype(np.float32), labels


def train(vectors, labels, parameters=SMALL, distance="euclidean", **options):
    options = {"seed": 0, "reporter": SILENT, **options}
    return train_triplet(vectors, labels, parameters, distance, **options)


def rank1(outputs, labels):
    """Share of rows whose nearest other row is of the same person."""
    similar = outputs @ outputs.T
    np.fill_diagonal(similar, -np.inf)
    return np.mean(labels[similar.argmax(axis=1)] == labels)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def trained():
    events = []
    return train(*noisy(), reporter=Reporter(events.append)), events


def test_people_are_told_apart_better_than_before(trained):
    vectors, labels = noisy()
    assert rank1(trained[0].network(vectors), labels) > rank1(unit(vectors), labels) + 0.3


def test_so_are_people_who_trained_nothing():
    vectors, labels = noisy(identities=60)
    seen = labels < 40
    model = train(vectors[seen], labels[seen])
    others, names = vectors[~seen], labels[~seen]
    assert rank1(model.network(others), names) > rank1(unit(others), names) + 0.2


def test_every_output_has_length_one(trained):
    lengths = np.linalg.norm(trained[0].network(noisy()[0]), axis=1)
    assert lengths == pytest.approx(np.ones(len(lengths)), abs=1e-5)


def test_every_epoch_is_reported_with_all_its_figures(trained):
    model, events = trained
    points = [event for event in events if isinstance(event, Measured)]
    assert tuple(points) == model.curves
    assert [point.step for point in points] == list(range(len(points)))
    for point in points:
        assert {"loss", "active", "norm", "rate", "validation_loss"} <= set(point.values)
        assert 0 <= point.values["validation_accuracy"] <= 1
        assert point.values["spread05"] <= point.values["spread50"] <= point.values["spread95"]


def test_the_kept_epoch_has_the_lowest_validation_loss(trained):
    model, _ = trained
    losses = [point.values["validation_loss"] for point in model.curves]
    assert model.best_epoch > 0
    assert losses[model.best_epoch] == min(losses)


def test_the_same_seed_gives_the_same_network(trained):
    again = train(*noisy())
    for one, other in zip(trained[0].network.layers, again.network.layers, strict=True):
        assert one.kernel == pytest.approx(other.kernel, abs=1e-5)


def test_keras_gives_the_same_vectors(trained):
    vectors = noisy()[0]
    network = trained[0].network
    assert np.asarray(to_keras(network)(vectors)) == pytest.approx(network(vectors), abs=1e-5)


def test_where_nothing_can_be_gained_the_start_is_kept_and_that_is_said():
    # people at random: whatever is learned of them is worth nothing on others
    random = np.random.default_rng(3)
    vectors = random.normal(size=(240, 12)).astype(np.float32)
    model = train(vectors, np.repeat(np.arange(24), 10), replace(SMALL, rate=0.05))
    if model.best_epoch:
        pytest.skip("chance favoured an epoch")
    assert not model.network.layers[-1].kernel.any()
    assert "starting point" in " ".join(model.remarks)


def test_a_cancelled_training_stops_within_an_epoch():
    token = CancelToken()
    seen = []

    def listen(event):
        seen.append(event)
        token.cancel()

    with pytest.raises(CancelledError):
        train(*noisy(), reporter=Reporter(listen, token))
    assert len(seen) == 1


def test_two_people_with_two_faces_can_be_trained_on():
    vectors, labels = noisy(identities=2, faces=2)
    model = train(vectors, labels, replace(SMALL, epochs=2))
    assert np.isfinite(model.network(vectors)).all()
    assert "hold any out" in " ".join(model.remarks)


def test_fewer_than_two_people_with_two_faces_are_refused_with_a_remedy():
    vectors, _ = noisy(identities=2, faces=2)
    with pytest.raises(TrainingError, match=r"two people have two faces.*Enroll"):
        train(vectors, np.array([0, 0, 1, 2]))


def test_where_holding_out_would_leave_no_pairs_nobody_is_held_out():
    vectors, labels = noisy(identities=4, faces=2)
    labels = np.array([0, 0, 1, 1, 2, 3, 4, 5])
    model = train(vectors, labels, replace(SMALL, epochs=2))
    assert "hold any out" in " ".join(model.remarks)


def test_a_batch_that_memory_cannot_hold_is_refused():
    vectors, labels = noisy(identities=60)
    with pytest.raises(TrainingError, match="Choose fewer"):
        train(vectors, labels, replace(SMALL, identities=60, faces=100))


def test_a_learned_space_can_have_fewer_dimensions():
    vectors, labels = noisy()
    model = train(vectors, labels, replace(SMALL, output=5, epochs=2))
    assert model.network(vectors).shape == (240, 5)


def test_a_rejected_face_moves_away_from_the_one_it_is_not():
    vectors, labels = noisy()
    refused = np.flatnonzero(labels == 4)[:4]  # look like 4, and were said not to be
    rest = np.setdiff1d(np.arange(len(labels)), refused)
    options = replace(SMALL, hidden=(32,), mining="batch-hard", rate=1e-2, refit=False)
    alike = []
    for rejected in (None, (vectors[refused], np.full(4, 4))):
        network = train(vectors[rest], labels[rest], options, rejected=rejected).network
        own = network(vectors[labels == 4][4:])
        alike.append(np.mean(network(vectors[refused]) @ own.T))
    assert alike[1] < alike[0] - 0.05


@pytest.fixture(scope="module")
def weak(shared_data):
    with np.load(shared_data / "lfw-158-weak.npz", allow_pickle=False) as data:
        return data["embeddings"], np.unique(data["names"], return_inverse=True)[1]


def test_the_notebooks_training_collapses_and_is_named_so(weak):
    events = []
    model = train(*weak, NOTEBOOK_TRIPLET, "cosine", reporter=Reporter(events.append))
    assert model.collapsed
    assert "collapsed" in model.remarks[0]
    assert model.curves[-1].values["spread95"] < 0.3
    assert model.curves[-1].values["loss"] == pytest.approx(0.3, rel=0.05)
    alarm = next(place for place, event in enumerate(events) if isinstance(event, Message))
    assert events[alarm].alarm
    assert sum(isinstance(event, Measured) for event in events[:alarm]) <= 8
    assert len(model.curves) > alarm + 5


def test_the_default_training_does_not_collapse_on_the_same_faces(weak):
    vectors, labels = weak
    model = train(vectors, labels, replace(TripletParameters(), epochs=4), "cosine")
    assert not model.collapsed
    assert model.curves[-1].values["spread95"] > 1
    assert rank1(model.network(vectors), labels) > rank1(unit(vectors), labels)


def test_after_a_collapse_it_is_tried_once_more_with_a_gentler_setting():
    events = []
    vectors, labels = noisy()
    crowded = vectors + 300  # seen from the origin they are all at one point
    parameters = replace(SMALL, scaling="none", start="input", rate=1e-7)
    model = train(crowded, labels, parameters, "cosine", reporter=Reporter(events.append))
    texts = [event.text for event in events if isinstance(event, Message)]
    assert "collapsed" in texts[0]
    assert "gentler" in texts[1]
    assert not model.collapsed
    assert model.curves[-1].values["spread95"] > 1
    assert "restarted" in model.remarks[0]


def test_the_gentler_setting_starts_where_nothing_is_lost():
    made = gentler(NOTEBOOK_TRIPLET)
    assert (made.mining, made.residual, made.squared) == ("batch-all", True, False)
    assert made.rate < NOTEBOOK_TRIPLET.rate


def test_the_discriminant_map_evens_out_the_scatter_within_people():
    vectors, labels = noisy(identities=100, faces=20)
    rows = vectors - vectors.mean(axis=0)
    mapped = rows @ discriminant(rows, labels)
    means = np.array([mapped[labels == label].mean(axis=0) for label in range(100)])
    within = np.cov(mapped - means[labels], rowvar=False)
    evened = np.linalg.eigvalsh(within)
    assert evened[-1] < 1.5 * evened[0]
    assert np.var(means[:, :4], axis=0).min() > 5 * np.var(means[:, 4:], axis=0).max()


@pytest.mark.parametrize("few", [1_000, 1])
def test_a_batch_holds_different_people_with_their_faces_side_by_side(few, monkeypatch):
    monkeypatch.setattr("engine.training.worker.dataset._FEW", few)
    labels = np.repeat(np.arange(20), np.arange(1, 21))
    pool = Pool(np.arange(len(labels)), labels, identities=6, faces=4)
    draw = pool.draw(np.random.default_rng(0))
    assert draw.rows.shape == (round(210 / 24), 24)
    assert (labels[draw.rows] == draw.labels).all()
    groups = draw.labels.reshape(-1, 6, 4)
    assert (groups == groups[:, :, :1]).all()
    assert all(len(set(batch[:, 0])) == 6 for batch in groups)


def test_people_are_drawn_alike_whether_there_are_few_or_many(monkeypatch):
    labels = np.repeat(np.arange(10), np.arange(1, 11)).repeat(200)
    shares = []
    for few in (1_000, 1):
        monkeypatch.setattr("engine.training.worker.dataset._FEW", few)
        pool = Pool(np.arange(len(labels)), labels, identities=4, faces=1)
        drawn = pool.draw(np.random.default_rng(0)).labels
        shares.append(np.bincount(drawn.ravel()) / len(drawn))
    np.testing.assert_allclose(*shares, atol=0.04)
    assert (np.diff(shares[1]) > -0.02).all()


def test_faces_of_a_person_take_turns():
    labels = np.repeat([0, 1], 12)
    draw = Pool(np.arange(24), labels, identities=2, faces=4).draw(np.random.default_rng(0))
    assert sorted(draw.rows.ravel()) == list(range(24))
