"""Trained networks as arrays: what they compute, and files that cannot be trusted."""

from __future__ import annotations

import contextlib
import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.models.network import Layer, Network

QUERIES = np.random.default_rng(9).standard_normal((5, 6)).astype(np.float32)


class Evil:
    """Does what it likes when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


def same(one: Network, other: Network) -> bool:
    """Whether two networks are equal bit by bit."""
    settings_ = [(n.distance, n.residual, n.unit, [x.relu for x in n.layers]) for n in (one, other)]
    arrays = [
        [(a.shape, a.dtype, a.tobytes()) for a in (n.mean, n.scale)]
        + [(a.shape, a.dtype, a.tobytes()) for x in n.layers for a in (x.kernel, x.bias)]
        for n in (one, other)
    ]
    return settings_[0] == settings_[1] and arrays[0] == arrays[1]


def rewrite(path, **changes) -> None:
    """Replaces arrays of a saved network; None leaves one out."""
    with np.load(path) as archive:
        arrays = {**archive, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.fixture
def saved(tmp_path, make_network):
    path = tmp_path / "network.npz"
    make_network(4, 3).save(path)
    return path


def test_it_computes_layer_by_layer_what_is_written_about_it(make_network):
    network = make_network(4, 6, residual=True, unit=True)
    unit = QUERIES / np.linalg.norm(QUERIES, axis=1, keepdims=True)
    start = (unit.astype(np.float64) - network.mean) * network.scale
    first, last = network.layers
    hidden = np.maximum(start @ first.kernel + first.bias, 0)
    outputs = hidden @ last.kernel + last.bias + start
    expected = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    assert np.allclose(network(QUERIES), expected, atol=1e-5)
    assert network(QUERIES).dtype == np.float32
    assert (network.dimension, network.outputs) == (6, 6)


def test_a_whitened_input_is_multiplied_by_the_matrix(make_network):
    network = replace(make_network(whitened=True), distance="euclidean")
    assert np.allclose(network(QUERIES), (QUERIES - network.mean) @ network.scale, atol=1e-5)


def test_without_layers_there_is_nothing_to_add_the_input_to(make_network):
    plain = make_network()
    assert np.array_equal(replace(plain, residual=True)(QUERIES), plain(QUERIES))
    assert plain.outputs == 6


def test_a_residual_network_with_its_last_layer_at_zero_is_the_scaled_input(make_network):
    network = make_network(4, 6, whitened=True, residual=True)
    zero = Layer(np.zeros((4, 6), np.float32), np.zeros(6, np.float32), relu=False)
    start = replace(network, layers=(network.layers[0], zero))
    assert np.array_equal(start(QUERIES), start.scaled(QUERIES))


@pytest.mark.parametrize("widths", [(), (3,), (16, 8, 6)])
@pytest.mark.parametrize("whitened", [False, True])
def test_what_was_saved_is_loaded_bit_by_bit(tmp_path, make_network, widths, whitened):
    network = make_network(*widths, whitened=whitened, unit=True)
    network.save(tmp_path / "network.npz")
    loaded = Network.load(tmp_path / "network.npz")
    assert same(loaded, network)
    assert np.array_equal(loaded(QUERIES), network(QUERIES))


def test_weights_of_double_precision_are_saved_as_single(tmp_path, make_network):
    network = make_network(3)
    doubled = replace(network, mean=network.mean.astype(np.float64))
    doubled.save(tmp_path / "network.npz")
    assert same(Network.load(tmp_path / "network.npz"), network)


def test_a_missing_weights_file_is_said_with_the_file_named(tmp_path):
    with pytest.raises(ModelError, match="No such file") as caught:
        Network.load(tmp_path / "network.npz")
    assert caught.value.file == str(tmp_path / "network.npz")
    assert caught.value.remedy


def test_a_truncated_weights_file_is_refused_with_the_file_named(saved):
    data = saved.read_bytes()
    for length in range(0, len(data), 97):
        saved.write_bytes(data[:length])
        with pytest.raises(ModelError) as caught:
            Network.load(saved)
        assert caught.value.file == str(saved)


@pytest.mark.parametrize("data", [b"", b"garbage" * 99, b"\x93NUMPY", b"PK\x03\x04" + bytes(500)])
def test_garbage_is_refused(saved, data):
    saved.write_bytes(data)
    with pytest.raises(ModelError, match="cannot be read"):
        Network.load(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": np.array(2)},
        {"format": np.array([1, 1])},
        {"format": None},
        {"distance": np.array("manhattan")},
        {"flags": np.array([True])},
        {"relu": np.array(True)},
        {"relu": np.ones((2, 2), bool)},
        {"relu": np.ones(3, bool)},
        {"mean": None},
        {"mean": np.ones(6)},
        {"mean": np.array(["1"] * 6)},
        {"kernel0": None},
    ],
    ids=str,
)
def test_a_file_of_another_version_is_refused(saved, changes):
    rewrite(saved, **changes)
    with pytest.raises(ModelError, match="cannot be read"):
        Network.load(saved)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


@pytest.mark.parametrize(
    "changes",
    [
        {"mean": ones(5)},
        {"mean": ones(6, 1)},
        {"mean": ones(0), "scale": ones(0)},
        {"scale": ones(5)},
        {"scale": ones(5, 6)},
        {"scale": ones(6, 6, 6)},
        {"scale": ones(6, 5)},
        {"kernel0": ones(5, 4)},
        {"kernel0": ones(6, 5)},
        {"kernel0": ones(6)},
        {"kernel1": ones(4, 0), "bias1": ones(0)},
        {"bias0": ones(3)},
        {"bias0": ones(1)},
        {"flags": np.array([True, False])},  # 6 in, 3 out: nothing to add up
        {"bias1": np.array([0, np.nan, 0], np.float32)},
        {"kernel0": np.full((6, 4), np.inf, np.float32)},
    ],
    ids=lambda changes: "-".join(f"{name}{array.shape}" for name, array in changes.items()),
)
def test_weights_that_do_not_fit_or_are_not_finite_are_refused(saved, changes):
    rewrite(saved, **changes)
    with pytest.raises(ModelError, match="do not fit one another") as caught:
        Network.load(saved)
    assert caught.value.file == str(saved)


def test_pickled_objects_are_refused_and_never_run(saved):
    rewrite(saved, bias0=np.array([Evil()], dtype=object))
    with pytest.raises(ModelError, match="type object"):
        Network.load(saved)


def test_a_packed_archive_is_refused_before_it_unpacks(saved):
    arrays = dict(np.load(saved))
    np.savez_compressed(saved, **{**arrays, "kernel0": ones(6, 200_000)})
    assert saved.stat().st_size < 100_000
    with pytest.raises(ModelError, match="packed"):
        Network.load(saved)


def test_a_header_that_promises_more_than_there_is_costs_no_memory(saved):
    head = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**6)}
    np.lib.format.write_array_header_1_0(head, shape)
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("extra.npy", head.getvalue())
    with pytest.raises(ModelError, match="length does not fit"):
        Network.load(saved)


def test_an_archive_of_absurdly_many_arrays_is_refused(saved):
    with zipfile.ZipFile(saved, "a") as archive:
        for number in range(1_000):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(ModelError, match="more than 1,000 files"):
        Network.load(saved)


@pytest.mark.slow
@settings(
    max_examples=100,
    derandomize=True,
)
@given(flips=st.lists(st.tuples(st.floats(0, 0.999999), st.integers(1, 255)), min_size=1))
def test_flipped_bytes_give_a_model_error_or_an_equal_network(saved, flips):
    good = saved.read_bytes()
    network = Network.load(saved)
    data = bytearray(good)
    for place, bits in flips:
        data[int(place * len(data))] ^= bits
    saved.write_bytes(data)
    with contextlib.suppress(ModelError):
        assert same(Network.load(saved), network)
    saved.write_bytes(good)


def test_a_single_flipped_byte_gives_a_model_error_or_an_equal_network(saved):
    good = saved.read_bytes()
    network = Network.load(saved)
    refused = 0
    for place in range(0, len(good), 7):
        saved.write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        try:
            assert same(Network.load(saved), network)
        except ModelError:
            refused += 1
    assert refused > len(good) / 14
