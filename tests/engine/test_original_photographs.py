"""Which file of this computer a face's photograph is: a gallery's paths may be anybody's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.errors import PhotoError
from engine.faces import local_file
from engine.gallery import Gallery


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery.create(tmp_path / "new.gallery", dimension=4)


def test_the_photograph_beside_a_vector_or_the_file_itself(
    gallery: Gallery, tmp_path: Path
) -> None:
    vector, photo = tmp_path / "ann_0001.npy", tmp_path / "ann_0001.jpg"
    np.save(vector, np.ones(4, np.float32))
    with gallery, pytest.raises(PhotoError, match="no photograph beside"):
        gallery.faces.original(str(vector))
    photo.write_bytes(b"anything")
    assert gallery.faces.original(str(vector)) == photo
    assert gallery.faces.original(str(photo)) == photo
    assert gallery.faces.source(str(vector)) == vector
    with pytest.raises(PhotoError, match="No photograph is known"):
        gallery.faces.original(str(vector), row=1)
    with pytest.raises(PhotoError, match="No photograph is known"):
        gallery.faces.original(str(tmp_path / "ann.desktop"))
    photo.unlink()
    with pytest.raises(PhotoError, match="not where it was"):
        gallery.faces.original(str(photo))
    vector.unlink()
    with pytest.raises(PhotoError, match="not where it was"):
        gallery.faces.source(str(vector))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_what_is_no_regular_file_is_not_touched(gallery: Gallery, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    with gallery:
        for name in ("pipe.jpg", "folder.jpg"):
            with pytest.raises(PhotoError, match="not where it was"):
                gallery.faces.original(str(tmp_path / name))
            with pytest.raises(PhotoError, match="not where it was"):
                gallery.faces.source(str(tmp_path / name))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (r"\\host\share\a.jpg", "another computer"),
        ("//host/share/a.jpg", "another computer"),
        (r"/\host\share\a.jpg", "another computer"),
        (r"\\?\UNC\host\share\a.jpg", "another computer"),
        ("people/ann.jpg", "not known"),
        ("", "not known"),
        ("/people/ann\0.jpg", "not the path"),
    ],
)
def test_paths_that_are_not_of_this_computer(path: str, reason: str) -> None:
    with pytest.raises(PhotoError, match=reason):
        local_file(path)


def test_a_stream_beside_a_file_is_no_file_on_windows() -> None:
    with pytest.raises(PhotoError, match="not the path"):
        local_file("/tool.exe:a.jpg", platform="win32")
