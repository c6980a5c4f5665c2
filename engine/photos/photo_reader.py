"""Photographs from files: upright, in sRGB, 8 bits a colour, whatever they were saved as."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import PhotoError, install_words
from engine.formats.input_file import open_regular, printable, unreadable
from engine.formats.photo_files import SUFFIXES, opaque
from engine.photos.region_area import StoredPicture

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_log = logging.getLogger(__name__)

Pixels = npt.NDArray[np.uint8]

MAX_PIXELS = 120_000_000
_MAX_BYTES = 256 * 1024**2
_MAX_TEXT = 16 * 1024**2  # of one piece of text in a PNG, such as XMP
_FORMATS = (
    "JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000", "AVIF", "HEIF",
)  # fmt: skip
_SAVE_AGAIN = "Save it again as JPEG or PNG."
_OTHER_KINDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".3gp", ".wmv", ".mts"),
        ("It is a video", "Save the pictures of interest as JPEG or PNG."),
    ),
    **dict.fromkeys(
        (".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw", ".x3f"),
        ("It is the raw data of a camera", "Export it as JPEG or TIFF first."),
    ),
    ".jxl": ("It is a JPEG XL picture, which cannot be read yet", _SAVE_AGAIN),
    ".svg": ("It is a drawing, not a photograph", "Use a photograph."),
    ".pdf": ("It is a PDF document", "Save the picture in it as JPEG or PNG."),
    ".psd": ("It is a Photoshop document", "Export it as JPEG or PNG first."),
}
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftypcrx", ".cr3"), (8, b"AVI ", ".avi"), (0, b"\x00\x00\x01\xba", ".mpg"),
    (0, b"\x1aE\xdf\xa3", ".mkv"), (0, b"FUJIFILMCCD-RAW", ".raf"), (0, b"IIRO", ".orf"),
    (0, b"IIU\x00", ".rw2"), (8, b"CR\x02\x00", ".cr2"), (0, b"\xff\x0a", ".jxl"),
    (0, b"\x00\x00\x00\x0cJXL ", ".jxl"), (0, b"<svg", ".svg"), (0, b"%PDF", ".pdf"),
    (0, b"8BPS", ".psd"),
)  # fmt: skip
_PICTURE_BRANDS = (b"mif1", b"mif2", b"msf1", b"avif", b"avis", b"he")
"""Of files of the ISO base media format: those of pictures; the others are videos."""
_THUMBNAIL = 480  # pixels of the longer side
_TAKEN = (0x9003, 0x9004, 0x0132)  # EXIF: DateTimeOriginal, DateTimeDigitized, DateTime
_EXIF = 0x8769  # EXIF: where the first two of these stand


@dataclass(frozen=True, eq=False)
class ReadPhoto:
    """A photograph in memory.

    Attributes:
        file: its path.
        size, modified, digest, taken, remarks: as in a Photograph.
        pixels: red, green and blue, uint8 ``(height, width, 3)``, upright.
    """

    file: str
    size: int
    modified: int
    digest: bytes
    taken: str | None
    remarks: tuple[str, ...]
    pixels: Pixels

    def thumbnail(self) -> bytes:
        """Return the whole of it as a JPEG of at most 480 pixels a side."""
        from PIL import Image

        picture = Image.fromarray(self.pixels)
        picture.thumbnail((_THUMBNAIL, _THUMBNAIL), reducing_gap=2.0)
        return as_jpeg(picture)


def read_photo_file(path: str | Path) -> ReadPhoto:
    """Read a photograph; of an animation or several pages the first picture.

    A file that is cut short is read as far as it goes, and said so.

    Raises:
        PhotoError: it cannot be read, is none of the kinds of pictures that can be, or is larger
            than 120 megapixels (told from its header, before any pixel is decoded).
    """
    file = os.fspath(path)
    descriptor, size = open_regular(file, kind=PhotoError, limit=_MAX_BYTES)
    try:
        with os.fdopen(descriptor, "rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken EXIF, and of sizes that are refused anyway
            before = os.fstat(descriptor)
            data = stream.read()
            after = os.fstat(descriptor)
    except OSError as error:
        raise unreadable(file, error, PhotoError) from None
    modified = after.st_mtime_ns
    if (before.st_mtime_ns, size) != (modified, len(data)):
        raise PhotoError(
            "It changed while it was read", file=file, remedy="Try again once it is complete."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels, taken, remarks = _decode(data, os.path.splitext(file)[1].lower())
    except PhotoError as error:
        raise PhotoError(error.problem, file=file, remedy=error.remedy) from None
    digest = hashlib.blake2b(data, digest_size=16).digest()
    return ReadPhoto(printable(file), size, modified, digest, taken, tuple(remarks), pixels)


def is_picture(path: str | Path) -> bool:
    """Whether a file name ends like that of a photograph, or of something that is taken for one,
    such as a video.
    """
    suffix = os.path.splitext(path)[1].lower()
    return suffix in SUFFIXES or suffix in _OTHER_KINDS


def stored_picture(path: str | Path) -> StoredPicture:
    """Return how a photograph lies in its file, told from its header; of one that cannot be read
    an upright one of one pixel.
    """
    from PIL import Image

    _register_heif()
    try:
        with warnings.catch_warnings(), Image.open(path, formats=_known_formats()) as picture:
            warnings.simplefilter("ignore")
            # pillow-heif turns the picture itself
            turned = picture.info.get("original_orientation")
            orientation = turned if isinstance(turned, int) else _exif(picture).get(0x0112, 1)
            width, height = picture.size
            if isinstance(turned, int) and turned in (5, 6, 7, 8):
                width, height = height, width
    except Exception:  # Pillow has no list of what broken files raise
        _log.info("The header of a photograph cannot be read", exc_info=True)
        return StoredPicture(1, 1)
    return StoredPicture(width, height, orientation if isinstance(orientation, int) else 1)


def as_jpeg(picture: Picture) -> bytes:
    """Return a picture as JPEG, without metadata."""
    picture.info = {}  # Pillow would write comments and XMP from here
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def _decode(data: bytes, suffix: str) -> tuple[Pixels, str | None, list[str]]:
    remarks: list[str] = []
    try:
        picture, several = _loaded(data, suffix, lenient=False)
    except (PhotoError, MemoryError):
        raise
    except Exception:  # Pillow's decoders have no list of what broken files raise
        _log.debug("A photograph is damaged; it is read again leniently", exc_info=True)
        try:
            picture, several = _loaded(data, suffix, lenient=True)
        except (PhotoError, MemoryError):
            raise
        except Exception:
            _log.info("A photograph cannot be decoded", exc_info=True)
            raise PhotoError("The photograph is damaged", remedy=_SAVE_AGAIN) from None
        remarks.append("The file is damaged or cut short; what can be read of it is used.")
    if several:
        remarks.append("It has several pictures; only the first is used.")
    exif = _exif(picture)
    taken = _taken(exif)
    profile = picture.info.get("icc_profile")
    picture = _turned(picture, exif.get(0x0112))
    picture = _in_srgb(_of_eight_bits(picture), profile, remarks)
    return np.ascontiguousarray(np.asarray(opaque(picture))), taken, remarks


def _loaded(data: bytes, suffix: str, *, lenient: bool) -> tuple[Picture, bool]:
    """Return the first picture of a file, and whether there are others."""
    from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

    if (kind := _other_kind(data, suffix)) is not None:
        raise PhotoError(kind[0], remedy=kind[1])
    if not _register_heif() and data[4:10] in (b"ftyphe", b"ftypmi", b"ftypms"):
        raise PhotoError(
            "HEIC pictures cannot be read without pillow-heif", remedy=install_words("pillow-heif")
        )
    PngImagePlugin.MAX_TEXT_CHUNK = _MAX_TEXT
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    try:
        picture = Image.open(io.BytesIO(data), formats=_known_formats())
        if picture.width * picture.height > MAX_PIXELS:
            raise _too_large(picture.size)
        # counted before it is loaded, as counting goes through the file
        several = not lenient and getattr(picture, "n_frames", 1) > 1
        picture.load()
    except Image.DecompressionBombError:
        raise _too_large() from None
    except UnidentifiedImageError:
        if not data:
            raise PhotoError("The file is empty", remedy="Use another copy of it.") from None
        raise PhotoError(
            "It is not a picture, or its beginning is damaged",
            remedy="JPEG, PNG, WebP, TIFF, HEIC, AVIF, JPEG 2000, GIF and BMP can be read.",
        ) from None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    return picture, several and picture.format not in ("MPO", "HEIF")


def _known_formats() -> list[str]:
    from PIL import Image

    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _register_heif() -> bool:
    """Have Pillow read HEIC; return whether it can."""
    try:
        import pillow_heif
    except ImportError:  # ordinary: HEIC pictures are then refused
        return False
    pillow_heif.register_heif_opener()
    return True


def _other_kind(data: bytes, suffix: str) -> tuple[str, str] | None:
    """Return what is wrong and what to do, of a file that is something else than a picture."""
    start = data[:64].lstrip()
    for at, magic, kind in _MAGIC:
        if start[at : at + len(magic)] == magic:
            return _OTHER_KINDS[kind]
    if start[4:8] == b"ftyp" and not start[8:12].startswith(_PICTURE_BRANDS):
        return _OTHER_KINDS[".mp4"]
    if b"<svg" in data[:1024] and start.removeprefix(b"\xef\xbb\xbf")[:1] == b"<":
        return _OTHER_KINDS[".svg"]
    return _OTHER_KINDS.get(suffix)


def _too_large(size: tuple[int, int] | None = None) -> PhotoError:
    has = f": it has {size[0]:,} × {size[1]:,} pixels" if size else ""
    return PhotoError(
        f"The photograph is larger than {MAX_PIXELS // 10**6} megapixels{has}",
        remedy="Save it again smaller.",
    )


# -- what the pixels mean ------------------------------------------------------------------------


def _exif(picture: Picture) -> dict[int, Any]:
    """Return the EXIF tags that count here; none where EXIF is broken."""
    try:
        exif = picture.getexif()
        return {**dict(exif), **exif.get_ifd(_EXIF)}
    except Exception:  # broken EXIF says nothing about the pixels
        _log.debug("A photograph has broken EXIF", exc_info=True)
        return {}


def _taken(exif: dict[int, Any]) -> str | None:
    for tag in _TAKEN:
        try:
            when = datetime.strptime(str(exif.get(tag, ""))[:19], "%Y:%m:%d %H:%M:%S")
        except ValueError:  # ordinary: there is none, or a camera whose clock was never set
            continue
        return when.isoformat()
    return None


def _turned(picture: Picture, orientation: object) -> Picture:
    """Return a picture upright, by the EXIF orientation of the camera."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }  # fmt: skip
    turn = turns.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)


def _of_eight_bits(picture: Picture) -> Picture:
    """Return a picture of 8 bits a colour: Pillow would clip 16 bits, not scale them."""
    from PIL import Image

    if not (picture.mode.startswith("I") or picture.mode == "F"):
        return picture
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    most = 255.0 if values.max(initial=0) <= 255 else 65535.0
    if values.max(initial=0) <= 1 and picture.mode == "F":
        most = 1.0
    grey = np.clip(values * (255.0 / most), 0, 255)
    return Image.fromarray(np.rint(grey).astype(np.uint8))


def _in_srgb(picture: Picture, profile: object, remarks: list[str]) -> Picture:
    """Return a picture whose colours mean what those of sRGB do."""
    if not isinstance(profile, bytes) or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    if b"sRGB" in profile[:4096]:
        return picture
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = picture.mode if picture.mode in ("RGB", "RGBA") else "RGB"
        converted = ImageCms.profileToProfile(
            picture, own, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        _log.debug("A photograph has a broken colour profile", exc_info=True)
        remarks.append("Its colour profile is damaged; colours are taken as they are.")
        return picture
    return picture if converted is None else converted
