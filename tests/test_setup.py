"""The set-up on machines that lack something, without touching this one."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for Linux libraries")


class Machine:
    """A set-up of a project in an empty folder, its commands written down instead of run."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.commands: list[str] = []
        self.lacks: list[tuple[str, str]] = []
        self.fails = ""
        self.patch = monkeypatch
        (root / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "setup.py", root / "tools")
        (root / "pyproject.toml").write_text("[project]\n")
        (root / "setup.py").touch()
        (root / "constraints.txt").write_text("numpy==2.4.6\n")
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")

    def run(self, command: list[object], **_: object) -> SimpleNamespace:
        line = " ".join(map(str, command))
        self.commands.append(line)
        if self.fails and self.fails in line:
            raise subprocess.CalledProcessError(1, line)
        if "apt-get install" in line:
            self.lacks.clear()
        if " venv " in line:
            python = self.root / ".venv" / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return SimpleNamespace(returncode=0)

    def set_up(self) -> None:
        names = runpy.run_path(str(self.root / "tools" / "setup.py"))
        names["main"].__globals__["missing_parts"] = lambda: iter(self.lacks)
        names["main"]()

    def run_as(self, user: int, *, sudo: bool = False) -> None:
        self.patch.setattr("os.geteuid", lambda: user)
        found = {"apt-get", "sudo"} if sudo else {"apt-get"}
        self.patch.setattr(shutil, "which", lambda name: name if name in found else None)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def stopped(call: Callable[[], None]) -> str:
    with pytest.raises(SystemExit) as stop:
        call()
    return str(stop.value)


def test_a_second_set_up_runs_nothing(machine: Machine) -> None:
    machine.set_up()
    assert any("venv" in line for line in machine.commands)
    machine.commands.clear()
    machine.set_up()
    assert machine.commands == []


def test_new_pins_are_installed_into_the_environment_that_is_there(machine: Machine) -> None:
    machine.set_up()
    machine.commands.clear()
    (machine.root / "constraints.txt").write_text("numpy==2.4.7\n")
    machine.set_up()
    assert not any("--clear" in line for line in machine.commands)
    assert any("pip install" in line for line in machine.commands)


def test_a_set_up_that_was_interrupted_begins_with_a_fresh_environment(machine: Machine) -> None:
    machine.fails = "--editable"
    assert "failed; run it again" in stopped(machine.set_up)
    machine.fails = ""
    machine.commands.clear()
    machine.set_up()
    assert "venv --clear" in machine.commands[0]


def test_a_project_that_was_moved_is_set_up_again(machine: Machine, tmp_path: Path) -> None:
    machine.set_up()
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    shutil.copytree(tmp_path, moved)
    machine.root = moved
    machine.commands.clear()
    machine.set_up()
    assert "venv --clear" in machine.commands[0]


def test_missing_libraries_are_installed_where_root_runs_it(machine: Machine) -> None:
    machine.lacks = [("libEGL.so.1", "libegl1"), ("a C++ compiler", "g++")]
    machine.run_as(0)
    machine.set_up()
    install = "apt-get install -y --no-install-recommends g++ libegl1"
    assert any(install in line for line in machine.commands)


def test_missing_libraries_are_installed_through_sudo_that_asks_nothing(machine: Machine) -> None:
    machine.lacks = [("libEGL.so.1", "libegl1")]
    machine.run_as(1000, sudo=True)
    machine.set_up()
    assert any(line.startswith("sudo -n env") and "libegl1" in line for line in machine.commands)


def test_missing_libraries_stop_it_with_the_exact_command_in_one_line(machine: Machine) -> None:
    machine.lacks = [("libEGL.so.1", "libegl1"), ("a C++ compiler", "g++")]
    machine.run_as(1000)
    line = stopped(machine.set_up)
    assert line.endswith("sudo apt-get install -y --no-install-recommends g++ libegl1")
    assert "libEGL.so.1, a C++ compiler" in line
    assert "\n" not in line
    assert machine.commands == []


def test_without_apt_it_names_what_is_missing(machine: Machine) -> None:
    machine.lacks = [("libEGL.so.1", "libegl1")]
    machine.patch.setattr(shutil, "which", lambda _: None)
    line = stopped(machine.set_up)
    assert "libEGL.so.1" in line
    assert "apt-get" not in line


def test_hnswlib_is_built_for_any_processor_and_not_taken_from_a_cache(machine: Machine) -> None:
    seen: list[str | None] = []
    run = machine.run

    def note(command: list[object], **options: object) -> SimpleNamespace:
        if command[-1] == "hnswlib":
            seen.append(os.environ.get("HNSWLIB_NO_NATIVE"))
        return run(command, **options)

    machine.patch.setattr(subprocess, "run", note)
    machine.set_up()
    assert seen == ["1"]
    assert any("--no-cache-dir" in line and line.endswith("hnswlib") for line in machine.commands)


def test_a_library_that_no_machine_has_is_found_missing() -> None:
    names = runpy.run_path(str(ROOT / "tools" / "setup.py"))
    assert not names["loads"]("libnowhere.so.77")
    assert names["loads"]("libc.so.6")


def test_the_pins_name_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(len(line.split("==")) == 2 and "/" not in line for line in lines)
    assert "PySide6_Essentials==6.11.3" in lines
