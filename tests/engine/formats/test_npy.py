"""Reading one .npy file: every honest array comes in exactly, everything else is refused."""

from __future__ import annotations

import os
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib import format as npy_format

from engine.errors import EmbeddingError, MismatchError
from engine.formats import input_file
from engine.formats.sources import read_file
from tests.unprivileged import call_unprivileged

FRACTIONS = hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?")
NUMBERS = st.one_of(
    FRACTIONS,
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
)
SHAPES = st.one_of(st.tuples(st.integers(1, 9)), st.tuples(st.integers(1, 5), st.integers(1, 9)))


def refused(path, **options) -> EmbeddingError:
    with pytest.raises(EmbeddingError) as caught:
        read_file(path, **options)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def honest_header(shape: str, descr: str = "'<f4'", version: bytes = b"\x01\x00") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = len(header).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + length + header


# -- what comes in -----------------------------------------------------------------------------


def test_a_single_vector_becomes_one_row_without_a_name(save, vector):
    path = save("George_W_Bush/George_W_Bush_0001.npy", vector())
    batch = read_file(path)
    np.testing.assert_array_equal(batch.vectors, vector()[None])
    assert batch.vectors.dtype == np.float32
    assert list(batch.names) == [None]
    assert list(batch.files) == [str(path)]
    assert list(batch.rows) == [0]
    assert list(batch.photos) == [None]


def test_a_matrix_becomes_one_row_for_each_of_its_rows(save, vector):
    rows = np.stack([vector(0), vector(1), vector(2)])
    batch = read_file(save("queries.npy", rows))
    np.testing.assert_array_equal(batch.vectors, rows)
    assert list(batch.rows) == [0, 1, 2]


@given(dtype=FRACTIONS, shape=SHAPES, order=st.sampled_from("CF"), data=st.data())
def test_any_type_order_and_byte_order_is_read_exactly(tmp_path, dtype, shape, order, data):
    values = data.draw(hnp.arrays(np.int16, shape, elements=st.integers(-1000, 1000)))
    array = np.asarray(values.astype(dtype), order=order)
    array[..., 0] = 0.5  # no row of whole numbers
    path = tmp_path / "any.npy"
    np.save(path, array)
    np.testing.assert_array_equal(
        read_file(path).vectors, np.atleast_2d(array).astype(np.float32), strict=True
    )


@given(dtype=NUMBERS, shape=SHAPES, data=st.data())
def test_whole_numbers_are_labels_and_no_faces_whatever_they_are_kept_as(
    tmp_path, dtype, shape, data
):
    labels = data.draw(hnp.arrays(np.uint8, shape, elements=st.integers(1, 100)))
    np.save(tmp_path / "labels.npy", labels.astype(dtype))
    error = refused(tmp_path / "labels.npy")
    assert "only whole numbers" in error.problem
    assert "scale it to length 1" in error.remedy


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_format_version_is_read(tmp_path, vector, version):
    path = tmp_path / "vector.npy"
    with open(path, "wb") as stream:
        npy_format.write_array(stream, vector(), version=version)
    np.testing.assert_array_equal(read_file(path).vectors, vector()[None])


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_larger_than_what_is_read_at_first_is_whole(save, order):
    rows = np.random.default_rng(3).standard_normal((700, 128)).astype(np.float32, order=order)
    np.testing.assert_array_equal(read_file(save("many.npy", rows)).vectors, rows)


def test_the_photo_beside_a_single_vector_is_found(save, picture, vector):
    photo = picture("Jean_Charest/Jean_Charest_0001.jpg")
    batch = read_file(save("Jean_Charest/Jean_Charest_0001.npy", vector()))
    assert list(batch.photos) == [photo]


def test_the_needed_dimension_is_accepted(save, vector):
    assert len(read_file(save("vector.npy", vector(dimension=16)), dimension=16)) == 1


# -- what does not -----------------------------------------------------------------------------


def test_another_dimension_is_a_mismatch_that_names_both(save, vector):
    path = save("vector.npy", vector(dimension=64))
    with pytest.raises(MismatchError, match=r"64 .*128") as caught:
        read_file(path, dimension=128)
    assert caught.value.file == str(path)
    assert caught.value.remedy


def test_an_empty_file_is_refused(write):
    assert "empty" in refused(write("empty.npy", b"")).problem


@pytest.mark.parametrize("shape", [(0,), (0, 128), (3, 0)])
def test_an_array_without_numbers_is_refused(save, shape):
    assert "no embedding" in refused(save("none.npy", np.empty(shape, np.float32))).problem


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_refused(save, vector, value):
    bad = vector()
    bad[3] = value
    assert "NaN" in refused(save("bad.npy", bad)).problem


def test_a_number_that_float32_cannot_hold_is_refused(save, vector):
    bad = vector().astype(np.float64)
    bad[0] = 1e300
    assert "too large" in refused(save("bad.npy", bad)).problem


@pytest.mark.parametrize(("length", "word"), [(1.7e19, "large"), (2e18, "large"), (1e-13, "small")])
def test_lengths_that_no_distance_can_be_measured_by_are_refused(save, length, word):
    row = np.full(8, length / np.sqrt(8), np.float32)
    problem = refused(save("length.npy", row)).problem
    assert problem == f"Its numbers are too {word} to compute distances"


def test_all_zeros_are_refused(save):
    assert "all zeros" in refused(save("zeros.npy", np.zeros(8, np.float32))).problem


@pytest.mark.parametrize("scale", [1e-30, 1e25])
def test_a_vector_whose_length_float32_cannot_hold_is_refused(save, scale):
    assert "distance" in refused(save("odd.npy", np.full(8, scale, np.float32))).problem


def test_the_bad_rows_of_a_matrix_are_named(save, vector):
    rows = np.stack([vector(i) for i in range(5)])
    rows[1] = 0
    rows[4, 2] = np.nan
    problem = refused(save("rows.npy", rows)).problem
    assert "Row 1: it is all zeros" in problem
    assert "Row 4: it contains NaN" in problem


def test_of_many_bad_rows_the_first_are_named_and_the_rest_counted(save):
    assert "and 97 more" in refused(save("rows.npy", np.zeros((100, 8), np.float32))).problem


def test_text_renamed_to_npy_is_refused(write):
    assert "not a NumPy array" in refused(write("text.npy", "George W Bush, 0.1, 0.2")).problem


@pytest.mark.parametrize("length", [3, 6, 8, 9, 10, 60])
def test_a_truncated_header_is_refused_with_the_file_named(save, write, vector, length):
    whole = save("whole.npy", vector()).read_bytes()
    refused(write("cut.npy", whole[:length]))


def test_truncated_data_is_refused(save, write, vector):
    whole = save("whole.npy", vector()).read_bytes()
    assert "truncated" in refused(write("cut.npy", whole[:-5])).problem


def test_bytes_after_the_data_are_refused(save, write, vector):
    whole = save("whole.npy", vector()).read_bytes()
    assert "5 bytes too many" in refused(write("more.npy", whole + b"12345")).problem


class Trap:
    """Unpickled, it would leave a mark."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def test_a_pickled_object_array_is_refused_and_never_unpickled(save, tmp_path):
    mark = tmp_path / "mark"
    path = save("objects.npy", np.array([Trap(str(mark))], dtype=object), allow_pickle=True)
    assert "pickled" in refused(path).problem
    assert not mark.exists()


def test_a_bare_pickle_is_refused_and_never_unpickled(write, tmp_path):
    mark = tmp_path / "mark"
    assert "pickle" in refused(write("bare.npy", pickle.dumps(Trap(str(mark))))).problem
    assert not mark.exists()


@pytest.mark.parametrize("shape", ["(1000000000000, 128)", "(1000000000000,)"])
def test_a_header_that_claims_a_million_million_rows_takes_no_memory(write, shape):
    path = write("huge.npy", honest_header(shape) + b"\0" * 512)
    refused(path)
    tracemalloc.start()
    refused(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_header_of_absurd_length_is_refused(write):
    path = write("long.npy", b"\x93NUMPY\x02\x00" + (2**31).to_bytes(4, "little") + b"{" * 100_000)
    assert "2,147,483,648" in refused(path).problem


@pytest.mark.parametrize(
    "content",
    [
        honest_header("(-8,)"),
        honest_header("(4, -2)") + b"\0" * 32,
        honest_header("(8.0,)"),
        honest_header("8"),
        honest_header("(8,)", "'<q99'"),
        honest_header("(8,)", "[[[]]]"),
        honest_header("(8,)", "(" * 300),
        honest_header("(8,)", "__import__('os')"),
        b"\x93NUMPY\x01\x00\x08\x00not a  \n",
        b"\x93NUMPY\x09\x00" + honest_header("(8,)")[8:],
    ],
)
def test_a_header_that_makes_no_sense_is_refused(write, content):
    refused(write("odd.npy", content))


@pytest.mark.parametrize(
    "array",
    [
        np.ones(8, np.complex64),
        np.ones(8, np.bool_),
        np.array(["0.1", "0.2"]),
        np.array([b"0.1", b"0.2"]),
        np.zeros(8, "datetime64[s]"),
        np.zeros(8, [("x", "f4"), ("y", "f4")]),
    ],
    ids=lambda array: array.dtype.kind,
)
def test_values_that_are_no_real_numbers_are_refused(save, array):
    assert "not real numbers" in refused(save("other.npy", array)).problem


@pytest.mark.parametrize("shape", [(), (2, 2, 2)])
def test_any_other_number_of_dimensions_is_refused(save, shape):
    assert "shape" in refused(save("shape.npy", np.ones(shape, np.float32))).problem


def test_a_folder_named_like_a_file_is_refused(tmp_path):
    path = tmp_path / "x.npy"
    path.mkdir()
    assert "folder" in refused(path).problem


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    assert "does not exist" in refused(tmp_path / "nobody.npy").problem


def test_a_file_that_may_not_be_read_is_refused(reachable, vector):
    path = reachable / "private.npy"
    np.save(path, vector())
    path.chmod(0)

    def check():
        assert "permission to read" in refused(path).problem

    call_unprivileged(check)


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    path = tmp_path / "loop.npy"
    path.symlink_to(path)
    assert "link" in refused(path).problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_at_once(tmp_path):
    path = tmp_path / "pipe.npy"
    os.mkfifo(path)
    assert "pipe" in refused(path).problem


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path):
    path = tmp_path / "giant.npy"
    with open(path, "wb") as stream:
        stream.truncate(input_file.MAX_BYTES + 1)  # sparse: takes no disk
    assert "Split" in refused(path).remedy


def test_a_path_that_no_system_could_have_is_refused():
    with pytest.raises(EmbeddingError):
        read_file("zero\0byte.npy")


def test_a_kind_of_file_that_holds_no_embeddings_is_refused_by_name(picture):
    assert ".npy" in refused(picture("photo.jpg")).remedy
