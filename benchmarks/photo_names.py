"""Photographs asked of galleries without their own faces: names, strangers, small faces."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import DATA
from engine.errors import NoFaceError
from engine.gallery import Gallery
from engine.photos.face_pipeline import FacePipeline
from engine.photos.photograph_rows import main_face
from engine.records.detections import DetectedFace, PhotographFaces
from engine.records.names import shown_name
from engine.records.types import Identification

FPIR = 0.01
SMALL = (16, 20, 24, 28, 32, 40, 50, 64)
FOLDS = 3


def names(found: Mapping[str, Sequence[PhotographFaces]]) -> None:
    """Print what photographs are called, by the mode in which they were looked at."""
    print(f"Names at {FPIR:.0%} of strangers: photographs asked, rank-1, named right, named wrong")
    for mode, photographs in found.items():
        faces = {file_of(face): face for face in map(chosen, photographs) if face is not None}
        with sample_without(faces) as gallery:
            told(f"{mode}, sample without them", list(faces.values()), gallery)
        strangers(mode, faces)
        halves(mode, faces)


def strangers(mode: str, faces: Mapping[str, DetectedFace]) -> None:
    """Print how many photographs of people who are left out of the sample get a name."""
    people = sorted({person_of(file) for file in faces})
    asked = named = 0
    for fold in range(FOLDS):
        absent = people[fold::FOLDS]
        theirs = [face for file, face in faces.items() if person_of(file) in absent]
        with sample_without(faces, absent) as gallery:
            answers = identified(gallery, theirs)
        asked += len(theirs)
        named += sum(answer.name is not None for answer in answers)
    print(f"  {mode + ', strangers':38}{asked:5}   {named} named")


def halves(mode: str, faces: Mapping[str, DetectedFace]) -> None:
    """Print names where half of each person's photographs are enrolled, and nothing else."""
    ordered = sorted(faces)
    for half in (0, 1):
        enrolled = [file for place, file in enumerate(ordered) if place % 2 == half]
        with tempfile.TemporaryDirectory() as place, Gallery.create(Path(place) / "g") as gallery:
            for person in sorted({person_of(file) for file in enrolled}):
                theirs = [faces[file].vector for file in enrolled if person_of(file) == person]
                gallery.enroll(shown_name(person), np.stack(theirs))
            others = [faces[file] for file in ordered if file not in set(enrolled)]
            told(f"{mode}, half enrolled, the other asked", others, gallery)


def told(title: str, faces: Sequence[DetectedFace], gallery: Gallery) -> None:
    answers = identified(gallery, faces)
    right = [shown_name(person_of(file_of(face))) for face in faces]
    first = np.mean([
        bool(answer.candidates) and answer.candidates[0].name == name
        for answer, name in zip(answers, right, strict=True)
    ])  # fmt: skip
    named = np.mean([answer.name == name for answer, name in zip(answers, right, strict=True)])
    wrong = sum(
        answer.name not in (None, name) for answer, name in zip(answers, right, strict=True)
    )
    print(f"  {title:38}{len(faces):5}{first:9.1%}{named:9.1%}{wrong:5}")


def identified(gallery: Gallery, faces: Sequence[DetectedFace]) -> Sequence[Identification]:
    return gallery.identify(np.stack([face.vector for face in faces]), fpir=FPIR)


def small(pipeline: FacePipeline, photographs: Sequence[PhotographFaces]) -> None:
    """Print how often faces made smaller are found and look most like the right person."""
    faces = {file_of(face): face for face in map(chosen, photographs) if face is not None}
    print("Faces made smaller, thorough: found, rank-1 of those found, cosine to the whole size")
    with sample_without(faces) as gallery, tempfile.TemporaryDirectory() as place:
        for side in SMALL:
            found = {}
            for file, face in faces.items():
                reduced(face, side).save(Path(place) / "small.png")
                again = same_face(face, side, pipeline.read(Path(place) / "small.png"))
                if again is not None:
                    found[file] = again
            if not found:
                print(f"  {side:3} pixels: none")
                continue
            answers = identified(gallery, list(found.values()))
            right = np.mean([
                answer.candidates[0].name == shown_name(person_of(file))
                for file, answer in zip(found, answers, strict=True)
            ])  # fmt: skip
            alike = np.array([alikeness(faces[file], again) for file, again in found.items()])
            print(
                f"  {side:3} pixels: {len(found):4} of {len(faces)}{right:8.1%}   median "
                f"{np.median(alike):.4f}, >= 0.99 {np.mean(alike >= 0.99):.0%}"
            )


def reduced(face: DetectedFace, side: int) -> Image.Image:
    """The photograph of a face, so small that the face has a side of so many pixels."""
    picture = Image.open(face.photograph.file).convert("RGB")
    scale = side / face.box.side
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def same_face(face: DetectedFace, side: int, found: PhotographFaces) -> DetectedFace | None:
    """The face that is where one was in the larger photograph."""
    expected = np.array([face.box.x, face.box.y, face.box.side]) * side / face.box.side

    def away(again: DetectedFace) -> float:
        place = np.array([again.box.x, again.box.y, again.box.side])
        return float(np.abs(place - expected).max())

    nearest = min(found.faces, key=away, default=None)
    return nearest if nearest is not None and away(nearest) < side / 2 else None


def alikeness(one: DetectedFace, other: DetectedFace) -> float:
    lengths = np.linalg.norm(one.vector) * np.linalg.norm(other.vector)
    return float(one.vector @ other.vector / lengths)


@contextmanager
def sample_without(files: Collection[str], absent: Collection[str] = ()) -> Iterator[Gallery]:
    """A gallery of the sample without the faces of some photographs, and without some people."""
    stems = {Path(file).stem for file in files}
    with tempfile.TemporaryDirectory() as place:
        kept = [
            path
            for path in sorted(DATA.glob("*/*.npy"))
            if path.stem not in stems and path.parent.name not in absent
        ]
        vectors = np.stack([np.load(path, allow_pickle=False) for path in kept])
        people = np.array([shown_name(path.parent.name) for path in kept])
        np.savez(Path(place) / "sample.npz", embeddings=vectors, names=people)
        gallery, _ = Gallery.create_from(Path(place) / "g", [Path(place) / "sample.npz"])
        with gallery:
            yield gallery


def chosen(found: PhotographFaces) -> DetectedFace | None:
    try:
        return main_face(found)
    except NoFaceError:
        return None


def file_of(face: DetectedFace) -> str:
    return face.photograph.file


def person_of(file: str) -> str:
    return Path(file).parent.name
