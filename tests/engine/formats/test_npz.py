"""Reading an .npz archive: embeddings with names; archives that lie or explode are refused."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from engine.errors import EmbeddingError, MismatchError
from engine.formats.sources import read_file, read_sources


@pytest.fixture
def savez(tmp_path):
    def savez(name="faces.npz", *, compressed=False, **arrays):
        path = tmp_path / name
        (np.savez_compressed if compressed else np.savez)(path, **arrays)
        return path

    return savez


@pytest.fixture
def rows(vector):
    return np.stack([vector(i) for i in range(3)])


def member(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def npy(array, **options) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def zipped(path, members: dict[str, bytes], how=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refused(path) -> EmbeddingError:
    """Refused as a query and left out of an import, for the same reason."""
    with pytest.raises(EmbeddingError) as caught:
        read_file(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    reading = read_sources([path])
    assert [(r.file, r.reason) for r in reading.rejected] == [(str(path), caught.value.reason)]
    assert len(reading.batch) == 0
    return caught.value


NAMES = np.array(["George_W_Bush", "Jean_Charest", "Jean_Charest"])


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_gives_vectors_shown_names_and_its_own_labels(savez, rows, compressed):
    files = np.array(["a_0001.npy", "b_0001.npy", "b_0002.npy"])
    path = savez(embeddings=rows, names=NAMES, files=files, compressed=compressed)
    reading = read_sources([path])
    assert reading.rejected == ()
    np.testing.assert_array_equal(reading.batch.vectors, rows)
    assert list(reading.batch.names) == ["George W Bush", "Jean Charest", "Jean Charest"]
    assert list(reading.batch.files) == [f"{path}:{file}" for file in files]
    assert list(reading.batch.rows) == [0, 1, 2]
    assert list(reading.batch.photos) == [None] * 3


def test_without_labels_the_archive_itself_is_the_file(savez, rows):
    path = savez(embeddings=rows, names=NAMES)
    assert list(read_sources([path]).batch.files) == [str(path)] * 3


def test_queries_need_no_names(savez, rows):
    batch = read_file(savez(embeddings=rows.astype(">f8")))
    np.testing.assert_array_equal(batch.vectors, rows)
    assert list(batch.names) == [None] * 3


def test_names_as_bytes_are_read_as_utf_8(savez, rows):
    names = np.array(["José María Aznar".encode()] * 3)
    assert set(read_sources([savez(embeddings=rows, names=names)]).batch.names) == {
        "José María Aznar"
    }


def test_an_import_without_names_is_left_out_with_the_remedy(savez, rows):
    reading = read_sources([savez(embeddings=rows)])
    assert "no names" in reading.rejected[0].reason
    assert len(reading.batch) == 0


def test_a_row_with_a_bad_vector_or_name_is_left_out_and_numbered(savez, rows):
    rows[1, 0] = np.nan
    reading = read_sources([savez(embeddings=rows, names=np.array(["A", "B", "../../etc"]))])
    assert list(reading.batch.names) == ["A"]
    reasons = sorted(rejection.reason for rejection in reading.rejected)
    assert reasons[0].startswith("Row 1: it contains NaN")
    assert reasons[1].startswith("Row 2: “../../etc” is a path")


def test_queries_with_a_bad_row_are_refused_with_the_row_named(savez, rows):
    rows[2] = 0
    with pytest.raises(EmbeddingError, match="Row 2: it is all zeros"):
        read_file(savez(embeddings=rows))


def test_another_dimension_is_a_mismatch(savez, rows):
    path = savez(embeddings=rows, names=NAMES)
    with pytest.raises(MismatchError, match=r"8 .*128"):
        read_file(path, dimension=128)
    reading = read_sources([path], dimension=128)
    assert len(reading.rejected) == 1
    assert reading.rejected[0].file == str(path)


def test_an_archive_without_embeddings_is_refused_and_says_what_it_holds(savez, rows):
    problem = refused(savez(faces=np.ones((3, 8), int), names=NAMES)).problem
    assert "no array named “embeddings”" in problem
    assert "“faces” (3 × 8 whole numbers), “names” (3 texts)" in problem


@pytest.mark.parametrize("key", ["names", "files"])
def test_lengths_that_disagree_are_refused(savez, rows, key):
    arrays = {"names": NAMES, key: NAMES[:2]}
    assert f"“{key}”" in refused(savez(embeddings=rows, **arrays)).problem


def test_names_that_need_unpickling_are_refused_with_the_remedy(savez, rows):
    error = refused(savez(embeddings=rows, names=NAMES.astype(object)))
    assert "pickled" in error.problem
    assert "dtype=str" in error.remedy


def test_embeddings_that_need_unpickling_are_refused(savez, rows):
    assert "pickled" in refused(savez(embeddings=rows.astype(object), names=NAMES)).problem


def test_names_that_have_fractions_are_refused(savez, rows):
    path = savez(embeddings=rows, names=np.array([0, 1.5, 2]))
    assert "neither whole numbers nor" in refused(path).problem


def test_names_that_are_not_unicode_are_refused(savez, rows, tmp_path):
    assert "Unicode" in refused(savez(embeddings=rows, names=np.array([b"\xff"] * 3))).problem
    codes = np.full(3, 0x7FFFFFFF, np.uint32).tobytes()
    names = member("{'descr': '<U1', 'fortran_order': False, 'shape': (3,)}", codes)
    path = zipped(tmp_path / "codes.npz", {"embeddings.npy": npy(rows), "names.npy": names})
    assert "Unicode" in refused(path).problem


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_archive_is_refused(savez, write, rows, share):
    whole = savez(embeddings=rows, names=NAMES).read_bytes()
    refused(write("cut.npz", whole[: int(len(whole) * share)]))


def test_a_damaged_member_is_refused(savez, write, rows):
    whole = bytearray(savez(embeddings=rows, names=NAMES).read_bytes())
    whole[whole.index(rows.tobytes()) + 7] ^= 0x40
    refused(write("flipped.npz", bytes(whole)))


def test_text_renamed_to_npz_is_refused(write):
    refused(write("text.npz", "George W Bush, 0.1, 0.2"))
    refused(write("empty.npz", b""))


def test_an_archive_that_would_explode_is_refused_without_unpacking(tmp_path):
    count = 80 * 1024**2 // 4
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count // 128}, 128)}}"
    path = zipped(tmp_path / "bomb.npz", {"embeddings.npy": member(header, bytes(count * 4))})
    tracemalloc.start()
    assert "unpack" in refused(path).problem
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_list_of_very_many_members_is_refused_before_it_is_read(tmp_path):
    path = zipped(tmp_path / "many.npz", {f"{number:0200}.npy": b"" for number in range(2_500)})
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    path.write_bytes(data[:start] + bytes(len(data) - start - 22) + data[-22:])
    assert "more than 1,000 files" in refused(path).problem


def test_a_member_that_claims_more_rows_than_it_holds_is_refused(tmp_path):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 128)}"
    path = zipped(tmp_path / "claims.npz", {"embeddings.npy": member(header, bytes(512))})
    assert "truncated" in refused(path).problem


def test_names_of_unreasonable_length_are_refused(tmp_path, rows):
    names = npy(np.array(["x" * 5000] * 3))
    path = zipped(tmp_path / "long.npz", {"embeddings.npy": npy(rows), "names.npy": names})
    assert "length" in refused(path).problem


@pytest.mark.parametrize("how", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_packing_that_numpy_does_not_use_is_refused(tmp_path, rows, how):
    refused(zipped(tmp_path / "other.npz", {"embeddings.npy": npy(rows)}, how))


def test_the_shared_faces_come_in_exactly(shared_data):
    path = shared_data / "lfw-158-dlib.npz"
    reading = read_sources([path], dimension=128)
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(reading.batch.vectors, archive["embeddings"])
    assert reading.rejected == ()
    assert len(set(reading.batch.names)) == 158
