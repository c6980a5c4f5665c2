"""The command that writes faces out."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flow.conftest import ROOT, Run


def test_the_json_names_what_was_written(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("export", "npz", tmp_path / "out", "-g", folder, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"written": [str(tmp_path / "out.npz")]}
    board = run("export", "tensorboard", tmp_path / "board", "-g", folder, "--json")
    names = ["metadata.tsv", "original.tsv", "projector_config.pbtxt", "sprite.png"]
    assert json.loads(board.stdout) == {
        "written": [str(tmp_path / "board" / name) for name in names]
    }


def test_people_are_chosen_by_name_or_by_chance(run: Run, folder: Path, tmp_path: Path) -> None:
    named = run("export", "csv", tmp_path / "a", "-g", folder, "--person", "Tim Henman")
    assert named.stdout == f"Wrote {tmp_path / 'a.csv'}: 1 person, 9 faces.\n"
    drawn = run("export", "folder", tmp_path / "b", "-g", folder, "--people", "3", "--faces", "2")
    assert drawn.stdout == f"Wrote {tmp_path / 'b'}: 3 people, 6 faces.\n"
    assert len(list((tmp_path / "b").rglob("*.npy"))) == 6


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["npz", "there.npz"], 1, "It already exists. Choose another name."),
        (["npz", "no/where"], 1, "The folder does not exist. Create it first."),
        (["npz", "x", "--person", "Nobody"], 1, "No one named “Nobody” is enrolled."),
        (["npz", "x", "--people", "99"], 1, "only 4 of them have that many."),
        (["report", "x", "--faces", "1"], 1, "A report covers the whole gallery."),
        (["npz", "x", "--serve"], 2, "--serve works only with tensorboard."),
        (["paper", "x"], 2, "'paper' is not one of"),
    ],
)
def test_a_refusal_is_one_line(
    run: Run, folder: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "there.npz").touch()
    kind, place, *options = arguments
    done = run("export", kind, tmp_path / place, *options, "-g", folder)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert code == 2 or done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("x*"))


@pytest.mark.slow
@pytest.mark.skipif(
    os.name != "posix" or importlib.util.find_spec("tensorboard") is None,
    reason="TensorBoard is not installed, or there is no SIGINT",
)
def test_it_serves_until_it_is_interrupted(folder: Path, tmp_path: Path) -> None:
    command = ["export", "tensorboard", str(tmp_path / "board"), "-g", str(folder), "--serve"]
    serving = subprocess.Popen(
        [sys.executable, "-m", "gallery_app", *command],
        cwd=ROOT,
        env=os.environ | {"FACE_GALLERY_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stderr is not None
        assert serving.stderr.readline().startswith("TensorBoard is running at http://127.0.0.1:")
        serving.send_signal(signal.SIGINT)
        assert serving.wait() == 0
    finally:
        serving.kill()
        serving.communicate()
