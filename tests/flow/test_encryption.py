"""Encrypted galleries as a person at a terminal or a script meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.gallery import Gallery, is_encrypted
from engine.store import encryption
from tests.flow.conftest import ROOT, Run
from tests.sealed import OTHER, PASSPHRASE, Secrets, needs_sqlcipher

pytestmark = pytest.mark.slow


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACE_GALLERY_PASSPHRASE", PASSPHRASE)


def at_a_terminal(home: Path, *arguments: str | Path, says: list[str]) -> tuple[int, str]:
    """Exit code and what was on the screen, where a person answers each question."""
    import pty

    environment = os.environ | {"FACE_GALLERY_HOME": str(home)}
    command = [sys.executable, "-m", "gallery_app", *map(str, arguments)]
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        os.execvpe(command[0], command, environment)
    shown = b""
    answers = iter(says)
    try:
        while piece := os.read(terminal, 1_024):
            shown += piece
            if piece.rstrip().endswith(b":"):
                os.write(terminal, f"{next(answers)}\n".encode())
    except (OSError, StopIteration):
        pass  # Linux says so when the other end has closed
    finally:
        os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


@needs_sqlcipher
@pytest.mark.usefixtures("scripted")
def test_a_script_makes_fills_and_asks_an_encrypted_gallery(
    run: Run, four_people: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "some.gallery"
    made = run("new", folder, "--encrypted", "--json")
    assert json.loads(made.stdout)["encrypted"], made.stderr
    assert is_encrypted(folder)
    assert run("import", four_people, "-g", folder).returncode == 0
    query = next(four_people.glob("Tony_Blair/*.npy"))
    told = json.loads(run("identify", query, "--json").stdout)
    assert told["results"][0]["name"] == "Tony Blair"
    with Gallery.open(folder, passphrase=PASSPHRASE) as gallery:
        assert Secrets(gallery).in_clear(folder) == []


@needs_sqlcipher
@pytest.mark.usefixtures("scripted")
def test_a_gallery_is_encrypted_changed_and_decrypted(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    done = run("encrypt", "-g", folder)
    assert done.returncode == 0, done.stderr
    assert "No one can open it without the passphrase" in done.stderr
    new = tmp_path / "new.txt"
    new.write_text(f"{OTHER}\nnot this line\n", encoding="utf-8")
    assert run("passphrase", "--new-passphrase-file", new, "-g", folder).returncode == 0
    refused = run("people", "-g", folder)
    assert refused.returncode == 1
    assert "The passphrase is wrong, or this is not a gallery" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert run("people", "--passphrase-file", new, "-g", folder).returncode == 0
    done = run("decrypt", "--passphrase-file", new, "-g", folder, "--json")
    assert json.loads(done.stdout) == {"gallery": str(folder), "encrypted": False}
    assert run("people", "-g", folder).returncode == 0


@needs_sqlcipher
def test_a_passphrase_file_is_read_however_an_editor_saved_it(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    encryption.encrypt(folder, PASSPHRASE)
    words = tmp_path / "words.txt"
    for encoding, end in (("utf-8-sig", "\r\n"), ("utf-16", "\r"), ("utf-8", "")):
        words.write_bytes(f"{PASSPHRASE}{end}".encode(encoding))
        done = run("people", "--passphrase-file", words, "-g", folder)
        assert done.returncode == 0, done.stderr


@needs_sqlcipher
def test_a_gallery_whose_passphrase_began_with_a_mark_still_opens_with_that_file(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    words = tmp_path / "words.txt"
    words.write_bytes(PASSPHRASE.encode("utf-8-sig"))
    encryption.encrypt(folder, f"\ufeff{PASSPHRASE}")  # as earlier versions read such a file
    assert run("people", "--passphrase-file", words, "-g", folder).returncode == 0


@needs_sqlcipher
@pytest.mark.usefixtures("scripted")
def test_a_backup_is_restored_with_the_passphrase(run: Run, folder: Path, tmp_path: Path) -> None:
    run("encrypt", "-g", folder)
    assert run("backup", tmp_path / "b.zip", "-g", folder).returncode == 0
    assert run("restore", tmp_path / "b.zip", "-g", folder, "--yes").returncode == 0
    done = run("restore", tmp_path / "b.zip", "--into", tmp_path / "new.gallery")
    assert done.returncode == 0, done.stderr
    assert is_encrypted(tmp_path / "new.gallery")


@needs_sqlcipher
def test_where_nobody_can_be_asked_it_says_what_to_do(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    refused = run("encrypt", "-g", folder)
    assert refused.returncode == 1
    assert "Set FACE_GALLERY_PASSPHRASE or give a file that contains it" in refused.stderr
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert (
        "contains no passphrase" in run("encrypt", "--passphrase-file", empty, "-g", folder).stderr
    )
    empty.write_text("short\n", encoding="utf-8")
    refused = run("encrypt", "--passphrase-file", empty, "-g", folder)
    assert "5 characters of at least 12" in refused.stderr
    assert not is_encrypted(folder)


@needs_sqlcipher
@pytest.mark.skipif(sys.platform == "win32", reason="has no pty")
def test_at_a_terminal_it_is_asked_for_twice_and_never_shown(tmp_path: Path) -> None:
    folder, home = tmp_path / "some.gallery", tmp_path / "home"
    says = ["too short", "too short", PASSPHRASE, PASSPHRASE]
    code, shown = at_a_terminal(home, "new", folder, "--encrypted", says=says)
    assert code == 0, shown
    assert "too short: 9 characters" in shown
    assert PASSPHRASE not in shown
    assert at_a_terminal(home, "people", "-g", folder, says=[PASSPHRASE])[0] == 0
    code, shown = at_a_terminal(home, "people", "-g", folder, says=[OTHER])
    assert code == 1
    assert "The passphrase is wrong" in shown


@pytest.mark.parametrize(
    "command", [["encrypt"], ["decrypt"], ["passphrase"], ["new", "x", "--encrypted"]]
)
def test_without_the_library_each_command_says_how_to_get_it(
    folder: Path, tmp_path: Path, command: list[str]
) -> None:
    absent = "import sys; sys.modules['sqlcipher3'] = None\nfrom gallery_app.cli import run\n"
    call = f"{absent}sys.exit(run(sys.argv[1:]))"
    if command[0] != "new":
        command = [*command, "-g", str(folder)]
    done = subprocess.run(
        [sys.executable, "-c", call, *command],
        cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"FACE_GALLERY_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "-m pip install sqlcipher3" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@needs_sqlcipher
def test_a_passphrase_file_opens_it_for_commands_that_have_commands(
    run: Run, folder: Path, sample: Path, tmp_path: Path
) -> None:
    strangers = sorted((sample / "Winona_Ryder").glob("*.npy"))[7:9]
    with Gallery.open(folder) as gallery:
        for file in strangers:
            gallery.unknowns.add(gallery.read_queries(file))
        gallery.encrypt(PASSPHRASE)
    words = tmp_path / "words.txt"
    words.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    before = run("unknown", "--passphrase-file", words, "-g", folder, "dismiss", strangers[0])
    assert before.returncode == 0, before.stderr
    after = run("unknown", "-g", folder, "dismiss", strangers[1], "--passphrase-file", words)
    assert after.returncode == 0, after.stderr
    left = run("unknown", "--passphrase-file", words, "-g", folder, "--json")
    assert json.loads(left.stdout) == []


@needs_sqlcipher
@pytest.mark.usefixtures("scripted")
def test_a_person_is_erased_from_an_encrypted_gallery(run: Run, folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        gallery.encrypt(PASSPHRASE)
    assert run("backup", folder / "mine.zip", "-g", folder).returncode == 0
    done = run("erase", "Tony Blair", "--yes", "-g", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deleted"] == ["mine.zip"]
    people = json.loads(run("people", "-g", folder, "--json").stdout)
    assert "Tony Blair" not in [one["name"] for one in people]
