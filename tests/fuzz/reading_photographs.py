"""The readers of photographs in which faces are looked for, and of what their process answers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from engine.errors import PhotoError, WorkerError
from engine.photos.network_files import DIMENSION
from engine.photos.photo_reader import MAX_PIXELS, read_photo_file
from engine.photos.worker_lines import broken_line, faces_line, read_answer, refused_line
from engine.records.detections import Box, DetectedFace, FaceQuality, Photograph, PhotographFaces
from tests.fuzz.forms import DOCUMENT, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.pictures import edit_photo
from tests.fuzz.reading_faces import saved
from tests.fuzz.typed import require_typed

_MEGABYTES = 1_500  # of pictures that are said to be large


def _read_photograph(data: bytes, folder: Path) -> None:
    path = folder / "a.jpg"
    path.write_bytes(data)
    read = read_photo_file(path)
    height, width, colours = read.pixels.shape
    require(read.pixels.dtype == np.uint8 and colours == 3, "no pixels of three colours")
    require(0 < height * width <= MAX_PIXELS, "no size that a photograph may have")
    require(all(0 < len(said) < 200 for said in read.remarks), "a remark too long or empty")
    require(read.thumbnail().startswith(b"\xff\xd8"), "no thumbnail")


def _photographs() -> Iterable[bytes]:
    pixels = np.arange(24 * 32 * 3, dtype=np.uint32).reshape(24, 32, 3) * 7 % 256
    picture = Image.fromarray(pixels.astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 6, "2024:05:31 18:00:00"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    yield saved(picture.save, "JPEG", exif=exif, xmp=b"<x:xmpmeta/>")
    yield saved(picture.save, "JPEG", icc_profile=profile, progressive=True)
    yield saved(picture.convert("CMYK").save, "JPEG")
    yield saved(picture.convert("RGBA").save, "PNG", exif=exif)
    yield saved(Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save, "PNG")
    yield saved(picture.quantize(8).save, "GIF", save_all=True, append_images=[picture])
    yield saved(picture.save, "TIFF", compression="tiff_lzw", exif=exif)
    yield saved(picture.save, "BMP")
    yield saved(picture.save, "WEBP", exif=exif)


def _read_answer(data: bytes, folder: Path) -> None:
    read = read_answer(data.decode("utf-8", "replace"), "a.jpg")
    require_typed(read.photograph)
    for number, face in enumerate(read.faces):
        require(face.number == number, "faces out of order")
        require(face.photograph is read.photograph, "a face of another photograph")
        require_typed(face.box)
        require_typed(face.quality)
        require(face.vector.shape == (DIMENSION,), "an embedding of another length")
        require(np.isfinite([*face.vector, face.box.side, face.quality.size]).all(), "no number")


def _answers() -> Iterable[bytes]:
    photograph = Photograph("é.jpg", 9, 9, bytes(16), 40, 30, "2024-05-31T18:00:00", b"1", ("It.",))
    vector = np.linspace(-1, 1, DIMENSION, dtype=np.float32)
    box, quality = Box(-1.5, 2, 20, 21), FaceQuality(20.5, 100.0, 0.25, 0.99)
    face = DetectedFace(photograph, 0, box, quality, vector, b"2")
    yield faces_line(PhotographFaces(photograph, (face, face))).encode()
    yield faces_line(PhotographFaces(photograph, ())).encode()
    yield refused_line(PhotoError("It is a video", remedy="Use a photograph.")).encode()
    yield broken_line(WorkerError("This network is gone", file="a", remedy="Install.")).encode()


READERS = (
    Reader(
        "photograph", _read_photograph, (PhotoError,), mixed(edit_photo), _photographs,
        memory=_MEGABYTES,
    ),
    Reader(
        "photograph-answer", _read_answer, (PhotoError, WorkerError, ValueError), DOCUMENT,
        _answers, names_file=False,
    ),
)  # fmt: skip
