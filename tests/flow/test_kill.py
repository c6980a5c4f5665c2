"""A process killed at any moment costs nothing that had been reported done.

`make torture` kills at random moments of every operation, many times.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.formats.sources import read_sources
from tests import killing

pytestmark = pytest.mark.kill

FACES = 500
ENROLLED = 25


@pytest.fixture(scope="module")
def faces(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> killing.Faces:
    people = sorted(folder for folder in sample.iterdir() if folder.is_dir())[:40]
    batch = read_sources(people).batch
    made = killing.Faces.of(batch, tmp_path_factory.mktemp("faces") / "faces.npz", seed=0)
    assert len(made.names) >= FACES
    return made


@pytest.fixture(scope="module")
def template(faces: killing.Faces, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("template") / "some.gallery"
    return killing.gallery_with(place, faces, ENROLLED)


@pytest.fixture
def gallery(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "some.gallery")


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_a_killed_import_is_there_wholly_or_not_at_all(
    gallery: Path, tmp_path: Path, faces: killing.Faces, share: float
) -> None:
    rehearsal = shutil.copytree(gallery, tmp_path / "rehearsal.gallery")
    seconds = share * killing.import_seconds(rehearsal, faces)
    outcome = killing.kill_import(gallery, faces, ENROLLED, seconds)
    assert outcome.problems == ()


def test_a_killed_first_import_leaves_a_sound_gallery(tmp_path: Path, faces: killing.Faces) -> None:
    folder = killing.gallery_with(tmp_path / "first.gallery", faces, 0)
    rehearsal = shutil.copytree(folder, tmp_path / "rehearsal.gallery")
    seconds = 0.7 * killing.import_seconds(rehearsal, faces)
    outcome = killing.kill_import(folder, faces, 0, seconds)
    assert outcome.problems == ()


def test_every_enrolment_reported_done_outlives_kills_one_after_another(
    gallery: Path, faces: killing.Faces
) -> None:
    moments = np.random.default_rng(0).uniform(0, 0.1, size=3)
    enrolled = ENROLLED
    for reports, seconds in zip((1, 4, 12), moments, strict=True):
        outcome = killing.kill_enrolments(gallery, faces, enrolled, float(seconds), reports)
        assert outcome.problems == ()
        assert outcome.alive
        assert outcome.reported >= reports
        assert outcome.faces >= enrolled + outcome.reported
        enrolled = outcome.faces


def test_the_aftermath_tells_when_enrolments_are_lost(gallery: Path, faces: killing.Faces) -> None:
    found, problems = killing.aftermath(gallery, faces, expected={ENROLLED + 1})
    assert found == ENROLLED
    assert problems == (f"{ENROLLED} faces are there, [{ENROLLED + 1}] were expected",)


def test_the_aftermath_tells_when_other_faces_are_there(
    gallery: Path, faces: killing.Faces
) -> None:
    others = killing.Faces(-faces.embeddings, faces.names, faces.table)
    _, problems = killing.aftermath(gallery, others, expected={ENROLLED})
    assert len(problems) == ENROLLED
