"""The log of a session: what happened, and nobody's name, path or face."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.utils.files import discard_tree
from engine.utils.ignoring import ignored
from gallery_app import errors, logs
from tests.flow.conftest import PEOPLE, Run


def test_the_log_of_a_session_holds_no_names_and_no_paths(
    run: Run, home: Path, four_people: Path, tmp_path: Path
) -> None:
    folder, tree = tmp_path / "secret.gallery", tmp_path / "tree"
    shutil.copytree(four_people, tree)
    (tree / PEOPLE[0] / f"{PEOPLE[0]}_0001.jpg").write_bytes(b"no picture")
    (tree / PEOPLE[1] / "broken.npy").write_bytes(b"no array")
    faces = sorted((tree / PEOPLE[2]).glob("*.npy"))
    run("new", folder)
    for command in (
        ("import", tree),
        ("identify", *faces, tmp_path / "missing.npy"),
        ("enroll", "Zoe Quill", faces[0]),
        ("rename", "Zoe Quill", "Zoe Quinn"),
        ("note", "Zoe Quinn", "met in spring"),
        ("people", "--sort", "faces"),
        ("undo",),
        ("check", "--repair"),
        ("erase", "Tony Blair", "--yes"),
        ("identify", tmp_path / "missing.npy"),
        ("people",),
    ):
        run("-v", *command, "-g", folder)
    (folder / "gallery.db").write_bytes(b"damaged" * 999)
    run("-v", "people", "-g", folder)
    text = (home / "face-gallery.log").read_text()
    for action in ("import", "enroll", "rename", "undo", "erase"):
        assert f"A change of kind {action}\n" in text
    words = {word for name in (*PEOPLE, "Zoe Quill", "Quinn") for word in name.split("_")}
    secrets = {*words, "spring", "secret", "missing", ".npy", ".jpg", str(tmp_path), str(home)}
    secrets |= {f"{number:.3f}" for number in np.load(faces[0])[:9]}
    assert [secret for secret in secrets if secret in text] == []


def test_details_are_told_on_stderr_where_they_are_asked_for(run: Run, folder: Path) -> None:
    assert run("people", "-g", folder).stderr == ""
    assert "DEBUG gallery_app.cli: Command people\n" in run("-v", "people", "-g", folder).stderr


def test_an_error_of_no_consequence_is_a_line_of_where_it_happened(home: Path) -> None:
    logs.start_logging(verbose=True)
    discard_tree(home / "Ann", home)  # it is not there
    text = (home / "face-gallery.log").read_text()
    assert f"DEBUG {discard_tree.__module__}: " in text
    assert " in discard_tree\n" in text
    assert text.endswith("FileNotFoundError\n")
    assert "Ann" not in text


def test_other_errors_are_not_ignored() -> None:
    with pytest.raises(KeyError), ignored(OSError):
        raise KeyError


def test_errors_of_threads_reach_the_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    errors.catch_all()
    thread = threading.Thread(target=lambda: {}["Ann"])
    thread.start()
    thread.join()
    text = (home / "face-gallery.log").read_text()
    assert text.endswith("KeyError\n")
    assert "Ann" not in text


def test_a_long_log_begins_a_second_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_LONGEST", 1_000)
    logs.start_logging()
    for number in range(50):
        logging.getLogger("engine").info("Line %d of many", number)
    assert sorted(path.name for path in home.iterdir()) == [
        "face-gallery.log",
        "face-gallery.log.1",
    ]
    assert logs.last_lines(1)[0].endswith("Line 49 of many")
