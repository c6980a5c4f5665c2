"""The readers of names in photographs: XMP in a sidecar, and Picasa's file. Needs defusedxml."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import ExportError
from engine.photos.face_regions import FaceRegion, RegionsRead, read_regions
from engine.photos.region_area import Area
from engine.photos.sidecars import write_sidecar
from engine.records.names import check_name
from tests.engine.photos.region_files import (
    AREA,
    HIGH,
    WIDE,
    attributes,
    elements,
    microsoft,
    packet,
    picasa,
)
from tests.fuzz.forms import edit_lines, edit_markup, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.mutating import edit_bytes

_WRITTEN = FaceRegion("Anna <Ö>", Area(0.5, 0.25, 0.25, 0.25))


def _read(photo: Path, orientation: int) -> RegionsRead:
    found = read_regions(photo, (WIDE, HIGH), orientation, embedded=b"")
    for region in found.regions:
        area = region.area
        require(check_name(region.name) == region.name, "a name that none may have")
        require(min(area.left, area.top) >= 0 < min(area.width, area.height), "no rectangle")
        require(max(area.right, area.bottom) <= 1 + 1e-9, "a rectangle outside the picture")
    require(all(0 < len(said) < 1_000 for said in found.remarks), "a remark too long or empty")
    return found


def _read_sidecar(data: bytes, folder: Path) -> None:
    photo = folder / "a.jpg"
    (folder / "a.jpg.xmp").write_bytes(data)
    for orientation in (1, 6):
        before = _read(photo, orientation)
        write_sidecar(photo, [_WRITTEN], (WIDE, HIGH), orientation)
        after = _read(photo, orientation)
        require(any(_is_written(region) for region in after.regions), "not read again")
        require(len(after.regions) <= len(before.regions) + 1, "more regions than were written")


def _is_written(region: FaceRegion) -> bool:
    area, written = region.area, _WRITTEN.area
    moved = abs(area.left - written.left) + abs(area.top - written.top)
    return region.name == _WRITTEN.name and moved < 1e-5


def _read_picasa(data: bytes, folder: Path) -> None:
    (folder / ".picasa.ini").write_bytes(data)
    _read(folder / "a.jpg", 8)


FACES = [("Anna", AREA), ("Bea &amp; Co", (0.5, 0.25, 0.25, 0.25)), ("", (0.8, 0.1, 0.1, 0.1))]


def _sidecars() -> Iterable[bytes]:
    for size in ((WIDE, HIGH), (HIGH, WIDE), None):
        yield packet(attributes(FACES, size)).encode()
        yield packet(elements(FACES, size)).encode()
    yield packet(microsoft(FACES)).encode()
    yield packet(elements(FACES) + microsoft(FACES)).encode("utf-16")
    yield packet(attributes(FACES)).replace("normalized", "pixel").encode("utf-8-sig")
    yield b'<?xml version="1.0"?>' + packet("<mwg-rs:Regions/>").encode()


def _folders() -> Iterable[bytes]:
    yield picasa("a.jpg", FACES).encode()
    yield picasa("A.JPG", FACES).replace("Contacts2", "Contacts").encode("utf-16")


READERS = (
    Reader("sidecar", _read_sidecar, (ExportError,), mixed(*(edit_markup,) * 5), _sidecars),
    Reader("picasa", _read_picasa, (), mixed(edit_lines, edit_lines, edit_bytes), _folders),
)
