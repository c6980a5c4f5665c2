"""Photographs as queries: the faces in them are the sample's, and nobody is in one twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import MismatchError, NoFaceError, PhotoError
from engine.gallery import Gallery
from engine.photos.photo_workers import PhotoWorkers
from engine.recognition.joint_assignment import assign_jointly
from engine.records.detections import DetectionMode
from engine.records.types import Candidate, Identification

pytest.importorskip("dlib")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def photos(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "photos").rglob("*.jpg"))


@pytest.fixture
def workers() -> Iterator[PhotoWorkers]:
    found = PhotoWorkers(2, time_limit=60)
    yield found
    found.close()


@pytest.fixture
def gallery(sample: Path, tmp_path: Path) -> Iterator[Gallery]:
    """A gallery of six people of the sample."""
    people = ["Ari_Fleischer", "Alvaro_Uribe", "Angelina_Jolie", "Tony_Blair", "Hans_Blix"]
    made, _ = Gallery.create_from(tmp_path / "g", [sample / name for name in people])
    yield made
    made.close()


def cosines(vectors: np.ndarray, other: np.ndarray) -> np.ndarray:
    return vectors @ other / np.linalg.norm(vectors, axis=1) / np.linalg.norm(other)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "least"), [("faithful", 0.9999), ("thorough", 0.97)])
def test_a_photograph_gives_the_vector_that_the_sample_has(
    photos: list[Path], sample: Path, workers: PhotoWorkers, mode: DetectionMode, least: float
) -> None:
    some = photos[::15]
    for file, read in workers.read_all(some, mode):
        stem = Path(file).stem
        enrolled = np.load(sample / stem[:-5] / f"{stem}.npy")
        vectors = np.stack([face.vector for face in read.faces])
        assert cosines(vectors, enrolled).max() > least, file


def test_faces_are_numbered_from_left_to_right_and_described(
    photos: list[Path], workers: PhotoWorkers, tmp_path: Path
) -> None:
    side_by_side = Image.new("RGB", (750, 250))
    for place in range(3):
        side_by_side.paste(Image.open(photos[place * 7]), (place * 250, 0))
    side_by_side.save(tmp_path / "three.png")
    read = workers.read(tmp_path / "three.png")
    centres = [face.box.x + face.box.width / 2 for face in read.faces]
    assert len(read.faces) >= 3
    assert centres == sorted(centres)
    assert [face.number for face in read.faces] == list(range(len(read.faces)))
    main = [face for face in read.faces if face.box.side > 80]
    assert all(0.9 < face.quality.score <= 1 and face.quality.sharpness > 0 for face in main)
    assert (read.photograph.width, read.photograph.height) == (750, 250)


def test_a_face_that_fills_the_picture_is_found(
    photos: list[Path], workers: PhotoWorkers, tmp_path: Path
) -> None:
    Image.open(photos[0]).crop((65, 60, 190, 195)).save(tmp_path / "close.png")
    assert len(workers.read(tmp_path / "close.png").faces) == 1


def test_a_picture_without_faces_says_so(gallery: Gallery, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "green").save(tmp_path / "lawn.png")
    with pytest.raises(NoFaceError, match="No face found"):
        gallery.read_queries(tmp_path / "lawn.png")
    read = gallery.queries.read_all([tmp_path / "lawn.png"])
    assert not len(read.batch)
    assert "No face found" in str(read.errors[0])


def test_people_in_photographs_are_named(gallery: Gallery, photos: list[Path]) -> None:
    theirs = [photo for photo in photos if photo.parent.name == "Ari_Fleischer"]
    read = gallery.queries.read_all(theirs, main_faces=True)
    assert not read.errors
    answers = gallery.identify(read.batch)
    assert [answer.name for answer in answers] == ["Ari Fleischer"] * len(theirs)


def test_nobody_is_in_a_photograph_twice(
    gallery: Gallery, photos: list[Path], tmp_path: Path
) -> None:
    twice = Image.new("RGB", (500, 250))
    twice.paste(Image.open(photos[0]), (0, 0))
    twice.paste(Image.open(photos[0]).rotate(4), (250, 0))
    twice.save(tmp_path / "twice.png")
    batch = gallery.read_queries(tmp_path / "twice.png")
    answers = gallery.identify(batch)
    names = [answer.name for answer in answers if answer.name is not None]
    assert len(names) == len(set(names)) == 1
    loser = next(answer for answer in answers if answer.name is None)
    assert "Another face in the photograph is" in loser.note


def test_faces_of_another_network_are_not_compared(tmp_path: Path, photos: list[Path]) -> None:
    random = np.random.default_rng(0)
    people = random.normal(size=(12, 1, 128)) + random.normal(size=(12, 5, 128)) * 0.3
    with Gallery.create(tmp_path / "other") as other:
        for number, vectors in enumerate(people.astype(np.float32)):
            other.enroll(f"Person {number}", vectors)
        with pytest.raises(MismatchError, match="another network"):
            other.read_queries(photos[0])
    with (
        Gallery.create(tmp_path / "wide", dimension=512) as wide,
        pytest.raises(MismatchError, match="512"),
    ):
        wide.read_queries(photos[0])


def test_a_folder_of_photographs_is_imported_one_person_a_folder(
    photos: list[Path], tmp_path: Path
) -> None:
    people = {photo.parent for photo in photos[:12]}
    gallery, report = Gallery.create_from(tmp_path / "g", sorted(people))
    with gallery:
        assert report.faces_added == 12
        assert {identity.name for identity in gallery.people.all()} == {
            folder.name.replace("_", " ") for folder in people
        }
        face = gallery.faces.of(gallery.people.all()[0].id)[0]
        assert face.has_photo
        assert face.file.endswith(".jpg")


@pytest.mark.kill
def test_a_process_that_dies_costs_its_one_photograph(
    photos: list[Path], workers: PhotoWorkers
) -> None:
    workers.read(photos[0])
    for worker in workers._all:
        os.kill(worker._process.pid, signal.SIGSTOP)
    outcomes = iter(workers.read_all(photos[:6]))
    for worker in workers._all:
        os.kill(worker._process.pid, signal.SIGKILL)
    found = [outcome for _, outcome in outcomes]
    assert sum(isinstance(outcome, PhotoError) for outcome in found) <= 1
    assert not isinstance(workers.read(photos[0]), PhotoError)


@pytest.mark.kill
def test_a_process_that_hangs_is_ended(photos: list[Path]) -> None:
    workers = PhotoWorkers(1, time_limit=10)
    try:
        workers.read(photos[0])
        (worker,) = workers._all
        os.kill(worker._process.pid, signal.SIGSTOP)
        with pytest.raises(PhotoError, match="longer than 10 seconds"):
            workers.read(photos[0])
        assert workers.read(photos[0]).faces
    finally:
        workers.close()


def answer(**scores: float) -> Identification:
    """An answer whose first candidate is named where its score is above 0."""
    offered = tuple(
        Candidate(int(who[1:]), who, score, None, 0.1)
        for who, score in sorted(scores.items(), key=lambda pair: -pair[1])
    )
    name = offered[0].name if offered[0].score > 0 else None
    verdict = "unknown" if name is None else "known"
    return Identification(verdict, name, None, "knn", offered, (), 0.01)


def names_of(answers: Sequence[Identification]) -> list[str | None]:
    found = assign_jointly(answers, ["a"] * len(answers), lambda _, candidate: candidate.score)
    return [each.name for each in found]


def test_the_surer_face_keeps_the_name_and_the_other_gets_one_that_would_do_for_it_alone() -> None:
    assert names_of([answer(P1=9.0, P2=8.0), answer(P1=9.5, P2=1.0)]) == ["P2", "P1"]
    assert names_of([answer(P1=9.0, P2=-1.0), answer(P1=9.5, P2=-2.0)]) == [None, "P1"]
    assert names_of([answer(P1=9.0), answer(P1=9.0), answer(P2=1.0)]) in (
        ["P1", None, "P2"], [None, "P1", "P2"],
    )  # fmt: skip


def test_names_are_given_so_that_they_are_surest_in_all() -> None:
    # one by one the first face would take P1, and the second would stay without a name
    assert names_of([answer(P1=9.0, P2=8.5), answer(P1=8.9)]) == ["P2", "P1"]


def test_faces_of_different_photographs_may_be_one_person() -> None:
    answers = [answer(P1=9.0), answer(P1=8.0), answer(P1=7.0)]
    found = assign_jointly(answers, ["a", "b", None], lambda _, candidate: candidate.score)
    assert [each.name for each in found] == ["P1", "P1", "P1"]


def test_an_answer_that_gave_way_says_why() -> None:
    answers = [answer(P1=9.0, P2=8.0), answer(P1=9.5)]
    found = assign_jointly(answers, ["a", "a"], lambda _, candidate: candidate.score)
    assert found[0].note == "Another face in the photograph is P1 more surely."
    assert found[0].candidates[0].name == "P2"
    assert found[1] is answers[1]


def test_a_small_face_is_named_with_a_caveat_and_not_enrolled_unasked(
    gallery: Gallery, photos: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "import" / "Ari_Fleischer"
    folder.mkdir(parents=True)
    photo = next(photo for photo in photos if photo.parent.name == "Ari_Fleischer")
    Image.open(photo).resize((90, 90)).save(folder / "small.png")
    report = gallery.import_([folder.parent])
    assert report.faces_added == 0
    assert "pixels large" in report.rejected[0].reason
    tiny = tmp_path / "tiny.png"
    Image.open(photo).resize((60, 60)).save(tiny)
    batch = gallery.read_queries(tiny)
    assert batch.photos[0].quality.size < 32
    answer = gallery.identify(batch)[0]
    assert answer.name is None or "pixels large" in answer.note
