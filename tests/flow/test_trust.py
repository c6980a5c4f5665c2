"""What scripts and people rely on: which gallery is meant, exit codes, one line for any error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import click
import numpy as np
import pytest

from engine.gallery import Gallery
from engine.people import People
from gallery_app import cli, errors, recent
from gallery_app.cli import command_tools, window_command

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parents[2]


# -- which gallery ---------------------------------------------------------------------------


@pytest.fixture
def opened_last(home: Path, folder: Path, run: Run, tmp_path: Path) -> Path:
    """The gallery that `new` made; another one was named with -g since."""
    mine = tmp_path / "mine.gallery"
    run("new", mine, "--dimension", "128")
    for command in (["people"], ["note", "Tiger Woods", "hello"], ["check"]):
        assert run(*command, "-g", folder).returncode == 0
    return mine


def test_a_gallery_named_with_g_is_meant_by_that_command_alone(
    run: Run, opened_last: Path, folder: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.zip"
    assert run("backup", backup, "-g", folder).returncode == 0
    assert run("restore", backup, "--into", tmp_path / "restored").returncode == 0
    assert json.loads(run("people", "--json").stdout) == []
    assert recent.recent_galleries() == [opened_last.resolve()]


CHANGING = (
    *(["rename", "A", "B"], ["merge", "A", "--into", "B"], ["delete", "A", "--yes"]),
    *(["erase", "A", "--yes"], ["note", "A", "text"], ["portrait", "A", "--auto"], ["undo"]),
    *(["redo"], ["history", "--to", "0"], ["move", "1", "A"], ["confirm", "1"], ["ignore", "1"]),
    *(["split", "A", "--into", "B"], ["enroll", "A", "x.npy"], ["import", "x.npz"], ["encrypt"]),
    *(["restore", "x.zip", "--yes"], ["backup", "--clear"], ["backup", "--keep", "1"]),
    *(["models", "delete", "x"], ["unknown", "dismiss", "1"], ["check", "--repair"]),
)


@pytest.mark.parametrize("command", CHANGING, ids=" ".join)
def test_what_changes_a_gallery_names_it_first_where_it_was_not_named(
    run: Run, opened_last: Path, command: list[str]
) -> None:
    done = run(*command)
    assert done.stderr.startswith(f"In {opened_last.resolve()}, the gallery last opened:\n")
    assert "the gallery last opened" not in run(*command, "-g", opened_last).stderr


# -- exit codes ------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--json"], ["--dry-run"], ["--dry-run", "--json"]])
def test_an_import_of_nothing_usable_fails_and_says_what_was_left_out(
    run: Run, folder: Path, tmp_path: Path, options: list[str]
) -> None:
    bad = tmp_path / "bad.npz"
    np.savez(bad, nothing=np.ones(3))
    done = run("import", bad, "-g", folder, *options)
    assert done.returncode == 1
    if "--json" in options:
        assert [one["file"] for one in json.loads(done.stdout)["rejected"]] == [str(bad)]
    assert run("enroll", "Ann", bad, "-g", folder).returncode == 1


def test_an_import_of_something_usable_succeeds(
    run: Run, folder: Path, four_people: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.npz"
    np.savez(bad, nothing=np.ones(3))
    assert run("import", four_people, bad, "-g", folder).returncode == 0


def test_ctrl_c_while_a_person_is_asked_exits_130(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_tools, "_interrupted", command_tools.CancelToken())

    def pressed(*_: object, **__: object) -> bool:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise click.Abort() from None
        return False

    monkeypatch.setattr(click, "confirm", pressed)
    done = run("erase", "Tiger Woods", "-g", folder)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1].startswith("Stopped.")
    with Gallery.open(folder, write=False) as gallery:
        assert gallery.people.find("Tiger Woods") is not None


def test_whoever_is_meant_is_named_before_they_go(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def no(question: str, **_: object) -> bool:
        asked.append(question)
        raise click.Abort()

    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("gallery_app.cli.correction_commands.sys", terminal)
    monkeypatch.setattr(click, "confirm", no)
    run("delete", "TIGER  woods", "-g", folder)
    run("erase", "TIGER  woods", "-g", folder)
    assert asked == ["Delete Tiger Woods with 9 faces?", "Erase Tiger Woods permanently?"]


def test_no_exits_1(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    assert run("erase", "Tiger Woods", "-g", folder).returncode == 1


# -- one line for any error ------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [RecursionError("Ann"), KeyError("Ann"), MemoryError(), OSError(28, "No space"), ValueError()],
    ids=repr,
)
def test_any_error_is_one_line_and_its_trace_is_in_the_log(
    run: Run, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(People, "all", fail)
    done = run("people", "-g", folder)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("face-gallery: ")
    if not isinstance(error, MemoryError | OSError):
        log = home / "face-gallery.log"
        assert str(log) in line
        text = log.read_text()
        assert "in fail\n" in text
        assert text.endswith(f"\n{type(error).__name__}\n")
        assert "Ann" not in text
        assert log.stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_without_a_home_the_log_is_a_file_of_its_own(
    homeless: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = Path(errors.log(KeyError("Ann")))
    assert place.parent == tmp_path
    assert place.read_text().endswith("KeyError\n")


def test_an_error_in_a_thread_is_one_line_too(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    errors.catch_all()
    thread = threading.Thread(target=lambda: {}["Ann"])
    thread.start()
    thread.join()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("face-gallery: Face Gallery has run into an internal error (KeyError)")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("command", [["people"], ["people", "--json"], ["--help"]])
def test_a_full_disk_under_the_output_is_one_line(
    home: Path, folder: Path, command: list[str]
) -> None:
    where = [] if command == ["--help"] else ["-g", str(folder)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gallery_app", *command, *where],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "face-gallery: No space left on device\n"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_stops_reading_is_no_error(home: Path, folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "gallery_app", "people", "-g", str(folder)],
        cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


# -- no home, no screen ----------------------------------------------------------------------


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a user id without an account."""

    def lost(*_: object, **__: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("FACE_GALLERY_HOME", raising=False)
    monkeypatch.setattr("platformdirs.user_config_dir", lost)
    monkeypatch.setattr("platformdirs.user_data_dir", lost)


def test_without_a_home_whatever_names_its_gallery_works(
    run: Run, homeless: None, tmp_path: Path
) -> None:
    folder = tmp_path / "made.gallery"
    face = tmp_path / "face.npy"
    np.save(face, np.random.default_rng(4).standard_normal(128).astype(np.float32) / 8)
    for command in (["new", folder], ["enroll", "Ann", face, "-g", folder],
                    ["people", "-g", folder], ["identify", face, "-g", folder]):  # fmt: skip
        done = run(*command)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), command


@pytest.mark.parametrize("command", [["people"], ["undo"], ["backup", "--list"]])
def test_without_a_home_and_a_gallery_one_line_says_what_to_set(
    run: Run, homeless: None, command: list[str]
) -> None:
    done = run(*command)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "FACE_GALLERY_HOME" in line


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="screens of Linux")
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "DISPLAY is not set"),
        ({"DISPLAY": ":4321"}, "the screen “:4321” of DISPLAY does not answer"),
        ({"QT_QPA_PLATFORM": "xcb"}, "DISPLAY is not set"),
        ({"WAYLAND_DISPLAY": "wayland-77", "XDG_RUNTIME_DIR": "/nonexistent"}, ", and DISPLAY"),
    ],
)
def test_without_a_screen_open_says_so_in_one_line(
    home: Path, folder: Path, variables: dict[str, str], said: str
) -> None:
    plain = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE"}
    done = subprocess.run(
        [sys.executable, "-m", "gallery_app", "open", str(folder)],
        cwd=ROOT, capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if name not in plain} | variables,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("face-gallery: No window can be shown here: ")
    assert said in line


def test_a_missing_library_of_the_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        raise OSError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(window_command.ctypes, "CDLL", load)
    with pytest.raises(window_command.NoScreenError, match=r"libGL\.so\.1 is missing"):
        window_command.require_screen()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    window_command.require_screen()


# -- words -----------------------------------------------------------------------------------


def test_one_is_not_told_in_the_plural(run: Run, folder: Path, tmp_path: Path) -> None:
    face = tmp_path / "New" / "face.npy"
    face.parent.mkdir()
    np.save(face, np.random.default_rng(3).standard_normal(128).astype(np.float32) / 8)
    assert (
        "1 face added, 1 new person, 0 already enrolled"
        in run("import", face.parent, "-g", folder).stdout
    )
    assert "1 face added to Other" in run("enroll", "Other", face, "-g", folder).stdout


@pytest.mark.parametrize(
    "command", [["rename", "Tim Henman"], ["move", "1"], ["split", "Tim Henman", "--groups", "2"]]
)
def test_a_name_that_looks_like_another_one_is_remarked_on(
    run: Run, folder: Path, command: list[str]
) -> None:
    fake = "Tom Ri\u0501ge"
    done = run(*command, *(["--into", fake] if command[0] == "split" else [fake]), "-g", folder)
    assert f"“{fake}” looks like “Tom Ridge”" in done.stderr


def test_a_confidence_is_never_a_certainty(run: Run, folder: Path, four_people: Path) -> None:
    faces = sorted((four_people / "Tiger_Woods").glob("*.npy"))
    said = run("identify", *faces, "-g", folder).stdout
    assert "100" not in said.replace(str(four_people), "")
    assert " %" in said


def test_help_lists_every_command_under_a_heading_with_its_whole_sentence() -> None:
    text = " ".join(cli.cli.get_help(click.Context(cli.cli, info_name="face-gallery")).split())
    assert "..." not in text.replace("NAME...", "").replace("[ARGS]...", "")
    for name, command in cli.cli.commands.items():
        first = command.get_short_help_str(sys.maxsize)
        assert f" {name} {first}" in text
    assert sum(map(len, cli.cli.sections.values())) == len(cli.cli.commands)
