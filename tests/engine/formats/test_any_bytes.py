"""Whatever bytes a file holds, reading it gives faces that can be used or a declared error."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import InputError, PhotoError
from engine.formats import lazy_rows
from engine.formats.photo_files import read_photo
from engine.formats.sources import read_file, read_sources

pytestmark = pytest.mark.slow

quick = settings(
    max_examples=150,
)
ROWS = np.random.default_rng(1).standard_normal((3, 8)).astype(np.float32)


def saved(save, *arguments, **options) -> bytes:
    stream = io.BytesIO()
    save(stream, *arguments, **options)
    return stream.getvalue()


NPY = saved(np.save, ROWS)
FILES = {
    "npy": (NPY, saved(np.save, ROWS[0])),
    "npz": (
        saved(np.savez, embeddings=ROWS, names=np.array(["A", "B", "C"])),
        saved(np.savez_compressed, embeddings=ROWS, names=np.array(["A", "B", "C"])),
    ),
    "csv": (b'name,e0,e1\nA,0.5,1.5\n"B",1,2\n', b"A;1;2\nB;3;4\n"),
}
PICTURE = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
PHOTOS = [saved(PICTURE.save, kind) for kind in ("PNG", "JPEG", "WEBP")]


def mutations(originals):
    """Valid files with bytes changed, cut out or put in."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 4), st.binary(max_size=6))

    def mutate(original, edits):
        for share, removed, added in edits:
            at = int(share * len(original))
            original = original[:at] + added + original[at + removed :]
        return original

    return st.builds(mutate, st.sampled_from(originals), st.lists(edit, max_size=4))


def attempt(read, path):
    """What comes in and no error, or nothing and the declared one."""
    try:
        return read(path), None
    except InputError as error:
        return None, error


def check_reading(path) -> None:
    """As a query it comes in or is refused; as an import what is left out is listed."""
    batch, error = attempt(read_file, path)
    if batch is None:
        assert error.file == str(path)
        assert error.problem
        assert error.remedy
    else:
        assert len(batch) > 0
        assert np.isfinite(batch.vectors).all()
        assert batch.vectors.any(axis=1).all()
    reading = read_sources([path])
    count = len(reading.batch)
    assert count or reading.rejected
    assert reading.batch.vectors.shape[0] == count
    for column in ("names", "files", "rows", "photos"):
        assert len(getattr(reading.batch, column)) == count
    assert np.isfinite(reading.batch.vectors).all()
    "".join([*reading.batch.files, *map(str, reading.batch.names)]).encode("utf-8")
    check_left_there(path, reading)


def check_left_there(path, reading) -> None:
    """A file too large for memory is read in the same way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lazy_rows, "LARGE", 1)
        there = read_sources([path])
    assert there.rejected == reading.rejected
    np.testing.assert_array_equal(there.batch.vectors[:], reading.batch.vectors)
    for column in ("names", "files", "rows", "photos"):
        assert list(getattr(there.batch, column)) == list(getattr(reading.batch, column))


@pytest.mark.parametrize("suffix", FILES)
@quick
@given(data=st.data())
def test_a_changed_file_is_read_or_refused(tmp_path, suffix, data):
    path = tmp_path / "A" / f"any.{suffix}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data.draw(mutations(FILES[suffix])))
    check_reading(path)


@pytest.mark.parametrize("suffix", FILES)
@quick
@given(content=st.binary(max_size=200))
@example(content=b"")
@example(content=b"\x93NUMPY")
@example(content=b"PK\x05\x06" + b"\0" * 18)
def test_any_bytes_are_read_or_refused(tmp_path, suffix, content):
    path = tmp_path / "A" / f"any.{suffix}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    check_reading(path)


@quick
@given(header=st.text(st.characters(max_codepoint=127), max_size=80))
def test_any_header_text_is_read_or_refused(tmp_path, header):
    path = tmp_path / "any.npy"
    length = len(header).to_bytes(2, "little")
    path.write_bytes(b"\x93NUMPY\x01\x00" + length + header.encode() + b"\0" * 64)
    check_reading(path)


@quick
@given(members=st.dictionaries(st.sampled_from(["embeddings", "names", "files"]), mutations([NPY])))
def test_an_archive_of_any_members_is_read_or_refused(tmp_path, members):
    path = tmp_path / "any.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    check_reading(path)


@quick
@given(text=st.text(max_size=120))
@example(text="A,1,2\n\ud7ff,3,4")
@example(text="A,1_0,2\nB,\u0663,4")
@example(text='"A\n",1\x00,2\n')
def test_any_text_is_read_as_a_table_or_refused(tmp_path, text):
    path = tmp_path / "any.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    check_reading(path)


@quick
@given(content=st.one_of(mutations(PHOTOS), st.binary(max_size=100)))
def test_a_changed_photo_is_shown_or_refused(tmp_path, content):
    path = tmp_path / "any.jpg"
    path.write_bytes(content)
    thumbnail, error = attempt(read_photo, path)
    if thumbnail is None:
        assert isinstance(error, PhotoError)
        assert error.file == str(path)
    else:
        assert max(Image.open(io.BytesIO(thumbnail)).size) <= 192
