"""A folder goes away in one go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.utils.files import discard_tree, remove_dead_scratch, shred

KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from engine.utils import files
shutil.rmtree = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
place = Path(sys.argv[1])
files.discard_tree(place / "index", place)
"""


def test_a_folder_is_gone_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "index" / "deep").mkdir(parents=True)
    (tmp_path / "index" / "deep" / "file").write_text("some")
    discard_tree(tmp_path / "index", tmp_path)
    discard_tree(tmp_path / "index", tmp_path)  # there is none any more
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_killed_meanwhile_it_is_not_there_in_part_and_the_rest_is_found(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "file").write_text("some")
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL
    assert [path.name.startswith(".unfinished-") for path in tmp_path.iterdir()] == [True]
    remove_dead_scratch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_all_data_of_a_file_is_overwritten_and_its_holes_are_left(tmp_path: Path) -> None:
    path, kept = tmp_path / "secret", tmp_path / "kept"
    with path.open("wb") as stream:
        stream.write(b"secret" * 2_000_000)
        stream.seek(1 << 36)
        stream.write(b"secret")
    kept.hardlink_to(path)
    shred(path)
    assert not path.exists()
    with kept.open("rb") as stream:
        assert not any(stream.read(12_000_000))
        stream.seek(1 << 36)
        assert stream.read() == bytes(6)
