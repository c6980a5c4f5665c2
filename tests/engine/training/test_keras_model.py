"""The same network in NumPy and in Keras."""

from itertools import pairwise

import keras
import numpy as np
import pytest

from engine.models.network import Layer, Network, fit_scaler
from engine.training.worker.keras_model import save_keras, to_keras

# of Keras's own making, when it copies a variable to save it
pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def layer(random, inputs, outputs, relu=False):
    kernel = random.normal(size=(inputs, outputs)) / np.sqrt(inputs)
    bias = random.normal(size=outputs) / 10
    return Layer(kernel.astype(np.float32), bias.astype(np.float32), relu)


def faces(random, dimension):
    """Rows that lie together on one side, as embeddings do."""
    return (random.normal(size=(200, dimension)) + 1).astype(np.float32)


def mlp(random, rows, distance, scaling, hidden=(30,)):
    widths = [rows.shape[1], *hidden, 7]
    layers = tuple(
        layer(random, inputs, outputs, relu=number < len(hidden))
        for number, (inputs, outputs) in enumerate(pairwise(widths))
    )
    return Network(distance, *fit_scaler(rows, distance, scaling), layers)


def triplet(random, rows, distance, scaling):
    layers = (layer(random, rows.shape[1], rows.shape[1]),)
    scaler = fit_scaler(rows, distance, scaling)
    return Network(distance, *scaler, layers, residual=True, unit=True)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("scaling", ["none", "standardised", "whitened"])
@pytest.mark.parametrize("shape", [mlp, triplet])
def test_numpy_answers_as_keras_does(distance, scaling, shape):
    random = np.random.default_rng(1)
    rows = faces(random, 40)
    network = shape(random, rows, distance, scaling)
    expected = to_keras(network)(rows).numpy()
    np.testing.assert_allclose(network(rows), expected, **CLOSE)


@pytest.mark.parametrize("shape", [mlp, triplet])
def test_both_files_are_read_back_and_agree(tmp_path, shape):
    random = np.random.default_rng(2)
    rows = faces(random, 128)
    network = shape(random, rows, "cosine", "whitened")
    network.save(tmp_path / "weights.npz")
    save_keras(network, tmp_path / "model.keras")
    kept = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    loaded = Network.load(tmp_path / "weights.npz")
    np.testing.assert_allclose(loaded(rows), kept(rows).numpy(), **CLOSE)


def test_a_network_without_hidden_layers_or_with_two_agrees_as_well():
    random = np.random.default_rng(3)
    rows = faces(random, 5)
    for hidden in ((), (10, 10)):
        network = mlp(random, rows, "euclidean", "standardised", hidden)
        np.testing.assert_allclose(network(rows), to_keras(network)(rows).numpy(), **CLOSE)


def test_nothing_but_the_model_is_left_in_the_folder(tmp_path):
    random = np.random.default_rng(4)
    network = mlp(random, faces(random, 8), "cosine", "none")
    save_keras(network, tmp_path / "model.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    random = np.random.default_rng(5)
    network = mlp(random, faces(random, 8), "cosine", "none")
    save_keras(network, tmp_path / "model.keras")
    before = (tmp_path / "model.keras").read_bytes()

    def full(self, path, *args, **kwargs):
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(keras.Model, "save", full)
    with pytest.raises(OSError, match="no space"):
        save_keras(network, tmp_path / "model.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
    assert (tmp_path / "model.keras").read_bytes() == before
