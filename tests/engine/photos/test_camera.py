"""A camera: frames with faces from a process of its own, which ends however the camera is left."""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import CancelledError, PhotographsMissingError, WorkerError
from engine.gallery import Gallery
from engine.photos import frame_source, network_files
from engine.photos.camera import Camera
from engine.photos.frame_source import FolderFrames, VideoFrames, open_source
from engine.photos.steady_answers import SteadyAnswers
from engine.progress import CancelToken, Reporter
from engine.records.detections import Box, DetectedFace, FaceQuality
from engine.records.types import Identification
from tests.conftest import PATIENCE, ROOT
from tests.detected import photograph

finds_faces = pytest.mark.skipif(
    not network_files.are_photographs_readable(), reason="what finds faces is not installed"
)
needs_opencv = pytest.mark.skipif(
    importlib.util.find_spec("cv2") is None, reason="OpenCV is not installed"
)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of two pictures of no face, 320 x 240 pixels, of one colour each."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in (("1.png", (200, 0, 0)), ("2.png", (0, 0, 200))):
        Image.new("RGB", (320, 240), colour).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def portraits(shared_data: Path, tmp_path: Path) -> Path:
    """A folder of one photograph of Ari Fleischer."""
    folder = tmp_path / "portraits"
    folder.mkdir()
    shutil.copy(sorted((shared_data / "photos" / "Ari_Fleischer").glob("*.jpg"))[0], folder)
    return folder


def has_ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


# -- where frames come from ----------------------------------------------------------------------


def test_the_pictures_of_a_folder_come_round_and_round(pictures: Path) -> None:
    source = FolderFrames(pictures, rate=1000)
    frames = [source.read() for _ in range(3)]
    colours = [frame[0, 0].tolist() for frame in frames if frame is not None]
    assert colours == [[200, 0, 0], [0, 0, 200], [200, 0, 0]]


def test_frames_come_no_faster_than_they_are_to_be_seen(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, waits = 1000.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        waits.append(round(seconds, 6))

    monkeypatch.setattr(frame_source.time, "monotonic", lambda: now)
    monkeypatch.setattr(frame_source.time, "sleep", sleep)
    source = FolderFrames(pictures, rate=50)
    source.read()
    source.read()
    now += 0.5  # whoever reads is slow
    source.read()
    source.read()
    assert waits == [0, 0.02, 0, 0.02]


@needs_opencv
def test_a_video_is_read_in_its_own_colours_until_its_end(tmp_path: Path) -> None:
    import cv2

    video = tmp_path / "short.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 100.0, (64, 48))
    for _ in range(3):
        writer.write(np.full((48, 64, 3), (0, 0, 200), np.uint8))  # blue, green, red
    writer.release()
    source = open_source(str(video))
    assert isinstance(source, VideoFrames)
    frames = [source.read() for _ in range(4)]
    source.close()
    assert frames[3] is None
    assert frames[0] is not None
    assert frames[0].shape == (48, 64, 3)
    red, green, blue = frames[0].mean(axis=(0, 1)).tolist()
    assert red > 150
    assert max(green, blue) < 50


@needs_opencv
@pytest.mark.parametrize("source", ["97", "a file"])
def test_what_is_no_camera_and_no_video_says_so(source: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_bytes(b"no video")
    with pytest.raises(WorkerError) as told:
        open_source(source if source.isdecimal() else str(tmp_path / source))
    expected = "no camera here" if source.isdecimal() else "video cannot be read"
    assert expected in told.value.problem
    assert told.value.remedy


# -- the camera ----------------------------------------------------------------------------------


def test_a_camera_that_is_not_there_is_told_before_a_process_starts() -> None:
    pytest.importorskip("dlib")
    with pytest.raises(WorkerError) as told:
        Camera("/dev/video99")
    assert str(told.value) == (
        "/dev/video99: There is no camera and no video of this name. Connect a camera."
    )


@finds_faces
def test_without_opencv_the_sentence_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frame_source.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(network_files, "are_photographs_readable", lambda: True)
    with pytest.raises(WorkerError) as told:
        Camera("0")
    assert "Cameras need OpenCV" in told.value.problem
    assert "pip install opencv-python-headless" in told.value.remedy


def test_without_dlib_the_sentence_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, pictures: Path
) -> None:
    monkeypatch.setattr(network_files, "are_photographs_readable", lambda: False)
    with pytest.raises(PhotographsMissingError) as told:
        Camera(str(pictures))
    assert "pip install dlib-bin" in told.value.remedy


@finds_faces
def test_frames_carry_a_small_picture_and_a_name_without_a_path(pictures: Path) -> None:
    with Camera(str(pictures)) as camera:
        frame = camera.read()
        process = camera.process_id
    assert Image.open(io.BytesIO(frame.picture)).size == (320, 240)
    seen = frame.found.photograph
    assert (seen.width, seen.height) == (320, 240)
    assert seen.file == f"camera {(seen.taken or '').replace('T', ' ')}"
    assert frame.found.faces == ()
    assert has_ended(process)


@finds_faces
@pytest.mark.slow
def test_faces_of_a_frame_are_those_of_the_photograph(portraits: Path, sample: Path) -> None:
    with Camera(str(portraits)) as camera:
        frame = next(iter(camera))
    (face, *_) = sorted(frame.found.faces, key=lambda face: -face.quality.size)
    own = np.load(sorted((sample / "Ari_Fleischer").glob("*.npy"))[0])
    cosine = float(face.vector @ own / np.linalg.norm(face.vector) / np.linalg.norm(own))
    assert cosine > 0.9
    assert Image.open(io.BytesIO(face.crop)).format == "JPEG"
    assert max(Image.open(io.BytesIO(frame.found.photograph.thumbnail)).size) <= 480


@finds_faces
def test_a_process_that_is_killed_is_told_and_leaves_nothing(pictures: Path) -> None:
    with Camera(str(pictures)) as camera:
        camera.read()
        os.kill(camera.process_id, signal.SIGKILL)
        with pytest.raises(WorkerError) as told:
            camera.read()
    assert "was killed (signal 9)" in told.value.problem
    camera.close()


@finds_faces
def test_a_folder_without_pictures_sends_none(tmp_path: Path) -> None:
    with Camera(str(tmp_path)) as camera, pytest.raises(WorkerError) as told:
        camera.read()
    assert "sends no more pictures" in told.value.problem


@finds_faces
def test_a_broken_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with Camera(str(tmp_path)) as camera, pytest.raises(WorkerError) as told:
        camera.read()
    assert "not a picture" in told.value.problem
    assert told.value.file == str(tmp_path / "broken.jpg")


@finds_faces
def test_waiting_for_a_frame_can_be_cancelled(pictures: Path) -> None:
    token = CancelToken()
    with Camera(str(pictures)) as camera:
        os.kill(camera.process_id, signal.SIGSTOP)
        timer = threading.Timer(0.2, token.cancel)
        timer.start()
        with pytest.raises(CancelledError):
            camera.read(Reporter(lambda _: None, token))
        timer.join()


@finds_faces
def test_the_process_ends_when_its_standard_input_does(pictures: Path) -> None:
    camera = Camera(str(pictures))
    camera.read()
    assert camera._process.stdin is not None
    camera._process.stdin.close()
    assert camera._process.wait() == 0
    camera.close()


@finds_faces
@pytest.mark.kill
def test_the_process_ends_when_its_parent_is_killed(pictures: Path) -> None:
    code = (
        "import sys, time; from engine.photos.camera import Camera\n"
        "camera = Camera(sys.argv[1]); camera.read()\n"
        "print(camera.process_id, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(pictures)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        process = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + PATIENCE
    while not has_ended(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert has_ended(process)


@finds_faces
def test_a_gallery_of_another_network_is_not_shown_to_a_camera(
    tmp_path: Path, pictures: Path
) -> None:
    with (
        Gallery.create(tmp_path / "other.gallery", dimension=64) as gallery,
        pytest.raises(Exception, match="64"),
    ):
        gallery.camera(str(pictures))


# -- names that do not flicker -------------------------------------------------------------------


def face_at(x: float) -> DetectedFace:
    vector = np.zeros(128, np.float32)
    box, quality = Box(x, 100, 100, 100), FaceQuality(100, 100, 0, 1)
    return DetectedFace(photograph("camera"), 0, box, quality, vector, b"")


def answer(name: str | None, confidence: float = 0.9) -> Identification:
    verdict = "known" if name else "unknown"
    return Identification(verdict, name, confidence, "knn", (), (), 0.01)


def shown(steady: SteadyAnswers, *frame: tuple[float, str | None]) -> list[str | None]:
    faces, answers = [face_at(x) for x, _ in frame], [answer(name) for _, name in frame]
    return [each.name for each in steady.update(faces, answers)]


def test_a_name_stays_while_few_frames_say_something_else() -> None:
    steady = SteadyAnswers()
    said = [shown(steady, (at * 5.0, name)) for at, name in enumerate(("Ann", None, "Ann", None))]
    assert said == [["Ann"]] * 4


def test_what_three_frames_in_a_row_say_is_believed() -> None:
    steady = SteadyAnswers()
    said = [shown(steady, (0, name)) for name in ("Ann", "Bea", "Bea", "Bea", "Ann")]
    assert said == [["Ann"], ["Ann"], ["Ann"], ["Bea"], ["Bea"]]


def test_the_newest_confidence_is_shown_with_a_name_that_stays() -> None:
    steady = SteadyAnswers()
    steady.update([face_at(0)], [answer("Ann", 0.9)])
    (said,) = steady.update([face_at(0)], [answer("Ann", 0.7)])
    assert said.confidence == 0.7


def test_a_face_elsewhere_is_another_one() -> None:
    steady = SteadyAnswers()
    assert shown(steady, (0, "Ann")) == ["Ann"]
    assert shown(steady, (300, None)) == [None]


def test_a_face_that_is_missed_for_a_few_frames_keeps_its_name() -> None:
    steady = SteadyAnswers()
    shown(steady, (0, "Ann"))
    for _ in range(3):
        assert shown(steady) == []
    assert shown(steady, (0, None)) == ["Ann"]
    for _ in range(6):
        shown(steady)
    assert shown(steady, (0, None)) == [None]


def test_no_two_faces_are_shown_with_one_name() -> None:
    steady = SteadyAnswers()
    shown(steady, (0, "Ann"), (300, "Bea"))
    assert shown(steady, (0, None), (300, "Ann")) == [None, "Bea"]
    said = [shown(steady, (0, "Bea"), (300, "Ann")) for _ in range(3)]
    assert said == [[None, "Ann"], [None, "Ann"], ["Bea", "Ann"]]


def test_faces_that_swap_places_never_share_a_name() -> None:
    steady = SteadyAnswers()
    for frame in (("Ann", "Bea"), (None, "Ann"), ("Bea", "Ann"), ("Bea", None), ("Ann", None)):
        names = [name for name in shown(steady, (0, frame[0]), (300, frame[1])) if name]
        assert len(set(names)) == len(names)
