"""The real TensorBoard, started on an export, answers over HTTP with the gallery's own faces."""

from __future__ import annotations

import http.client
import importlib.util
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from engine.errors import CancelledError, ExportError
from engine.export.tensorboard.projector_files import emblem_square, photo_square, sprite_side
from engine.export.tensorboard.server import Projector, missing_library
from engine.gallery import Gallery
from engine.progress import CancelToken, Reporter
from engine.records.exports import Exported, Selection
from gallery_app.wording.export_words import export_notes
from tests.handmade import put_to_use
from tests.sealed import PASSPHRASE

ROOT = Path(__file__).resolve().parents[3]
Ask = Callable[[Path, str], bytes]

needs_tensorboard = pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed"
)


@pytest.fixture(scope="module")
def whole(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """The sample gallery, with a triplet model in use."""
    folder = tmp_path_factory.mktemp("whole") / "sample.gallery"
    Gallery.create_from(folder, [sample])[0].close()
    put_to_use(folder, "triplet")
    with Gallery.open(folder) as gallery:
        yield gallery


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Asks TensorBoard's projector about a folder; one TensorBoard a folder and test."""
    running: dict[Path, Projector] = {}

    def answer(folder: Path, question: str) -> bytes:
        if folder not in running:
            running[folder] = Projector(folder)
        place = urlsplit(running[folder].address)
        assert place.hostname == "127.0.0.1"
        with closing(http.client.HTTPConnection(place.hostname, place.port)) as connection:
            connection.request("GET", f"/data/plugin/projector/{question}")
            response = connection.getresponse()
            assert response.status == 200, response.read()
            return response.read()

    yield answer
    for one in running.values():
        one.stop()


def compare(gallery: Gallery, done: Exported, ask: Ask) -> list[dict[str, str]]:
    """Holds everything that TensorBoard serves against the gallery; returns the metadata."""
    info = json.loads(ask(done.path, "info?run=."))
    served = {one["tensorName"]: one for one in info["embeddings"]}
    titles, *lines = ask(done.path, "metadata?run=.&name=original").decode().split("\n")
    assert lines.pop() == ""
    rows = [dict(zip(titles.split("\t"), line.split("\t"), strict=True)) for line in lines]
    faces = gallery.faces.by_ids([int(row["face"]) for row in rows])
    assert [row["name"] for row in rows] == [face.name for face in faces]
    vectors = np.stack([gallery.faces.vector(face.id) for face in faces])
    assert served["original"]["tensorShape"] == [done.faces, gallery.dimension] == [*vectors.shape]
    assert ask(done.path, "tensor?run=.&name=original") == vectors.astype("<f4").tobytes()
    sheet = Image.open(io.BytesIO(ask(done.path, "sprite_image?run=.&name=original")))
    side = sprite_side(len(faces))
    assert served["original"]["sprite"]["singleImageDim"] == [side, side]
    across = sheet.width // side
    for place in {0, 1, across, len(faces) - 1}:
        corner = (place % across * side, place // across * side)
        shown = sheet.crop((*corner, corner[0] + side, corner[1] + side))
        assert shown.tobytes() == picture(gallery, faces[place].id, side).tobytes()
    return rows


def picture(gallery: Gallery, face: int, side: int) -> Image.Image:
    photo = gallery.faces.thumbnail(face)
    return (
        photo_square(photo, side) if photo else emblem_square(gallery.faces.traits([face])[0], side)
    )


@pytest.mark.slow
@needs_tensorboard
def test_the_whole_sample_with_its_learned_space(whole, tmp_path, ask):
    done = whole.exports.write("tensorboard", tmp_path / "board")
    assert (done.faces, export_notes(done)) == (whole.people.counts()[1], [])
    rows = compare(whole, done, ask)
    assert all(0 <= float(row["own_distance"]) < 1 for row in rows)
    learned = ask(done.path, "tensor?run=.&name=triplet")
    assert len(learned) == 4 * done.faces * whole.dimension
    original = ask(done.path, "tensor?run=.&name=original")
    assert learned != original
    assert (
        ask(done.path, "metadata?run=.&name=triplet")
        .decode()
        .splitlines()[1]
        .startswith(rows[0]["name"])
    )


@pytest.mark.slow
@needs_tensorboard
def test_ten_people_with_ten_faces_each(whole, tmp_path, ask):
    done = whole.exports.write(
        "tensorboard", tmp_path / "ten", selection=Selection(people=10, each=10)
    )
    names = [row["name"] for row in compare(whole, done, ask)]
    assert sorted(map(names.count, set(names))) == [10] * 10


@pytest.mark.slow
@needs_tensorboard
def test_hard_names_and_photographs(hard, tmp_path, ask):
    rows = compare(hard, hard.exports.write("tensorboard", tmp_path / "hard"), ask)
    assert [row["photo"] for row in rows[:2]] == ["yes", "no"]
    assert rows[0]["file"] == "faces 0.npy"
    assert rows[1]["file"] == 'two lines, "quoted".npy'
    assert rows[1]["row"] == "4"


def test_own_distance_is_that_to_the_mean_of_the_others(hard, tmp_path):
    first, second = (hard.faces.vector(face.id) for face in hard.faces.of("Ann"))
    done = hard.exports.write("tensorboard", tmp_path / "hard")
    lines = (done.path / "metadata.tsv").read_text().split("\n")
    (row, _) = (line.split("\t") for line in lines if line.startswith("Ann\t"))
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert float(row[2]) == pytest.approx(1 - cosine, abs=1e-4)


@pytest.mark.parametrize(
    ("count", "side"), [(1, 64), (4_324, 64), (100_000, 25), (262_144, 16), (262_145, 0)]
)
def test_a_sheet_is_never_larger_than_the_projector_takes(count, side):
    assert sprite_side(count) == side
    across = int(np.ceil(np.sqrt(count)))
    assert across * side <= 8192


@pytest.mark.slow
@needs_tensorboard
def test_it_ends_when_it_is_stopped_and_never_has_a_passphrase(hard, tmp_path, monkeypatch):
    monkeypatch.setenv("FACE_GALLERY_PASSPHRASE", PASSPHRASE)
    running = Projector(hard.exports.write("tensorboard", tmp_path / "board").path)
    assert running.is_running
    if sys.platform == "linux":
        given = Path(f"/proc/{running._process.pid}/environ").read_bytes()
        assert b"PYTHONPATH" in given
        assert PASSPHRASE.encode() not in given
    running.stop()
    assert not running.is_running
    running.stop()


@needs_tensorboard
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_it_ends_when_whoever_started_it_is_killed(hard, tmp_path):
    folder = hard.exports.write("tensorboard", tmp_path / "board").path
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom engine.export.tensorboard.server "
        "import Projector\n"
        "one = Projector(Path(sys.argv[1]))\nprint(one._process.pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.kill()
    parent.communicate()
    while is_alive(pid):
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except OSError:
        return False


@needs_tensorboard
def test_it_can_be_cancelled_while_it_starts(hard, tmp_path):
    token = CancelToken()
    folder = hard.exports.write("tensorboard", tmp_path / "board").path
    with pytest.raises(CancelledError):
        Projector(folder, reporter=Reporter(lambda _: token.cancel(), token))


@needs_tensorboard
def test_a_folder_that_is_no_export_is_refused(tmp_path):
    with pytest.raises(ExportError, match="not a TensorBoard export"):
        Projector(tmp_path)


def test_where_it_is_not_installed_the_command_is_named(hard, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "-m pip install tensorboard" in missing_library()
    with pytest.raises(ExportError, match="-m pip install tensorboard"):
        Projector(tmp_path)
    with pytest.raises(ExportError, match="-m pip install pyarrow"):
        hard.exports.write("parquet", tmp_path / "out")
