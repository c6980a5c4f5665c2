"""Photographs and sidecars with named faces in them, in every spelling that programs use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

WIDE, HIGH = 96, 64
"""Of the pictures, as they are stored."""
AREA = (0.125, 0.25, 0.25, 0.125)
"""A face in the stored picture: left, top, width, height. No turning brings it to itself."""
NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"'
    ' xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"'
    ' xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"'
    ' xmlns:MP="http://ns.microsoft.com/photo/1.2/"'
    ' xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"'
    ' xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
Face = tuple[str, Sequence[float]]
"""A name, and left, top, width and height in fractions."""


def packet(body: str) -> str:
    """A whole packet around properties."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {NAMESPACES}>{body}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    )


def attributes(faces: Sequence[Face], size: tuple[int, int] | None = (WIDE, HIGH)) -> str:
    """MWG regions whose values are attributes, as Picasa and Exiv2 write them."""
    members = "".join(
        f'<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="Face"><mwg-rs:Area'
        f' stArea:x="{x + w / 2}" stArea:y="{y + h / 2}" stArea:w="{w}" stArea:h="{h}"'
        ' stArea:unit="normalized"/></rdf:Description></rdf:li>'
        for name, (x, y, w, h) in faces
    )
    applied = (
        f'<mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}" stDim:unit="pixel"/>'
        if size
        else ""
    )
    return (
        f"<mwg-rs:Regions><rdf:Description>{applied}<mwg-rs:RegionList><rdf:Bag>{members}</rdf:Bag>"
        "</mwg-rs:RegionList></rdf:Description></mwg-rs:Regions>"
    )


def elements(faces: Sequence[Face], size: tuple[int, int] | None = (WIDE, HIGH)) -> str:
    """MWG regions whose values are elements, as ExifTool and digiKam write them."""
    members = "".join(
        "<rdf:li rdf:parseType='Resource'>\n<mwg-rs:Area rdf:parseType='Resource'>"
        f"<stArea:h>{h}</stArea:h><stArea:unit>normalized</stArea:unit><stArea:w>{w}</stArea:w>\n"
        f"<stArea:x> {x + w / 2} </stArea:x><stArea:y>{y + h / 2}</stArea:y></mwg-rs:Area>"
        f"<mwg-rs:Name>{name}</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type></rdf:li>"
        for name, (x, y, w, h) in faces
    )
    applied = (
        "<mwg-rs:AppliedToDimensions rdf:parseType='Resource'>"
        f"<stDim:h>{size[1]}</stDim:h><stDim:unit>pixel</stDim:unit><stDim:w>{size[0]}</stDim:w>"
        "</mwg-rs:AppliedToDimensions>"
        if size
        else ""
    )
    return (
        f"<mwg-rs:Regions rdf:parseType='Resource'>{applied}<mwg-rs:RegionList><rdf:Bag>{members}"
        "</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def microsoft(faces: Sequence[Face], size: tuple[int, int] | None = None) -> str:
    """Regions as Windows writes them, which have no size of the picture."""
    members = "".join(
        f'<rdf:li MPReg:PersonDisplayName="{name}" MPReg:Rectangle="{x}, {y}, {w}, {h}"/>'
        for name, (x, y, w, h) in faces
    )
    return (
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>'
        f"{members}</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
    )


def picasa(photo: str, faces: Sequence[Face]) -> str:
    """The file that Picasa keeps in a folder."""
    contacts = "".join(f"{at + 0xA0:x}={name};;\n" for at, (name, _) in enumerate(faces))
    written = ";".join(
        "rect64("
        + "".join(f"{round(side * 0xFFFF):04x}" for side in (x, y, x + w, y + h)).lstrip("0")
        + f"),{at + 0xA0:x}"
        for at, (_, (x, y, w, h)) in enumerate(faces)
    )
    return f"[Picasa]\nname=Party\n[Contacts2]\n{contacts}[{photo}]\nfaces={written};\nstar=yes\n"


def save_picture(
    path: Path, orientation: int = 1, xmp: str | bytes = b"", marked: Sequence[float] = AREA
) -> Path:
    """A black picture with one white rectangle, stored as EXIF's orientation says."""
    pixels = np.zeros((HIGH, WIDE, 3), np.uint8)
    left, top, width, height = marked
    rows = slice(round(top * HIGH), round((top + height) * HIGH))
    pixels[rows, round(left * WIDE) : round((left + width) * WIDE)] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = xmp.encode() if isinstance(xmp, str) else xmp
    Image.fromarray(pixels).save(path, exif=exif, **_options(path.suffix, data))
    return path


def _options(suffix: str, xmp: bytes) -> dict[str, Any]:
    """How Pillow is asked to write XMP in a format."""
    if not xmp:
        return {}
    if suffix == ".png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return {"pnginfo": info}
    return {"tiffinfo": {700: xmp}} if suffix == ".tif" else {"xmp": xmp}
