"""The photograph beside a vector: which one it is, and its thumbnail."""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from engine.errors import InputError, PhotoError
from engine.formats.input_file import open_regular, unreadable
from engine.progress import Reporter
from engine.records.detections import DetectedFace
from engine.records.types import Rejection

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from engine.formats.batch_pieces import Piece

_log = logging.getLogger(__name__)

SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".jp2",
    ".j2k", ".avif", ".heic", ".heif", ".hif",
})  # fmt: skip
"""Of files that are taken for photographs in which faces can be looked for."""
EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp")  # the first one wins where there are several
MAX_PIXELS = 50_000_000
_TOO_LARGE = f"The photo is over {MAX_PIXELS // 10**6} megapixels"
_MAX_BYTES = 256 * 1024**2
_FORMATS = ("PNG", "JPEG", "WEBP")
_QUALITY = 88
_REMEDY = "Save it again as PNG, JPEG or WebP. The face itself is not affected."


@dataclass(frozen=True)
class PhotographFile:
    """A photograph whose faces are to be found, and whose they are; None where that is open."""

    path: str
    name: str | None


class PhotographEmbedder(Protocol):
    """What turns photographs into rows of vectors."""

    def __call__(
        self, files: Sequence[PhotographFile], reporter: Reporter
    ) -> tuple[list[Piece], list[InputError]]:
        """Return what was found, and what is wrong with the other files."""


def is_photo(name: str) -> bool:
    """Whether a file name ends like a photograph's."""
    return name.lower().endswith(EXTENSIONS)


def has_faces_to_find(name: str) -> bool:
    """Whether a file name ends like that of a photograph in which faces can be looked for."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def index_photos(names: Iterable[str]) -> dict[str, str]:
    """Photo names by stem, exact and in folded case, for :func:`find_photo`."""
    exact: dict[str, str] = {}
    folded: dict[str, str] = {}
    for name in sorted(names, key=_preference, reverse=True):
        stem = os.path.splitext(name)[0]
        exact[stem] = folded[stem.casefold()] = name
    return {**folded, **exact}


def find_photo(photos: Mapping[str, str], stem: str) -> str | None:
    """The photo of this stem, of exactly its case where there are both."""
    return photos.get(stem) or photos.get(stem.casefold())


def _preference(name: str) -> tuple[int, str]:
    suffix = os.path.splitext(name)[1].lower()
    return EXTENSIONS.index(suffix) if suffix in EXTENSIONS else len(EXTENSIONS), name


def photo_beside(path: str | Path) -> Path | None:
    """The photograph of the same stem in the same folder as a vector, if there is one."""
    path = Path(path)
    try:
        names = [name for name in os.listdir(path.parent) if is_photo(name)]
    except OSError:
        _log.debug("Photographs beside a vector cannot be listed", exc_info=True)
        return None
    found = find_photo(index_photos(names), path.stem)
    return path.parent / found if found else None


def read_photo(path: str | Path, *, side: int = 192) -> bytes:
    """The photograph as JPEG of at most ``side`` by ``side`` pixels, upright, without metadata.

    Raises:
        PhotoError: not readable, not a whole PNG, JPEG or WebP, or over 50 megapixels (told from
            its header, before any pixel is decoded).
    """
    file = os.fspath(path)
    descriptor, _ = open_regular(file, kind=PhotoError, limit=_MAX_BYTES)
    try:
        with os.fdopen(descriptor, "rb") as stream, warnings.catch_warnings():
            # it warns of broken EXIF, which we do without, and of sizes that we refuse anyway
            warnings.filterwarnings("ignore", module=r"PIL\.")
            return _to_jpeg(_thumbnail(stream, side))
    except PhotoError as error:
        raise PhotoError(error.problem, file=file, remedy=_REMEDY) from None
    except Exception as error:  # Pillow's decoders have no list of what broken files raise
        if isinstance(error, OSError) and error.errno:
            raise unreadable(file, error, PhotoError) from None
        problem = "The photo is damaged or truncated"
        raise PhotoError(problem, file=file, remedy=_REMEDY) from None


def read_photos(
    photos: Sequence[str | Path | DetectedFace | None], reporter: Reporter
) -> tuple[dict[int, bytes], tuple[Rejection, ...]]:
    """Thumbnails by row, and the photographs that could not be used: their faces are kept."""
    thumbnails: dict[int, bytes] = {}
    refused = []
    given = [(row, photo) for row, photo in enumerate(photos) if photo is not None]
    for done, (row, photo) in enumerate(given):
        if done % 50 == 0:
            reporter.progress("Reading photos", done, len(given))
        try:
            thumbnails[row] = photo.crop if isinstance(photo, DetectedFace) else read_photo(photo)
        except PhotoError as error:
            refused.append(Rejection(str(photo), f"{error.reason} The face was kept."))
    return thumbnails, tuple(refused)


def _thumbnail(stream: BinaryIO, side: int) -> Picture:
    picture = _open(stream)
    width, height = picture.size
    if min(width, height) < 1:
        raise PhotoError("The photo has no pixels")
    if width * height > MAX_PIXELS:
        raise PhotoError(f"{_TOO_LARGE}: it has {width} × {height} pixels")
    if picture.mode.startswith("I;16"):  # Pillow would clip 16 bits, not scale them
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode in {"P", "PA", "1"}:  # indexed colours cannot be averaged
        picture = picture.convert("RGBA")
    picture.thumbnail((side, side), reducing_gap=2.0)  # has a large JPEG decoded smaller
    return opaque(_upright(picture))


def _open(stream: BinaryIO) -> Picture:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(stream, formats=_FORMATS)
    except Image.DecompressionBombError:
        raise PhotoError(_TOO_LARGE) from None
    except UnidentifiedImageError:
        if not stream.seek(0, os.SEEK_END):
            raise PhotoError("The photo is empty") from None
        raise PhotoError(
            "The photo is not a PNG, JPEG or WebP file, or its header is damaged"
        ) from None


def _upright(picture: Picture) -> Picture:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # broken EXIF says nothing about the pixels
        _log.debug("A photograph has broken EXIF", exc_info=True)
        return picture


def opaque(picture: Picture) -> Picture:
    """Return a picture in RGB, what is transparent on white."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    layers = picture.convert("RGBA")
    paper = Image.new("RGB", layers.size, "white")
    paper.paste(layers, mask=layers.getchannel("A"))
    return paper


def _to_jpeg(picture: Picture) -> bytes:
    picture.info = {}  # Pillow would write comments and XMP from here
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
