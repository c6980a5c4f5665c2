"""The readers of what people hand in: vectors, tables, archives, folders, photographs."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from engine.enrolment.embedding_check import Fingerprint
from engine.errors import InputError, PhotoError
from engine.formats.photo_files import read_photo
from engine.formats.sources import read_file, read_sources
from engine.records.names import MAX_LENGTH, check_name
from engine.records.types import FaceBatch
from tests.fuzz.forms import deepened, edit_lines, edit_npy, edit_npz, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.mutating import edit_bytes
from tests.fuzz.pictures import edit_photo

SAMPLE = Path(__file__).resolve().parents[2] / "data"
_MOST_FILES = 24


def saved(save: Callable[..., object], *content: object, **options: object) -> bytes:
    """What ``save`` writes to a stream."""
    stream = io.BytesIO()
    save(stream, *content, **options)
    return stream.getvalue()


@cache
def rows() -> np.ndarray:
    """Three faces of the sample, cut to 8 numbers each, so that the inputs stay small."""
    files = sorted(SAMPLE.glob("Tiger_Woods/*.npy"))[:3]
    return np.stack([np.load(file, allow_pickle=False)[:8] for file in files])


# -- vectors -----------------------------------------------------------------------------------


def _read_vectors(suffix: str) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        path = folder / f"face{suffix}"
        path.write_bytes(data)
        reading = read_sources([path], dimension=8)
        check_batch(reading.batch)
        require(len(reading.batch) or reading.rejected, "neither faces nor a reason")
        require(all(one.reason and one.file for one in reading.rejected), "no reason")
        require(all(len(one.reason) < 1_000 for one in reading.rejected), "a reason too long")
        batch = read_file(path)
        require(len(batch), "nothing, without an error")
        check_batch(batch)
        Fingerprint.of(batch.vectors)

    return read


def check_batch(batch: FaceBatch) -> None:
    """What everything behind the readers takes for granted."""
    count = len(batch)
    require(batch.vectors.dtype == np.float32 and batch.vectors.ndim == 2, "no float32 matrix")
    require(np.isfinite(batch.vectors).all(), "a number that is none")
    require(batch.vectors.any(axis=1).all(), "a row of zeros")
    for column in (batch.names, batch.files, batch.rows, batch.photos):
        require(len(column) == count, "columns of different length")
    for text in {*batch.files, *batch.names} - {None}:
        text.encode("utf-8")


def _arrays() -> Iterable[bytes]:
    yield saved(np.save, rows()[0])
    yield saved(np.save, rows())
    yield saved(np.save, np.asfortranarray(rows().astype(">f8")))
    yield saved(np.save, np.arange(1, 17, dtype=np.int64).reshape(2, 8))
    yield saved(np.save, rows().astype(np.float16))


def _archives() -> Iterable[bytes]:
    names = np.array(["Ann", "Bob", "Éva"])
    yield saved(np.savez, embeddings=rows(), names=names)
    yield saved(
        np.savez_compressed, embeddings=rows(), names=names, files=np.array(["1", "2", "3"])
    )
    yield saved(np.savez, embeddings=rows()[0], names=np.array([b"Ann"]))
    yield saved(np.savez_compressed, embeddings=rows().astype(np.float64))
    yield saved(np.savez, X=rows(), y=np.array([0, 1, 1]), paths=names)
    yield saved(np.savez, arr_0=rows(), arr_1=np.array([0.0, 1.0, 1.0]), arr_2=rows()[:, :4])


def _tables() -> Iterable[bytes]:
    def line(number: int) -> str:
        return ",".join(f"{value:.4f}" for value in rows()[number])

    yield f'name,{",".join(f"e{i}" for i in range(8))}\nAnn,{line(0)}\n"B, C",{line(1)}\n'.encode()
    yield "\n".join(f"Ann;{line(number).replace(',', ';')}" for number in range(3)).encode()
    yield b"\xef\xbb\xbf" + f"{line(0)}\r\n{line(1)}\r\n".encode()
    numbered = "\n".join(f"{number},{line(number)},{number % 2}" for number in range(3))
    yield f",{','.join(map(str, range(8)))},target\n{numbered}\n".encode()
    commas = "\r".join(
        f"Ann;{line(number).replace(',', ';').replace('.', ',')};" for number in (0, 1)
    )
    yield f"sep=;\r{commas}".encode("utf-16")
    yield f"# name e0\nAnn {line(0).replace(',', ' ')}\n#Bob {line(1).replace(',', ' ')}\n".encode()
    yield f'name,embedding\nAnn,"[{line(0)}]"\nBob,"[{line(1)}]"\n'.encode()
    yield f"e0\tperson\n{rows()[0, 0]}\tÉva\n".encode()


# -- folder trees ------------------------------------------------------------------------------


def _read_tree(data: bytes, folder: Path) -> None:
    """Paths parted by NUL; ``a>b`` makes ``a`` a link to ``b``, a path that ends in / a folder."""
    root = folder / "tree"
    root.mkdir()
    for path in data.split(b"\0")[:_MOST_FILES]:
        _plant(os.fsencode(root), path)
    reading = read_sources([root])
    check_batch(reading.batch)
    for name in set(reading.batch.names):
        require(check_name(name) == name and len(name) <= MAX_LENGTH, "a name that none may have")


def _plant(root: bytes, path: bytes) -> None:
    path, _, target = path.partition(b">")
    parts = [part for part in path.split(b"/")[:8] if part not in (b"", b".", b"..")]
    if not parts:
        return
    place = os.path.join(root, *parts)
    try:
        os.makedirs(place if path.endswith(b"/") else os.path.dirname(place), exist_ok=True)
        if target and b".." not in target and not target.startswith(b"/"):
            os.symlink(target, place)
        elif not path.endswith(b"/"):
            with open(place, "wb") as stream:
                stream.write(_NPY if place.lower().endswith(b".npy") else b"")
    except OSError:
        return  # a name that this file system does not take


_NPY = saved(np.save, np.full(4, 0.5, np.float32))


def _trees() -> Iterable[bytes]:
    yield b"Ann_Lee/a_0001.npy\0Ann_Lee/a_0001.jpg\0Bob/b2.npy\0Bob/b10.NPY\0Bob/b2.PNG"
    yield "É́va/1.npy\0éVA/1.npy\0 /1.npy\0.hidden/1.npy\0x/y/z/1.npy".encode()
    yield b"a/1.npy\0a/again>.\0b>a\0c>nowhere\0d.npy>a/1.npy\0e.npy/\0\xff\xfe/1.npy"
    yield b"A\nB/1.npy\0\xe2\x80\xaeC/1.npy\0" + b"n" * 220 + b"/1.npy\0a:b/\xd9\xa1.npy"


# -- photographs -------------------------------------------------------------------------------


def _read_photo(data: bytes, folder: Path) -> None:
    path = folder / "face.png"
    path.write_bytes(data)
    made = read_photo(path, side=48)
    with Image.open(io.BytesIO(made), formats=("JPEG",)) as picture:
        require(max(picture.size) <= 48 and min(picture.size) >= 1, "a picture of another size")
        picture.load()
        require(not picture.getexif(), "metadata are left")


def _photos() -> Iterable[bytes]:
    grey = Image.linear_gradient("L").resize((24, 16))
    for mode in ("RGB", "RGBA", "P", "LA", "1", "I;16"):
        yield saved(grey.convert(mode).save, "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "text"
    yield saved(grey.convert("RGB").save, "JPEG", exif=exif, quality=50)
    yield saved(grey.convert("RGB").save, "JPEG", progressive=True, quality=50, exif=exif)
    yield saved(grey.convert("CMYK").save, "JPEG", quality=50)
    yield saved(grey.convert("P").save, "PNG", transparency=3, exif=exif)
    for lossless in (True, False):
        yield saved(grey.convert("RGBA").save, "WEBP", lossless=lossless, exif=exif)
    two = [grey.convert("RGB"), grey.rotate(90).convert("RGB")]
    yield saved(two[0].save, "PNG", save_all=True, append_images=two[1:])
    yield saved(two[0].save, "WEBP", save_all=True, append_images=two[1:])


READERS = (
    Reader(
        "npy", _read_vectors(".npy"), (InputError,), mixed(edit_npy, edit_npy, edit_bytes), _arrays
    ),
    Reader("npz", _read_vectors(".npz"), (InputError,), mixed(edit_npz), _archives),
    Reader(
        "csv",
        _read_vectors(".csv"),
        (InputError,),
        mixed(*(edit_lines,) * 8, deepened),
        _tables,
        largest=1 << 16,
    ),
    Reader("tree", _read_tree, (InputError,), mixed(edit_bytes), _trees, largest=2048, weight=0.4),
    Reader(
        "photo",
        _read_photo,
        (PhotoError,),
        mixed(edit_photo),
        _photos,
        memory=500,  # 50 megapixels in three layers: what is allowed, in the worst mode
    ),
)
