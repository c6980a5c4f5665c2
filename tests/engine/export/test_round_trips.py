"""What is exported and imported again is the same gallery."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import IdentityNameError
from engine.formats.folder_tree import folder_names
from engine.gallery import Gallery
from engine.records.exports import Selection
from engine.records.names import check_name, name_key, shown_name, written_name
from engine.records.types import Identity
from gallery_app.wording.export_words import export_notes
from tests.engine.export.conftest import HARD, contents

READ_BACK = ("npz", "csv", "folder")


@pytest.fixture(scope="module")
def whole(sample, tmp_path_factory):
    """The sample gallery; nothing here changes it."""
    gallery, _ = Gallery.create_from(tmp_path_factory.mktemp("whole") / "sample.gallery", [sample])
    with gallery:
        yield gallery


@pytest.mark.slow
@pytest.mark.parametrize("kind", READ_BACK)
def test_the_sample_gallery_comes_back_whole(kind, whole, tmp_path, read_back):
    done = whole.exports.write(kind, tmp_path / "out")
    assert (done.identities, done.faces) == whole.people.counts()
    assert contents(read_back(done.path)) == contents(whole)


@pytest.mark.parametrize("kind", READ_BACK)
def test_hard_names_come_back_as_they_were(kind, hard, tmp_path, read_back):
    done = hard.exports.write(kind, tmp_path / "out")
    assert {name for name, _ in contents(read_back(done.path))} == set(HARD)
    assert contents(read_back(done.path)) == contents(hard)


def is_a_name(text: str) -> bool:
    try:
        return check_name(text) == text
    except IdentityNameError:
        return False


names = st.one_of(
    st.text(st.sampled_from("aA_.\"' ,;=-#é\u0301ß?:*<|~0"), min_size=1, max_size=12),
    st.text(min_size=1, max_size=200),
).filter(is_a_name)
numbers = st.floats(-(2.0**40), 2.0**40, width=32, allow_subnormal=True).filter(bool)


@pytest.mark.slow
@settings(max_examples=40)
@given(
    people=st.lists(
        st.tuples(names, numbers), min_size=1, max_size=5, unique_by=lambda one: name_key(one[0])
    ),
    kind=st.sampled_from(READ_BACK),
)
def test_any_names_and_any_numbers_come_back(people, kind, tmp_path):
    with tempfile.TemporaryDirectory(dir=tmp_path) as place:
        folder = Path(place)
        with Gallery.create(folder / "a", dimension=3, distance="euclidean") as gallery:
            for number, (name, value) in enumerate(people):
                gallery.enroll(name, np.array([value, -0.0, number + 0.5], dtype=np.float32))
            done = gallery.exports.write(kind, folder / "out")
            back, report = Gallery.create_from(folder / "b", [done.path], distance="euclidean")
            with back:
                assert not report.rejected
                assert contents(back) == contents(gallery)


@given(names)
def test_a_written_name_is_shown_as_it_was(name):
    assert shown_name(written_name(name)) == name


@given(st.lists(names, min_size=1, max_size=6, unique=True))
def test_folders_are_such_as_every_system_can_have(people):
    made = folder_names(
        Identity(number, name, 1, None) for number, name in enumerate(people)
    ).values()
    assert len({one.casefold() for one in made}) == len(people)
    for folder in made:
        assert len(folder.encode()) <= 210
        assert not set(folder) & set('<>:"/\\|?*\t\n')
        assert not folder.startswith(".")
        assert not folder.endswith((".", " "))
        assert folder.partition(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1"}


def test_a_plain_name_gives_the_layout_of_the_dataset(hard, tmp_path):
    done = hard.exports.write("folder", tmp_path / "tree")
    files = sorted(path.name for path in (done.path / "Tiger_Woods").iterdir())
    assert files == ["Tiger_Woods_0001.jpg", "Tiger_Woods_0001.npy", "Tiger_Woods_0002.npy"]


def test_photographs_come_back_with_a_folder_tree(hard, tmp_path, read_back):
    back = read_back(hard.exports.write("folder", tmp_path / "tree").path)
    for one in hard.people.all():
        before, after = hard.faces.of(one.id), back.faces.of(one.name)
        assert [face.has_photo for face in after] == [True, False]
        shown = [
            pixels(hard.faces.thumbnail(before[0].id)),
            pixels(back.faces.thumbnail(after[0].id)),
        ]
        assert shown[0].shape == shown[1].shape
        assert np.abs(shown[0] - shown[1]).max() <= 3  # it is packed as JPEG once more


def pixels(photo: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(photo)), dtype=np.int16)


def test_others_read_the_archive_with_numpy_alone(hard, tmp_path):
    with np.load(hard.exports.write("npz", tmp_path / "out").path) as archive:
        faces = hard.faces.by_ids(archive["faces"].tolist())
        assert archive["embeddings"].dtype == np.float32
        assert archive["names"].tolist() == [written_name(face.name) for face in faces]
        assert archive["files"].tolist() == [face.file for face in faces]
        assert archive["rows"].tolist() == [face.row for face in faces]
        assert archive["added"].tolist() == [face.added for face in faces]
        for face, vector in zip(faces, archive["embeddings"], strict=True):
            assert vector.tobytes() == hard.faces.vector(face.id).tobytes()


def test_others_read_the_table_as_any_csv(hard, tmp_path):
    with hard.exports.write("csv", tmp_path / "out").path.open(
        encoding="utf-8", newline=""
    ) as stream:
        titles, *rows = csv.reader(stream)
    assert titles == ["name", *(f"v{number}" for number in range(1, 9))]
    assert [shown_name(row[0]) for row in rows[::2]] == list(HARD)


def test_a_name_that_a_spreadsheet_would_run_is_told_of(hard, tmp_path):
    (note,) = export_notes(hard.exports.write("csv", tmp_path / "out"))
    assert note.startswith("2 names begin with =, +, - or @")


def test_others_read_parquet_with_names_vectors_and_photographs(hard, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    done = hard.exports.write("parquet", tmp_path / "out")
    assert done.path.suffix == ".parquet"
    rows = parquet.read_table(done.path).to_pylist()
    assert [row["name"] for row in rows[::2]] == list(HARD)
    for row in rows:
        vector = np.array(row["embedding"], dtype=np.float32)
        assert vector.tobytes() == hard.faces.vector(row["face"]).tobytes()
        assert row["photo"] == hard.faces.thumbnail(row["face"])
        assert row["added"].timestamp() == pytest.approx(
            hard.faces.by_ids([row["face"]])[0].added, abs=1e-5
        )


def test_a_selection_of_people_and_faces_is_drawn_by_its_seed(whole, tmp_path):
    drawn = []
    for number, seed in enumerate((1, 1, 2)):
        selection = Selection(people=10, each=10, seed=seed)
        done = whole.exports.write("npz", tmp_path / f"{number}", selection=selection)
        assert (done.identities, done.faces) == (10, 100)
        with np.load(done.path) as archive:
            drawn.append(archive["faces"].tolist())
            assert set(np.unique(archive["names"], return_counts=True)[1]) == {10}
    assert drawn[0] == drawn[1] != drawn[2]


def test_only_the_chosen_people_are_written(hard, tmp_path, read_back):
    chosen = [one.id for one in hard.people.all() if one.name in ("Ann", "CON")]
    done = hard.exports.write(
        "folder", tmp_path / "two", selection=Selection(identities=tuple(chosen))
    )
    assert [name for name, _ in contents(read_back(done.path))] == ["Ann", "CON"]
