"""Names that are in a photograph already: in the file, in a sidecar beside it, in Picasa's file."""

from __future__ import annotations

import logging
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from engine.errors import InputError
from engine.formats.input_file import open_regular, printable
from engine.photos.picasa_file import picasa_file, read_picasa
from engine.photos.region_area import Area, StoredPicture, area_rows, overlap_matrix
from engine.photos.region_schemas import RegionFindings, read_xmp_regions
from engine.photos.xmp_document import MAX_BYTES, XmpDocument

_log = logging.getLogger(__name__)

Origin = Literal["mwg", "microsoft", "picasa", "folder"]
"""Who says so: regions of the Metadata Working Group, Microsoft's, Picasa's file, or a folder of
photographs of one person."""
_FORMATS = ("JPEG", "MPO", "PNG", "TIFF", "WEBP", "AVIF", "JPEG2000", "HEIF")
_MOST_REMARKS = 10  # on one file
_SAME_PLACE = 0.5  # intersection over union from which on two regions mean one face
_SAME_PERSON = 0.2  # where the name is the same, too


@dataclass(frozen=True)
class FaceRegion:
    """A name, and where in the upright picture its face is.

    Attributes:
        area: in fractions of the upright picture's width and height, within [0, 1].
        origin: the spelling that says so.
        file: name of the file that says so, without its folder.
    """

    name: str
    area: Area
    origin: Origin = "mwg"
    file: str = ""


@dataclass(frozen=True)
class RegionsRead:
    """Names in a photograph, and sentences on what could not be read of them."""

    regions: tuple[FaceRegion, ...]
    remarks: tuple[str, ...]


def sidecars_of(photo: Path) -> tuple[Path, ...]:
    """Where a sidecar of a photograph may be, the one that counts first: ``a.jpg.xmp`` as digiKam
    and darktable name it, ``a.xmp`` as Adobe does.
    """
    return tuple(
        photo.with_name(f"{stem}{suffix}")
        for stem in (photo.name, photo.stem)
        for suffix in (".xmp", ".XMP")
    )


def read_regions(
    photo: Path, size_as_stored: tuple[int, int], orientation: int, *, embedded: bytes | None = None
) -> RegionsRead:
    """Collect the named faces that are written in or beside a photograph.

    Where two files place a face at the same spot, the sidecar counts before the photograph, and
    both before Picasa's file; within one file the Metadata Working Group's spelling counts before
    Microsoft's. Whatever is malformed leaves a remark and takes nothing else with it.

    Args:
        size_as_stored: width and height in pixels, before EXIF turns the picture.
        orientation: EXIF's, 1 to 8; any other counts as 1.
        embedded: the XMP in the photograph, where it was opened already, b"" for none.
    """
    picture = StoredPicture(*size_as_stored, orientation)
    regions: list[FaceRegion] = []
    remarks: list[str] = []
    for path, read in _sources(photo, picture, embedded):
        file = printable(path.name)
        try:
            findings = read()
        except InputError as error:
            remarks.append(f"{file}: {error.problem}.")
            continue
        remarks += [f"{file}: {sentence}." for sentence in _sentences(findings)]
        for origin in ("mwg", "microsoft", "picasa"):
            found = [
                FaceRegion(named.name, named.area, origin, file)
                for spelling, named in findings.regions
                if spelling == origin
            ]
            remarks += _merge(regions, found)
    return RegionsRead(tuple(regions), tuple(remarks))


def _sources(
    photo: Path, picture: StoredPicture, embedded: bytes | None
) -> Iterator[tuple[Path, Callable[[], RegionFindings]]]:
    """Files that may name faces, the one that counts first, with what reads each."""
    seen: set[tuple[int, int]] = set()
    for path in sidecars_of(photo):
        try:
            status = path.stat()
        except OSError:  # ordinary: most photographs have no sidecar
            continue
        if (status.st_dev, status.st_ino) not in seen:  # a.xmp is a.XMP on some disks
            seen.add((status.st_dev, status.st_ino))
            yield path, partial(_of_sidecar, path, picture)
    yield photo, partial(_of_photo, photo, picture, embedded)
    if picasa := picasa_file(photo.parent):
        yield picasa, partial(_of_picasa, picasa, photo, picture)


def _of_sidecar(path: Path, picture: StoredPicture) -> RegionFindings:
    return read_xmp_regions(XmpDocument(read_limited(path)), picture)


def _of_photo(photo: Path, picture: StoredPicture, embedded: bytes | None) -> RegionFindings:
    data = embedded_xmp(photo) if embedded is None else embedded
    return read_xmp_regions(XmpDocument(data), picture) if data else RegionFindings()


def _of_picasa(path: Path, photo: Path, picture: StoredPicture) -> RegionFindings:
    findings = RegionFindings()
    for name, area in read_picasa(path).faces_of(photo.name):
        findings.add("picasa", name, area and area.turned(picture.orientation))
    return findings


def read_limited(path: Path) -> bytes:
    """All of a file of XMP.

    Raises:
        InputError: it cannot be read, or is larger than 8 MB.
    """
    descriptor, _ = open_regular(os.fspath(path), kind=InputError, limit=MAX_BYTES)
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(MAX_BYTES + 1)


def embedded_xmp(photo: Path) -> bytes:
    """The XMP in a photograph, b"" where it has none or is no photograph; no pixel is decoded.

    Raises:
        InputError: the file cannot be read, or its metadata are damaged.
    """
    from PIL import Image, UnidentifiedImageError

    Image.init()
    descriptor, _ = open_regular(os.fspath(photo), kind=InputError)
    try:
        with os.fdopen(descriptor, "rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes and EXIF, which are not needed here
            formats = [name for name in _FORMATS if name in Image.OPEN]
            with Image.open(stream, formats=formats) as picture:
                written = picture.info.get("xmp", b"")
    except UnidentifiedImageError:  # ordinary: whoever decodes the picture says so, or knows better
        return b""
    except Exception:  # Pillow's readers have no list of what broken files raise
        _log.debug("A photograph's metadata cannot be read", exc_info=True)
        raise InputError("Its metadata cannot be read", file=photo) from None
    return written.encode() if isinstance(written, str) else bytes(written)


def _sentences(findings: RegionFindings) -> Iterator[str]:
    if findings.nameless:
        yield f"Face regions without a name: {findings.nameless:,}"
    counted: Counter[str] = findings.remarks
    for sentence, times in list(counted.items())[:_MOST_REMARKS]:
        yield sentence if times == 1 else f"{sentence} ({times:,} times)"
    if len(counted) > _MOST_REMARKS:
        yield f"{len(counted) - _MOST_REMARKS:,} more face regions cannot be used"


def _merge(regions: list[FaceRegion], found: Iterable[FaceRegion]) -> Iterator[str]:
    """Add regions of a source that counts less, but for those that the others have already.

    Within one source faces may overlap, and all of them stay. Yields what contradicts.
    """
    before = tuple(regions)
    places = area_rows(region.area for region in before)
    for region in dict.fromkeys(found):
        overlaps = overlap_matrix(area_rows([region.area]), places)[0]
        near = [before[at] for at in np.flatnonzero(overlaps >= _SAME_PERSON)]
        if any(other.name == region.name for other in near):
            continue
        if not near or overlaps.max() < _SAME_PLACE:
            regions.append(region)
            continue
        other = before[int(overlaps.argmax())]
        yield (
            f"{region.file}: It says “{region.name}” where {other.file} says “{other.name}”,"
            " which counts."
        )
