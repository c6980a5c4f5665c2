"""Killed at any moment, an erasure has not happened, or the next opening finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.gallery import Gallery
from engine.records.changes import event
from tests.engine.erasure.conftest import NAME, Scene

pytestmark = pytest.mark.kill

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal, sys
from engine.maintenance import person_erasure
from engine.gallery import Gallery
from engine.store.erasure.database_erasure import DatabaseErasure
from engine.store.database import Database
from engine.utils.gallery_folder import GalleryFolder

def dies(owner, name, after):
    real = getattr(owner, name)
    def killed(*args, **options):
        if not after:
            os.kill(os.getpid(), signal.SIGKILL)
        real(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, name, killed)

place, when, folder, person = sys.argv[1:]
owners = {"erase": DatabaseErasure, "finish": DatabaseErasure, "compact": Database,
          "delete_version": person_erasure, "remove": GalleryFolder, "_clear": person_erasure}
with Gallery.open(folder) as gallery:
    gallery.prepare()
    dies(owners[place], place, when == "after")
    gallery.erasure.erase([person])
"""
INSIDE = """
import os, signal, sys
from engine.gallery import Gallery
from engine.store.erasure import database_erasure
def killed(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)
database_erasure.add_entry = killed
with Gallery.open(sys.argv[1]) as gallery:
    gallery.erasure.erase([sys.argv[2]])
"""


def run(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="there is no such kill there")
@pytest.mark.parametrize(
    "place", ["erase", "delete_version", "remove", "_clear", "compact", "finish"]
)
def test_killed_after_the_commit_the_next_opening_finishes_it(scene: Scene, place: str) -> None:
    when = "before" if place in ("delete_version", "_clear", "compact") else "after"
    run(KILLED, place, when, str(scene.folder), NAME)
    with Gallery.open(scene.folder, write=False) as gallery:
        assert gallery.people.find(NAME) is None
    with Gallery.open(scene.folder) as gallery:
        ended = place == "finish"
        assert (gallery.erasure.receipt is None) == ended
        if gallery.erasure.receipt is not None:
            assert gallery.erasure.receipt.is_of(NAME)
            assert gallery.erasure.receipt.removed.faces == 9
        assert gallery.check().ok
        assert gallery.identify(gallery.faces.vector(gallery.faces.of("Person 10")[0].id))
    assert not any(scene.hits().values())
    with Gallery.open(scene.folder) as gallery:
        assert gallery.erasure.receipt is None


@pytest.mark.skipif(os.name == "nt", reason="there is no such kill there")
def test_killed_before_the_commit_nothing_has_happened(scene: Scene) -> None:
    run(INSIDE, str(scene.folder), NAME)
    with Gallery.open(scene.folder) as gallery:
        assert gallery.erasure.receipt is None
        who = gallery.people.find(NAME)
        assert who is not None
        assert who.faces == 9
        assert gallery.history.undo_step() == event("note", "Person 21")
        assert len(gallery.backups.automatic()) == 1
        assert gallery.models.all()
        assert gallery.check().ok
