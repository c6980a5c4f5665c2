"""Names in files held against faces: compared, taken over, and written back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.gallery import Gallery
from engine.photos.face_regions import FaceRegion
from engine.photos.region_area import Area
from engine.photos.sidecars import write_sidecar

pytest.importorskip("dlib")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.slow

FACE = Area(0.28, 0.25, 0.45, 0.5)  # where the dataset has the face
CORNER = Area(0.0, 0.9, 0.05, 0.05)


@pytest.fixture
def pictures(shared_data: Path, tmp_path: Path) -> Path:
    """One photograph each of five people, in one folder."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for person in ("Ari_Fleischer", "Alvaro_Uribe", "Angelina_Jolie", "Hugo_Chavez"):
        photo = sorted((shared_data / "photos" / person).glob("*.jpg"))[0]
        shutil.copy(photo, folder / f"{person}.jpg")
    return folder


@pytest.fixture
def gallery(sample: Path, tmp_path: Path) -> Iterator[Gallery]:
    """Three people, without the very faces of the photographs."""
    folder = tmp_path / "people"
    for person in ("Ari_Fleischer", "Alvaro_Uribe", "Tony_Blair"):
        (folder / person).mkdir(parents=True)
        for vector in sorted((sample / person).glob("*.npy"))[4:12]:
            shutil.copy(vector, folder / person)
    made, _ = Gallery.create_from(tmp_path / "g", [folder])
    yield made
    made.close()


def say(pictures: Path, person: str, name: str, area: Area = FACE) -> None:
    write_sidecar(pictures / f"{person}.jpg", [FaceRegion(name, area)], (250, 250), 1)


def test_a_name_is_held_against_its_face(gallery: Gallery, pictures: Path) -> None:
    say(pictures, "Ari_Fleischer", "Ari Fleischer")
    say(pictures, "Alvaro_Uribe", "Tony Blair")
    say(pictures, "Angelina_Jolie", "Angelina Jolie")
    say(pictures, "Hugo_Chavez", "Hugo Chavez", CORNER)
    report = gallery.photo_names.read([pictures])
    found = {Path(each.photograph).stem: each for each in report.evidence}
    assert {person: each.standing for person, each in found.items()} == {
        "Ari_Fleischer": "agrees",
        "Alvaro_Uribe": "differs",
        "Angelina_Jolie": "unknown",
        "Hugo_Chavez": "no-face",
    }
    assert found["Alvaro_Uribe"].other == "Alvaro Uribe"
    assert found["Ari_Fleischer"].source == "Ari_Fleischer.jpg.xmp"


def test_names_are_taken_over_but_never_over_a_person(gallery: Gallery, pictures: Path) -> None:
    say(pictures, "Ari_Fleischer", "Ari Fleischer")
    say(pictures, "Alvaro_Uribe", "Tony Blair")
    say(pictures, "Angelina_Jolie", "Angelina Jolie")
    say(pictures, "Hugo_Chavez", "Hugo Chavez")
    hugo = gallery.queries.read_all([pictures / "Hugo_Chavez.jpg"], main_faces=True).batch
    gallery.enroll("Somebody", hugo)
    faces = gallery.people.counts()[1]
    report = gallery.photo_names.read([pictures])
    done = gallery.photo_names.take_over(report.evidence)
    assert done is not None
    assert done.faces_added == 2
    assert gallery.people.counts()[1] == faces + 2
    assert len(gallery.faces.of("Angelina Jolie")) == 1
    assert gallery.people.find("Hugo Chavez") is None
    assert len(gallery.faces.of("Tony Blair")) == 8
    standings = [each.standing for each in gallery.photo_names.read([pictures]).evidence]
    assert sorted(standings) == ["differs", "differs", "enrolled", "enrolled"]
    gallery.history.undo()
    assert gallery.people.counts()[1] == faces


def test_a_name_that_a_person_refused_is_not_taken_over(gallery: Gallery, pictures: Path) -> None:
    say(pictures, "Ari_Fleischer", "Tony Blair")
    found = gallery.photo_names.read([pictures]).evidence[0]
    assert found.face is not None
    gallery.corrections.reject(found.face.vector, gallery.people.require("Tony Blair").id)
    again = gallery.photo_names.read([pictures]).evidence[0]
    assert again.standing == "refused"
    assert gallery.photo_names.take_over([again]) is None


def test_names_of_enrolled_faces_are_written_beside_photographs_and_read_the_same(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    gallery.photographs.scan([pictures])
    _, batch = gallery.photographs.waiting()
    for row in range(len(batch)):
        gallery.enroll(Path(batch.files[row]).stem.replace("_", " "), batch.take([row]))
    before = {path: path.read_bytes() for path in pictures.glob("*.jpg")}
    written, failed = gallery.photo_names.write_sidecars([pictures])
    assert not failed
    assert {path.name for path in written} >= {"Ari_Fleischer.jpg.xmp", "Alvaro_Uribe.jpg.xmp"}
    assert before == {path: path.read_bytes() for path in pictures.glob("*.jpg")}
    with Gallery.create(tmp_path / "other") as other:
        evidence = other.photo_names.read([pictures]).evidence
        assert {each.name for each in evidence} == {
            Path(path.name).name.split(".")[0].replace("_", " ") for path in written
        }
        assert {each.standing for each in evidence} == {"unknown"}
