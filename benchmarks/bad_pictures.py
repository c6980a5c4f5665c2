"""What each kind of bad picture gets said, by the same processes that look at good ones."""

from __future__ import annotations

import io
import os
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from engine.errors import PhotoError
from engine.photos.photo_workers import PhotoWorkers

Maker = Callable[[Image.Image], bytes]


def bad(photo: Path | None) -> None:
    """Print a line for each kind of picture.

    Args:
        photo: with one face; a plain picture is used where there is none.
    """
    good = Image.open(photo).convert("RGB") if photo else Image.new("RGB", (250, 250), "grey")
    workers = PhotoWorkers(1)
    print("Pictures, and what came of them:")
    with tempfile.TemporaryDirectory() as place:
        try:
            for title, file in made(good, Path(place)):
                print(f"  {title:32}{outcome(workers, file)}")
        finally:
            workers.close()


def outcome(workers: PhotoWorkers, file: Path) -> str:
    try:
        read = workers.read(file)
    except PhotoError as error:
        return error.reason
    faces = len(read.faces)
    said = " ".join(read.photograph.remarks)
    return f"{faces or 'no'} face{'' if faces == 1 else 's'}. {said}".rstrip()


def made(good: Image.Image, place: Path) -> Iterator[tuple[str, Path]]:
    """Files of each kind, and what they are."""
    for title, (name, make) in PICTURES.items():
        path = place / name
        try:
            path.write_bytes(make(good))
        except (OSError, KeyError) as error:
            print(f"  {title:32}cannot be made here: {error}")
            continue
        yield title, path
    for title, (name, start) in OTHERS.items():
        path = place / name
        path.write_bytes(start + bytes(100))
        yield title, path
    yield "a file that is gone", place / "gone.jpg"
    (place / "folder.jpg").mkdir()
    yield "a folder", place / "folder.jpg"
    (place / "link.jpg").symlink_to(place / "link.jpg")
    yield "a link to itself", place / "link.jpg"
    if hasattr(os, "mkfifo"):
        os.mkfifo(place / "pipe.jpg")
        yield "a pipe", place / "pipe.jpg"


def saved(kind: str, mode: str = "RGB", **options: object) -> Maker:
    def make(good: Image.Image) -> bytes:
        if kind == "HEIF":
            import pillow_heif

            pillow_heif.register_heif_opener()
        out = io.BytesIO()
        good.convert(mode).save(out, kind, **options)
        return out.getvalue()

    return make


def cut(good: Image.Image) -> bytes:
    data = saved("JPEG")(good)
    return data[: len(data) * 9 // 10]


def sixteen(good: Image.Image) -> bytes:
    grey = np.asarray(good.convert("L")).astype(np.uint16) * 257
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    return out.getvalue()


def turned(orientation: int) -> Maker:
    stored = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]

    def make(good: Image.Image) -> bytes:
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture = good if stored is None else good.transpose(Image.Transpose(stored))
        return saved("JPEG", exif=exif)(picture)

    return make


def on_its_side(good: Image.Image) -> bytes:
    return saved("JPEG")(good.transpose(Image.Transpose.ROTATE_90))


def filling(good: Image.Image) -> bytes:
    width, height = good.size
    return saved("JPEG")(good.crop((width // 4, height // 4, width * 3 // 4, height * 3 // 4)))


def fifty(good: Image.Image) -> bytes:
    group = Image.new("RGB", (2000, 1000), "grey")
    face = good.crop((50, 50, 200, 200))
    for place in range(50):
        group.paste(face, (place % 10 * 200 + 25, place // 10 * 200 + 25))
    return saved("JPEG")(group)


def bomb(_: Image.Image) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", 12_000, 12_000, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(12_000 * 1_501), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def black(_: Image.Image) -> bytes:
    return saved("GIF")(Image.new("RGB", (250, 250)))


PICTURES: dict[str, tuple[str, Maker]] = {
    "WebP": ("a.webp", saved("WEBP")),
    "TIFF": ("a.tif", saved("TIFF")),
    "JPEG 2000": ("a.jp2", saved("JPEG2000")),
    "AVIF": ("a.avif", saved("AVIF")),
    "HEIC": ("a.heic", saved("HEIF")),
    "CMYK": ("cmyk.jpg", saved("JPEG", "CMYK")),
    "grey": ("grey.png", saved("PNG", "L")),
    "palette": ("palette.png", saved("PNG", "P")),
    "transparent": ("clear.png", saved("PNG", "RGBA")),
    "grey of 16 bits": ("deep.png", sixteen),
    "animated GIF": (
        "a.gif",
        saved("GIF", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
    ),
    "a JPEG called .png": ("called.png", saved("JPEG")),
    **{f"EXIF orientation {n}": (f"turned{n}.jpg", turned(n)) for n in range(1, 9)},
    "a face on its side": ("side.jpg", on_its_side),
    "a face that fills the picture": ("close.jpg", filling),
    "fifty faces": ("fifty.jpg", fifty),
    "no face": ("black.gif", black),
    "cut short": ("cut.jpg", cut),
    "144 megapixels": ("bomb.png", bomb),
    "a broken colour profile": ("icc.jpg", saved("JPEG", icc_profile=b"none" * 99)),
    "broken EXIF": ("exif.jpg", saved("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")),
    "broken XMP": (
        "xmp.jpg",
        saved("JPEG", xmp=b"<!DOCTYPE x [<!ENTITY a 'a'>]>" + b"<a>" * 9_999),
    ),
    "an empty file": ("empty.jpg", lambda _: b""),
    "a letter": ("letter.jpg", lambda _: b"Dear Anna"),
}
OTHERS: dict[str, tuple[str, bytes]] = {
    "a video called .jpg": ("video.jpg", b"\0\0\0\x20ftypisom"),
    "raw data called .jpg": ("raw.jpg", b"II*\0\x10\0\0\0CR\x02\0"),
    "JPEG XL called .jpg": ("jxl.jpg", b"\xff\x0a\xfa\x1f"),
    "SVG called .jpg": ("svg.jpg", b'<?xml version="1.0"?><svg xmlns="x"/>'),
    "PDF called .jpg": ("pdf.jpg", b"%PDF-1.7\n"),
    "a video": ("a.mov", b"anything"),
    "raw data": ("a.nef", b"anything"),
    "JPEG XL": ("a.jxl", b"anything"),
    "SVG": ("a.svg", b"anything"),
}
