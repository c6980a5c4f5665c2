"""Folders of trained models: written whole or not at all, read with suspicion."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from engine.errors import GalleryWriteError, ModelError
from engine.models.version_files import (
    digest,
    load_curves,
    load_faces,
    load_network,
    load_text,
    load_version,
    sorted_pairs,
)
from engine.models.versions import (
    delete_version,
    remove_orphans,
    remove_unfinished,
    version_id,
    write_version,
)

ROOT = Path(__file__).resolve().parents[3]
ID = "triplet-20261124-153012-3f2a"
OTHER = "mlp-20261124-153013-0000"

WRITER = """
    import os, sys
    from pathlib import Path
    import numpy as np
    from engine.records.jobs import ModelVersion
    from engine.models.network import Layer, Network
    from engine.models.versions import VersionContent, version_id, write_version

    def write(models, name):
        record = ModelVersion(name, "mlp", "default", 0, 1.0, 1.0, False, False, "", {}, {}, 1, 1)
        ones = np.ones(4, np.float32)
        layers = (Layer(np.ones((4, 4), np.float32), ones, False),)
        network = Network("cosine", ones, ones, layers)
        ids = np.array([1])
        keras = lambda path: path.write_bytes(bytes(100_000))
        content = VersionContent(record, network, ids, ids, [], [1], keras, {"report.json": "{}"})
        write_version(models / name, content)
"""
# Each child dies at its own call of fsync, mkdir or rename; the last one gets through.
DIES_AT_EVERY_STEP = f"""{WRITER}
    models = Path(sys.argv[1])
    for step in range(1, 200):
        child = os.fork()
        if child == 0:
            left = [step]
            def mortal(call):
                def counted(*arguments, **options):
                    left[0] -= 1
                    if not left[0]:
                        os._exit(9)
                    return call(*arguments, **options)
                return counted
            for name in ("fsync", "mkdir", "rename", "replace", "chmod"):
                setattr(os, name, mortal(getattr(os, name)))
            write(models, f"mlp-20261124-000000-{{step:04x}}")
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(step, status, *sorted(path.name for path in models.glob("*")), flush=True)
        if status == 0:
            break
"""
WRITES_FOREVER = f"""{WRITER}
    print("ready", flush=True)
    while True:
        write(Path(sys.argv[1]), version_id("mlp", 0.0))
"""


@pytest.fixture
def models(tmp_path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def folder(models, content_of) -> Path:
    """A version as it was written."""
    write_version(models / ID, content_of(ID))
    return models / ID


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_ids_tell_kind_and_time_sort_by_it_and_differ():
    assert version_id("triplet", 1_795_534_212.9).startswith("triplet-20261124-153012-")
    in_order = [version_id("mlp", second) for second in (0, 59, 60, 86_400, 1_795_534_212)]
    assert in_order == sorted(in_order)
    assert len({version_id("mlp", 0.0) for _ in range(20)}) > 15


def test_a_version_comes_back_as_it_was_written(folder, content_of):
    content = content_of(ID)
    version = load_version(folder)
    assert version.record == content.version
    assert version.identity_ids.tolist() == []
    assert version.fingerprint == digest(sorted_pairs(content.faces, content.owners))
    assert load_curves(folder) == content.curves
    queries = np.random.default_rng(0).standard_normal((3, 6)).astype(np.float32)
    assert np.array_equal(load_network(folder)(queries), content.network(queries))
    assert (folder / "model.keras").read_bytes() == b"PK as Keras wrote it"
    assert load_text(folder, "report.json") == '{"sentence": "é"}'
    assert load_text(folder, "calibration.json") == "{}"


def test_the_faces_it_saw_come_back_ascending_with_their_owners(folder):
    faces, owners = load_faces(folder)
    assert (faces.tolist(), owners.tolist()) == ([3, 7, 12], [1, 1, 2])
    assert faces.dtype == owners.dtype == np.int64


def test_an_mlp_knows_the_identity_of_each_output(models, content_of):
    write_version(models / ID, content_of(ID, identity_ids=np.array([5, 2, 9])))
    assert load_version(models / ID).identity_ids.tolist() == [5, 2, 9]


def test_what_is_optional_may_be_absent(models, content_of):
    write_version(models / ID, content_of(ID, keras=None, texts={}))
    assert names(models / ID) == {"network.npz", "version.json", "faces.npy", "curves.json"}
    assert load_text(models / ID, "report.json") is None


def test_the_fingerprint_is_of_faces_and_owners_in_any_order():
    faces, owners = np.array([3, 1, 2]), np.array([9, 8, 8])
    order = [1, 2, 0]
    fingerprint = digest(sorted_pairs(faces, owners))
    assert digest(sorted_pairs(faces[order], owners[order])) == fingerprint
    assert digest(sorted_pairs(faces, owners[order])) != fingerprint
    assert digest(sorted_pairs(faces + 1, owners)) != fingerprint


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_only_the_owner_may_read_the_files(folder, models):
    for path in (models, folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_nothing_is_visible_before_all_is_written(models, content_of):
    seen = []
    keras = lambda path: (seen.extend(names(models)), path.touch())  # noqa: E731
    write_version(models / ID, content_of(ID, keras=keras))
    assert seen == [f".unfinished-{ID}"]
    assert names(models) == {ID}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_version_that_could_not_be_written(models, content_of, error):
    def refuse(path):
        path.write_bytes(b"half")
        raise error

    expected = GalleryWriteError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_version(models / ID, content_of(ID, keras=refuse))
    assert names(models) == set()


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_further_files_are_written_with_it_for_the_owner_alone(models, content_of):
    files = {"trials.npz": lambda path: path.write_bytes(b"measured")}
    write_version(models / ID, content_of(ID, files=files))
    assert (models / ID / "trials.npz").read_bytes() == b"measured"
    assert stat.S_IMODE((models / ID / "trials.npz").stat().st_mode) == 0o600


def test_a_version_is_never_written_over_another(folder, models, content_of):
    with pytest.raises(GalleryWriteError) as caught:
        write_version(folder, content_of(ID))
    assert caught.value.file == str(folder)
    assert load_version(folder).record.id == ID
    assert names(models) == {ID}


def test_a_name_that_cannot_be_made_durable_is_taken_back(models, content_of, monkeypatch):
    models.mkdir()

    def refuse(folder):
        if folder == models:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("engine.models.versions.sync_folder", refuse)
    with pytest.raises(GalleryWriteError, match="Input/output error"):
        write_version(models / ID, content_of(ID))
    assert names(models) == set()


LOADERS = {
    "version.json": load_version,
    "network.npz": load_network,
    "curves.json": load_curves,
    "faces.npy": load_faces,
}


@pytest.mark.parametrize("name", LOADERS)
def test_a_missing_file_is_said_with_its_name(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match="No such file") as caught:
        LOADERS[name](folder)
    assert caught.value.file == str(folder / name)
    assert caught.value.remedy


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 100_000, b"null", b"[null]", b"{}\n1"])
def test_a_damaged_file_is_said_with_its_name(folder, name, data):
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError) as caught:
        LOADERS[name](folder)
    assert caught.value.file == str(folder / name)


@pytest.mark.parametrize("name", LOADERS)
def test_a_truncated_file_is_said_with_its_name(folder, name):
    data = (folder / name).read_bytes()
    for length in range(0, len(data), max(1, len(data) // 40)):
        (folder / name).write_bytes(data[:length])
        with pytest.raises(ModelError) as caught:
            LOADERS[name](folder)
        assert caught.value.file == str(folder / name)


def test_a_text_that_is_none_is_said_with_its_name(folder):
    (folder / "report.json").write_bytes(b"\xff")
    with pytest.raises(ModelError) as caught:
        load_text(folder, "report.json")
    assert caught.value.file == str(folder / "report.json")


@pytest.mark.parametrize(
    "changes",
    [{"format": 2}, {"version": {}}, {"identity_ids": ["a"]}, {"identity_ids": 3}],
)
def test_a_record_that_makes_no_sense_is_refused(folder, changes):
    path = folder / "version.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(ModelError, match="The record cannot be read"):
        load_version(folder)


def test_a_record_that_lacks_something_says_what(folder):
    (folder / "version.json").write_text("{}")
    with pytest.raises(ModelError, match="it lacks 'format'"):
        load_version(folder)


def test_a_folder_under_another_name_is_not_taken_for_that_version(folder, models):
    folder.rename(models / OTHER)
    with pytest.raises(ModelError, match=f"belongs to {ID}"):
        load_version(models / OTHER)


@pytest.mark.parametrize(
    "array",
    [
        np.array([[3, 7, 12], [1, 1, 1]]),  # another owner
        np.array([[3, 7], [1, 1]]),
        np.array([3, 7, 12]),
        np.zeros((2, 3)),
    ],
)
def test_faces_other_than_those_of_the_record_are_refused(folder, array):
    np.save(folder / "faces.npy", array)
    with pytest.raises(ModelError, match="The list of faces"):
        load_faces(folder)


def test_a_deleted_version_is_gone_and_deleting_it_again_is_fine(folder, models):
    delete_version(folder)
    assert names(models) == set()
    delete_version(folder)


def test_a_deletion_that_breaks_off_leaves_nothing_under_the_name(folder, models, monkeypatch):
    monkeypatch.setattr("engine.utils.files.shutil.rmtree", lambda *_, **__: None)
    delete_version(folder)
    monkeypatch.undo()
    assert len(names(models)) == 1
    assert ID not in names(models)
    remove_unfinished(models)
    assert names(models) == set()


def test_cleaning_spares_what_is_whole_and_what_is_not_ours(folder, models):
    (models / ".unfinished-x").mkdir()
    (models / ".unfinished-x" / "network.npz").touch()
    (models / ".unfinished-file").touch()
    (models / "notes").mkdir()
    (models / "readme.txt").touch()
    remove_unfinished(models)
    assert names(models) == {ID, "notes", "readme.txt"}
    assert load_version(folder).record.id == ID


def test_a_link_in_place_of_leftovers_does_not_lead_the_cleaning_astray(models, tmp_path):
    models.mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").touch()
    (models / ".unfinished-x").symlink_to(tmp_path / "mine")
    remove_unfinished(models)
    assert names(models) == set()
    assert names(tmp_path / "mine") == {"letter"}


def test_versions_that_the_gallery_does_not_know_are_removed(folder, models, content_of):
    write_version(models / OTHER, content_of(OTHER))
    (models / "mlp-mine").mkdir()
    remove_orphans(models, {ID})
    assert names(models) == {ID, "mlp-mine"}
    remove_orphans(models, set())
    assert names(models) == {"mlp-mine"}


def test_cleaning_where_there_are_no_models_is_fine(models):
    remove_unfinished(models)
    remove_orphans(models, set())
    assert not models.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_dying_at_any_step_of_writing_leaves_nothing_half_made(models):
    models.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DIES_AT_EVERY_STEP), str(models)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    lines = [line.split() for line in run.stdout.splitlines()]
    assert len(lines) > 15  # so many steps there are to die at
    assert [line[1] for line in lines] == ["9"] * (len(lines) - 1) + ["0"]
    assert any(name.startswith(".unfinished-") for name in lines[-1][2:])
    remove_unfinished(models)
    whole = names(models)
    assert f"mlp-20261124-000000-{len(lines):04x}" in whole
    assert len(whole) == 2  # and one that died when all was done but the folder's last fsync
    for name in whole:
        assert_whole(models / name)
    remove_orphans(models, set())
    assert names(models) == set()


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_kill_9_at_any_moment_leaves_nothing_half_made(models):
    models.mkdir()
    for delay in (0.01, 0.05, 0.11):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITES_FOREVER), str(models)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(delay)
            process.kill()
        remove_unfinished(models)
        for name in names(models):
            assert_whole(models / name)


def assert_whole(folder: Path) -> None:
    assert load_version(folder).record.id == folder.name
    assert load_network(folder).outputs == 4
    assert load_faces(folder)[0].tolist() == [1]
    assert load_curves(folder) == []
    assert load_text(folder, "report.json") == "{}"
    assert (folder / "model.keras").stat().st_size == 100_000
    assert len(names(folder)) == 6
