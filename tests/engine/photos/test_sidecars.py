"""Names written beside a photograph, read again, and what other programs wrote there before."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("defusedxml")

from engine.errors import ExportError, IdentityNameError
from engine.photos.face_regions import FaceRegion, read_regions
from engine.photos.region_area import Area
from engine.photos.sidecars import write_sidecar
from engine.photos.xmp_document import XmpDocument
from engine.records.names import check_name
from tests.engine.photos.region_files import (
    AREA,
    HIGH,
    WIDE,
    attributes,
    elements,
    microsoft,
    packet,
    save_picture,
)

SIZE = (WIDE, HIGH)
ANNA = FaceRegion("Anna", Area(*AREA))
BEA = FaceRegion("Bea", Area(0.6, 0.5, 0.2, 0.3))


def written(photo: Path, regions: Sequence[FaceRegion], orientation: int = 1) -> str:
    return write_sidecar(photo, regions, SIZE, orientation).read_text(encoding="utf-8")


def assert_read_again(photo: Path, regions: Sequence[FaceRegion], orientation: int = 1) -> None:
    found = read_regions(photo, SIZE, orientation, embedded=b"")
    assert found.remarks == ()
    assert [region.name for region in found.regions] == [region.name for region in regions]
    for region, expected in zip(found.regions, regions, strict=True):
        got, asked = region.area, expected.area
        assert (got.left, got.top, got.width, got.height) == pytest.approx(
            (asked.left, asked.top, asked.width, asked.height), abs=1e-8
        )


# -- a sidecar of our own ----------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_written_is_read_again(orientation: int, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "a.jpg", orientation)
    before = photo.read_bytes()
    path = write_sidecar(photo, [ANNA, BEA], SIZE, orientation)
    assert path == tmp_path / "a.jpg.xmp"
    assert_read_again(photo, [ANNA, BEA], orientation)
    assert photo.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["a.jpg", "a.jpg.xmp"]
    assert 'stDim:w="96" stDim:h="64"' in path.read_text(encoding="utf-8")


def test_the_file_has_the_place_in_the_stored_picture(tmp_path: Path) -> None:
    upright = FaceRegion("Anna", Area(*AREA).turned(6))
    text = written(tmp_path / "a.jpg", [upright], 6)
    assert 'stArea:x="0.250000000" stArea:y="0.312500000"' in text


def is_name(text: str) -> bool:
    try:
        return check_name(text) == text
    except IdentityNameError:
        return False


NAMES = st.text(min_size=1, max_size=40).map(str.strip).filter(is_name) | st.sampled_from(
    [
        '"Zo" O\'Neill',
        "a & b <c> ]]> &amp; &#65;",
        "🙂 👩‍👩‍👧",
        "יעל",
        "محمد علي",
        "--> <!--",
        "x_y",
        "%s {0}",
    ]
)


@st.composite
def face_regions(draw: st.DrawFn) -> list[FaceRegion]:
    """Faces beside one another, their areas of any size."""
    count = draw(st.integers(1, 5))
    share = st.floats(0.01, 1)
    regions = []
    for at in range(count):
        width, height = draw(share) / count, draw(share)
        left, top = at / count + draw(st.floats(0, 1)) * (1 / count - width), 0.0
        top = draw(st.floats(0, 1)) * (1 - height)
        regions.append(FaceRegion(draw(NAMES), Area(left, top, width, height)))
    return regions


@given(regions=face_regions(), orientation=st.integers(1, 8))
def test_every_name_and_place_is_read_again(
    regions: list[FaceRegion], orientation: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    photo = tmp_path_factory.mktemp("photos") / "a.jpg"
    write_sidecar(photo, regions, SIZE, orientation)
    assert_read_again(photo, regions, orientation)
    first = photo.with_name("a.jpg.xmp").read_bytes()
    write_sidecar(photo, regions, SIZE, orientation)
    assert photo.with_name("a.jpg.xmp").read_bytes() == first, "written twice, nothing changes"


def test_a_box_over_the_edge_is_cut_there(tmp_path: Path) -> None:
    over = FaceRegion("Anna", Area(-0.05, 0.9, 0.2, 0.12))
    write_sidecar(tmp_path / "a.jpg", [over], SIZE, 8)
    assert_read_again(tmp_path / "a.jpg", [FaceRegion("Anna", Area(0, 0.9, 0.15, 0.1))], 8)


def test_nothing_is_written_without_regions(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "a.jpg", [], SIZE, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_nobody_can_have_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(IdentityNameError):
        write_sidecar(tmp_path / "a.jpg", [FaceRegion("a/b", ANNA.area)], SIZE, 1)
    assert list(tmp_path.iterdir()) == []


# -- one that is there already -----------------------------------------------------------------

OTHERS = (
    "<dc:subject><rdf:Bag><rdf:li>A &amp; B</rdf:li></rdf:Bag></dc:subject><!-- kept -->"
    '<x:odd xmlns:x="urn:odd" x:a="1 > 0"><![CDATA[<mwg-rs:Regions>]]></x:odd>\t<dc:title/>'
)


@pytest.mark.parametrize("spelling", [attributes, elements])
@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_all_else_in_a_sidecar_stays(spelling: object, orientation: int, tmp_path: Path) -> None:
    assert callable(spelling)
    photo, path = tmp_path / "a.jpg", tmp_path / "a.jpg.xmp"
    stored = [("Anna", AREA), ("Rex", (0.0, 0.0, 0.05, 0.05))]
    before = packet(OTHERS + spelling(stored) + microsoft([("Bea", (0.9, 0.9, 0.05, 0.05))]))
    before = before.replace('Rex" mwg-rs:Type="Face', 'Rex" mwg-rs:Type="Pet').replace(
        "Rex</mwg-rs:Name><mwg-rs:Type>Face", "Rex</mwg-rs:Name><mwg-rs:Type>Pet"
    )
    path.write_text(before, encoding="utf-8")
    anna = FaceRegion("Anna", Area(*AREA).turned(orientation))
    assert written(photo, [anna], orientation) == before + "\n", "it is there already"
    text = written(photo, [anna, BEA], orientation)
    at = text.index("      <rdf:li xmlns:rdf")
    end = text.index("</rdf:li>\n", at) + len("</rdf:li>\n")
    assert text[:at] + text[end:] == before + "\n", "one member more, and all else as it was"
    found = read_regions(photo, SIZE, orientation, embedded=b"").regions
    assert [region.name for region in found] == ["Anna", "Bea", "Bea"]


def test_a_face_that_has_another_name_now_is_replaced(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    faces = [
        ("Bea", (0.1, 0.25, 0.25, 0.15)),
        ("", (0.5, 0.5, 0.2, 0.2)),
        ("Cleo", (0, 0, 0.1, 0.1)),
    ]
    before = packet(OTHERS + elements(faces))
    (tmp_path / "a.jpg.xmp").write_text(before, encoding="utf-8")
    dora = FaceRegion("Dora", Area(0.5, 0.5, 0.2, 0.22))
    text = written(photo, [ANNA, dora])
    assert_read_again(photo, [FaceRegion("Cleo", Area(0, 0, 0.1, 0.1)), ANNA, dora])
    assert OTHERS in text
    assert text.count("</rdf:li>") == 4


def test_of_faces_that_overlap_the_one_of_the_name_is_replaced(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    faces = [("Anna", AREA), ("Bea", (AREA[0] + 0.02, *AREA[1:]))]
    path = tmp_path / "a.jpg.xmp"
    path.write_text(packet(attributes(faces)), encoding="utf-8")
    moved = FaceRegion("Bea", Area(AREA[0] + 0.01, *AREA[1:]))
    written(photo, [moved])
    assert_read_again(photo, [ANNA, moved])


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_list_for_the_upright_picture_goes_on_so(orientation: int, tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    before = packet(attributes([("Anna", AREA)], SIZE[::-1]))
    (tmp_path / "a.jpg.xmp").write_text(before, encoding="utf-8")
    written(photo, [BEA], orientation)
    assert_read_again(photo, [ANNA, BEA], orientation)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<mwg-rs:Regions/>",
        "<mwg-rs:Regions><mwg-rs:RegionList><rdf:Bag/></mwg-rs:RegionList></mwg-rs:Regions>",
        '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Seq></rdf:Seq>'
        "</mwg-rs:RegionList></mwg-rs:Regions>",
        '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList/></mwg-rs:Regions>',
        "<mwg-rs:Regions>text</mwg-rs:Regions >",
    ],
)
def test_a_sidecar_without_a_list_gets_one(body: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg.xmp").write_text(packet(OTHERS + body), encoding="utf-8")
    assert OTHERS in written(tmp_path / "a.jpg", [ANNA, BEA], 6)
    assert_read_again(tmp_path / "a.jpg", [ANNA, BEA], 6)


@pytest.mark.parametrize(
    "before",
    [
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" ></r:RDF >',
        '<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Description/></RDF>',
        "",
    ],
)
def test_an_empty_sidecar_is_filled(before: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg.xmp").write_text(before, encoding="utf-8")
    written(tmp_path / "a.jpg", [ANNA])
    assert_read_again(tmp_path / "a.jpg", [ANNA])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_sidecar_of_another_encoding_is_utf_8_afterwards(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    before = f'<?xml version="1.0" encoding="UTF-16"?>{packet(OTHERS + elements([("Zoë", AREA)]))}'
    path.write_bytes(before.encode(encoding))
    text = written(tmp_path / "a.jpg", [BEA])
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert XmpDocument(text.encode()).source == text.strip().encode()
    assert_read_again(tmp_path / "a.jpg", [FaceRegion("Zoë", ANNA.area), BEA])


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_a_new_sidecar_is_private_and_one_that_is_there_keeps_its_permissions(
    tmp_path: Path,
) -> None:
    path = write_sidecar(tmp_path / "a.jpg", [ANNA], SIZE, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_sidecar(tmp_path / "a.jpg", [BEA], SIZE, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


# -- what is left alone ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("<a", "not well-formed"),
        ("Notes of mine", "not well-formed"),
        ("<notes/>", "no rdf:RDF"),
        (f"<!DOCTYPE a>{packet('')}", "document type"),
        (packet(attributes([("Anna", AREA)], (500, 500))), "a picture of 500 × 500"),
        (packet("") + " " * 9_000_000, "more than the limit"),
    ],
)
def test_a_sidecar_that_is_not_understood_is_left_alone(
    before: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_text(before, encoding="utf-8")
    with pytest.raises(ExportError, match=said) as caught:
        write_sidecar(tmp_path / "a.jpg", [ANNA], SIZE, 1)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    assert path.read_text(encoding="utf-8") == before
    assert os.listdir(tmp_path) == ["a.jpg.xmp"]


def test_a_write_protected_sidecar_is_left_alone(tmp_path: Path) -> None:
    path = write_sidecar(tmp_path / "a.jpg", [ANNA], SIZE, 1)
    before = path.read_bytes()
    path.chmod(0o444)
    with pytest.raises(ExportError, match="write-protected"):
        write_sidecar(tmp_path / "a.jpg", [BEA], SIZE, 1)
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.xmp").write_text(packet(""), encoding="utf-8")
    (tmp_path / "a.jpg.xmp").symlink_to("real.xmp")
    with pytest.raises(ExportError, match="It is a link"):
        write_sidecar(tmp_path / "a.jpg", [ANNA], SIZE, 1)
    assert (tmp_path / "a.jpg.xmp").is_symlink()
    assert (tmp_path / "real.xmp").read_text(encoding="utf-8") == packet("")


def test_a_write_that_fails_leaves_the_old_sidecar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written(tmp_path / "a.jpg", [ANNA])

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ExportError, match="No space left"):
        write_sidecar(tmp_path / "a.jpg", [BEA], SIZE, 1)
    assert (tmp_path / "a.jpg.xmp").read_text(encoding="utf-8") == before
    assert os.listdir(tmp_path) == ["a.jpg.xmp"]


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written"):
        write_sidecar(tmp_path / "gone" / "a.jpg", [ANNA], SIZE, 1)
