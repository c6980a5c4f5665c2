"""`embed`: photographs become vectors and pictures beside them, laid out as the sample is."""

from __future__ import annotations

import json
import shutil
import stat
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from engine import embedding_export
from engine.embedding_export import write_embeddings
from engine.errors import EmbeddingError, ExportError
from tests.flow.conftest import Run

pytest.importorskip("dlib")
pytest.importorskip("onnxruntime")


@pytest.fixture
def people(shared_data: Path, tmp_path: Path) -> Path:
    """Two photographs each of two people, and one of both in a folder of its own."""
    folder = tmp_path / "people"
    chosen = {}
    for name in ("Ari_Fleischer", "Tony_Blair"):
        (folder / name).mkdir(parents=True)
        photos = sorted((shared_data / "photos" / name).glob("*.jpg"))
        chosen[name] = photos[0]
        for place, photo in enumerate(photos[:2]):
            shutil.copy(photo, folder / name / f"IMG {place}.jpg")
    (folder / "both of them").mkdir()
    both = Image.new("RGB", (500, 250))
    for place, photo in enumerate(chosen.values()):
        both.paste(Image.open(photo), (250 * place, 0))
    both.save(folder / "both of them" / "a.png")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_vectors_are_written_as_the_sample_has_them(
    people: Path, sample: Path, shared_data: Path, tmp_path: Path, run: Run
) -> None:
    done = run("embed", people, tmp_path / "out", "--mode", "faithful", "--json")
    assert done.returncode == 0, done.stderr
    written = names(tmp_path / "out")
    for name in ("Ari_Fleischer", "Tony_Blair"):
        assert {f"{name}/{name}_000{n}{end}" for n in (1, 2) for end in (".npy", ".jpg")} <= {
            *written
        }
    both = tmp_path / "out" / "both_of_them"
    assert len(list(both.glob("both_of_them_*.npy"))) == 2
    first = sorted((shared_data / "photos" / "Tony_Blair").glob("*.jpg"))[0].stem
    ours = np.load(tmp_path / "out" / "Tony_Blair" / "Tony_Blair_0001.npy")
    assert ours.dtype == np.float32
    assert np.abs(ours - np.load(sample / "Tony_Blair" / f"{first}.npy")).max() < 1e-4
    with Image.open(tmp_path / "out" / "Tony_Blair" / "Tony_Blair_0001.jpg") as crop:
        assert max(crop.size) <= 192
    document = json.loads(done.stdout)
    assert document["errors"] == []
    faces = [face for face in document["written"] if face["file"].endswith("a.png")]
    assert [face["face"] for face in faces] == [0, 1]
    assert faces[0]["box"][0] < faces[1]["box"][0]
    assert {Path(face["embedding"]).name for face in faces} == {
        "both_of_them_0001.npy",
        "both_of_them_0002.npy",
    }
    assert all(Path(face["crop"]).is_file() for face in document["written"])
    if hasattr(stat, "S_IRWXG"):
        private = (tmp_path / "out" / "Tony_Blair" / "Tony_Blair_0001.npy").stat().st_mode
        assert not private & 0o077


def test_what_was_written_is_imported(people: Path, tmp_path: Path, run: Run) -> None:
    shutil.rmtree(people / "both of them")
    assert run("embed", people, tmp_path / "out").returncode == 0
    gallery = tmp_path / "g"
    assert run("new", gallery).returncode == 0
    assert "4 faces added, 2 new people" in run("import", tmp_path / "out", "-g", gallery).stdout
    said = run("identify", people / "Tony_Blair" / "IMG 0.jpg", "-g", gallery).stdout
    assert "Tony Blair" in said


def test_nothing_is_overwritten(people: Path, tmp_path: Path, run: Run) -> None:
    photo, out = people / "Tony_Blair" / "IMG 0.jpg", tmp_path / "out"
    run("embed", photo, out)
    before = (out / "Tony_Blair" / "Tony_Blair_0001.npy").read_bytes()
    assert "Wrote 1 face of 1 photograph" in run("embed", photo, out).stdout
    assert (out / "Tony_Blair" / "Tony_Blair_0001.npy").read_bytes() == before
    assert names(out / "Tony_Blair") == [
        f"Tony_Blair_000{number}{end}" for number in (1, 2) for end in (".jpg", ".npy")
    ]
    (out / "Tony_Blair" / "Tony_Blair_0007.jpg").write_bytes(b"another's")
    run("embed", photo, out)
    assert (out / "Tony_Blair" / "Tony_Blair_0007.jpg").read_bytes() == b"another's"
    assert (out / "Tony_Blair" / "Tony_Blair_0008.npy").is_file()


def test_what_cannot_be_used_is_listed_and_the_rest_written(
    people: Path, tmp_path: Path, run: Run
) -> None:
    Image.new("RGB", (200, 200), "green").save(people / "Tony_Blair" / "lawn.jpg")
    (people / "Tony_Blair" / "broken.jpg").write_bytes(b"nothing")
    done = run("embed", people, tmp_path / "out", "--json")
    assert done.returncode == 0
    reasons = {
        Path(each["file"]).name: each["reason"] for each in json.loads(done.stdout)["errors"]
    }
    assert reasons.keys() == {"lawn.jpg", "broken.jpg"}
    assert "No face found" in reasons["lawn.jpg"]
    assert "not a picture" in reasons["broken.jpg"]
    said = run("embed", people / "Tony_Blair" / "lawn.jpg", tmp_path / "none")
    assert said.returncode == 1
    assert "No face found" in said.stderr
    assert not (tmp_path / "none").exists()


def test_several_faces_are_said(people: Path, tmp_path: Path, run: Run) -> None:
    said = run("embed", people / "both of them", tmp_path / "out").stderr
    assert "It shows 2 faces; all of them are written." in said


def test_a_photograph_is_written_with_all_its_faces_or_not_at_all(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = embedding_export.private_file

    def full(path: Path) -> AbstractContextManager[BinaryIO]:
        if path.name.endswith("0002.npy"):
            raise OSError(28, "No space left on device")
        return private(path)

    monkeypatch.setattr(embedding_export, "private_file", full)
    with pytest.raises(ExportError, match="No space left"):
        write_embeddings([people / "both of them"], tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_a_destination_that_is_a_file_is_refused(people: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(ExportError, match="cannot be written here"):
        write_embeddings([people / "Tony_Blair" / "IMG 0.jpg"], tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_a_folder_without_photographs_says_so(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="no photographs"):
        write_embeddings([tmp_path], tmp_path / "out")
    assert not (tmp_path / "out").exists()
