"""Killed at any moment of a conversion, a gallery is the one or the other, and whole."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.gallery import Gallery, is_encrypted
from tests.sealed import PASSPHRASE, Secrets, needs_sqlcipher

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [
    pytest.mark.kill,
    needs_sqlcipher,
    pytest.mark.skipif(sys.platform == "win32", reason="kills -9"),
]
CONVERT = """
import os, signal, sys
folder, passphrase, moment = sys.argv[1:]
from engine.store import encryption
done = []
def watch(event, arguments):
    if event in ("os.link", "os.rename", "os.remove", "open", "os.truncate"):
        if folder in str(arguments[0]):
            done.append(event + " " + " ".join(map(str, arguments)))
            if moment.isdecimal() and len(done) == int(moment):
                os.kill(os.getpid(), signal.SIGKILL)
            if event == "os.rename" and moment == "before" and done[-1].count("gallery.db") == 2:
                os.kill(os.getpid(), signal.SIGKILL)
import engine.store.encryption.conversion as conversion
switch = conversion._switch
def switched(folder):
    switch(folder)
    if moment == "after":
        os.kill(os.getpid(), signal.SIGKILL)
conversion._switch = switched
sys.addaudithook(watch)
if encryption.is_encrypted(folder):
    encryption.decrypt(folder, passphrase)
else:
    encryption.encrypt(folder, passphrase)
print(len(done))
"""
OURS = ("gallery.db", "gallery.db-wal", "gallery.db-shm")
MOMENTS = ("1", "4", "before", "after", "last")


def convert(folder: Path, moment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CONVERT, str(folder), PASSPHRASE, moment]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("start", ["plain", "encrypted"])
def test_a_killed_conversion_leaves_the_one_or_the_other(
    request: pytest.FixtureRequest, start: str, moment: str, tmp_path: Path, secrets: Secrets
):
    folder: Path = request.getfixturevalue(start)
    if moment == "last":
        rehearsal = convert(shutil.copytree(folder, tmp_path / "rehearsal.gallery"), "none")
        moment = str(int(rehearsal.stdout) - 1)
    killed = convert(folder, moment)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    switched = moment not in ("1", "4", "before")
    assert is_encrypted(folder) == ((start == "encrypted") != switched)
    with Gallery.open(folder, passphrase=PASSPHRASE) as gallery:
        assert gallery.people.counts() == (6, 48)
        assert gallery.check().ok
        if gallery.encrypted:
            assert secrets.in_clear(folder) == []
    assert not [path for path in folder.glob("gallery.db*") if path.name not in OURS]
    finished = convert(folder, "none")
    assert finished.returncode == 0, finished.stderr
