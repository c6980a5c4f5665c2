"""Reading folder trees and several sources: whose each vector is, and what is left out."""

from __future__ import annotations

import os
import sys
import unicodedata

import numpy as np
import pytest

from engine.errors import CancelledError, EmbeddingError
from engine.formats.photo_files import photo_beside
from engine.formats.sources import read_sources
from engine.progress import CancelToken, Progress, Reporter
from tests.unprivileged import call_unprivileged


@pytest.fixture
def tree(save, vector, tmp_path):
    """Three faces of two people, in ``faces/``."""
    save("faces/Jean_Charest/Jean_Charest_0001.npy", vector(0))
    save("faces/George_W_Bush/George_W_Bush_0001.npy", vector(1))
    save("faces/George_W_Bush/George_W_Bush_0002.npy", vector(2))
    return tmp_path / "faces"


def test_the_folder_that_holds_a_vector_names_its_person(tree, vector):
    reading = read_sources([tree])
    assert list(reading.batch.names) == ["George W Bush", "George W Bush", "Jean Charest"]
    np.testing.assert_array_equal(reading.batch.vectors, [vector(1), vector(2), vector(0)])
    assert reading.batch.files[0] == str(tree / "George_W_Bush" / "George_W_Bush_0001.npy")
    assert list(reading.batch.rows) == [0, 0, 0]
    assert reading.rejected == ()
    assert reading.notices == ()


def test_faces_come_in_the_order_in_which_people_count(save, vector, tmp_path):
    for number in (10, 2, 1):
        save(f"faces/A/face_{number}.npy", vector(number))
    names = [os.path.basename(file) for file in read_sources([tmp_path / "faces"]).batch.files]
    assert names == ["face_1.npy", "face_2.npy", "face_10.npy"]


def test_deeper_folders_and_the_source_itself_name_people_too(save, vector, tmp_path, monkeypatch):
    save("A/a.npy", vector(0))
    save("A/deep/er/B/b.npy", vector(1))
    assert list(read_sources([tmp_path / "A"]).batch.names) == ["A", "B"]
    monkeypatch.chdir(tmp_path / "A")
    assert list(read_sources(["."]).batch.names) == ["A", "B"]


def test_a_single_vector_is_named_after_its_folder(tree, picture, monkeypatch):
    path = tree / "Jean_Charest" / "Jean_Charest_0001.npy"
    photo = picture("faces/Jean_Charest/Jean_Charest_0001.webp")
    batch = read_sources([path]).batch
    assert (list(batch.names), list(batch.photos)) == (["Jean Charest"], [photo])
    monkeypatch.chdir(path.parent)
    assert list(read_sources([path.name]).batch.names) == ["Jean Charest"]


def test_several_sources_come_in_one_after_the_other(tree, save, tmp_path, vector):
    np.savez(tmp_path / "more.npz", embeddings=vector(5)[None], names=np.array(["A"]))
    (tmp_path / "more.csv").write_text("B," + ",".join(map(str, vector(6).tolist())))
    batch = read_sources([tree, tmp_path / "more.npz", tmp_path / "more.csv"]).batch
    assert list(batch.names)[-3:] == ["Jean Charest", "A", "B"]
    np.testing.assert_array_equal(batch.vectors[-2:], [vector(5), vector(6)])


# -- photos ------------------------------------------------------------------------------------


@pytest.mark.parametrize("photo", ["a.png", "a.jpg", "a.jpeg", "a.webp", "A.JPG"])
def test_the_photo_of_the_same_stem_belongs_to_the_vector(save, picture, vector, tmp_path, photo):
    vector_file = save("faces/A/a.npy", vector())
    save("faces/A/b.npy", vector(1))
    expected = picture(f"faces/A/{photo}")
    assert list(read_sources([tmp_path / "faces"]).batch.photos) == [expected, None]
    assert photo_beside(vector_file) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that tells case apart")
def test_a_photo_of_exactly_the_same_case_comes_first(save, picture, vector, tmp_path):
    save("faces/A/a.npy", vector(0))
    save("faces/A/A.npy", vector(1))
    small, large = picture("faces/A/a.jpg"), picture("faces/A/A.jpg")
    batch = read_sources([tmp_path / "faces"]).batch
    found = {os.path.basename(f): p for f, p in zip(batch.files, batch.photos, strict=True)}
    assert found == {"a.npy": small, "A.npy": large}


def test_a_file_of_several_faces_has_no_photo(save, picture, vector, tmp_path):
    save("faces/A/a.npy", np.stack([vector(0), vector(1)]))
    picture("faces/A/a.jpg")
    batch = read_sources([tmp_path / "faces"]).batch
    assert (list(batch.photos), list(batch.rows)) == ([None, None], [0, 1])


def test_a_vector_in_a_folder_that_is_gone_has_no_photo(tmp_path):
    assert photo_beside(tmp_path / "nowhere" / "a.npy") is None


# -- names -------------------------------------------------------------------------------------


def test_names_that_differ_in_case_or_unicode_form_only_are_pointed_out(save, vector, tmp_path):
    apart = unicodedata.normalize("NFD", "José")
    for number, name in enumerate(["José", apart, "Jean_Charest", "JEAN_CHAREST", "A"]):
        save(f"faces/{number}/{name}/a.npy", vector(number))
    reading = read_sources([tmp_path / "faces"])
    assert len(set(reading.batch.names)) == 5
    assert len(reading.notices) == 2
    assert any("Jean Charest" in notice and "JEAN CHAREST" in notice for notice in reading.notices)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that allows such names")
@pytest.mark.parametrize("folder", [b"\n", b"a\nb", b"___", b"\xff\xfe", b"a\\b", b"x" * 201])
def test_a_folder_whose_name_nobody_can_have_is_left_out(tree, save, vector, folder):
    path = os.path.join(os.fsencode(tree), folder)
    os.mkdir(path)
    with open(os.path.join(path, b"a.npy"), "wb") as stream:
        np.save(stream, vector(3))
    reading = read_sources([tree])
    assert len(reading.batch) == 3
    (rejection,) = reading.rejected
    assert "1 file" in rejection.reason
    rejection.file.encode("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that allows such names")
def test_a_file_name_that_is_not_unicode_is_labelled_readably(tree, vector):
    path = os.path.join(os.fsencode(tree), b"Jean_Charest", b"\xff.npy")
    with open(path, "wb") as stream:
        np.save(stream, vector(7))
    batch = read_sources([tree]).batch
    assert len(batch) == 4
    "".join(batch.files).encode("utf-8")


# -- what is left out --------------------------------------------------------------------------


def test_one_bad_file_among_many_is_listed_and_the_others_come_in(save, vector, tmp_path):
    for number in range(300):
        save(f"faces/{number % 7}/{number}.npy", vector(number))
    bad = save("faces/3/bad.npy", np.full(8, np.nan, np.float32))
    reading = read_sources([tmp_path / "faces"], dimension=8)
    assert len(reading.batch) == 300
    assert [rejection.file for rejection in reading.rejected] == [str(bad)]


def test_every_kind_of_bad_file_is_listed_with_its_reason(tree, save, write, vector, tmp_path):
    zeros = save("faces/A/zeros.npy", np.zeros(8))
    wide = save("faces/A/wide.npy", vector(dimension=9))
    text = write("faces/A/text.npy", "text")
    folder = tmp_path / "faces/A/folder.npy"
    folder.mkdir()
    link = tmp_path / "faces/A/link.npy"
    link.symlink_to(link)
    reading = read_sources([tree])
    reasons = {rejection.file: rejection.reason for rejection in reading.rejected}
    assert len(reading.batch) == 3
    assert set(reasons) == {str(path) for path in (zeros, wide, text, folder, link)}
    assert "9 numbers, but 8 are needed" in reasons[str(wide)]
    assert "folder" in reasons[str(folder)]


def test_a_bad_row_of_a_matrix_is_left_out_and_numbered(save, vector, tmp_path):
    rows = np.stack([vector(0), vector(1), vector(2)])
    rows[1] = 0
    path = save("faces/A/many.npy", rows)
    reading = read_sources([tmp_path / "faces"])
    np.testing.assert_array_equal(reading.batch.vectors, rows[[0, 2]])
    assert list(reading.batch.rows) == [0, 2]
    assert reading.rejected[0].file == str(path)
    assert reading.rejected[0].reason.startswith("Row 1: it is all zeros")


def test_without_a_needed_dimension_that_of_most_faces_is_taken(tree, save, vector):
    odd = [save(f"faces/A/{i}.npy", vector(dimension=64)) for i in range(2)]
    reading = read_sources([tree])
    assert reading.batch.vectors.shape == (3, 8)
    assert {rejection.file for rejection in reading.rejected} == set(map(str, odd))


def test_with_a_needed_dimension_all_others_are_left_out(tree):
    reading = read_sources([tree], dimension=128)
    assert reading.batch.vectors.shape == (0, 128)
    assert len(reading.rejected) == 3


def test_a_folder_without_vectors_is_refused(picture, tmp_path):
    picture("faces/A/a.jpg")
    with pytest.raises(EmbeddingError, match=r"no \.npy") as caught:
        read_sources([tmp_path / "faces"])
    assert caught.value.file == str(tmp_path / "faces")
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["nowhere", "nobody.npy", "nothing.npz"])
def test_a_source_that_does_not_exist_is_refused(tmp_path, tree, name):
    with pytest.raises(EmbeddingError, match="does not exist"):
        read_sources([tree, tmp_path / name])


def test_a_source_of_another_kind_is_listed(tree, picture):
    reading = read_sources([tree, picture("photo.jpg")])
    assert len(reading.batch) == 3
    assert ".npy" in reading.rejected[0].reason


def test_hidden_files_and_folders_are_skipped(tree, save, write, vector):
    write("faces/.DS_Store", b"\0\0")
    write("faces/George_W_Bush/._George_W_Bush_0001.npy", b"\0\5\x16\7")
    save("faces/.git/x.npy", vector())
    assert len(read_sources([tree]).batch) == 3


def test_folders_linked_in_a_circle_are_read_once(tree):
    (tree / "Jean_Charest" / "round").symlink_to(tree, target_is_directory=True)
    (tree / "self").symlink_to(tree / "self", target_is_directory=True)
    reading = read_sources([tree])
    assert len(reading.batch) == 3
    assert "already" in reading.rejected[0].reason


def test_a_linked_folder_is_followed(tree, save, vector, tmp_path):
    save("elsewhere/a.npy", vector(9))
    (tree / "Z").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert list(read_sources([tree]).batch.names)[-1] == "Z"


def test_an_unreadable_folder_is_listed_and_the_others_come_in(reachable, vector):
    for name in ("A", "B"):
        (reachable / name).mkdir()
        np.save(reachable / name / "a.npy", vector())
    (reachable / "A").chmod(0)

    def check():
        reading = read_sources([reachable])
        assert list(reading.batch.names) == ["B"]
        assert [rejection.file for rejection in reading.rejected] == [str(reachable / "A")]
        with pytest.raises(EmbeddingError, match="cannot be read"):
            read_sources([reachable / "A"])

    call_unprivileged(check)


# -- progress ----------------------------------------------------------------------------------


def test_reading_reports_how_far_it_is(tree):
    events = []
    read_sources([tree], reporter=Reporter(events.append))
    assert all(isinstance(event, Progress) for event in events)
    assert (events[-1].done, events[-1].total) == (3, 3)


def test_reading_stops_when_cancelled(tree):
    token = CancelToken()
    reporter = Reporter(lambda event: token.cancel(), token)
    with pytest.raises(CancelledError):
        read_sources([tree], reporter=reporter)


def test_the_shared_tree_holds_the_same_faces_as_its_archive(shared_data):
    batch = read_sources([shared_data / "lfw-158"], dimension=128).batch
    with np.load(shared_data / "lfw-158-dlib.npz", allow_pickle=False) as archive:
        faces = dict(zip(archive["files"].tolist(), archive["embeddings"], strict=True))
    labels = ["/".join(file.replace(os.sep, "/").split("/")[-2:]) for file in batch.files]
    assert len(batch) == len(faces) == 4324
    assert all(photo is not None and photo.suffix == ".jpg" for photo in batch.photos)
    np.testing.assert_array_equal(batch.vectors, [faces[label] for label in labels])
