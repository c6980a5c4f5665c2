"""Large files stay where they are: what is read of them is right, and a change is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import EmbeddingError
from engine.formats import lazy_rows
from engine.formats.sources import read_file, read_sources
from engine.gallery import Gallery
from engine.progress import Reporter
from engine.store import Store

COUNT = 9_000
NAMES = np.array([f"Person_{row // 10}" for row in range(COUNT)])
FILES = np.array([f"é/{row}.npy" for row in range(COUNT)])


@pytest.fixture(autouse=True)
def all_is_large(monkeypatch):
    monkeypatch.setattr(lazy_rows, "LARGE", 1_000)


@pytest.fixture
def vectors():
    return np.random.default_rng(0).standard_normal((COUNT, 8)).astype(np.float32)


@pytest.fixture
def archive(tmp_path, vectors):
    np.savez(tmp_path / "faces.npz", embeddings=vectors, names=NAMES, files=FILES)
    return tmp_path / "faces.npz"


def everything(batch):
    return np.concatenate(list(lazy_rows.parts(batch.vectors)))


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", "<f2"])
def test_rows_are_those_of_the_file_whatever_they_are_kept_as(tmp_path, vectors, kind):
    kept = (vectors * 100).astype(kind)
    np.savez(tmp_path / "a.npz", embeddings=kept, names=NAMES)
    batch = read_sources([tmp_path / "a.npz"]).batch
    assert not isinstance(batch.vectors, np.ndarray)
    np.testing.assert_array_equal(everything(batch), kept.astype(np.float32))
    wanted = np.array([8_999, 3, 4, 5, 3, 0])
    np.testing.assert_array_equal(batch.vectors[wanted], kept.astype(np.float32)[wanted])
    np.testing.assert_array_equal(batch.vectors[7], kept.astype(np.float32)[7])
    np.testing.assert_array_equal(batch.vectors[::1000], kept.astype(np.float32)[::1000])
    with pytest.raises(IndexError):
        batch.vectors[COUNT]


def test_names_and_labels_are_those_of_the_file(archive):
    batch = read_sources([archive]).batch
    assert list(batch.names) == [name.replace("_", " ") for name in NAMES.tolist()]
    assert list(batch.files) == [f"{archive}:{file}" for file in FILES.tolist()]
    assert batch.files[-1] == f"{archive}:{FILES[-1]}"
    assert batch.names[10:12] == ["Person 1", "Person 1"]


def test_a_query_file_is_read_as_ever(archive, vectors):
    np.testing.assert_array_equal(np.asarray(read_file(archive).vectors), vectors)


@pytest.mark.parametrize("how", ["compressed", "fortran"])
def test_what_cannot_stay_is_read_into_memory(tmp_path, vectors, how):
    path = tmp_path / "faces.npz"
    if how == "compressed":
        np.savez_compressed(path, embeddings=vectors, names=NAMES)
    else:
        np.savez(path, embeddings=np.asfortranarray(vectors), names=NAMES)
    np.testing.assert_array_equal(read_sources([path]).batch.vectors, vectors)


def test_several_sources_are_one_batch(tmp_path, archive, vectors):
    folder = tmp_path / "tree" / "Tom_Hanks"
    folder.mkdir(parents=True)
    np.save(folder / "small.npy", vectors[0])
    np.save(folder / "large.npy", vectors[:500])
    batch = read_sources([archive, tmp_path / "tree", archive]).batch
    assert len(batch) == 2 * COUNT + 501
    expected = np.concatenate([vectors, vectors[:500], vectors[:1], vectors])
    np.testing.assert_array_equal(everything(batch), expected)
    assert batch.names[COUNT] == "Tom Hanks"
    assert batch.names[-1] == f"Person {(COUNT - 1) // 10}"
    assert list(batch.rows)[COUNT - 1 : COUNT + 1] == [COUNT - 1, 0]


def test_bad_rows_are_left_out_and_numbered(tmp_path, vectors):
    names = NAMES.copy()
    vectors[4_500, 3], names[7] = np.nan, "../x"
    np.savez(tmp_path / "faces.npz", embeddings=vectors, names=names)
    reading = read_sources([tmp_path / "faces.npz"])
    assert sorted(one.reason[:9] for one in reading.rejected) == ["Row 4500:", "Row 7: “."]
    kept = np.delete(np.arange(COUNT), [7, 4_500])
    np.testing.assert_array_equal(everything(reading.batch), vectors[kept])
    assert list(reading.batch.rows) == kept.tolist()


def test_a_flipped_byte_is_found_by_the_checksum(archive):
    data = bytearray(archive.read_bytes())
    data[20_000] ^= 1
    archive.write_bytes(data)
    assert "not a complete .npz" in read_sources([archive]).rejected[0].reason


@pytest.mark.slow
def test_an_import_is_the_same_as_from_memory(tmp_path, archive, vectors, monkeypatch):
    made, report = Gallery.create_from(tmp_path / "large", [archive])
    monkeypatch.setattr(lazy_rows, "LARGE", 1 << 40)
    small, same = Gallery.create_from(tmp_path / "small", [archive])
    with made, small:
        assert (report.faces_added, report.identities_added) == (COUNT, COUNT // 10)
        assert (same.faces_added, same.identities_added) == (COUNT, COUNT // 10)
        stores = [Store.open(gallery.folder, write=False) for gallery in (made, small)]
        with stores[0], stores[1]:
            columns = [store.faces.vectors() for store in stores]
        for mine, other in zip(*columns, strict=True):
            np.testing.assert_array_equal(mine, other)
        mine, theirs = made.faces.of(5), small.faces.of(5)
        assert len(mine) == 10
        assert [(face.name, face.file, face.row) for face in mine] == [
            (face.name, face.file, face.row) for face in theirs
        ]
        again = made.import_([archive])
        assert (again.faces_added, again.duplicates) == (0, COUNT)


def _cut(path):
    with open(path, "r+b") as stream:
        stream.truncate(100_000)


def _write_over(path):
    with open(path, "r+b") as stream:
        stream.seek(50_000)
        stream.write(bytes(1_000))


def _exchange(path):
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def _delete(path):
    path.unlink()


@pytest.mark.parametrize("change", [_cut, _write_over, _exchange, _delete])
@pytest.mark.parametrize("stage", ["Checking embeddings", "Comparing faces", "Saving faces"])
def test_a_file_that_changes_meanwhile_is_told_and_nothing_is_done(
    tmp_path, archive, change, stage
):
    with Gallery.create(tmp_path / "gallery", dimension=8) as gallery:

        def on(event):
            if event.stage == stage and event.done and archive.exists():
                change(archive)

        with pytest.raises(EmbeddingError) as caught:
            gallery.import_([archive], reporter=Reporter(on))
        assert caught.value.file == str(archive)
        assert caught.value.remedy
        assert gallery.people.counts() == (0, 0)
        assert gallery.history.changes() == []


def test_a_plan_of_a_file_that_was_changed_meanwhile_is_not_done(tmp_path, archive):
    with Gallery.create(tmp_path / "gallery", dimension=8) as gallery:
        gallery.enroll("A", np.ones(8, dtype=np.float32))
        before = gallery.history.last_change()
        small = tmp_path / "small.npz"
        random = np.random.default_rng(1).standard_normal((50, 8)).astype(np.float32)
        np.savez(small, embeddings=random, names=NAMES[:50])
        plan = gallery.enrolment.plan_import([small])
        _write_over_start(small)
        with pytest.raises(EmbeddingError, match="Another program changed it"):
            gallery.enrolment.import_plan(plan)
        assert gallery.history.last_change() == before


def _write_over_start(path):
    with open(path, "r+b") as stream:
        stream.write(b"PK")
