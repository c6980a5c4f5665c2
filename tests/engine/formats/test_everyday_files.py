"""Tables and arrays as common tools write them: read as they were meant, or refused in words."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import EmbeddingError, NameColumnError
from engine.formats.sources import read_file, read_sources
from engine.gallery import Gallery

FACES = (
    np.repeat(np.random.default_rng(1).normal(size=(3, 128)), 4, axis=0)
    + 0.3 * np.random.default_rng(2).normal(size=(12, 128))
).astype(np.float32) / 12
WHO = np.repeat(["Ann", "Bob", "Cem"], 4)
CLASSES = np.repeat(["0", "1", "2"], 4)
TITLES = [f"e{number}" for number in range(128)]
Rows = list[list[str]]


def cells(faces: np.ndarray = FACES) -> Rows:
    return [[repr(float(number)) for number in face] for face in faces]


def named(names: object = WHO) -> Rows:
    return [[str(name), *row] for name, row in zip(names, cells(), strict=True)]


def labelled(labels: object = CLASSES) -> Rows:
    return [[*row, str(label)] for label, row in zip(labels, cells(), strict=True)]


def indexed(rows: Rows) -> Rows:
    return [[str(number), *row] for number, row in enumerate(rows)]


def with_commas(rows: Rows) -> Rows:
    return [[cell.replace(".", ",") for cell in row] for row in rows]


def table(path: Path, rows: Rows, separator: str = ",", end: str = "\n", start: str = "") -> Path:
    with open(path, "w", newline="", encoding="utf-8") as stream:
        stream.write(start)
        csv.writer(stream, delimiter=separator, lineterminator=end).writerows(rows)
    return path


Written = Callable[[Path], Path]
TABLES: dict[str, tuple[Written, object]] = {
    "a class last, titled": (lambda p: table(p, [[*TITLES, "target"], *labelled()]), CLASSES),
    "a class last, no titles": (lambda p: table(p, labelled()), CLASSES),
    "a class sorted and zero for long": (
        lambda p: table(p, labelled(np.repeat([0, 1], [11, 1]))),
        np.repeat(["0", "1"], [11, 1]),
    ),
    "a class as a float": (lambda p: table(p, labelled([f"{c}.0" for c in CLASSES])), CLASSES),
    "pandas with its index": (
        lambda p: table(p, [["", "name", *map(str, range(128))], *indexed(named())]),
        WHO,
    ),
    "pandas without names": (
        lambda p: table(p, [["", *map(str, range(128))], *indexed(cells())]),
        None,
    ),
    "titles of numbers, a class last": (
        lambda p: table(p, [list(map(str, range(129))), *labelled()]),
        CLASSES,
    ),
    "an index without titles": (lambda p: table(p, indexed(named())), WHO),
    "a comma at the end": (lambda p: table(p, [[*row, ""] for row in named()]), WHO),
    "line ends of old": (lambda p: table(p, named(), end="\r"), WHO),
    "decimal commas": (
        lambda p: table(p, [["name", *TITLES], *with_commas(named())], ";", "\r\n"),
        WHO,
    ),
    "decimal commas in quotes": (lambda p: table(p, with_commas(named())), WHO),
    "Excel's separator line": (
        lambda p: table(p, [["name", *TITLES], *named()], ";", start="sep=;\n"),
        WHO,
    ),
    "a list in a cell": (
        lambda p: table(
            p,
            [
                ["name", "embedding"],
                *([who, str(face.tolist())] for who, face in zip(WHO, FACES, strict=True)),
            ],
        ),
        WHO,
    ),
    "an array in a cell": (
        lambda p: table(
            p,
            [[str(who), f"[{' '.join(face)}]"] for who, face in zip(WHO, cells(), strict=True)],
        ),
        WHO,
    ),
    "a first name Person": (
        lambda p: table(p, named(["Person", *WHO[1:]])),
        np.array(["Person", *WHO[1:]]),
    ),
    "bars": (lambda p: table(p, named(), "|"), WHO),
    "tabs and file names": (
        lambda p: table(
            p,
            [
                ["file", "identity", *TITLES],
                *([f"{i}.jpg", *row] for i, row in enumerate(named())),
            ],
            "\t",
        ),
        WHO,
    ),
    "names beside classes": (
        lambda p: table(
            p,
            [
                ["label", "name", *TITLES],
                *([one, *row] for one, row in zip(CLASSES, named(), strict=True)),
            ],
        ),
        WHO,
    ),
}


@pytest.mark.parametrize(("write", "names"), TABLES.values(), ids=TABLES)
def test_a_table_gives_the_names_and_numbers_that_are_meant(
    tmp_path: Path, write: Written, names: np.ndarray | None
) -> None:
    path = write(tmp_path / "faces.csv")
    batch = read_file(path, dimension=128)
    np.testing.assert_array_equal(batch.vectors, FACES)
    assert list(batch.names) == ([None] * 12 if names is None else names.tolist())
    reading = read_sources([path], dimension=128)
    if names is None:
        assert "no names" in reading.rejected[0].reason
    else:
        assert list(reading.batch.names) == names.tolist()
        assert list(reading.batch.rows) == list(range(12))
        assert reading.rejected == ()


@pytest.mark.parametrize("label", [None, CLASSES])
@pytest.mark.parametrize("header", ["", "measured today\nin the lab"])
def test_what_numpy_writes_is_read(tmp_path: Path, label: object, header: str) -> None:
    path = tmp_path / "space.csv"
    columns = FACES if label is None else np.column_stack([FACES, np.array(label, dtype=float)])
    np.savetxt(path, columns, header=header)
    batch = read_file(path, dimension=128)
    np.testing.assert_array_equal(batch.vectors, FACES)
    assert list(batch.names) == ([None] * 12 if label is None else CLASSES.tolist())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_table_may_be_written_in_any_unicode(tmp_path: Path, encoding: str) -> None:
    path = table(tmp_path / "faces.csv", named(["Éva", *WHO[1:]]))
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    assert list(read_sources([path]).batch.names) == ["Éva", *WHO[1:]]


REFUSED: dict[str, tuple[Rows, str]] = {
    "two columns of text": (
        [[who, "Berlin", *row] for who, row in zip(WHO, cells(), strict=True)],
        "The names may be in the columns 1 and 2",
    ),
    "two columns of classes": (
        [[*row, label, str(int(label) % 2)] for label, row in zip(CLASSES, cells(), strict=True)],
        "The names may be in the columns 129 and 130",
    ),
    "numbers that are all different": (labelled(np.arange(12) * 7 + 3), "It has no names"),
    "too few titles": ([["name", *TITLES[:100]], *named()], "Line 1 has 101 titles"),
    "whole numbers": ([["Ann", *map(str, range(200, 72, -1))]], "only whole numbers"),
    "a title that holds fractions": ([["target", *TITLES[1:]], *cells()], ""),
}


@pytest.mark.parametrize(("rows", "problem"), REFUSED.values(), ids=REFUSED)
def test_in_doubt_a_table_is_refused_and_the_columns_are_named(
    tmp_path: Path, rows: Rows, problem: str
) -> None:
    path = table(tmp_path / "faces.csv", rows)
    reading = read_sources([path], dimension=128)
    assert len(reading.batch) == 0
    assert problem in reading.rejected[0].reason


@pytest.mark.parametrize(("column", "names"), [("1", WHO), ("City", ["Berlin"] * 12)])
def test_the_column_of_names_can_be_said(tmp_path: Path, column: str, names: list[str]) -> None:
    rows = [[who, "Berlin", *row] for who, row in zip(WHO, cells(), strict=True)]
    path = table(tmp_path / "faces.csv", [["First", "city", *TITLES], *rows])
    doubtful = read_sources([path], dimension=128)
    assert doubtful.columns == ("First", "city")
    reading = read_sources([path], dimension=128, name_column=column)
    assert list(reading.batch.names) == list(names)
    np.testing.assert_array_equal(reading.batch.vectors, FACES)
    with pytest.raises(NameColumnError, match="no column “9” containing text or whole numbers"):
        read_file(path, name_column="9")


def test_a_number_with_a_fraction_is_no_name(tmp_path: Path) -> None:
    rows = named()
    rows[3][0] = "0.25"
    reading = read_sources([table(tmp_path / "faces.csv", rows)], dimension=128)
    assert list(reading.batch.rows) == [0, 1, 2, *range(4, 12)]
    assert reading.rejected[0].reason.startswith("Line 4: “0.25” is a number, not a name")


def test_a_name_that_begins_like_a_comment_is_not_lost(tmp_path: Path) -> None:
    path = table(tmp_path / "faces.csv", named(["#1", *WHO[1:]]))
    assert "Line 1: it begins with #" in read_sources([path], dimension=128).rejected[0].reason
    path.write_text(path.read_text().replace("#1,", '"#1",'))
    assert read_sources([path], dimension=128).batch.names[0] == "#1"


# -- archives ----------------------------------------------------------------------------------

ARCHIVES: dict[str, tuple[dict[str, np.ndarray], list[str] | None]] = {
    "scikit-learn": ({"X": FACES, "y": CLASSES.astype(int)}, CLASSES.tolist()),
    "labels": ({"embeddings": FACES, "labels": WHO}, WHO.tolist()),
    "names as numbers": ({"embeddings": FACES, "names": CLASSES.astype(int)}, CLASSES.tolist()),
    "numbers as fractions": ({"data": FACES, "target": CLASSES.astype(float)}, CLASSES.tolist()),
    "no names for arrays": ({"arr_0": FACES, "arr_1": WHO}, WHO.tolist()),
    "capitals": ({"Embeddings": FACES, "Names": WHO}, WHO.tolist()),
    "a set": ({"train_embeds": FACES, "train_labels": WHO}, WHO.tolist()),
    "pixels beside": ({"images": FACES[:, :64], "faces": FACES, "y": WHO}, WHO.tolist()),
    "names beside classes and files": (
        {"X": FACES, "y": CLASSES.astype(int), "label_names": WHO, "paths": WHO},
        WHO.tolist(),
    ),
    "no names": ({"X": FACES, "index": np.arange(12)}, None),
}


@pytest.mark.parametrize(("arrays", "names"), ARCHIVES.values(), ids=ARCHIVES)
def test_arrays_of_other_names_are_recognised(
    tmp_path: Path, arrays: dict[str, np.ndarray], names: list[str] | None
) -> None:
    np.savez(tmp_path / "faces.npz", **arrays)
    batch = read_file(tmp_path / "faces.npz", dimension=128)
    np.testing.assert_array_equal(batch.vectors, FACES)
    assert list(batch.names) == (names or [None] * 12)


def test_an_archive_in_doubt_is_refused_with_the_arrays_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "faces.npz"
    np.savez(path, trainX=FACES[:8], trainy=WHO[:8], testX=FACES[8:], testy=WHO[8:])
    with pytest.raises(EmbeddingError) as refused:
        read_file(path, dimension=128)
    assert "“trainX” (8 × 128 numbers), “trainy” (8 texts)" in refused.value.problem
    assert "--name-column" in refused.value.remedy
    batch = read_file(path, dimension=128, name_column="testy")
    np.testing.assert_array_equal(batch.vectors, FACES[8:])
    assert list(batch.names) == WHO[8:].tolist()


def test_of_two_arrays_of_texts_one_must_be_said(tmp_path: Path) -> None:
    path = tmp_path / "faces.npz"
    np.savez(path, embeddings=FACES, who=WHO, place=WHO[::-1], town=WHO)
    np.savez(path, embeddings=FACES, place=WHO[::-1], town=WHO)
    with pytest.raises(NameColumnError, match="the arrays “place” and “town”"):
        read_file(path)
    assert list(read_file(path, name_column="town").names) == WHO.tolist()


# -- folders -----------------------------------------------------------------------------------


def export(folder: Path, **arrays: np.ndarray) -> Path:
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


@pytest.mark.parametrize("source", [".", "embeddings.npy"])
@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({"labels": CLASSES.astype(int)}, CLASSES),
        ({"labels": CLASSES.astype(int), "label_strings": WHO}, WHO),
        ({"y": CLASSES.astype(float), "images": np.array(["a/1.png"] * 12)}, CLASSES),
    ],
)
def test_many_faces_beside_labels_have_their_names_from_them(
    tmp_path: Path, labels: dict[str, np.ndarray], names: np.ndarray, source: str
) -> None:
    folder = export(tmp_path / "export", embeddings=FACES, **labels)
    reading = read_sources([folder / source], dimension=128)
    assert list(reading.batch.names) == names.tolist()
    np.testing.assert_array_equal(reading.batch.vectors, FACES)
    assert reading.rejected == ()


def test_as_many_labels_as_a_face_has_numbers_are_no_face(tmp_path: Path) -> None:
    faces = np.random.default_rng(3).normal(size=(128, 128)).astype(np.float32)
    folder = export(tmp_path / "run", embeddings=faces, labels=np.repeat(np.arange(16), 8))
    reading = read_sources([folder], dimension=128)
    assert (len(reading.batch), len(set(reading.batch.names))) == (128, 16)
    alone = export(tmp_path / "alone", labels=np.repeat(np.arange(16), 8))
    assert "only whole numbers" in read_sources([alone]).rejected[0].reason


def test_a_face_beside_as_many_faces_as_it_has_numbers_is_a_face(tmp_path: Path) -> None:
    faces = np.random.default_rng(3).normal(size=(128, 128)).astype(np.float32)
    folder = export(tmp_path / "Ann", many=faces, one=faces[0] * 2)
    assert len(read_sources([folder]).batch) == 129


def test_labels_that_may_belong_to_two_arrays_are_refused(tmp_path: Path) -> None:
    folder = export(tmp_path / "export", one=FACES, other=FACES + 1, labels=WHO)
    reading = read_sources([folder], dimension=128)
    assert len(reading.batch) == 0
    assert all("2 files here have 12 faces" in one.reason for one in reading.rejected)


def test_the_array_of_names_in_a_folder_can_be_said(tmp_path: Path) -> None:
    folder = export(tmp_path / "export", embeddings=FACES, town=WHO[::-1].copy(), who_it_is=WHO)
    doubtful = read_sources([folder], dimension=128)
    assert doubtful.columns == ("town", "who_it_is")
    assert "the arrays “town” and “who_it_is”" in doubtful.rejected[0].reason
    reading = read_sources([folder], dimension=128, name_column="who_it_is")
    assert list(reading.batch.names) == WHO.tolist()


def test_one_person_of_several_groups_is_pointed_out(tmp_path: Path) -> None:
    export(tmp_path / "several", embeddings=FACES)
    export(tmp_path / "single", embeddings=FACES[:4])
    with Gallery.create(tmp_path / "g.gallery") as gallery:
        plan = gallery.enrolment.plan_import([tmp_path / "several", tmp_path / "single"])
        report = gallery.import_([tmp_path / "several", tmp_path / "single"])
    said = [one for one in plan.notices if "groups" in one]
    assert len(said) == 1
    assert "several/embeddings.npy: 12 faces in one file become one person" in said[0]
    assert "they form 3 groups" in said[0]
    assert said[0] in report.notices
