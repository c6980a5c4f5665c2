"""A damaged index costs a rebuild and no answer; what may not be written is read and left alone."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.errors import GalleryDamagedError, GalleryReadOnlyError, GalleryTooNewError
from engine.gallery import Gallery
from engine.progress import Event, Message
from engine.records.types import Identification
from tests.flow.conftest import ROOT, Contents, Run
from tests.unprivileged import call_unprivileged

Answers = Callable[[Gallery], list[Identification]]


@pytest.fixture
def answers(sample: Path) -> Answers:
    """What a gallery says about six faces, half of them of people who are not enrolled."""
    files = [
        *sorted(sample.glob("Tiger_Woods/*.npy"))[9:12],
        *sorted(sample.glob("Hans_Blix/*.npy"))[:3],
    ]
    queries = np.stack([np.load(file) for file in files])
    return lambda gallery: gallery.identify(queries)


# -- the index ---------------------------------------------------------------------------------


def graph(folder: Path) -> Path:
    (file,) = (folder / "index").glob("faces-*.bin")
    return file


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    file.write_bytes(damaged)


def replace_by_garbage(file: Path) -> None:
    file.write_bytes(np.random.default_rng(0).bytes(file.stat().st_size))


def fill_with_garbage(folder: Path) -> None:
    for file in (folder / "index").iterdir():
        replace_by_garbage(file)


HARMS: dict[str, Callable[[Path], None]] = {
    "graph truncated": lambda folder: truncate(graph(folder)),
    "graph of one flipped byte": lambda folder: flip(graph(folder)),
    "graph of garbage": lambda folder: replace_by_garbage(graph(folder)),
    "graph missing": lambda folder: graph(folder).unlink(),
    "sidecar truncated": lambda folder: truncate(folder / "index/faces.json"),
    "sidecar of garbage": lambda folder: replace_by_garbage(folder / "index/faces.json"),
    "sidecar missing": lambda folder: (folder / "index/faces.json").unlink(),
    "calibration of garbage too": lambda folder: (
        [replace_by_garbage(file) for file in (folder / "index").iterdir()] and None
    ),
    "whole index missing": lambda folder: shutil.rmtree(folder / "index"),
}


def said_while_answering(
    folder: Path, answers: Answers, *, write: bool = True
) -> tuple[list[str], list[Identification]]:
    """What an opening tells the person, and its answers."""
    events: list[Event] = []
    with Gallery.open(folder, write=write, listener=events.append) as gallery:
        given = answers(gallery)
        assert gallery.check().ok or not write
    return [event.text for event in events if isinstance(event, Message)], given


def test_faces_of_nobody_are_told_of_and_nobody_is_named(folder: Path, answers: Answers) -> None:
    with closing(sqlite3.connect(folder / "gallery.db")) as connection:
        connection.execute("UPDATE faces SET identity_id = 999 WHERE id = 5")
        connection.commit()
    with Gallery.open(folder, write=False) as gallery:
        with pytest.raises(GalleryDamagedError, match="not in the database"):
            answers(gallery)
        assert any("belongs to nothing" in problem for problem in gallery.check().problems)


def test_a_model_that_is_called_like_a_path_leads_nowhere(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    with closing(sqlite3.connect(folder / "gallery.db")) as connection:
        connection.execute("INSERT INTO models VALUES ('../../elsewhere', 'mlp', 0, 0, '{}')")
        connection.commit()
    with Gallery.open(folder) as gallery:
        with pytest.raises(GalleryDamagedError):
            gallery.models.all()
        gallery.models.delete("../../elsewhere")
        assert gallery.models.all() == []
    assert elsewhere.is_dir()


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS.keys())
def test_a_harmed_index_is_rebuilt_told_once_and_answers_as_before(
    folder: Path, answers: Answers, contents: Contents, harm: Callable[[Path], None]
) -> None:
    stored = contents(folder)
    silence, before = said_while_answering(folder, answers)
    harm(folder)
    told, after = said_while_answering(folder, answers)
    told_again, later = said_while_answering(folder, answers)
    assert silence == []
    assert [text for text in told if "rebuilt" in text] == told
    assert len(told) == 1
    assert told_again == []
    assert after == before == later
    assert contents(folder) == stored


def test_an_index_of_another_version_is_rebuilt_told_once_and_answers_as_before(
    folder: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = said_while_answering(folder, answers)
    monkeypatch.setattr("engine.index.snapshot.FORMAT", 3)
    told, after = said_while_answering(folder, answers)
    told_again, _ = said_while_answering(folder, answers)
    assert len(told) == 1
    assert "rebuilt" in told[0]
    assert "format 2, not 3" in told[0]
    assert told_again == []
    assert after == before


def test_a_reader_answers_past_a_harmed_index_and_leaves_it_alone(
    folder: Path, answers: Answers
) -> None:
    _, before = said_while_answering(folder, answers, write=False)
    replace_by_garbage(graph(folder))
    garbage = graph(folder).read_bytes()
    told, after = said_while_answering(folder, answers, write=False)
    assert len(told) == 1
    assert after == before
    assert graph(folder).read_bytes() == garbage


def test_check_names_a_harmed_index_and_repair_mends_it(folder: Path) -> None:
    flip(graph(folder))
    with Gallery.open(folder) as gallery:
        assert [graph(folder).name in problem for problem in gallery.check().problems] == [True]
        assert gallery.check(repair=True).ok
        assert gallery.check().ok


def test_the_command_line_tells_of_a_harmed_index_once(
    run: Run, folder: Path, sample: Path
) -> None:
    query = sample / "Tiger_Woods/Tiger_Woods_0012.npy"
    before = run("identify", query, "-g", folder, "--json")
    replace_by_garbage(graph(folder))
    first = run("identify", query, "-g", folder, "--json")
    second = run("identify", query, "-g", folder, "--json")
    assert first.stdout == second.stdout == before.stdout
    assert "rebuilt" in first.stderr
    assert second.stderr == before.stderr == ""


# -- a newer version ---------------------------------------------------------------------------


@pytest.fixture
def newer(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / "gallery.db")) as base:
        base.execute("PRAGMA user_version = 99")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.mark.parametrize("write", [True, False])
def test_a_gallery_of_a_newer_version_is_refused_and_not_touched(newer: Path, write: bool) -> None:
    before = (newer / "gallery.db").read_bytes()
    with pytest.raises(GalleryTooNewError, match="newer version") as refused:
        Gallery.open(newer, write=write)
    assert "Update" in refused.value.remedy
    assert (newer / "gallery.db").read_bytes() == before


def test_the_command_line_refuses_a_newer_version_in_one_line(run: Run, newer: Path) -> None:
    for command in (["people"], ["check"], ["enroll", "Hans Blix", "face.npy"]):
        done = run(*command, "-g", newer)
        assert done.returncode == 1
        assert len(done.stderr.strip().splitlines()) == 1
        assert "newer version" in done.stderr


# -- a read-only folder ------------------------------------------------------------------------


def test_a_read_only_gallery_identifies_says_so_and_enrols_nobody(
    folder: Path, four_people: Path, reachable: Path, answers: Answers
) -> None:
    _, before = said_while_answering(folder, answers)
    people = shutil.copytree(four_people, reachable / "people")
    locked = shutil.copytree(folder, reachable / "four.gallery")
    for path in sorted(locked.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    locked.chmod(0o555)
    files = {path.name: path.read_bytes() for path in locked.rglob("*") if path.is_file()}

    def check() -> None:
        with Gallery.open(locked) as gallery:
            assert not gallery.writable
            (notice,) = gallery.notices
            assert notice.startswith("Opened read-only")
            assert answers(gallery) == before
            with pytest.raises(GalleryReadOnlyError) as refused:
                gallery.enroll("Hans Blix", gallery.faces.vector(1))
            assert refused.value.remedy
            with pytest.raises(GalleryReadOnlyError):
                gallery.import_([people])
            assert gallery.people.counts() == (4, 36)
            assert gallery.check().ok

    call_unprivileged(check, owned=reachable)
    assert files == {path.name: path.read_bytes() for path in locked.rglob("*") if path.is_file()}


def test_a_gallery_is_not_made_in_a_read_only_folder(reachable: Path) -> None:
    reachable.chmod(0o555)

    def check() -> None:
        with pytest.raises(GalleryReadOnlyError) as refused:
            Gallery.create(reachable / "new.gallery")
        assert refused.value.remedy

    call_unprivileged(check, owned=reachable)
    assert list(reachable.iterdir()) == []


# -- two processes -----------------------------------------------------------------------------

FIRST = """
import sys
import numpy as np
from engine.gallery import Gallery
with Gallery.open(sys.argv[1]) as gallery:
    print("open", gallery.writable, flush=True)
    for face in sys.stdin:
        report = gallery.enroll("Hans Blix", gallery.read_queries(face.strip()))
        print("enrolled", report.faces_added, flush=True)
print("closed", flush=True)
"""


class First:
    """A process that has a gallery open for writing and enrols the faces it is told."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", FIRST, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.expect("open True")

    def expect(self, line: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"{line}\n"

    def enroll(self, face: Path) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{face}\n")
        self._process.stdin.flush()
        self.expect("enrolled 1")

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.expect("closed")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def first(folder: Path) -> Iterator[First]:
    process = First(folder)
    yield process
    process.end()


@pytest.mark.slow
def test_a_second_opening_reads_what_the_first_commits_and_may_not_write(
    first: First, folder: Path, sample: Path, contents: Contents
) -> None:
    one, other = (sample / f"Hans_Blix/Hans_Blix_000{number}.npy" for number in (1, 2))
    with Gallery.open(folder) as second:
        assert not second.writable
        assert len(second.notices) == 1
        assert second.identify(np.load(one))[0].verdict == "unknown"
        first.enroll(one)
        assert second.people.counts() == (5, 37)
        nearest = second.identify(np.load(one))[0].evidence[0]
        assert (nearest.name, nearest.distance < 1e-5) == ("Hans Blix", True)
        stored = contents(folder)
        with pytest.raises(GalleryReadOnlyError) as refused:
            second.enroll("Hans Blix", second.read_queries(other))
        assert refused.value.remedy
        assert contents(folder) == stored
        first.enroll(other)
        assert second.identify(np.load(other))[0].evidence[0].name == "Hans Blix"


@pytest.mark.slow
def test_the_second_may_write_once_the_first_has_closed(
    first: First, folder: Path, sample: Path
) -> None:
    first.enroll(sample / "Hans_Blix/Hans_Blix_0001.npy")
    first.close()
    with Gallery.open(folder) as second:
        assert (second.writable, second.notices) == (True, [])
        assert second.people.counts() == (5, 37)
        assert second.check().ok


@pytest.mark.slow
def test_the_command_line_reads_beside_a_writer_and_refuses_to_write(
    first: First, run: Run, folder: Path, sample: Path, contents: Contents
) -> None:
    stored = contents(folder)
    face = sample / "Hans_Blix/Hans_Blix_0001.npy"
    assert run("people", "-g", folder).stdout.count("\n") == 4
    assert run("identify", face, "-g", folder).returncode == 0
    done = run("enroll", "Hans Blix", face, "-g", folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "writing to this gallery" in done.stderr
    assert contents(folder) == stored


def test_a_damaged_index_of_no_faces_is_replaced_as_any_other(tmp_path: Path):
    folder = tmp_path / "empty.gallery"
    with Gallery.create(folder) as gallery:
        gallery.enroll("Somebody", np.ones(128, dtype=np.float32))
        gallery.history.undo()
    (folder / "index" / "faces.json").write_bytes(b"{")
    with Gallery.open(folder) as gallery:
        assert gallery.check().problems
        gallery.identify(np.ones(128, dtype=np.float32))
        assert gallery.check().problems == ()
