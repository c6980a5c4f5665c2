"""Erasing a person as a person or a script calls it."""

from __future__ import annotations

import json
from pathlib import Path

from engine.gallery import Gallery
from engine.records.receipts import Receipt
from tests.flow.conftest import Contents, Run


def somebody(folder: Path) -> tuple[str, int]:
    with Gallery.open(folder, write=False) as gallery:
        first = gallery.people.all()[0]
    return first.name, first.faces


def test_nobody_is_erased_unless_it_is_said_so(run: Run, folder: Path, contents: Contents) -> None:
    name, faces = somebody(folder)
    before = contents(folder)
    done = run("erase", name, "-g", folder)  # nobody answers the question
    assert done.returncode == 1
    assert f"{faces} faces" in done.stderr
    assert "permanently?" in done.stderr
    assert contents(folder) == before


def test_the_receipt_is_handed_over_and_the_name_is_nowhere(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    name, faces = somebody(folder)
    run("backup", folder / "mine.zip", "-g", folder)
    text = tmp_path / "receipt.txt"
    done = run("erase", name, "--yes", "--receipt", text, "-g", folder, "--json")
    assert done.returncode == 0, done.stderr
    receipt = Receipt.from_json(json.loads(done.stdout))
    assert receipt.is_of(name)
    assert receipt.removed.faces == faces
    assert receipt.deleted == ("mine.zip",)
    assert text.read_text(encoding="utf-8") == receipt.text()
    for path in (text, *folder.rglob("*")):
        assert not path.is_file() or name.encode() not in path.read_bytes()
    again = run("erase", name, "--yes", "-g", folder)
    assert again.returncode == 1
    assert "No one named" in again.stderr


def test_a_receipt_never_takes_the_place_of_a_file(
    run: Run, folder: Path, tmp_path: Path, contents: Contents
) -> None:
    before = contents(folder)
    taken = tmp_path / "taken.txt"
    taken.write_text("mine")
    done = run("erase", somebody(folder)[0], "--yes", "--receipt", taken, "-g", folder)
    assert done.returncode == 1
    assert taken.read_text() == "mine"
    assert contents(folder) == before
