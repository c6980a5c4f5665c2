"""Tables in every dialect: what comes in is what was meant, or the table is refused."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from engine.errors import FaceGalleryError
from engine.formats.name_column import plain_title
from engine.formats.sources import read_file, read_sources
from engine.records.names import shown_name

PEOPLE = ("Ann", "Lee, Bob", "Person", "Éva", 'O"Neil', "#1", "Nan", "7up", "name", "1_2", "3;4")
FORMATS = ("r", ".4f", ".18e", ".3g")


@dataclass(frozen=True)
class Table:
    """What a person has: vectors as text, and what stands beside them."""

    numbers: list[list[str]]
    labels: list[str] | None
    label_title: str
    label_place: str
    index: list[str] | None
    index_title: str
    file: list[str] | None

    @property
    def vectors(self) -> np.ndarray:
        return np.array(self.numbers, dtype=np.float64).astype(np.float32)


@dataclass(frozen=True)
class Dialect:
    """How it is written."""

    separator: str
    decimal_comma: bool
    end: str
    encoding: str
    titles: str
    quoting: int
    trailing: bool
    separator_line: bool
    comments: tuple[str, ...]
    listed: bool


@st.composite
def tables(draw: st.DrawFn) -> Table:
    count, dimension = draw(st.integers(1, 14)), draw(st.integers(2, 9))
    random = np.random.default_rng(draw(st.integers(0, 999)))
    vectors = random.uniform(-1, 1, (count, dimension)) * draw(st.sampled_from([1, 20]))
    if draw(st.booleans()):
        vectors[:, draw(st.integers(0, dimension - 1))] = 0  # a dead unit
    form = draw(st.sampled_from(FORMATS))
    text = [[repr(x) if form == "r" else f"{x:{form}}" for x in row] for row in vectors.tolist()]
    kind = draw(st.sampled_from(["none", "text", "classes", "all different", "from zero"]))
    which = random.integers(0, draw(st.sampled_from([1, 2, 4])), count)
    labels: list[str] | None = None
    if kind == "text":
        chosen = draw(st.lists(st.sampled_from(PEOPLE), min_size=4, max_size=4))
        labels = [chosen[one] for one in which]
    elif kind == "classes":
        which = np.sort(which) if draw(st.booleans()) else which
        labels = [str(one) for one in which.tolist()]
    elif kind == "all different":
        labels = [str(one) for one in (random.permutation(count) + 5).tolist()]
    elif kind == "from zero":
        labels = [str(one) for one in range(count)]
    if labels and kind != "text" and draw(st.booleans()):
        labels = [f"{float(one):{'.1f' if form == 'r' else form}}" for one in labels]
    return Table(
        text,
        labels,
        draw(st.sampled_from(["name", "Label", "target", "y", "person_id", "who?", "", "128"])),
        draw(st.sampled_from(["first", "last"])),
        [str(row) for row in range(count)] if draw(st.integers(0, 2)) == 0 else None,
        draw(st.sampled_from(["", "Unnamed: 0", "id", "index", "#"])),
        [f"faces/{row}.jpg" for row in range(count)] if draw(st.integers(0, 4)) == 0 else None,
    )


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    separator = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    return Dialect(
        separator,
        draw(st.booleans()),
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])),
        draw(st.sampled_from(["none", "words", "numbers", "numbers from 1", "in comment"])),
        quoting,
        draw(st.booleans()),
        draw(st.integers(0, 4)) == 0,
        tuple(draw(st.lists(st.sampled_from(["# made today", "#", "# 3 faces, 0.5"]), max_size=2))),
        draw(st.integers(0, 5)) == 0,
    )


def written(table: Table, dialect: Dialect) -> bytes:
    dimension = len(table.numbers[0])
    first = 1 if dialect.titles == "numbers from 1" else 0
    words = dialect.titles in ("words", "in comment")
    titles = [f"e{place}" if words else str(first + place) for place in range(dimension)]
    lines = [list(row) for row in table.numbers]
    if dialect.decimal_comma and not dialect.listed:
        lines = [[cell.replace(".", ",") for cell in line] for line in lines]
    if dialect.listed:
        lines = [[f"[{', '.join(line)}]"] for line in lines]
        titles = ["embedding"]
    beside = [
        (table.labels, table.label_title, table.label_place),
        (table.file, "file", "last"),
        (table.index, table.index_title, "first"),
    ]
    for cells, title, place in beside:
        if cells is not None:
            shown = [one.replace(".", ",") for one in cells] if _commas(dialect, cells) else cells
            at = 0 if place == "first" else len(titles)
            titles.insert(at, title)
            for line, cell in zip(lines, shown, strict=True):
                line.insert(at, cell)
    above: list[str] = [f"sep={dialect.separator}"] * dialect.separator_line
    above += dialect.comments
    if dialect.titles == "in comment":
        above.append("# " + _line(titles, dialect))
    elif dialect.titles != "none":
        above.append(_line(titles, dialect))
    text = [*above, *(_line(line, dialect) for line in lines), ""]
    return dialect.end.join(text).encode(dialect.encoding)


def _commas(dialect: Dialect, cells: list[str]) -> bool:
    numbers = not any(cell.strip("0123456789.e+-") for cell in cells)
    return dialect.decimal_comma and numbers and not dialect.listed


def _line(cells: list[str], dialect: Dialect) -> str:
    stream = io.StringIO()
    writer = csv.writer(
        stream, delimiter=dialect.separator, quoting=dialect.quoting, lineterminator=""
    )
    writer.writerow(cells)
    return stream.getvalue() + dialect.separator * dialect.trailing


def asked_for(table: Table, dialect: Dialect) -> str | None:
    """What a person calls the column of names."""
    if dialect.titles != "none" and plain_title(table.label_title):
        return table.label_title
    before = 0 if table.label_place == "first" else 1 if dialect.listed else len(table.numbers[0])
    number = before + (table.index is not None) + 1
    return None if dialect.titles.startswith("numbers") else str(number)


def meant_name(label: str) -> str:
    try:
        return str(int(float(label))) if "." in label or "e" in label else shown_name(label)
    except ValueError:
        return shown_name(label)


@pytest.mark.slow
@settings(max_examples=200)
@given(table=tables(), dialect=dialects(), known=st.booleans(), asked=st.booleans())
def test_what_comes_in_is_what_was_meant_or_the_table_is_refused(
    tmp_path: Path, table: Table, dialect: Dialect, known: bool, asked: bool
) -> None:
    path = tmp_path / "faces.csv"
    path.write_bytes(written(table, dialect))
    dimension = len(table.numbers[0]) if known else None
    names = [meant_name(one) for one in table.labels] if table.labels else [None] * 14
    wanted = asked_for(table, dialect) if asked and table.labels else None
    reading = read_sources([path], dimension=dimension, name_column=wanted)
    for vector, name, row in zip(
        reading.batch.vectors, reading.batch.names, reading.batch.rows, strict=True
    ):
        np.testing.assert_array_equal(vector, table.vectors[row])
        assert name == names[row]
    assert len(reading.batch) == len(table.numbers) or reading.rejected
    try:
        batch = read_file(path, dimension=dimension, name_column=wanted)
    except FaceGalleryError as error:
        event(f"refused: {error.problem[:12]}")
        return
    event("read")
    np.testing.assert_array_equal(batch.vectors, table.vectors)
    if len(reading.batch):
        assert list(batch.names) == list(reading.batch.names)
