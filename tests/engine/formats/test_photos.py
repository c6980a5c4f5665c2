"""Photographs: small upright thumbnails without metadata; a bad one is refused at little cost."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from engine.errors import PhotoError
from engine.formats.photo_files import read_photo
from tests.unprivileged import call_unprivileged

ORIENTATION = 0x0112


def shown(path, **options) -> Image.Image:
    image = Image.open(io.BytesIO(read_photo(path, **options)))
    assert image.format == "JPEG"
    assert image.mode == "RGB"
    return image


def refused(path) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        read_photo(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG that claims this size, with hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg", "a.webp", "a.JPG"])
def test_every_kind_of_photo_gives_a_thumbnail(picture, name):
    image = shown(picture(name, (600, 400)))
    assert image.size == (192, 128)
    left, right = image.getpixel((10, 60)), image.getpixel((180, 60))
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]


def test_a_small_photo_keeps_its_size(picture):
    assert shown(picture("a.png", (64, 48))).size == (64, 48)


def test_the_side_can_be_chosen(picture):
    assert shown(picture("a.jpg", (3000, 1500)), side=96).size == (96, 48)


def test_a_photo_lying_on_its_side_is_turned_upright(picture):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = shown(picture("a.jpg", (640, 480), exif=exif))
    assert image.size == (144, 192)
    top, bottom = image.getpixel((70, 10)), image.getpixel((70, 180))
    assert top[0] > 150 > top[2]
    assert bottom[2] > 150 > bottom[0]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_metadata_is_left_out(picture, name):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010E] = "secret-exif"
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "secret-text")
    path = picture(name, exif=exif, xmp=b"<x>secret-xmp</x>", comment=b"secret", pnginfo=text)
    assert b"secret" in path.read_bytes()
    assert b"secret" not in read_photo(path)
    assert not Image.open(io.BytesIO(read_photo(path))).getexif()


@pytest.mark.parametrize(
    "exif", [b"II*\0\xff\xff\xff\xff" + b"\xff" * 40, b"II*\0\x08\0\0\0" + b"\xff" * 30, b"garbage"]
)
def test_broken_metadata_does_not_cost_the_photo(picture, exif):
    assert shown(picture("a.jpg", exif=b"Exif\0\0" + exif)).size == (64, 48)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_shown_in_its_brightness(tmp_path, mode):
    half = 32768 if mode == "I;16" else 128
    grey = Image.new("I;16" if mode == "I;16" else "L", (300, 300), half)
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    (grey if grey.mode == mode else grey.convert("RGB").convert(mode)).save(path)
    brightness = np.asarray(shown(path)).mean()
    assert 110 < brightness < 145


def test_transparent_parts_become_white(tmp_path):
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert min(shown(tmp_path / "a.png").getpixel((20, 20))) > 250


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_truncated_photo_is_refused(tmp_path, name, share):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    path = tmp_path / name
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path)


def test_text_renamed_to_jpg_is_refused(write):
    refused(write("a.jpg", "This is no photograph"))
    assert "empty" in refused(write("b.jpg", b"")).problem


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_any_other_format_is_refused_whatever_its_name(tmp_path, kind):
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(path, kind)
    refused(path)


@pytest.mark.parametrize("side", [10_000, 12_000, 30_000])
def test_a_photo_over_50_megapixels_is_refused_before_it_is_decoded(write, side):
    path = write("huge.png", png_header(side, side))
    refused(path)
    tracemalloc.start()
    assert "50 megapixels" in refused(path).problem
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_real_100_megapixel_photo_is_refused(tmp_path):
    path = tmp_path / "huge.png"
    Image.new("1", (10_000, 10_000)).save(path)
    assert "50 megapixels" in refused(path).problem


def test_a_photo_without_pixels_is_refused(write):
    refused(write("none.png", png_header(0, 10)))


def test_a_folder_or_nothing_in_place_of_a_photo_is_refused(tmp_path):
    (tmp_path / "a.jpg").mkdir()
    assert "folder" in refused(tmp_path / "a.jpg").problem
    assert "does not exist" in refused(tmp_path / "b.jpg").problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_place_of_a_photo_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert "pipe" in refused(tmp_path / "a.jpg").problem


def test_a_photo_that_may_not_be_read_is_refused(reachable):
    path = reachable / "a.png"
    Image.new("RGB", (8, 8)).save(path)
    path.chmod(0)

    def check():
        assert "permission to read" in refused(path).problem

    call_unprivileged(check)
