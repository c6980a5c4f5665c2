"""Names in and beside photographs: every spelling, every orientation, and what is malformed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

pytest.importorskip("defusedxml")

from engine.photos import picasa_file
from engine.photos.face_regions import RegionsRead, read_regions
from engine.photos.region_area import Area
from engine.photos.region_matching import match_regions
from engine.photos.region_schemas import MAX_REGIONS
from engine.photos.xmp_document import MAX_BYTES, MAX_DEPTH
from tests.engine.photos.region_files import (
    AREA,
    HIGH,
    WIDE,
    attributes,
    elements,
    microsoft,
    packet,
    picasa,
    save_picture,
)

SIZE = (WIDE, HIGH)
Spelling = Callable[..., str]
SPELLINGS = pytest.mark.parametrize("spelling", [attributes, elements, microsoft])
MWG = pytest.mark.parametrize("spelling", [attributes, elements])
ORIENTATIONS = pytest.mark.parametrize("orientation", range(1, 9))
ANNA = [("Anna", AREA)]


def read(photo: Path, orientation: int = 1, size: tuple[int, int] = SIZE) -> RegionsRead:
    return read_regions(photo, size, orientation)


def read_xmp(xmp: str | bytes, tmp_path: Path) -> RegionsRead:
    data = xmp.encode() if isinstance(xmp, str) else xmp
    return read_regions(tmp_path / "a.jpg", SIZE, 1, embedded=data)


def names(found: RegionsRead) -> list[str]:
    return [region.name for region in found.regions]


def white_rectangle(photo: Path) -> Area:
    """Where the white rectangle of a picture is when it is seen upright."""
    with Image.open(photo) as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture).convert("L")) > 128
    rows, columns = np.flatnonzero(upright.any(axis=1)), np.flatnonzero(upright.any(axis=0))
    high, wide = upright.shape
    return Area(columns[0] / wide, rows[0] / high, len(columns) / wide, len(rows) / high)


def assert_at(area: Area, expected: Area, within: float = 1e-6) -> None:
    got = (area.left, area.top, area.width, area.height)
    assert got == pytest.approx(
        (expected.left, expected.top, expected.width, expected.height), abs=within
    )


# -- spellings and orientations ----------------------------------------------------------------


@ORIENTATIONS
@SPELLINGS
def test_a_region_of_the_stored_picture_is_found_in_the_upright_one(
    spelling: Spelling, orientation: int, tmp_path: Path
) -> None:
    photo = save_picture(tmp_path / "a.png", orientation, packet(spelling(ANNA)))
    found = read(photo, orientation)
    assert names(found) == ["Anna"]
    assert found.remarks == ()
    assert found.regions[0].file == "a.png"
    assert_at(found.regions[0].area, white_rectangle(photo))


@ORIENTATIONS
@MWG
def test_a_region_of_the_upright_picture_is_told_by_the_size_it_was_applied_to(
    spelling: Spelling, orientation: int, tmp_path: Path
) -> None:
    photo = save_picture(tmp_path / "a.png", orientation)
    upright = white_rectangle(photo)
    stored = orientation < 5  # both sizes are the same: the stored picture is meant
    area = AREA if stored else (upright.left, upright.top, upright.width, upright.height)
    xmp = packet(spelling([("Anna", area)], SIZE if stored else SIZE[::-1]))
    save_picture(photo, orientation, xmp)
    assert_at(read(photo, orientation).regions[0].area, upright)


@ORIENTATIONS
@MWG
def test_a_region_without_a_size_is_one_of_the_stored_picture(
    spelling: Spelling, orientation: int, tmp_path: Path
) -> None:
    photo = save_picture(tmp_path / "a.png", orientation, packet(spelling(ANNA, None)))
    assert_at(read(photo, orientation).regions[0].area, white_rectangle(photo))


@ORIENTATIONS
def test_a_face_of_picasa_is_found_in_the_upright_picture(orientation: int, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "a.jpg", orientation)
    (tmp_path / ".picasa.ini").write_text(picasa("a.jpg", ANNA), encoding="utf-8")
    found = read(photo, orientation)
    assert [(region.name, region.origin) for region in found.regions] == [("Anna", "picasa")]
    assert_at(found.regions[0].area, white_rectangle(photo), within=0.01)


@pytest.mark.parametrize("orientation", [0, 9, -1, 65_535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "a.png", 1, packet(attributes(ANNA)))
    assert_at(read(photo, orientation).regions[0].area, Area(*AREA))


def test_microsofts_regions_follow_the_size_that_is_beside_them(tmp_path: Path) -> None:
    upright = Area(*AREA).turned(6)
    face = [("Anna", (upright.left, upright.top, upright.width, upright.height))]
    xmp = packet(attributes(face, SIZE[::-1]) + microsoft([*face, ("Bea", (0, 0, 0.1, 0.1))]))
    found = read(save_picture(tmp_path / "a.png", 6, xmp), 6)
    assert names(found) == ["Anna", "Bea"]
    assert_at(found.regions[0].area, upright)
    assert_at(found.regions[1].area, Area(0, 0, 0.1, 0.1))


@pytest.mark.parametrize("size", [(960, 640), (48, 32), (1000, 667)])
def test_a_region_made_for_a_smaller_or_larger_copy_counts(
    size: tuple[int, int], tmp_path: Path
) -> None:
    photo = save_picture(tmp_path / "a.png", 8, packet(elements(ANNA, size)))
    assert_at(read(photo, 8).regions[0].area, white_rectangle(photo))
    turned = Area(*AREA).turned(8)
    face = [("Anna", (turned.left, turned.top, turned.width, turned.height))]
    save_picture(photo, 8, packet(elements(face, size[::-1])))
    assert_at(read(photo, 8).regions[0].area, white_rectangle(photo))


@pytest.mark.parametrize(("size", "orientation"), [((96, 96), 1), ((64, 96), 1), ((200, 64), 6)])
def test_regions_of_a_picture_that_was_cut_or_turned_since_are_refused(
    size: tuple[int, int], orientation: int, tmp_path: Path
) -> None:
    xmp = packet(attributes(ANNA, size) + microsoft(ANNA))
    found = read(save_picture(tmp_path / "a.png", orientation, xmp), orientation)
    assert found.regions == ()
    assert (
        f"a picture of {size[0]} × {size[1]} pixels, and this one has 96 × 64" in found.remarks[0]
    )


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.avif", "a.jp2"])
def test_the_xmp_of_every_format_is_read(name: str, tmp_path: Path) -> None:
    photo = tmp_path / name
    try:
        save_picture(photo, 1, packet(attributes(ANNA)))
    except OSError:  # ordinary: this build of Pillow does not write the format
        pytest.skip("cannot be written here")
    with Image.open(photo) as picture:
        kept = "xmp" in picture.info
    assert names(read(photo)) == (["Anna"] if kept else [])
    assert kept or name == "a.jp2"


# -- what counts as a named face ---------------------------------------------------------------


def test_only_faces_count_and_those_without_a_name_are_counted(tmp_path: Path) -> None:
    xmp = packet(
        elements([("Anna", AREA), ("Rex", (0, 0, 0.1, 0.1)), ("4006381333931", (0.5, 0, 0.1, 0.1))])
    )
    xmp = xmp.replace(
        "<mwg-rs:Name>Rex</mwg-rs:Name><mwg-rs:Type>Face",
        "<mwg-rs:Name>Rex</mwg-rs:Name><mwg-rs:Type>Pet",
    )
    xmp = xmp.replace("931</mwg-rs:Name><mwg-rs:Type>Face", "931</mwg-rs:Name><mwg-rs:Type>BarCode")
    assert names(read_xmp(xmp, tmp_path)) == ["Anna"]
    untyped = packet(elements(ANNA)).replace("<mwg-rs:Type>Face</mwg-rs:Type>", "")
    assert names(read_xmp(untyped, tmp_path)) == ["Anna"]
    nameless = packet(attributes([("", AREA), ("Anna", AREA), ("ffffffffffffffff", AREA)]))
    found = read_xmp(nameless, tmp_path)
    assert names(found) == ["Anna"]
    assert found.remarks == ("a.jpg: Face regions without a name: 2.",)


def test_a_name_is_read_as_it_is_written(tmp_path: Path) -> None:
    written = "Zoë &quot;Zo&quot; O&#39;Neill_Smith &amp; &lt;Co&gt; 🙂"
    for spelling in (attributes, elements, microsoft):
        found = read_xmp(packet(spelling([(written, AREA)])), tmp_path)
        assert names(found) == ['Zoë "Zo" O\'Neill_Smith & <Co> 🙂']


def test_a_name_in_several_languages_is_the_first(tmp_path: Path) -> None:
    inner = '<rdf:Alt><rdf:li xml:lang="x-default">Anna</rdf:li><rdf:li>Hanna</rdf:li></rdf:Alt>'
    xmp = packet(elements(ANNA)).replace(">Anna<", f">{inner}<")
    assert names(read_xmp(xmp, tmp_path)) == ["Anna"]


def test_areas_in_pixels_and_numbers_with_a_comma_are_understood(tmp_path: Path) -> None:
    pixels = [("Anna", [side * full for side, full in zip(AREA, [1920, 1280] * 2, strict=True)])]
    xmp = packet(attributes(pixels, (1920, 1280))).replace("normalized", "pixel")
    assert_at(read_xmp(xmp, tmp_path).regions[0].area, Area(*AREA))
    commas = packet(attributes(ANNA)).replace('="0.', '="0,')
    assert_at(read_xmp(commas, tmp_path).regions[0].area, Area(*AREA))


def test_a_region_over_the_edge_is_cut_there(tmp_path: Path) -> None:
    found = read_xmp(packet(attributes([("Anna", (-0.05, 0.9, 0.2, 0.12))])), tmp_path)
    assert_at(found.regions[0].area, Area(0, 0.9, 0.15, 0.1))


# -- several sources ---------------------------------------------------------------------------


def test_the_sidecar_counts_before_the_photograph_and_both_before_picasa(tmp_path: Path) -> None:
    near = (AREA[0] + 0.02, *AREA[1:])
    other = (0.6, 0.6, 0.2, 0.2)
    photo = save_picture(
        tmp_path / "a.jpg", 1, packet(attributes([("Bea", near), ("Cleo", other)]))
    )
    (tmp_path / "a.jpg.xmp").write_text(packet(elements(ANNA)), encoding="utf-8")
    faces = [("Dora", other), ("Anna", near), ("Emil", (0, 0, 0.1, 0.1))]
    (tmp_path / ".picasa.ini").write_text(picasa("a.jpg", faces), encoding="utf-8")
    found = read(photo)
    assert [(region.name, region.file) for region in found.regions] == [
        ("Anna", "a.jpg.xmp"),
        ("Cleo", "a.jpg"),
        ("Emil", ".picasa.ini"),
    ]
    assert found.remarks == (
        "a.jpg: It says “Bea” where a.jpg.xmp says “Anna”, which counts.",
        ".picasa.ini: It says “Dora” where a.jpg says “Cleo”, which counts.",
    )


def test_faces_that_overlap_in_one_source_all_stay(tmp_path: Path) -> None:
    both = [("Anna", AREA), ("Bea", (AREA[0] + 0.01, *AREA[1:]))]
    photo = save_picture(tmp_path / "a.jpg", 1, packet(attributes(both) + microsoft(both[::-1])))
    (tmp_path / "a.xmp").write_text(packet(elements(both)), encoding="utf-8")
    found = read(photo)
    assert names(found) == ["Anna", "Bea"]
    assert found.remarks == ()


def test_a_sidecar_is_found_under_both_names(tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "a.jpg")
    (tmp_path / "a.XMP").write_text(packet(elements(ANNA)), encoding="utf-8")
    assert names(read(photo)) == ["Anna"]
    bea = packet(elements([("Bea", AREA)]))
    (tmp_path / "a.jpg.xmp").write_text(bea, encoding="utf-8")
    assert names(read(photo)) == ["Bea"]


def test_picasas_contacts_photographs_and_odd_numbers(tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "Ä 1.JPG")
    (tmp_path / "Picasa.ini").write_bytes(
        b"\xef\xbb\xbf[Contacts]\r\n00ab=somebody_lh,12\r\nac=Bea;b@example.org;\r\n"
        b"[Contacts2]\r\n00AB=Anna;;\r\n[\xc3\xa4 1.jpg]\r\n"
        b"faces=rect64(400040008000c000),ab;rect64(1),ac;rect64(80008000ffffffff),ffffffffffffffff;"
        b"rect64(zz),ab;rect64(4000400050005000),dead;rect64(0000000010001000),0ac\r\n"
    )
    found = read(photo)
    assert names(found) == ["Anna", "Bea"]
    assert_at(found.regions[0].area, Area(0.25, 0.25, 0.25, 0.5), within=1e-4)
    assert found.remarks == (
        "Picasa.ini: Face regions without a name: 2.",
        "Picasa.ini: The region of “Bea” has no place that can be read.",
    )


def test_picasas_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "a.jpg")
    (tmp_path / ".picasa.ini").write_text(picasa("a.jpg", ANNA), encoding="utf-8")
    assert names(read(photo)) == ["Anna"]
    (tmp_path / ".picasa.ini").write_text(picasa("a.jpg", [("Beatrix", AREA)]), encoding="utf-8")
    assert names(read(photo)) == ["Beatrix"]


# -- what is malformed -------------------------------------------------------------------------

GOOD = packet(attributes(ANNA))
ENTITY = '<!DOCTYPE x [<!ENTITY n "Anna"><!ENTITY m "&n;&n;&n;&n;&n;&n;&n;&n;&n;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY n SYSTEM "file:///etc/passwd">]>'
REFUSED = {
    "empty element": ("<", "not well-formed"),
    "no XML": ("Anna", "not well-formed"),
    "cut short": (GOOD[:-120], "not well-formed"),
    "two roots": (GOOD.replace('<?xpacket end="w"?>', "<a/>"), "not well-formed"),
    "unknown prefix": (GOOD.replace("xmlns:mwg-rs=", "xmlns:mwg="), "not well-formed"),
    "unknown entity": (GOOD.replace("Anna", "&nobody;"), "not well-formed"),
    "control character": (GOOD.replace("Anna", "An&#1;na"), "not well-formed"),
    "NUL": (GOOD.replace("Anna", "An\0na"), "not well-formed"),
    "document type": ("<!DOCTYPE x>" + GOOD, "document type"),
    "entities": (ENTITY + GOOD.replace("Anna", "&m;"), "document type"),
    "entity of a file": (OUTSIDE + GOOD.replace("Anna", "&n;"), "document type"),
    "document type elsewhere": ('<!DOCTYPE x SYSTEM "http://example.org/x">' + GOOD, "document"),
    "Latin-1": (GOOD.replace("Anna", "Zoë").encode("latin-1", "replace"), "not text in UTF-8"),
    "half of UTF-16": (GOOD.encode("utf-16")[:-3], "not text in UTF-8"),
    "10 MB": (GOOD + " " * (MAX_BYTES + 2_000_000), "more than 8 MB"),
    "nested": ("<a>" * 1_000_000, f"nested more than {MAX_DEPTH} deep"),
    "nested and closed": ("<a>" * 500_000 + "</a>" * 500_000, "nested more than"),
    "many elements": (f"<a>{'<b/>' * 1_000_000}</a>", "elements and attributes"),
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[pytest.mark.slow] if fault == "many elements" else [])
        for fault in REFUSED
    ],
)
def test_xmp_that_cannot_be_read_leaves_a_remark(fault: str, tmp_path: Path) -> None:
    xmp, said = REFUSED[fault]
    photo = save_picture(tmp_path / "a.jpg", 1, GOOD)
    data = xmp.encode() if isinstance(xmp, str) else xmp
    found = read_xmp(data, tmp_path)
    assert found.regions == ()
    assert len(found.remarks) == 1
    assert found.remarks[0].startswith("a.jpg: ")
    assert said in found.remarks[0]
    (tmp_path / "a.jpg.xmp").write_bytes(data)
    found = read(photo)
    assert names(found) == ["Anna"], "the photograph's own names are still read"
    assert found.remarks[0].startswith("a.jpg.xmp: ")


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode("utf-16"),
        GOOD.encode("utf-16-le"),
        GOOD.encode("utf-32"),
        GOOD.encode("utf-8-sig"),
        b"\0\0" + GOOD.encode() + b" \0\0\0",
        GOOD.split("?>", 1)[1].encode(),
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + GOOD.encode(),
        '<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16") + GOOD.encode("utf-16-le"),
        (GOOD + " " * 2_000_000).encode(),
    ],
    ids=[
        "utf-16",
        "no-mark",
        "utf-32",
        "utf-8-mark",
        "padded",
        "no-packet",
        "declared",
        "d",
        "2MB",
    ],
)
def test_every_encoding_and_wrapper_of_xmp_is_read(data: bytes, tmp_path: Path) -> None:
    found = read_xmp(data, tmp_path)
    assert (names(found), found.remarks) == (["Anna"], ())


ODD_NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "1e999",
    "-1",
    "0",
    "1_0",
    "0x1",
    "",
    "½",
    "٣",
    "9" * 5000,
    "1/2",
)


@pytest.mark.parametrize("number", ODD_NUMBERS)
@SPELLINGS
def test_a_width_that_is_none_costs_one_region_only(
    spelling: Spelling, number: str, tmp_path: Path
) -> None:
    faces = [("Anna", (0.1, 0.1, 0.123, 0.2)), ("Bea", AREA)]
    xmp = packet(spelling(faces)).replace("0.123", number)
    found = read_xmp(xmp, tmp_path)
    assert names(found) == ["Bea"]
    assert found.remarks == ("a.jpg: The region of “Anna” has no place that can be read.",)


@pytest.mark.parametrize(
    "area", [(1.2, 0.1, 0.2, 0.2), (-0.5, 0, 0.2, 0.2), (0.95, 0.9, 0.2, 0.2), (0.1, 3, 0.2, 0.2)]
)
def test_a_region_outside_the_picture_is_refused(area: Sequence[float], tmp_path: Path) -> None:
    found = read_xmp(packet(attributes([("Anna", area)])), tmp_path)
    assert found.regions == ()
    assert found.remarks == ("a.jpg: The region of “Anna” lies outside the picture.",)


@pytest.mark.parametrize("size", [("0", "64"), ("-96", "64"), ("nan", "64"), ("", ""), ("x", "1")])
def test_a_size_that_is_none_counts_as_absent(size: tuple[str, str], tmp_path: Path) -> None:
    xmp = packet(attributes(ANNA, (1111, 2222))).replace("1111", size[0]).replace("2222", size[1])
    assert names(read_xmp(xmp, tmp_path)) == ["Anna"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../Anna", "is a path"),
        ("A" * 300, "has 300 characters"),
        ("An\u202ena", "direction of text"),
        ("An&#10;na", "control characters"),
        ("A" * 1_000_000, "characters, but only"),
    ],
)
def test_a_name_that_nobody_can_have_is_refused(name: str, said: str, tmp_path: Path) -> None:
    found = read_xmp(packet(attributes([(name, AREA), ("Bea", AREA)])), tmp_path)
    assert names(found) == ["Bea"]
    assert said in found.remarks[0]
    assert len(found.remarks[0]) < 1_000


def test_regions_without_a_place_or_a_list_are_no_error(tmp_path: Path) -> None:
    no_rectangle = packet(
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag><rdf:li'
        ' MPReg:PersonDisplayName="Anna"/></rdf:Bag></MPRI:Regions></MP:RegionInfo>'
    )
    assert "“Anna” has no place" in read_xmp(no_rectangle, tmp_path).remarks[0]
    for body in (
        "<mwg-rs:Regions/>",
        '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList/></mwg-rs:Regions>',
        "<mwg-rs:Regions><mwg-rs:RegionList><rdf:Bag/></mwg-rs:RegionList></mwg-rs:Regions>",
        "<MP:RegionInfo>text</MP:RegionInfo>",
        "<dc:subject><rdf:Bag><rdf:li>Anna</rdf:li></rdf:Bag></dc:subject>",
    ):
        assert read_xmp(packet(body), tmp_path) == RegionsRead((), ())


@pytest.mark.slow
def test_there_is_an_end_to_regions_and_to_remarks(tmp_path: Path) -> None:
    many = [(f"N{at}", (at % 100 / 100, at // 100 / 110, 0.009, 0.009)) for at in range(3_050)]
    found = read_xmp(packet(attributes(many)), tmp_path)
    assert len(found.regions) == MAX_REGIONS
    assert found.remarks == (
        "a.jpg: It has more than 3,000 face regions; the others are left out.",
    )
    bad = [(f"N{at}", (2.0, 2.0, 0.1, 0.1)) for at in range(50)]
    assert len(read_xmp(packet(attributes(bad)), tmp_path).remarks) == 11


def test_a_damaged_photograph_or_one_that_is_gone_leaves_a_remark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "a.jpg"
    assert "does not exist" in read(photo).remarks[0]
    photo.write_bytes(b"no picture")
    assert read(photo).remarks == (), "that is for whoever decodes it to say"
    save_picture(photo, 1, GOOD)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # such as a bomb has
    assert read(photo).remarks == ("a.jpg: Its metadata cannot be read.",)
    (tmp_path / "a.jpg.xmp").mkdir()
    assert "It is a folder" in read(photo).remarks[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe\xd8", "not text"),
        (b"[a.jpg]\nfaces=" + b"rect64(1),1;" * 800_000, "more than the limit"),
    ],
)
def test_a_malformed_file_of_picasa_leaves_a_remark(data: bytes, said: str, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "a.jpg", 1, GOOD)
    (tmp_path / ".picasa.ini").write_bytes(data)
    found = read(photo)
    assert names(found) == ["Anna"]
    assert found.remarks[0].startswith(".picasa.ini: ")
    assert said in found.remarks[0]


def test_picasas_file_without_sense_says_nothing(tmp_path: Path) -> None:
    (tmp_path / ".picasa.ini").write_text("]\n=\n[\nfaces\n[a.jpg]\nfaces=\n[]\n", encoding="utf-8")
    folder = picasa_file.read_picasa(tmp_path / ".picasa.ini")
    assert list(folder.faces_of("a.jpg")) == []


# -- regions and detected faces ----------------------------------------------------------------


def regions_at(*areas: Sequence[float], tmp_path: Path) -> RegionsRead:
    faces = [(f"N{at}", area) for at, area in enumerate(areas)]
    return read_xmp(packet(attributes(faces)), tmp_path)


def matched(boxes: Sequence[Sequence[float]], found: RegionsRead) -> tuple[list[str], list[str]]:
    matches = match_regions(boxes, (1000, 500), found.regions)
    return (
        [region.name if region else "" for region in matches.regions],
        [region.name for region in matches.unmatched],
    )


def test_regions_are_joined_to_the_faces_they_mean(tmp_path: Path) -> None:
    found = regions_at(
        (0.1, 0.2, 0.1, 0.2),  # as large as the face
        (0.35, 0.1, 0.2, 0.5),  # with hair and neck
        (0.7, 0.5, 0.03, 0.05),  # eyes and nose
        (0.9, 0.9, 0.1, 0.1),  # where nobody is
        tmp_path=tmp_path,
    )
    boxes = [(680, 220, 90, 90), (110, 110, 100, 100), (400, 100, 100, 130), (0, 0, 40, 40)]
    assert matched(boxes, found) == (["N2", "N0", "N1", ""], ["N3"])


def test_each_face_and_each_region_is_joined_once(tmp_path: Path) -> None:
    found = regions_at((0.1, 0.2, 0.1, 0.2), (0.11, 0.2, 0.1, 0.2), tmp_path=tmp_path)
    assert matched([(112, 100, 100, 100)], found) == (["N1"], ["N0"])
    assert matched([(112, 100, 100, 100), (98, 100, 100, 100)], found) == (["N1", "N0"], [])


def test_a_region_of_the_whole_picture_means_no_face_in_it(tmp_path: Path) -> None:
    found = regions_at((0, 0, 1, 1), tmp_path=tmp_path)
    assert matched([(480, 230, 40, 40)], found) == ([""], ["N0"])


def test_a_region_is_where_its_pixels_are() -> None:
    area = Area.of_pixels((12, 16, 24, 8), SIZE)
    assert_at(area, Area(*AREA))
    assert area.in_pixels(SIZE) == (12, 16, 24, 8)


def test_without_faces_or_regions_nothing_is_joined(tmp_path: Path) -> None:
    found = regions_at(AREA, tmp_path=tmp_path)
    assert matched([], found) == ([], ["N0"])
    assert matched([(1, 1, 5, 5)], RegionsRead((), ())) == ([""], [])
    assert match_regions(np.empty((0, 4), np.float32), (10, 10), ()).regions == ()
