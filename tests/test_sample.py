"""The faces in data/ are what data/README.md says they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def test_the_sample_holds_4324_faces_of_158_people(sample: Path) -> None:
    faces = list(sample.glob("*/*.npy"))
    people = [folder for folder in sample.iterdir() if folder.is_dir()]
    assert (len(faces), len(people)) == (4324, 158)
    assert all(face.stem.rpartition("_")[0] == face.parent.name for face in faces)


def test_every_face_is_128_finite_float32(sample: Path) -> None:
    for face in sample.glob("*/*.npy"):
        embedding = np.load(face, allow_pickle=False)
        assert (embedding.dtype, embedding.shape) == (np.float32, (128,)), face
        assert np.isfinite(embedding).all(), face


def test_the_sample_carries_no_photographs(sample: Path) -> None:
    assert {file.suffix for file in sample.rglob("*") if file.is_file()} == {".npy", ".md"}


def test_the_sample_equals_the_table_it_was_made_from(sample: Path, shared_data: Path) -> None:
    with np.load(shared_data / "lfw-158-dlib.npz", allow_pickle=False) as table:
        files, embeddings = table["files"], table["embeddings"]
    for file, embedding in zip(files, embeddings, strict=True):
        assert np.load(sample / str(file)).tobytes() == embedding.tobytes(), file
