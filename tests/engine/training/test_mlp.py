"""Training the MLP."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import CancelledError, TrainingError
from engine.progress import SILENT, CancelToken, Measured, Reporter
from engine.records.training_parameters import NOTEBOOK_MLP, MlpParameters
from engine.training.worker.classifier_epoch import (
    ClassifierEpochs,
    ClassifierSettings,
    TrainingRows,
)
from engine.training.worker.dataset import holdout
from engine.training.worker.mlp_trainer import train_mlp
from engine.training.worker.partial_softmax import EPOCHS, PartialSoftmaxEpochs

pytestmark = pytest.mark.training

# the tests share one shape and one recipe where they can: each costs seconds to compile
SMALL = MlpParameters(
    hidden=(16,), scaling="standardised", dropout=0.2, noise=0.2, batch=32, epochs=40, rate=1e-2
)


def clusters(counts, dimension=6, seed=0, spread=0.3):
    """Faces of so many people, each around a point of their own."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = random.normal(size=(len(counts), dimension))
    rows = centres[labels] + spread * random.normal(size=(len(labels), dimension))
    return rows.astype(np.float32), labels


def named(trained, vectors):
    return trained.network(vectors).argmax(axis=1)


def train(vectors, labels, parameters=SMALL, seed=0, **options):
    options = {"reporter": SILENT, **options}
    return train_mlp(vectors, labels, parameters, "euclidean", seed=seed, **options)


def test_it_names_faces_it_has_not_seen():
    vectors, labels = clusters([20] * 4)
    kept, held = holdout(labels, 0.3, np.random.default_rng(0))
    trained = train(vectors[kept], labels[kept])
    assert np.mean(named(trained, vectors[held]) == labels[held]) > 0.9


def test_one_point_an_epoch_is_told_and_the_curves_hold_the_same():
    vectors, labels = clusters([10] * 4)
    told = []
    trained = train(vectors, labels, reporter=Reporter(told.append))
    assert tuple(told) == trained.curves
    assert all(isinstance(point, Measured) and point.series == "mlp" for point in told)
    assert [point.step for point in told] == list(range(1, len(told) + 1))
    assert set(told[0].values) == {
        "loss",
        "validation_loss",
        "accuracy",
        "validation_accuracy",
        "rate",
    }


def test_the_curve_shows_the_rate_going_down_on_a_plateau():
    vectors, labels = clusters([20] * 4, spread=2.0)
    trained = train(vectors, labels, replace(SMALL, plateau=2, patience=0, epochs=30))
    rates = [point.values["rate"] for point in trained.curves]
    assert rates[0] == SMALL.rate
    assert min(rates) <= SMALL.rate / 4
    assert rates == sorted(rates, reverse=True)


def test_the_best_epoch_is_kept_and_patience_ends_it():
    vectors, labels = clusters([20] * 4, spread=2.0)
    trained = train(vectors, labels, replace(SMALL, plateau=0, patience=4, epochs=200))
    losses = [point.values["validation_loss"] for point in trained.curves]
    assert len(losses) < 200
    assert trained.best_epoch == 1 + int(np.argmin(losses))


def test_the_kept_weights_are_those_of_the_best_epoch():
    """Stopped right after it, the same training gives the same network."""
    vectors, labels = clusters([20] * 4, spread=2.0)
    parameters = replace(SMALL, patience=4, epochs=200)
    whole = train(vectors, labels, parameters)
    cut = train(vectors, labels, replace(parameters, epochs=whole.best_epoch))
    assert len(whole.curves) > len(cut.curves)
    np.testing.assert_allclose(whole.network(vectors), cut.network(vectors), atol=1e-5)


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    vectors, labels = clusters([10] * 4)
    first, again, other = (train(vectors, labels, seed=seed).network(vectors) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize(("counts", "dimension"), [([2, 2], 6), ([1, 5], 1), ([1, 1, 40, 2], 200)])
def test_galleries_of_any_size_train_without_losing_a_number(counts, dimension):
    vectors, labels = clusters(counts, dimension)
    for scaling in ("none", "standardised", "whitened"):
        trained = train(vectors, labels, replace(SMALL, scaling=scaling, epochs=3))
        assert trained.network(vectors).shape == (len(labels), len(counts))
        assert np.isfinite(trained.network(vectors)).all()
        assert all(np.isfinite(list(point.values.values())).all() for point in trained.curves)


def test_two_people_with_two_faces_each_are_told_apart():
    vectors, labels = clusters([2, 2], spread=0.01)
    trained = train(vectors, labels)
    assert list(named(trained, vectors)) == list(labels)


def test_where_no_face_can_be_held_out_it_says_so():
    trained = train(*clusters([1, 1, 1, 1]), replace(SMALL, epochs=2))
    assert "held out" in trained.remarks[0]


def test_one_person_alone_is_refused_with_a_remedy():
    vectors, labels = clusters([8])
    with pytest.raises(TrainingError, match="fewer than two") as refusal:
        train(vectors, labels)
    assert refusal.value.remedy


def test_a_cancelled_training_ends_at_the_next_epoch():
    cancel = CancelToken()
    told = []

    def listen(event):
        told.append(event)
        if len(told) == 2:
            cancel.cancel()

    vectors, labels = clusters([10] * 4)
    with pytest.raises(CancelledError):
        train(vectors, labels, reporter=Reporter(listen, cancel))
    assert len(told) == 2


def test_a_refused_name_becomes_unlikely_where_it_was_refused():
    vectors, labels = clusters([12] * 4)
    parameters = replace(SMALL, balance=0, patience=0)
    stranger = vectors[labels == 0].mean(axis=0, keepdims=True)
    before, after = (
        train(vectors, labels, parameters, rejected=rejected).network(stranger)[0]
        for rejected in (None, (np.repeat(stranger, 30, axis=0), np.zeros(30, np.int64)))
    )
    assert share(before)[0] > 0.7
    assert share(after)[0] < 0.35


def test_an_adjustment_moves_the_logits_by_the_logarithm_of_the_share_of_faces():
    vectors, labels = clusters([40, 20, 10, 10])
    parameters = replace(SMALL, adjustment=0.0, epochs=2)
    plain = train(vectors, labels, parameters).network(vectors)
    adjusted = train(vectors, labels, replace(parameters, adjustment=0.5)).network(vectors)
    moved = (adjusted - plain).mean(axis=0)
    # the same share is held out of each: the ratios stay
    np.testing.assert_allclose(moved[2] - moved[:3], 0.5 * np.log([4, 2, 1]), atol=0.03)
    assert np.ptp(adjusted - plain, axis=0).max() < 1e-4


def test_a_rate_that_loses_every_number_is_refused_with_a_remedy():
    vectors, labels = clusters([10] * 4)
    with pytest.raises(TrainingError, match="diverged") as refusal:
        train(vectors * np.float32(1e30), labels, replace(SMALL, scaling="none"))
    assert "lower learning rate" in refusal.value.remedy


def share(logits):
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def test_every_row_counts_once_an_epoch_and_padding_never():
    """With a rate of nothing the sums are those of the untouched weights over all rows."""
    vectors, labels = clusters([7, 6, 10])
    kernel = np.linspace(-1, 1, 18, dtype=np.float32).reshape(6, 3)
    weights = [kernel, np.arange(3, dtype=np.float32)]
    rows = TrainingRows.certain(vectors, labels)
    figures = ClassifierEpochs(weights, ClassifierSettings(batch=5), rows, rows, 0).run(0.0)
    logits = vectors @ weights[0] + weights[1]
    shares = np.array([share(row) for row in logits])
    loss = -np.log(shares[np.arange(23), labels]).mean()
    accuracy = np.mean(logits.argmax(axis=1) == labels)
    assert figures.loss == pytest.approx(loss, rel=1e-5)
    assert figures.validation_loss == pytest.approx(loss, rel=1e-5)
    assert figures.accuracy == pytest.approx(accuracy)
    assert figures.validation_accuracy == pytest.approx(accuracy)


def test_the_notebooks_preset_learns_the_sample_by_far_better_than_guessing(shared_data):
    vectors, labels = faces_of(shared_data / "lfw-158-dlib.npz")
    kept, held = holdout(labels, 0.2, np.random.default_rng(0))
    trained = train_mlp(
        vectors[kept], labels[kept], NOTEBOOK_MLP, "cosine", seed=0, reporter=SILENT
    )
    assert np.mean(named(trained, vectors[held]) == labels[held]) > 0.4


def faces_of(path):
    with np.load(path, allow_pickle=False) as table:
        names = np.unique(table["names"], return_inverse=True)[1]
        return table["embeddings"], names


@pytest.fixture
def few_at_a_time(monkeypatch):
    """Beyond four people they are told apart three at a time."""
    monkeypatch.setattr("engine.training.worker.mlp_trainer.WHOLE", 4)
    monkeypatch.setattr("engine.training.worker.partial_softmax.BLOCK", 3)


def test_very_many_people_are_told_apart_a_block_at_a_time(few_at_a_time):
    vectors, labels = clusters([20] * 7)
    kept, held = holdout(labels, 0.3, np.random.default_rng(0))
    trained = train(vectors[kept], labels[kept])
    assert trained.network(vectors).shape == (len(labels), 7)
    assert np.mean(named(trained, vectors[held]) == labels[held]) > 0.9
    assert "at a time" in trained.caveat


def test_of_blocks_the_same_seed_gives_the_same_network_and_it_is_the_best_epochs(few_at_a_time):
    vectors, labels = clusters([20] * 7, spread=2.0)
    whole, again = (train(vectors, labels, SMALL) for _ in range(2))
    np.testing.assert_array_equal(whole.network(vectors), again.network(vectors))
    losses = [point.values["validation_loss"] for point in whole.curves]
    assert whole.best_epoch == 1 + int(np.argmin(losses))


def test_very_many_people_are_learned_in_few_epochs_with_a_rate_that_falls(few_at_a_time):
    vectors, labels = clusters([20] * 7)
    trained = train(vectors, labels, replace(SMALL, epochs=MlpParameters.epochs))
    rates = [point.values["rate"] for point in trained.curves]
    assert len(rates) == EPOCHS
    assert rates[0] == rates[EPOCHS // 2 - 1] > rates[EPOCHS // 2] > rates[-1] > 0
    assert f"no more than {EPOCHS} epochs" in trained.caveat
    asked = train(vectors, labels, replace(SMALL, epochs=EPOCHS + 2))
    assert len(asked.curves) == EPOCHS + 2


def test_in_blocks_every_row_counts_once_an_epoch_and_all_people_are_watched(few_at_a_time):
    vectors, labels = clusters([7, 6, 10, 1])
    weights = [np.zeros((6, 4), np.float32), np.zeros(4, np.float32)]
    rows = TrainingRows.certain(vectors, labels)
    figures = PartialSoftmaxEpochs(weights, ClassifierSettings(batch=5), rows, rows, 0).run(0.0)
    alike = 1 / len(vectors)
    assert figures.loss == pytest.approx(np.log(3), rel=1e-5)
    assert figures.validation_loss == pytest.approx(np.log(4), rel=1e-5)
    assert figures.validation_accuracy == pytest.approx(7 * alike)


def test_what_a_face_is_not_is_learned_in_blocks_too(few_at_a_time):
    vectors, labels = clusters([10] * 7)
    refused = vectors[:5], np.zeros(5, dtype=np.int64)
    plain = train(vectors, labels, replace(SMALL, epochs=10))
    told = train(vectors, labels, replace(SMALL, epochs=10), rejected=refused)
    before, after = (share(one.network(vectors[:1])[0])[0] for one in (plain, told))
    assert after < before
