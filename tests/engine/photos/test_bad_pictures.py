"""Pictures as people have them, and files that are none: read, or refused with what to do."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, features

from engine.errors import PhotoError
from engine.photos import photo_reader
from engine.photos.photo_reader import ReadPhoto, is_picture, read_photo_file
from tests.unprivileged import call_unprivileged

WIDE, HIGH = 120, 80


def scene() -> Image.Image:
    """A picture whose upper left quarter is red, on a slope from dark to light."""
    slope = np.linspace(40, 220, WIDE).astype(np.uint8)
    pixels = np.repeat(np.tile(slope, (HIGH, 1))[..., None], 3, axis=2)
    pixels[: HIGH // 2, : WIDE // 2] = (200, 30, 30)
    return Image.fromarray(pixels)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def require_scene(read: ReadPhoto, tolerance: float = 12.0) -> None:
    assert read.pixels.shape == (HIGH, WIDE, 3)
    assert read.pixels.dtype == np.uint8
    expected = np.asarray(scene(), dtype=np.float64)
    assert np.abs(read.pixels - expected).mean() < tolerance


def refusal(path: Path) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        read_photo_file(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


# -- kinds of pictures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "needed"),
    [
        ("a.jpg", "JPEG", ""),
        ("a.png", "PNG", ""),
        ("a.webp", "WEBP", "webp"),
        ("a.tif", "TIFF", ""),
        ("a.jp2", "JPEG2000", "jpg_2000"),
        ("a.avif", "AVIF", "avif"),
        ("a.bmp", "BMP", ""),
        ("called.png", "JPEG", ""),
    ],
)
def test_kinds_of_pictures_are_read(tmp_path: Path, name: str, kind: str, needed: str) -> None:
    if needed and not features.check(needed):
        pytest.skip(f"Pillow has no {kind} here")
    read = read_photo_file(written(tmp_path, name, encoded(scene(), kind)))
    require_scene(read)
    assert read.remarks == ()


@pytest.mark.parametrize("orientation", [1, 6])
def test_heic_is_read_upright(tmp_path: Path, orientation: int) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = scene() if orientation == 1 else scene().transpose(Image.Transpose.ROTATE_90)
    data = encoded(stored, "HEIF", exif=exif.tobytes())
    require_scene(read_photo_file(written(tmp_path, "a.heic", data)))


def test_heic_without_its_reader_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    path = written(tmp_path, "a.jpg", encoded(scene(), "HEIF"))
    monkeypatch.setattr(photo_reader, "_register_heif", lambda: False)
    assert "pillow-heif" in refusal(path).remedy


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "RGBA", "LA", "1", "YCbCr"])
def test_kinds_of_colours_are_read(tmp_path: Path, mode: str) -> None:
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    read = read_photo_file(written(tmp_path, "a.img", encoded(scene().convert(mode), kind)))
    few = mode in ("L", "LA", "P", "1")
    require_scene(read, tolerance=130.0 if few else 12.0)
    assert read.remarks == ()


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (WIDE, HIGH), (0, 0, 0, 0))
    read = read_photo_file(written(tmp_path, "a.png", encoded(clear, "PNG")))
    assert read.pixels.min() == 255


def test_the_first_picture_of_an_animation_is_used_and_said_so(tmp_path: Path) -> None:
    black = Image.new("RGB", (WIDE, HIGH))
    data = encoded(scene(), "GIF", save_all=True, append_images=[black])
    read = read_photo_file(written(tmp_path, "a.gif", data))
    require_scene(read, tolerance=20.0)
    assert read.remarks == ("It has several pictures; only the first is used.",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_sixteen_bits_is_scaled_and_not_clipped(tmp_path: Path, kind: str) -> None:
    grey = np.asarray(scene().convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    read = read_photo_file(written(tmp_path, "a.img", encoded(deep, kind)))
    assert np.abs(read.pixels[..., 0].astype(int) - grey).max() <= 1


TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""By EXIF orientation how an upright picture was turned when it was stored."""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", TO_STORED)
def test_pictures_are_turned_upright(tmp_path: Path, orientation: int, kind: str) -> None:
    turn = TO_STORED[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    require_scene(read_photo_file(written(tmp_path, "a", encoded(stored, kind, exif=exif))))


# -- damage --------------------------------------------------------------------------------------


def test_what_there_is_of_a_file_cut_short_is_used_and_said_so(tmp_path: Path) -> None:
    data = encoded(scene().resize((600, 400)), "JPEG")
    read = read_photo_file(written(tmp_path, "a.jpg", data[: len(data) * 2 // 3]))
    assert read.pixels.shape == (400, 600, 3)
    assert read.remarks == ("The file is damaged or cut short; what can be read of it is used.",)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "The file is empty"),
        (b"\xff\xd8\xff", "It is not a picture, or its beginning is damaged"),
        (b"Dear Anna, here is no picture", "It is not a picture, or its beginning is damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "It is not a picture, or its beginning is damaged"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes, problem: str) -> None:
    assert refusal(written(tmp_path, "a.jpg", data)).problem == problem


def bomb(width: int, height: int) -> bytes:
    """A PNG of black pixels, of few bytes however many pixels it is said to have."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(12_000 * (1 + 12_000 // 8)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, side: int) -> None:
    path = written(tmp_path, "a.png", bomb(side, side))
    assert path.stat().st_size < 50_000
    refused = refusal(path)
    assert "larger than 120 megapixels" in refused.problem
    assert refused.remedy == "Save it again smaller."


def test_a_damaged_colour_profile_is_said_and_done_without(tmp_path: Path) -> None:
    data = encoded(scene(), "JPEG", icc_profile=b"no profile at all" * 20)
    read = read_photo_file(written(tmp_path, "a.jpg", data))
    require_scene(read)
    assert read.remarks == ("Its colour profile is damaged; colours are taken as they are.",)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0" + b"\xff" * 50,
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x02\0\0\0\x04zzz\0",  # orientation as text
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0",  # in a circle
    ],
)
def test_malformed_exif_says_nothing_about_the_pixels(
    tmp_path: Path, exif: bytes, kind: str
) -> None:
    read = read_photo_file(written(tmp_path, "a", encoded(scene(), kind, exif=exif)))
    require_scene(read)
    assert read.taken is None


XMP = {
    "a DTD": b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 99 + b'"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
    "nested": b"<a>" * 20_000,
    "no XML": b"\xff\xfe\0<<<",
    "10 MB": b"<x>" + b"a" * 10_000_000 + b"</x>",
}


@pytest.mark.parametrize("packet", XMP.values(), ids=XMP.keys())
def test_malformed_xmp_says_nothing_about_the_pixels(tmp_path: Path, packet: bytes) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", packet.decode("latin-1"), zip=True)
    require_scene(
        read_photo_file(written(tmp_path, "a.png", encoded(scene(), "PNG", pnginfo=text)))
    )
    if len(packet) < 65_000:
        jpeg = encoded(scene(), "JPEG", xmp=packet)
        require_scene(read_photo_file(written(tmp_path, "a.jpg", jpeg)))
    if features.check("webp"):
        require_scene(
            read_photo_file(written(tmp_path, "a.webp", encoded(scene(), "WEBP", xmp=packet)))
        )


# -- other kinds of files ------------------------------------------------------------------------

OTHERS = {
    ".mp4": ("a video", b"\0\0\0\x20ftypisom"),
    ".mov": ("a video", b"\0\0\0\x14ftypqt  "),
    ".m4v": ("a video", b"\0\0\0\x20ftypiso6"),
    ".3gp": ("a video", b"\0\0\0\x20ftyp3gp4"),
    ".avi": ("a video", b"RIFF\x10\0\0\0AVI LIST"),
    ".mkv": ("a video", b"\x1aE\xdf\xa3\x01\0\0\0"),
    ".webm": ("a video", b"\x1aE\xdf\xa3\x9fB\x86\x81"),
    ".mpg": ("a video", b"\0\0\x01\xba!"),
    ".cr2": ("raw data", b"II*\0\x10\0\0\0CR\x02\0"),
    ".cr3": ("raw data", b"\0\0\0\x18ftypcrx "),
    ".raf": ("raw data", b"FUJIFILMCCD-RAW "),
    ".orf": ("raw data", b"IIRO\x08\0\0\0"),
    ".rw2": ("raw data", b"IIU\0\x18\0\0\0"),
    ".jxl": ("JPEG XL", b"\xff\x0a\xfa\x1f"),
    ".svg": ("a drawing", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="x"/>'),
    ".pdf": ("a PDF", b"%PDF-1.7\n"),
    ".psd": ("a Photoshop document", b"8BPS\0\x01"),
}
BY_NAME = {
    **OTHERS,
    ".nef": ("raw data", b""),
    ".arw": ("raw data", b""),
    ".dng": ("raw data", b""),
}


@pytest.mark.parametrize("suffix", BY_NAME)
def test_other_kinds_are_told_by_name(tmp_path: Path, suffix: str) -> None:
    what, _ = BY_NAME[suffix]
    path = written(tmp_path, f"A{suffix.upper()}", b"anything")
    assert is_picture(path)
    assert what in str(refusal(path))


@pytest.mark.parametrize("suffix", OTHERS)
def test_other_kinds_are_told_by_content(tmp_path: Path, suffix: str) -> None:
    what, start = OTHERS[suffix]
    assert what in str(refusal(written(tmp_path, "a.jpg", start + bytes(200))))


def test_the_container_of_jpeg_xl_is_told_by_content(tmp_path: Path) -> None:
    start = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl "
    assert "JPEG XL" in str(refusal(written(tmp_path, "a.jpg", start + bytes(200))))


# -- files ---------------------------------------------------------------------------------------


def test_a_file_that_is_gone_or_a_folder_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "gone.jpg").problem
    (tmp_path / "a.jpg").mkdir()
    assert "a folder" in refusal(tmp_path / "a.jpg").problem


def test_a_file_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    os.truncate(written(tmp_path, "a.jpg", b"\xff\xd8\xff"), 3 * 1024**3)
    refused = refusal(tmp_path / "a.jpg")
    assert "more than the limit" in refused.problem
    assert refused.remedy == "Save it again smaller."


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    assert "a link to itself" in refusal(tmp_path / "a.jpg").problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert "a pipe" in refusal(tmp_path / "a.jpg").problem


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(scene(), "JPEG")
    path = written(tmp_path, "a.jpg", data[:-200])
    opened = os.fdopen

    def grown(*arguments: object, **options: object) -> object:
        with path.open("ab") as more:
            more.write(data[-200:])
        return opened(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(photo_reader.os, "fdopen", grown)
    assert refusal(path).problem == "It changed while it was read"
    monkeypatch.undo()
    require_scene(read_photo_file(path))


def test_a_file_that_may_not_be_read_is_refused(reachable: Path) -> None:
    path = written(reachable, "a.jpg", encoded(scene(), "JPEG"))
    path.chmod(0)

    def check() -> None:
        refused = refusal(path)
        assert "permission" in refused.problem
        assert "permissions" in refused.remedy

    call_unprivileged(check, reachable)
