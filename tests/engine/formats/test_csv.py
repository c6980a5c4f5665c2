"""Reading a CSV table: the good lines come in, each bad one is named by its line."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from engine.errors import CancelledError, EmbeddingError, MismatchError
from engine.formats.sources import read_file, read_sources
from engine.progress import CancelToken, Reporter


@pytest.fixture
def rows(vector):
    return np.stack([vector(i) for i in range(3)])


def table(
    rows, names=("George W Bush", "Jean_Charest", "José María Aznar"), delimiter=",", end="\n"
):
    lines = [
        delimiter.join([*([name] if name else []), *(repr(float(x)) for x in row)])
        for name, row in zip(names, rows, strict=True)
    ]
    return end.join([*lines, ""])


def refused(path, **options) -> EmbeddingError:
    with pytest.raises(EmbeddingError) as caught:
        read_file(path, **options)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_is_read_exactly_whatever_separates_it(write, rows, delimiter, end, mark):
    path = write("faces.csv", mark + table(rows, delimiter=delimiter, end=end))
    reading = read_sources([path])
    assert reading.rejected == ()
    np.testing.assert_array_equal(reading.batch.vectors, rows)
    assert list(reading.batch.names) == ["George W Bush", "Jean Charest", "José María Aznar"]
    assert list(reading.batch.files) == [str(path)] * 3
    assert list(reading.batch.rows) == [0, 1, 2]


@pytest.mark.parametrize(
    "header", ["name," + ",".join(f"e{i}" for i in range(8)), "Person," + ",".join("01234567")]
)
def test_a_header_line_is_recognised(write, rows, header):
    reading = read_sources([write("faces.csv", f"{header}\n{table(rows)}")])
    np.testing.assert_array_equal(reading.batch.vectors, rows)
    assert list(reading.batch.rows) == [0, 1, 2]


def test_the_name_may_be_any_column_that_says_so(write, rows):
    lines = [",".join(map(repr, map(float, row))) + ",A" for row in rows]
    header = ",".join([*(f"e{i}" for i in range(8)), "identity"])
    reading = read_sources([write("faces.csv", "\n".join([header, *lines]))])
    assert list(reading.batch.names) == ["A"] * 3
    np.testing.assert_array_equal(reading.batch.vectors, rows)


def test_a_quoted_name_may_hold_the_delimiter(write, rows):
    reading = read_sources([write("faces.csv", table(rows, names=['"Bush, George W"', "A", "B"]))])
    assert reading.batch.names[0] == "Bush, George W"


@pytest.mark.parametrize("names", [(None, None, None), ("A", "B", "C")])
@pytest.mark.parametrize("dimension", [8, None])
def test_queries_may_leave_the_name_out(write, rows, names, dimension):
    batch = read_file(write("queries.csv", table(rows, names=names)), dimension=dimension)
    np.testing.assert_array_equal(batch.vectors, rows)
    assert tuple(batch.names) == names


def test_queries_without_names_may_have_a_header(write, rows):
    header = ",".join(f"e{i}" for i in range(8))
    batch = read_file(write("queries.csv", f"{header}\n{table(rows, names=[None] * 3)}"))
    np.testing.assert_array_equal(batch.vectors, rows)


def test_an_import_without_names_is_left_out(write, rows):
    reading = read_sources([write("faces.csv", table(rows, names=[None] * 3))], dimension=8)
    assert len(reading.batch) == 0
    assert "no names" in reading.rejected[0].reason


BAD_LINES = {
    "not a number": ("A,1,2,3,x,5,6,7,8", "“x” is not a number"),
    "too few numbers": ("A,1,2,3", "4 cells; other lines have 9"),
    "too many numbers": ("A,1,2,3,4,5,6,7,8,9", "10 cells; other lines have 9"),
    "no numbers": ("A", "1 cell; other lines have 9"),
    "NaN": ("A,1,2,3,nan,5,6,7,8", "NaN"),
    "infinity": ("A,1,2,3,-inf,5,6,7,8", "infinity"),
    "too large": ("A,1,2,3,1e300,5,6,7,8", "too large"),
    "all zeros": ("A,0,0,0,0,0,0,0,0", "all zeros"),
    "an open quote": ('"A,1,2,3,4,5,6,7,8', "Line 3"),
    "no name": (",1,2,3,4,5,6,7,8", "name is empty"),
    "a path for a name": ("../../etc,1,2,3,4,5,6,7,8", "path"),
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_left_out_and_named_and_the_others_come_in(write, rows, line, reason):
    lines = table(rows).splitlines()
    path = write("faces.csv", "\n".join([*lines[:2], line, lines[2]]))
    reading = read_sources([path])
    np.testing.assert_array_equal(reading.batch.vectors, rows)
    assert list(reading.batch.rows) == [0, 1, 3]
    (rejection,) = reading.rejected
    assert rejection.file == str(path)
    assert rejection.reason.startswith("Line 3: ")
    assert reason.lower() in rejection.reason.lower()


def test_queries_with_a_bad_line_are_refused_whole(write, rows):
    path = write("queries.csv", table(rows) + "A,1,2\n" + "B,x\n")
    problem = refused(path).problem
    assert "Line 4" in problem
    assert "Line 5" in problem


def test_another_dimension_is_a_mismatch_of_the_file_and_not_of_each_line(write, rows):
    path = write("faces.csv", table(rows))
    with pytest.raises(MismatchError):
        read_file(path, dimension=128)
    assert len(read_sources([path], dimension=128).rejected) == 1


@pytest.mark.parametrize(
    "content", ["", "\n\n", "\ufeff", "name,e0,e1\n", "what is this\n", "A\nB\n"]
)
def test_a_table_without_a_single_embedding_is_refused(write, content):
    path = write("none.csv", content)
    refused(path)
    assert len(read_sources([path]).rejected) == 1


def test_another_encoding_is_refused_with_the_remedy(write, rows):
    error = refused(write("faces.csv", table(rows).encode("latin-1")))
    assert "not valid UTF-8" in error.problem
    assert "CSV UTF-8" in error.remedy


def test_an_endless_line_is_refused_without_taking_memory(tmp_path):
    path = tmp_path / "endless.csv"
    with open(path, "wb") as stream:
        stream.truncate(200 * 1024**2)  # sparse: zero bytes and no line end
    tracemalloc.start()
    assert "longer" in refused(path).problem
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_long_table_can_be_cancelled(write, rows):
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        read_sources([write("faces.csv", table(rows))], reporter=Reporter(cancel=token))


def test_a_folder_named_like_a_table_is_refused(tmp_path):
    (tmp_path / "x.csv").mkdir()
    assert "folder" in refused(tmp_path / "x.csv").problem
