"""Face regions as XMP spells them: those of the Metadata Working Group, and Microsoft's.

Both mean the picture as it is stored, before its EXIF orientation turns it ("Region metadata is
applied to the stored image", Guidelines for Handling Image Metadata 2.0), and so write digiKam,
ExifTool and Picasa. Some programs mean the upright picture all the same. ``AppliedToDimensions``
tells where it has the upright picture's shape and not the stored one's; where it fits both, or is
absent, the stored picture is meant. Where it fits neither, the picture was cut or turned since, and
nobody knows where the regions are: they are refused. Microsoft's have no such size, and follow the
other spelling's where both are there, since digiKam writes each region in both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.errors import IdentityNameError
from engine.photos.region_area import Area, StoredPicture
from engine.photos.xmp_document import XmpDocument, XmpElement
from engine.records.names import check_name

MWG = "http://www.metadataworkinggroup.com/schemas/regions/}"
AREA = "http://ns.adobe.com/xmp/sType/Area#}"
DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#}"
_PHOTO = "http://ns.microsoft.com/photo/1.2/}"
_REGION_INFO = "http://ns.microsoft.com/photo/1.2/t/RegionInfo#}"
_REGION = "http://ns.microsoft.com/photo/1.2/t/Region#}"
MAX_REGIONS = 3_000
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,40}(?:[.,]\d{0,40})?|[.,]\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII
)
_SAME_SHAPE = 0.02  # of a ratio of sides: what rounding makes of it in a small copy
_NOBODY = ("", "ffffffffffffffff")  # Picasa's for a face without a name


@dataclass(frozen=True, slots=True)
class NamedArea:
    """A name and where it is, in the stored or the upright picture, as the file has it."""

    name: str
    area: Area


@dataclass
class RegionFindings:
    """What a file says, and what in it cannot be used: sentences, and how often each is true."""

    regions: list[tuple[str, NamedArea]] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)
    nameless: int = 0

    def add(self, origin: str, name: str, area: Area | None) -> None:
        """Take a region of the upright picture over, if its name and area can be used."""
        if name in _NOBODY:
            self.nameless += 1
        elif len(self.regions) >= MAX_REGIONS:
            self.remarks[
                f"It has more than {MAX_REGIONS:,} face regions; the others are left out"
            ] = 1
        elif found := self._checked(name, area):
            self.regions.append((origin, found))

    def _checked(self, name: str, area: Area | None) -> NamedArea | None:
        try:
            name = check_name(name)
        except IdentityNameError as error:
            self.remarks[error.problem] += 1
            return None
        kept = area and area.clipped()
        if kept:
            return NamedArea(name, kept)
        where = "has no place that can be read" if area is None else "lies outside the picture"
        self.remarks[f"The region of “{name}” {where}"] += 1
        return None


def read_xmp_regions(document: XmpDocument, picture: StoredPicture) -> RegionFindings:
    """Named regions of faces, in the upright picture."""
    found = RegionFindings()
    turning: int | None = picture.orientation
    for regions in document.root.all_of(f"{MWG}Regions"):
        turning = turning_of(regions, picture)
        if turning is None:
            width, height = applied_size(regions) or (0, 0)
            found.remarks[
                f"Its face regions are for a picture of {width:g} × {height:g} pixels, and this one"
                f" has {picture.width} × {picture.height}: it was cut or turned since"
            ] += 1
            continue
        for region in face_regions_of(regions):
            area = mwg_area(region, regions, picture)
            found.add("mwg", region.value(f"{MWG}Name"), area and area.turned(turning))
    if turning is not None:
        for name, area in _microsoft_regions(document):
            found.add("microsoft", name, area and area.turned(turning))
    return found


# -- of the Metadata Working Group ---------------------------------------------------------------


def applied_size(regions: XmpElement) -> tuple[float, float] | None:
    """Width and height of the picture that the regions were made for, where they are given."""
    dimensions = regions.structure(f"{MWG}AppliedToDimensions")
    if dimensions is None:
        return None
    width, height = (_number(dimensions.value(f"{DIMENSIONS}{side}")) for side in "wh")
    return (width, height) if width and height and min(width, height) > 0 else None


def turning_of(regions: XmpElement, picture: StoredPicture) -> int | None:
    """The orientation that turns the regions upright; None where they fit the picture no way."""
    size = applied_size(regions)
    stored, upright = (picture.width, picture.height), picture.upright_size
    if size is None or size == stored:
        return picture.orientation
    if size == upright:
        return 1
    if _has_shape(size, stored):
        return picture.orientation
    return 1 if _has_shape(size, upright) else None


def face_regions_of(regions: XmpElement) -> Iterator[XmpElement]:
    """Members of the list that are faces, or do not say what they are."""
    listed = regions.structure(f"{MWG}RegionList")
    for region in listed.members() if listed else ():
        if region.value(f"{MWG}Type").lower() in ("face", ""):
            yield region


def mwg_area(region: XmpElement, regions: XmpElement, picture: StoredPicture) -> Area | None:
    """Where a member of the list is, in the picture that the list means."""
    area = region.structure(f"{MWG}Area")
    if area is None:
        return None
    values = [_number(area.value(f"{AREA}{name}")) for name in "xywh"]
    x, y, width, height = values
    if x is None or y is None or width is None or height is None:
        return None
    if area.value(f"{AREA}unit").lower() == "pixel":
        across, down = applied_size(regions) or (picture.width, picture.height)
        x, y, width, height = x / across, y / down, width / across, height / down
    return Area(x - width / 2, y - height / 2, width, height).plausible()


def _has_shape(size: tuple[float, float], other: tuple[int, int]) -> bool:
    return abs(size[0] * other[1] / (size[1] * other[0]) - 1) < _SAME_SHAPE


# -- Microsoft's -------------------------------------------------------------------------------


def _microsoft_regions(document: XmpDocument) -> Iterator[tuple[str, Area | None]]:
    for info in document.root.all_of(f"{_PHOTO}RegionInfo"):
        listed = info.structure(f"{_REGION_INFO}Regions")
        for region in listed.members() if listed else ():
            rectangle = region.value(f"{_REGION}Rectangle")
            yield region.value(f"{_REGION}PersonDisplayName"), _rectangle(rectangle)


def _rectangle(text: str) -> Area | None:
    values = [_number(part.strip()) for part in text.split(",", 4)]
    match values:
        case [float(x), float(y), float(width), float(height)]:
            return Area(x, y, width, height).plausible()
    return None


# -- numbers -----------------------------------------------------------------------------------


def _number(text: str) -> float | None:
    """A finite number, its decimals after a point or, as some systems write it, a comma."""
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
