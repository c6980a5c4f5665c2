"""Folders with photographs as people have them: large, locked, linked in a circle, mixed."""

from __future__ import annotations

import importlib.util
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import EmbeddingError, FaceGalleryError, InputError, PhotographsMissingError
from engine.formats.folder_tree import scan
from engine.gallery import Gallery
from engine.progress import SILENT
from engine.queries import query_files
from gallery_app import cli
from tests.unprivileged import call_unprivileged


def put(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.slow
def test_a_folder_of_a_hundred_thousand_photographs_is_listed_in_little_memory(
    tmp_path: Path,
) -> None:
    for number in range(100_000):
        os.close(os.open(tmp_path / f"IMG_{number}.jpg", os.O_CREAT))
    for listed in (query_files, lambda paths: scan(str(paths[0]), SILENT)[1]):
        tracemalloc.start()
        assert len(listed([tmp_path])) == 100_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 80_000_000


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    photo = put(tmp_path / "Anna" / "a.jpg")
    (tmp_path / "Anna" / "again").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert query_files([tmp_path]) == [str(photo)]
    _, photographs, refused = scan(str(tmp_path), SILENT)
    assert [found.path for found in photographs] == [str(photo)]
    assert "has already been read" in str(refused[0])


def test_photographs_of_any_kind_beside_vectors_are_theirs(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(4, np.float32))
    np.save(tmp_path / "b.npy", np.ones(4, np.float32))
    for name in ("a.heic", "b.png", "b.tif", "c.tif"):
        put(tmp_path / name)
    names = [os.path.basename(file) for file in query_files([tmp_path])]
    assert names == ["a.npy", "b.npy", "b.tif", "c.tif"]
    vectors, _, _ = scan(str(tmp_path), SILENT)
    assert [found.photo and found.photo.name for found in vectors] == [None, "b.png"]


def test_folders_without_permission_are_named_and_the_others_read(reachable: Path) -> None:
    put(reachable / "open" / "a.jpg")
    put(reachable / "shut" / "b.jpg")
    (reachable / "shut").chmod(0)

    def check() -> None:
        refused: list[InputError] = []
        assert query_files([reachable], refused.append) == [str(reachable / "open" / "a.jpg")]
        assert [error.file for error in refused] == [str(reachable / "shut")]
        assert "permissions" in refused[0].remedy
        with pytest.raises(EmbeddingError, match="cannot be read"):
            query_files([reachable / "shut"])

    call_unprivileged(check, reachable)


# -- without what finds faces --------------------------------------------------------------------


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gallery]:
    """A gallery of two people where dlib is not installed."""
    found = importlib.util.find_spec

    def missing(name: str, package: str | None = None) -> object:
        return None if name == "dlib" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", missing)
    monkeypatch.setenv("FACE_GALLERY_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(0)
    with Gallery.create(tmp_path / "g") as gallery:
        for name in ("Anna", "Bea"):
            vectors = rng.normal(size=128) + rng.normal(size=(4, 128)) * 0.1
            np.save(tmp_path / f"{name}.npy", vectors[0].astype(np.float32))
            gallery.enroll(name, vectors[1:].astype(np.float32))
        yield gallery


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "people" / "Cleo" / "a.jpg"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(path)
    return path


def require_told(error: FaceGalleryError | str) -> None:
    assert "without dlib and ONNX Runtime" in str(error)
    assert "-m pip install dlib-bin onnxruntime pillow-heif defusedxml" in str(error)
    assert len(str(error).splitlines()) == 1


def test_a_gallery_says_what_to_install_for_photographs(
    bare: Gallery, photo: Path, tmp_path: Path
) -> None:
    with pytest.raises(PhotographsMissingError) as caught:
        bare.read_queries(photo)
    require_told(caught.value)
    with pytest.raises(PhotographsMissingError) as caught:
        bare.queries.photograph(photo)
    require_told(caught.value)
    read = bare.queries.read_all([photo, tmp_path / "Anna.npy"])
    require_told(read.errors[0])
    assert [answer.name for answer in bare.identify(read.batch)] == ["Anna"]
    with pytest.raises(PhotographsMissingError) as caught:
        bare.import_([photo.parent.parent])
    require_told(caught.value)
    assert len(bare.people.all()) == 2


def test_a_new_gallery_of_photographs_says_what_to_install(
    bare: Gallery, photo: Path, tmp_path: Path
) -> None:
    with pytest.raises(PhotographsMissingError) as caught:
        Gallery.create_from(tmp_path / "new", [photo.parent])
    require_told(caught.value)
    assert not (tmp_path / "new").exists()


def test_commands_say_what_to_install_for_photographs(
    bare: Gallery, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare.close()
    where = ["-g", str(tmp_path / "g")]
    for command in (
        ["identify", photo],
        ["enroll", "Cleo", photo],
        ["import", photo.parent.parent],
    ):
        assert cli.run([*map(str, command), *where]) == 1
        said = capsys.readouterr().err.strip().splitlines()[-1]
        require_told(said)
    assert cli.run(["identify", str(tmp_path / "Bea.npy"), *where]) == 0
    assert "Bea" in capsys.readouterr().out
