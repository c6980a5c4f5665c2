"""Faces in photographs that are turned, damaged, crowded or of few colours; processes that fail."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from PIL import Image

from engine.errors import PhotoError, WorkerError
from engine.gallery import Gallery
from engine.photos import network_files, photo_workers
from engine.photos.face_pipeline import FacePipeline, turned_back
from engine.photos.photo_workers import PhotoWorkers
from engine.records.detections import Box, PhotographFaces
from tests.engine.photos.test_bad_pictures import TO_STORED, bomb

pytest.importorskip("dlib")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def photos(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "photos").rglob("*.jpg"))


@pytest.fixture(scope="module")
def pipeline() -> FacePipeline:
    return FacePipeline("thorough")


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    common = max(across, 0) * max(down, 0)
    return common / (one.width * one.height + other.width * other.height - common)


def only(read: PhotographFaces) -> tuple[Box, np.ndarray]:
    (face,) = read.faces
    return face.box, face.vector


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_faces_are_found_in_all_orientations_of_a_camera(
    photos: list[Path], pipeline: FacePipeline, tmp_path: Path, kind: str
) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    upright = Image.open(photos[0]).crop((0, 0, 250, 220))
    upright.save(tmp_path / "upright.png")
    box, vector = only(pipeline.read(tmp_path / "upright.png"))
    for orientation, turn in TO_STORED.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = upright if turn is None else upright.transpose(turn)
        stored.save(tmp_path / "stored", kind, exif=exif.tobytes(), quality=95)
        read = pipeline.read(tmp_path / "stored")
        assert (read.photograph.width, read.photograph.height) == upright.size
        found, same = only(read)
        assert overlap(found, box) > 0.9, orientation
        assert similarity(same, vector) > 0.98, orientation


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_faces_that_lie_on_their_side_are_found_where_they_are(
    photos: list[Path], pipeline: FacePipeline, tmp_path: Path, turns: int
) -> None:
    for photo in photos[:60:12]:
        upright = pipeline.read(photo)
        pixels = np.asarray(Image.open(photo))
        Image.fromarray(np.rot90(pixels, turns)).save(tmp_path / "turned.png")
        read = pipeline.read(tmp_path / "turned.png")
        sure = [face for face in upright.faces if face.quality.score > 0.95]
        assert len(read.faces) >= len(sure)
        for face in sure:
            similar = [similarity(face.vector, found.vector) for found in read.faces]
            assert max(similar) > 0.97
            box = face.box
            upright_box = np.array([[box.x, box.y, box.width, box.height]])
            (expected,) = turned_back(upright_box, (250, 250), 4 - turns).tolist()
            assert overlap(read.faces[int(np.argmax(similar))].box, Box(*expected)) > 0.8


def test_boxes_of_a_turned_picture_are_brought_back() -> None:
    pixels = np.zeros((30, 50), bool)
    pixels[5:9, 10:20] = True
    for turns in range(4):
        rows, columns = np.nonzero(np.rot90(pixels, turns))
        box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        size = np.rot90(pixels, turns).shape[::-1]
        back = turned_back(np.array([box], dtype=np.float64), size, turns)
        assert back.tolist() == [[10, 5, 10, 4]]


def as_sixteen_bits(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)


CHANGES: dict[str, tuple[str, Callable[[Image.Image], Image.Image]]] = {
    "16 bits of grey": ("PNG", as_sixteen_bits),
    "grey": ("PNG", lambda picture: picture.convert("L")),
    "CMYK": ("JPEG", lambda picture: picture.convert("CMYK")),
    "with transparency": ("PNG", lambda picture: picture.convert("RGBA")),
    "256 colours": ("GIF", lambda picture: picture.quantize(256)),
    "WebP": ("WEBP", lambda picture: picture),
    "AVIF": ("AVIF", lambda picture: picture),
}


@pytest.mark.parametrize("change", CHANGES)
def test_faces_are_found_whatever_a_photograph_was_saved_as(
    photos: list[Path], pipeline: FacePipeline, tmp_path: Path, change: str
) -> None:
    kind, changed = CHANGES[change]
    changed(Image.open(photos[0])).save(tmp_path / "a", kind)
    _, vector = only(pipeline.read(tmp_path / "a"))
    assert similarity(vector, only(pipeline.read(photos[0]))[1]) > 0.9


def test_the_face_in_a_photograph_that_is_cut_short_is_found(
    photos: list[Path], pipeline: FacePipeline, tmp_path: Path
) -> None:
    data = photos[0].read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) * 9 // 10])
    read = pipeline.read(tmp_path / "a.jpg")
    assert len(read.faces) == 1
    assert "cut short" in read.photograph.remarks[0]


def test_fifty_people_are_found_and_nobody_is_there_twice(
    photos: list[Path], shared_data: Path, tmp_path: Path
) -> None:
    group = Image.new("RGB", (2000, 1000), "grey")
    people = [photos[place * 3] for place in range(50)]
    for place, photo in enumerate(people):
        face = Image.open(photo).crop((50, 50, 200, 200))
        group.paste(face, (place % 10 * 200 + 25, place // 10 * 200 + 25))
    group.save(tmp_path / "group.jpg", quality=95)
    enrolled = sorted({photo.parent for photo in people[:30]})
    sample = Path(__file__).resolve().parents[3] / "data"
    gallery, _ = Gallery.create_from(tmp_path / "g", [sample / folder.name for folder in enrolled])
    with gallery:
        batch = gallery.read_queries(tmp_path / "group.jpg")
        names = [answer.name for answer in gallery.identify(batch) if answer.name]
    assert 49 <= len(batch) <= 53
    assert len(names) == len(set(names))
    assert len(names) > len(enrolled) * 0.8


# -- processes -----------------------------------------------------------------------------------


@pytest.fixture
def as_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the processes that look at photographs run some lines of Python first."""

    def change(lines: str) -> None:
        def start(module: str, mode: str, log: IO[bytes]) -> subprocess.Popen[str]:
            code = f"import engine.photos.__main__ as process\n{lines}\nprocess.main({mode!r})"
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
            return subprocess.Popen([sys.executable, "-c", code], text=True, **pipes)  # type: ignore[call-overload]

        monkeypatch.setattr(photo_workers, "start_process", start)

    return change


@pytest.fixture
def workers() -> Iterator[PhotoWorkers]:
    found = PhotoWorkers(1, time_limit=600)
    yield found
    found.close()


def test_a_process_out_of_memory_costs_one_photograph(
    as_process: Callable[[str], None], workers: PhotoWorkers, tmp_path: Path
) -> None:
    Image.new("RGB", (8000, 6000)).save(tmp_path / "large.png")
    Image.new("RGB", (300, 200)).save(tmp_path / "small.png")
    as_process("process._MEMORY = 400 * 1024**2")
    (_, large), (_, small) = workers.read_all([tmp_path / "large.png", tmp_path / "small.png"])
    assert isinstance(large, PhotoError)
    assert large.problem == "It takes more memory than a photograph may"
    assert large.remedy == "Save it again smaller."
    assert isinstance(small, PhotographFaces)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGBA")])
def test_the_largest_photographs_stay_within_the_memory_of_a_process(
    workers: PhotoWorkers, tmp_path: Path, kind: str, mode: str
) -> None:
    quick = {"compress_level": 1} if kind == "PNG" else {"quality": 50}
    exif = Image.Exif()
    exif[0x0112] = 6
    colour = (90, 120, 60, 200)[: len(mode)]
    Image.new(mode, (12_000, 10_000), colour).save(tmp_path / "a", kind, exif=exif, **quick)
    read = workers.read(tmp_path / "a")
    assert (read.photograph.width, read.photograph.height) == (10_000, 12_000)


def test_what_a_library_raises_costs_one_photograph(
    as_process: Callable[[str], None], workers: PhotoWorkers, tmp_path: Path
) -> None:
    as_process(
        "import engine.photos.face_pipeline as pipeline\n"
        "def fail(path): raise RuntimeError('odd pixels')\n"
        "pipeline.read_photo_file = fail"
    )
    with pytest.raises(PhotoError, match=r"could not be looked for in it .*odd pixels"):
        workers.read(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match="odd pixels"):
        workers.read(tmp_path / "b.jpg")


def test_a_process_that_ends_says_its_last_words(
    as_process: Callable[[str], None], workers: PhotoWorkers, tmp_path: Path
) -> None:
    as_process("raise SystemExit('it would not start')")
    with pytest.raises(PhotoError, match=r"died\. it would not start"):
        workers.read(tmp_path / "a.jpg")


@pytest.mark.parametrize("damage", ["damaged", "swapped", "gone"])
@pytest.mark.parametrize("name", [network_files.RESNET, network_files.LANDMARKS])
def test_a_damaged_network_is_named_and_nothing_is_looked_at(
    as_process: Callable[[str], None], workers: PhotoWorkers, tmp_path: Path, name: str, damage: str
) -> None:
    folder = Path(network_files.__file__).parent / "networks"
    copied = shutil.copytree(folder, tmp_path / "networks") / name
    if damage == "damaged":
        data = bytearray(copied.read_bytes())
        data[len(data) // 2] ^= 1
        copied.write_bytes(data)
    elif damage == "swapped":
        shutil.copy(copied.with_name(network_files.MTCNN[0]), copied)
    else:
        copied.unlink()
    place = json.dumps(str(tmp_path))
    as_process(
        "import pathlib\nimport engine.photos.network_files as networks\n"
        f"networks.files = lambda _: pathlib.Path({place})"
    )
    with pytest.raises(WorkerError, match="This network") as caught:
        workers.read(tmp_path / "a.jpg")
    assert caught.value.file == str(copied)
    assert caught.value.remedy == "Install Face Gallery again."


def test_a_photograph_that_vanishes_leaves_the_others(
    workers: PhotoWorkers, tmp_path: Path
) -> None:
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        Image.new("RGB", (200, 100)).save(tmp_path / name)
    outcomes = workers.read_all([tmp_path / name for name in names])
    (tmp_path / "c.png").unlink()
    found = [outcome for _, outcome in outcomes]
    assert isinstance(found[0], PhotographFaces)
    assert isinstance(found[2], PhotoError)
    assert "does not exist" in found[2].problem


def test_a_bomb_is_refused_by_the_process(workers: PhotoWorkers, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bomb(12_000, 12_000))
    with pytest.raises(PhotoError, match="larger than 120 megapixels"):
        workers.read(tmp_path / "a.png")
