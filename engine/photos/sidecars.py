"""Writing names back beside a photograph: face regions in an XMP sidecar, ``photo.jpg.xmp``.

The photograph is never written. In a sidecar that is there already, of whatever program, regions of
the same face are replaced, new ones are added to its list, and all the other text stays as it is.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np

from engine.errors import ExportError, InputError
from engine.photos.face_regions import FaceRegion, read_limited, sidecars_of
from engine.photos.region_area import Area, StoredPicture, area_rows, overlap_matrix
from engine.photos.region_schemas import (
    MWG,
    applied_size,
    face_regions_of,
    mwg_area,
    turning_of,
)
from engine.photos.xmp_document import RDF, XmpDocument, XmpElement
from engine.records.names import check_name
from engine.utils.files import write_atomically

_SAME_PLACE = 0.5  # intersection over union from which on a region of another name is replaced
_SAME_PERSON = 0.2  # from which on one of the same name is
_UNMOVED = 1e-6
_NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"'
    ' xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"'
    ' xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"'
)
_REMEDY = "Move it aside, or put it right with the program that wrote it. It was not changed."
_DECLARED = re.compile(rb"""^(<\?xml[^>]{0,80}encoding\s*=\s*["'])[\w.:-]*(["'])""")
Edit = tuple[int, int, str]
"""From where to where in a text, and what is to be there instead."""


class _Member(NamedTuple):
    """A face in the list that is there: its element, name, and place in the upright picture."""

    element: XmpElement
    name: str
    area: Area


def write_sidecar(
    photo: Path, regions: Sequence[FaceRegion], size_as_stored: tuple[int, int], orientation: int
) -> Path:
    """Write named faces into the sidecar of a photograph, which is made where there is none.

    Regions are written as the Metadata Working Group asks: for the picture as it is stored. A list
    that is there already for the upright picture goes on so. A region there of the same face (the
    same name and place, or the same place and another name) is replaced. Reading gives the regions
    again, but for their origin. Nothing is written where there are no regions.

    Returns:
        The sidecar, readable by its owner alone where it is new.

    Raises:
        ExportError: the sidecar that is there is no XMP, or its regions are for another picture;
            it cannot be written. Nothing was changed.
        IdentityNameError: a name that no identity can have.
    """
    picture = StoredPicture(*size_as_stored, orientation)
    checked = [
        replace(region, name=check_name(region.name), area=region.area.clipped() or region.area)
        for region in regions
    ]
    path = sidecars_of(photo)[0]
    if not checked:
        return path
    try:
        mode, before = _existing(path)
        text = _changed(before, checked, picture) if before else _new(checked, picture)
    except InputError as error:
        raise ExportError(error.problem, file=path, remedy=_REMEDY) from None
    try:
        write_atomically(path, text)
        if mode is not None:
            os.chmod(path, mode)
    except OSError as error:
        problem = f"It cannot be written: {error.strerror or error}"
        remedy = "Check the folder's permissions and the disk."
        raise ExportError(problem, file=path, remedy=remedy) from None
    return path


def _existing(path: Path) -> tuple[int | None, bytes]:
    """Permissions and content of a sidecar that is there; None and b"" where none is."""
    try:
        status = path.lstat()
    except FileNotFoundError:  # ordinary: it is written for the first time
        return None, b""
    except OSError as error:
        raise InputError(f"It cannot be read: {error.strerror}") from None
    if stat.S_ISLNK(status.st_mode):
        raise InputError("It is a link, which would be replaced by a file")
    if not status.st_mode & stat.S_IWUSR:
        raise InputError("It is write-protected")
    return stat.S_IMODE(status.st_mode), read_limited(path)


def _new(regions: Sequence[FaceRegion], picture: StoredPicture) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f"{_description(regions, picture)}"
        " </rdf:RDF>\n"
        "</x:xmpmeta>\n"
        '<?xpacket end="w"?>\n'
    ).encode()


def _changed(before: bytes, regions: Sequence[FaceRegion], picture: StoredPicture) -> bytes:
    """The sidecar's text, in UTF-8, with the regions in it.

    Raises:
        InputError: it is no XMP, or its regions are for another picture.
    """
    document = XmpDocument(before)
    present = next(document.root.all_of(f"{MWG}Regions"), None)
    if present is None:
        edits = [_into_document(document, _description(regions, picture))]
    else:
        edits = _into_regions(document, present, regions, picture)
    text = document.source
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new.encode() + text[end:]
    XmpDocument(text)  # so that nothing is written that could not be read again
    return _declared_utf8(text)


def _into_document(document: XmpDocument, description: str) -> Edit:
    root = next(document.root.all_of(f"{RDF}RDF"), None)
    if root is None:
        raise InputError("It is XML, but no XMP: it has no rdf:RDF")
    inside = document.inside(root)
    if inside is None:
        start, end = document.whole(root)
        return start, end, f"<rdf:RDF {_NAMESPACES}>\n{description}</rdf:RDF>"
    return inside[1], inside[1], f"{description} "


def _into_regions(
    document: XmpDocument,
    present: XmpElement,
    regions: Sequence[FaceRegion],
    picture: StoredPicture,
) -> list[Edit]:
    """What changes in the list of regions that is there."""
    turning = turning_of(present, picture)
    if turning is None:
        width, height = applied_size(present) or (0, 0)
        raise InputError(f"Its face regions are for a picture of {width:g} × {height:g} pixels")
    replaced, added = _sorted_out(present, regions, picture, turning)
    edits = [(*document.whole(element), "") for element in replaced]
    members = "".join(_member(region, turning) for region in added)
    listed = present.structure(f"{MWG}RegionList")
    container = listed.container() if listed else None
    if container is None:
        start, end = document.whole(present)
        return [(start, end, _regions(regions, picture))]
    inside = document.inside(container)
    if inside is None:
        bag = f'<rdf:Bag xmlns:rdf="{RDF[:-1]}">\n{members}</rdf:Bag>'
        return [(*document.whole(container), bag)]
    return [*edits, (inside[1], inside[1], members)]


def _sorted_out(
    present: XmpElement, regions: Sequence[FaceRegion], picture: StoredPicture, turning: int
) -> tuple[list[XmpElement], list[FaceRegion]]:
    """Members of the list that go, and regions that are to be added to it."""
    there = [
        _Member(element, element.value(f"{MWG}Name"), area.turned(turning))
        for element in face_regions_of(present)
        if (area := mwg_area(element, present, picture))
    ]
    replaced: list[XmpElement] = []
    added: list[FaceRegion] = []
    unknown: list[FaceRegion] = []
    for region in regions:  # those of the same name first: faces may overlap
        same = _take(there, region, [member.name == region.name for member in there], _SAME_PERSON)
        if same is None:
            unknown.append(region)
        elif np.abs(np.diff(area_rows([region.area, same.area]), axis=0)).max() > _UNMOVED:
            replaced.append(same.element)
            added.append(region)
    for region in unknown:
        other = _take(there, region, [True] * len(there), _SAME_PLACE)
        replaced += [other.element] if other else []
    return replaced, added + unknown


def _take(
    there: list[_Member], region: FaceRegion, eligible: Sequence[bool], least: float
) -> _Member | None:
    """Remove from the list and return the one that overlaps a region most, if it does enough."""
    if not any(eligible):
        return None
    places = area_rows(member.area for member in there)
    overlaps = overlap_matrix(area_rows([region.area]), places)[0]
    at = int(np.where(eligible, overlaps, -1.0).argmax())
    return there.pop(at) if overlaps[at] >= least else None


# -- text --------------------------------------------------------------------------------------


def _description(regions: Iterable[FaceRegion], picture: StoredPicture) -> str:
    body = _regions(regions, picture)
    return f'  <rdf:Description {_NAMESPACES} rdf:about="">\n{body}  </rdf:Description>\n'


def _regions(regions: Iterable[FaceRegion], picture: StoredPicture) -> str:
    members = "".join(_member(region, picture.orientation) for region in regions)
    return (
        f'   <mwg-rs:Regions {_NAMESPACES} rdf:parseType="Resource">\n'
        f'    <mwg-rs:AppliedToDimensions stDim:w="{picture.width}" stDim:h="{picture.height}"'
        ' stDim:unit="pixel"/>\n'
        "    <mwg-rs:RegionList>\n"
        f"     <rdf:Bag>\n{members}     </rdf:Bag>\n"
        "    </mwg-rs:RegionList>\n"
        "   </mwg-rs:Regions>\n"
    )


def _member(region: FaceRegion, turning: int) -> str:
    """One region, with namespaces of its own: those around it may go by other prefixes."""
    area = region.area.turned_back(turning)
    x, y = area.left + area.width / 2, area.top + area.height / 2
    return (
        f'      <rdf:li {_NAMESPACES} rdf:parseType="Resource">\n'
        f"       <mwg-rs:Name>{escape(region.name)}</mwg-rs:Name>\n"
        "       <mwg-rs:Type>Face</mwg-rs:Type>\n"
        f'       <mwg-rs:Area stArea:x="{x:.9f}" stArea:y="{y:.9f}" stArea:w="{area.width:.9f}"'
        f' stArea:h="{area.height:.9f}" stArea:unit="normalized"/>\n'
        "      </rdf:li>\n"
    )


def _declared_utf8(source: bytes) -> bytes:
    """The text ended by a line, its XML declaration naming the encoding it is in now."""
    return _DECLARED.sub(rb"\1UTF-8\2", source, count=1) + b"\n"
