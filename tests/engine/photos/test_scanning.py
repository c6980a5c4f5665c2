"""Folders of photographs: scanned once, again where something changed, and kept in the gallery."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import EmbeddingError, GalleryReadOnlyError
from engine.gallery import Gallery
from engine.records.detections import DetectedFace

pytest.importorskip("dlib")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.slow

PEOPLE = ["Ari_Fleischer", "Alvaro_Uribe", "Angelina_Jolie"]


@pytest.fixture
def pictures(shared_data: Path, tmp_path: Path) -> Path:
    """Four photographs of each of three people."""
    folder = tmp_path / "pictures"
    for person in PEOPLE:
        (folder / person).mkdir(parents=True)
        for photo in sorted((shared_data / "photos" / person).glob("*.jpg"))[:4]:
            shutil.copy(photo, folder / person)
    return folder


@pytest.fixture
def gallery(sample: Path, tmp_path: Path) -> Iterator[Gallery]:
    """One of the three people, and some more."""
    known = [sample / name for name in ("Ari_Fleischer", "Tony_Blair", "Hans_Blix", "Tiger_Woods")]
    made, _ = Gallery.create_from(tmp_path / "g", known)
    yield made
    made.close()


def waiting_names(gallery: Gallery) -> list[str | None]:
    _, batch = gallery.photographs.waiting()
    return [answer.name for answer in gallery.identify(batch)] if len(batch) else []


def test_known_faces_wait_to_be_confirmed_and_unknown_ones_are_put_together(
    gallery: Gallery, pictures: Path
) -> None:
    report = gallery.photographs.scan([pictures])
    assert report.photographs == report.looked_at == 12
    assert report.known >= 4
    assert report.known + report.unknown + report.small + report.enrolled == report.faces
    assert waiting_names(gallery).count("Ari Fleischer") == 4
    largest = gallery.unknowns.clusters()[0]
    assert len(largest.ids) == 4
    before = gallery.photographs.count_waiting()
    _, batch = gallery.photographs.waiting()
    theirs = [row for row, name in enumerate(waiting_names(gallery)) if name == "Ari Fleischer"]
    gallery.enroll("Ari Fleischer", batch.take(theirs))
    assert gallery.photographs.count_waiting() == before - 4
    gallery.history.undo()
    assert gallery.photographs.count_waiting() == before


def test_a_gallery_may_begin_with_photographs(pictures: Path, tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "new") as gallery:
        report = gallery.photographs.scan([pictures])
        assert (report.known, report.unknown) == (0, report.faces - report.small)
        clusters = gallery.unknowns.clusters()
        assert [len(cluster.ids) for cluster in clusters[:3]] == [4, 4, 3]
        gallery.unknowns.name(clusters[0].ids, "The first")
        assert len(gallery.faces.of("The first")) == 4
        found = gallery.photographs.of(gallery.people.require("The first").id)
        assert len(found) == 4


def test_a_second_scan_looks_only_at_what_is_new_or_has_changed(
    gallery: Gallery, pictures: Path, shared_data: Path
) -> None:
    gallery.photographs.scan([pictures])
    waiting = gallery.photographs.count_waiting()
    again = gallery.photographs.scan([pictures])
    assert (again.looked_at, again.unchanged, again.faces) == (0, 12, 0)
    os.utime(pictures / PEOPLE[0] / os.listdir(pictures / PEOPLE[0])[0])
    touched = gallery.photographs.scan([pictures])
    assert (touched.looked_at, touched.faces) == (1, 0)  # the same content with another date
    new = sorted((shared_data / "photos" / PEOPLE[0]).glob("*.jpg"))[4]
    shutil.copy(new, pictures)
    report = gallery.photographs.scan([pictures])
    assert report.looked_at == 1
    assert gallery.photographs.count_waiting() == waiting + report.known


def test_a_photograph_that_became_another_loses_the_faces_that_nothing_was_decided_about(
    gallery: Gallery, pictures: Path, shared_data: Path
) -> None:
    gallery.photographs.scan([pictures])
    file = sorted((pictures / "Ari_Fleischer").glob("*.jpg"))[0]
    Image.new("RGB", (300, 200), "navy").save(file)
    report = gallery.photographs.scan([pictures])
    assert (report.looked_at, report.faces) == (1, 0)
    assert waiting_names(gallery).count("Ari Fleischer") == 3


def test_a_file_that_cannot_be_used_is_told_once(gallery: Gallery, pictures: Path) -> None:
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    first = gallery.photographs.scan([pictures])
    assert [Path(each.file).name for each in first.rejected] == ["broken.jpg"]
    second = gallery.photographs.scan([pictures])
    assert (second.looked_at, second.rejected) == (0, ())


def test_what_was_dismissed_is_not_asked_about_again(gallery: Gallery, pictures: Path) -> None:
    gallery.photographs.scan([pictures])
    shelf = [unknown.id for unknown in gallery.unknowns.all()]
    ids, _ = gallery.photographs.waiting()
    gallery.unknowns.dismiss(shelf)
    gallery.photographs.settle(ids)
    assert gallery.photographs.scan([pictures]).looked_at == 0
    assert not gallery.photographs.count_waiting()
    assert not gallery.unknowns.count()


def test_looking_again_in_another_mode_is_foreseen_keeps_decisions_and_is_undone(
    gallery: Gallery, pictures: Path
) -> None:
    gallery.photographs.scan([pictures])
    _, batch = gallery.photographs.waiting()
    theirs = [row for row, name in enumerate(waiting_names(gallery)) if name == "Ari Fleischer"]
    gallery.enroll("Ari Fleischer", batch.take(theirs[:2]))
    waiting = gallery.photographs.count_waiting()
    assert gallery.photographs.scan([pictures], mode="faithful").other_mode == 12
    preview = gallery.photographs.prepare_rescan([pictures], "faithful")
    assert preview.photographs == 12
    assert preview.decided >= 2 + gallery.unknowns.count()
    assert gallery.photographs.count_waiting() == waiting  # nothing differs yet
    faces, shelf = gallery.people.counts()[1], gallery.unknowns.count()
    changed = gallery.photographs.rescan("faithful")
    assert changed is not None
    assert gallery.people.counts()[1] == faces
    assert gallery.unknowns.count() == shelf
    assert waiting_names(gallery) == ["Ari Fleischer"] * 2  # not those that are enrolled
    gallery.history.undo()
    assert gallery.photographs.count_waiting() == waiting
    gallery.history.redo()
    assert gallery.photographs.rescan("faithful") is None


def test_photographs_of_a_person_and_of_two_together(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    both = Image.new("RGB", (500, 250))
    for place, person in enumerate(PEOPLE[:2]):
        photo = sorted((pictures / person).glob("*.jpg"))[0]
        both.paste(Image.open(photo), (place * 250, 0))
    exif = both.getexif()
    exif[0x0132] = "2019:05:31 18:00:00"
    both.save(tmp_path / "both.jpg", exif=exif, quality=95)
    batch = gallery.read_queries(tmp_path / "both.jpg")
    main = [row for row in range(len(batch)) if batch.photos[row].box.side > 80]
    gallery.enroll("Left", batch.take(main[:1]))
    gallery.enroll("Right", batch.take(main[1:2]))
    left, right = (gallery.people.require(name) for name in ("Left", "Right"))
    (shared,) = gallery.photographs.together(left.id, right.id)
    assert shared.photograph.taken == "2019-05-31T18:00:00"
    assert gallery.photographs.of(left.id) == gallery.photographs.of(right.id) == [shared]
    assert gallery.photographs.thumbnail(shared.id) is not None
    face = gallery.faces.of("Left")[0]
    found = gallery.photographs.detected([face.id])[face.id]
    assert isinstance(found, DetectedFace)
    assert found.box == batch.photos[main[0]].box
    gallery.erasure.erase(["Left"])
    assert gallery.photographs.thumbnail(shared.id) is None  # they are to be seen in it
    assert len(gallery.photographs.faces_of(shared.id).faces) == 1


def test_pictures_of_one_name_are_told_apart_and_one_that_is_scanned_later_is_known(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    photos = sorted((pictures / "Angelina_Jolie").glob("*.jpg"))
    for name, photo in zip(("One", "Two"), photos[:2], strict=True):
        shutil.copy(photo, tmp_path / "pasted.jpg")
        gallery.enroll(name, gallery.read_queries(tmp_path / "pasted.jpg").take([0]))
    one, two = (gallery.photographs.of(gallery.people.require(name).id) for name in ("One", "Two"))
    assert one[0].photograph.digest != two[0].photograph.digest
    batch = gallery.read_queries(photos[2])
    gallery.enroll("Three", batch.take([0]))
    gallery.photographs.scan([pictures])
    assert len(gallery.photographs.of(gallery.people.require("Three").id)) == 1


def test_a_photograph_goes_with_the_last_that_needs_it(gallery: Gallery, pictures: Path) -> None:
    batch = gallery.read_queries(sorted((pictures / "Angelina_Jolie").glob("*.jpg"))[0])
    gallery.enroll("Somebody", batch.take([0]))
    (record,) = gallery.photographs.of(gallery.people.require("Somebody").id)
    gallery.history.undo()
    gallery.close()
    with Gallery.open(gallery.folder) as opened:  # it can be redone
        assert opened.photographs.thumbnail(record.id) is not None
        opened.history.redo()
        assert len(opened.photographs.of(opened.people.require("Somebody").id)) == 1
        opened.history.undo()
        opened.corrections.rename("Tony Blair", "Anthony Blair")  # that is over now
    with Gallery.open(gallery.folder) as opened:
        assert opened.photographs.thumbnail(record.id) is None


def test_a_folder_without_photographs_and_a_gallery_that_is_read_only_say_so(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmbeddingError, match="no photographs"):
        gallery.photographs.scan([tmp_path / "empty"])
    with (
        Gallery.open(gallery.folder, write=False) as reading,
        pytest.raises(GalleryReadOnlyError),
    ):
        reading.photographs.scan([pictures])


@pytest.mark.kill
def test_a_scan_that_is_killed_goes_on_where_it_was(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    for number in range(4):  # 60 photographs
        for photo in list(pictures.rglob("*_0*.jpg"))[:12]:
            if "copy" not in photo.name:
                turned = Image.open(photo).rotate(number - 2, resample=Image.Resampling.BICUBIC)
                turned.save(photo.with_name(f"copy{number}_{photo.name}"), quality=95)
    count = len(list(pictures.rglob("*.jpg")))
    gallery.close()
    command = [
        sys.executable,
        "-m",
        "gallery_app",
        "scan",
        "-g",
        str(gallery.folder),
        str(pictures),
    ]
    for kill in range(3):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        time.sleep(3 + kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with Gallery.open(gallery.folder) as opened:
        report = opened.photographs.scan([pictures])
        assert report.looked_at + report.unchanged == count
        records = opened._store.photographs.scanned()
        assert len(records) == count
        faces = sum(record.faces for record in records.values())
    with Gallery.open(gallery.folder) as opened:
        shelf, waiting = opened.unknowns.count(), opened.photographs.count_waiting()
        assert shelf + waiting <= faces
        assert opened.photographs.scan([pictures]).looked_at == 0


def test_a_parquet_table_says_where_a_face_was_found(
    gallery: Gallery, pictures: Path, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    gallery.photographs.scan([pictures])
    _, batch = gallery.photographs.waiting()
    gallery.enroll("Ari Fleischer", batch.take([0]))
    gallery.exports.write("parquet", tmp_path / "faces.parquet")
    rows = parquet.read_table(tmp_path / "faces.parquet").to_pylist()
    boxes = [row["box"] for row in rows if row["box"] is not None]
    box = batch.photos[0].box
    assert boxes == [[box.x, box.y, box.width, box.height]]
