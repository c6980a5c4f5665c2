"""What cannot be enrolled is refused with its file and a remedy; nothing comes in, nothing goes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import (
    EmbeddingError,
    FaceGalleryError,
    IdentityNameError,
    InputError,
    MismatchError,
)
from engine.gallery import Gallery
from tests.flow.conftest import Contents, Run
from tests.unprivileged import call_unprivileged

BAD_NAMES = ["", "   ", "x" * 300, "../../etc", "..", "bell\x07", "two\nlines", "\u202eknalB"]


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.sprung),)


def sprung(file: Path) -> Path:
    return file.with_name("sprung")


def pickled(file: Path) -> None:
    np.save(file, np.array([Trap(sprung(file))], dtype=object), allow_pickle=True)


def cut_to(length: int) -> Callable[[Path], None]:
    def make(file: Path) -> None:
        np.save(file, np.ones(128, dtype=np.float32))
        file.write_bytes(file.read_bytes()[:length])

    return make


def a_trillion_rows(file: Path) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**12, 128)}
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)


def holding(*values: float, dimension: int = 128) -> Callable[[Path], None]:
    row = np.linspace(0.1, 0.2, dimension, dtype=np.float32)
    row[: len(values)] = values
    return lambda file: np.save(file, row)


BAD_FILES: dict[str, Callable[[Path], object]] = {
    "wrong dimension": holding(dimension=64),
    "empty": Path.touch,
    "not a number": holding(np.nan),
    "infinity": holding(np.inf),
    "all zeros": lambda file: np.save(file, np.zeros(128, dtype=np.float32)),
    "text": lambda file: file.write_text("0.1 0.2 0.3\n" * 40),
    "truncated header": cut_to(40),
    "truncated data": cut_to(300),
    "pickled objects": pickled,
    "a trillion rows": a_trillion_rows,
    "a directory": Path.mkdir,
}


@pytest.fixture(params=BAD_FILES)
def bad(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "Hans_Blix" / "bad_face.npy"
    file.parent.mkdir()
    BAD_FILES[request.param](file)
    return file


@pytest.fixture
def stranger(sample: Path) -> Path:
    """A face of somebody who is not enrolled."""
    return sample / "Hans_Blix/Hans_Blix_0001.npy"


# -- files -------------------------------------------------------------------------------------


def test_a_bad_file_is_refused_by_name_with_a_remedy_and_nothing_changes(
    gallery: Gallery, bad: Path, contents: Contents
) -> None:
    before = contents(gallery.folder)
    with pytest.raises(InputError, match=r"bad_face\.npy") as refused:
        gallery.enroll("Hans Blix", gallery.read_queries(bad))
    assert refused.value.remedy
    assert contents(gallery.folder) == before
    assert not sprung(bad).exists()


def test_a_bad_file_in_a_folder_is_listed_and_the_others_come_in(
    gallery: Gallery, bad: Path, stranger: Path
) -> None:
    shutil.copy(stranger, bad.parent)
    report = gallery.import_([bad.parent.parent / "Hans_Blix"])
    assert [Path(one.file).name for one in report.rejected] == ["bad_face.npy"]
    assert report.faces_added == 1
    assert gallery.people.counts() == (5, 37)
    assert not sprung(bad).exists()


@pytest.mark.slow
def test_one_bad_file_among_4324_leaves_4323_to_come_in(sample: Path, tmp_path: Path) -> None:
    tree = tmp_path / "people"
    tree.mkdir()
    for person in sample.iterdir():
        if person.is_dir() and person.name != "Hans_Blix":
            (tree / person.name).symlink_to(person, target_is_directory=True)
    shutil.copytree(sample / "Hans_Blix", tree / "Hans_Blix")
    bad = tree / "Hans_Blix/Hans_Blix_0001.npy"
    bad.write_bytes(bad.read_bytes()[:-1])
    opened, report = Gallery.create_from(tmp_path / "most.gallery", [tree])
    with opened:
        assert [one.file for one in report.rejected] == [str(bad)]
        assert report.faces_added == 4323
        assert opened.people.counts() == (158, 4323)


def test_an_unreadable_file_is_listed_and_the_others_come_in(
    four_people: Path, reachable: Path
) -> None:
    tree = shutil.copytree(four_people, reachable / "people")
    locked = next(tree.glob("Tom_Ridge/*.npy"))
    locked.chmod(0)

    def check() -> None:
        opened, report = Gallery.create_from(reachable / "most.gallery", [tree])
        with opened:
            assert [one.file for one in report.rejected] == [str(locked)]
            assert opened.people.counts() == (4, 35)

    call_unprivileged(check, owned=reachable)


def test_a_folder_without_vectors_is_refused(
    gallery: Gallery, tmp_path: Path, contents: Contents
) -> None:
    before = contents(gallery.folder)
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday/notes.txt").write_text("nothing here")
    with pytest.raises(EmbeddingError, match="holiday") as refused:
        gallery.import_([tmp_path / "holiday"])
    assert refused.value.remedy
    assert contents(gallery.folder) == before


def test_no_gallery_is_left_of_a_folder_without_a_single_good_vector(tmp_path: Path) -> None:
    (tmp_path / "people/Hans_Blix").mkdir(parents=True)
    (tmp_path / "people/Hans_Blix/face.npy").touch()
    with pytest.raises(FaceGalleryError):
        Gallery.create_from(tmp_path / "none.gallery", [tmp_path / "people"])
    assert not (tmp_path / "none.gallery").exists()


def test_bad_rows_of_a_table_are_listed_and_the_others_come_in(
    gallery: Gallery, tmp_path: Path, stranger: Path
) -> None:
    good = ",".join(map(str, np.load(stranger)))
    words = ",".join(["word"] * 128)
    table = tmp_path / "faces.csv"
    table.write_text(f"Hans Blix,{good}\nTom Ridge,{words}\nTom Ridge,0.5,0.5\n../../etc,{good}\n")
    report = gallery.import_([table])
    assert len(report.rejected) == 3
    assert all("faces.csv" in one.file for one in report.rejected)
    assert gallery.people.counts() == (5, 37)


def test_the_command_line_says_one_line_and_enrols_nothing(
    run: Run, folder: Path, bad: Path, contents: Contents
) -> None:
    before = contents(folder)
    done = run("enroll", "Hans Blix", bad, "-g", folder)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "bad_face.npy" in done.stderr
    assert contents(folder) == before


# -- photographs -------------------------------------------------------------------------------


def broken_photo(file: Path) -> None:
    Image.effect_noise((96, 96), 50).save(file)
    file.write_bytes(file.read_bytes()[:2000])


def hundred_megapixels(file: Path) -> None:
    Image.new("1", (10_000, 10_000)).save(file)  # 12 kB, one colour


@pytest.mark.parametrize("make", [broken_photo, hundred_megapixels])
def test_a_photo_that_cannot_be_used_is_told_and_its_face_is_kept(
    gallery: Gallery, tmp_path: Path, stranger: Path, make: Callable[[Path], None]
) -> None:
    face, photo = tmp_path / "Hans_Blix/face.npy", tmp_path / "Hans_Blix/face.png"
    face.parent.mkdir()
    shutil.copy(stranger, face)
    make(photo)
    report = gallery.import_([face.parent])
    assert [one.file for one in report.rejected] == [str(photo)]
    assert "The face was kept" in report.rejected[0].reason
    (kept,) = gallery.faces.of("Hans Blix")
    assert (kept.has_photo, gallery.faces.thumbnail(kept.id)) == (False, None)
    assert gallery.identify(np.load(stranger))[0].evidence[0].face == kept.id


def test_an_enrolment_warns_of_a_broken_photo_and_keeps_the_face(
    gallery: Gallery, tmp_path: Path, stranger: Path
) -> None:
    shutil.copy(stranger, tmp_path / "face.npy")
    broken_photo(tmp_path / "face.png")
    report = gallery.enroll("Hans Blix", gallery.read_queries(tmp_path / "face.npy"))
    assert report.faces_added == 1
    assert any("face.png" in warning for warning in report.warnings)


# -- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_nobody_can_have_is_refused_and_nothing_changes(
    gallery: Gallery, stranger: Path, name: str, contents: Contents
) -> None:
    before = contents(gallery.folder)
    with pytest.raises(IdentityNameError) as refused:
        gallery.enroll(name, gallery.read_queries(stranger))
    assert refused.value.remedy
    assert contents(gallery.folder) == before


@pytest.mark.parametrize("name", ["bell\x07", "x" * 220, "\u202eknalB"])
def test_a_folder_that_names_nobody_is_left_out_and_the_others_come_in(
    gallery: Gallery, tmp_path: Path, sample: Path, name: str
) -> None:
    for person in ("Hans_Blix", name):
        (tmp_path / "people" / person).mkdir(parents=True)
    shutil.copy(sample / "Hans_Blix/Hans_Blix_0001.npy", tmp_path / "people/Hans_Blix")
    shutil.copy(sample / "Hans_Blix/Hans_Blix_0002.npy", tmp_path / "people" / name)
    report = gallery.import_([tmp_path / "people"])
    assert (report.faces_added, len(report.rejected)) == (1, 1)
    assert gallery.people.counts() == (5, 37)


# -- vectors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "vector",
    [np.ones(64), np.full(128, np.nan), np.full(128, np.inf), np.zeros(128), np.ones((0, 128))],
    ids=["64 numbers", "not a number", "infinity", "all zeros", "no row"],
)
def test_a_bad_vector_is_neither_identified_nor_enrolled(
    gallery: Gallery, vector: np.ndarray, contents: Contents
) -> None:
    before = contents(gallery.folder)
    with pytest.raises(InputError):
        gallery.enroll("Hans Blix", vector)
    if len(vector):
        with pytest.raises(InputError):
            gallery.identify(vector)
    assert contents(gallery.folder) == before


SIX_MORE = (
    "Andre_Agassi", "Serena_Williams", "Tom_Hanks", "Venus_Williams", "Vicente_Fox", "Wen_Jiabao",
)  # fmt: skip


def test_faces_of_another_network_are_refused_and_nothing_changes(
    gallery: Gallery, tmp_path: Path, sample: Path, contents: Contents
) -> None:
    gallery.import_([sample / name for name in SIX_MORE])  # few people may differ by chance
    before = contents(gallery.folder)
    faces = [-np.load(file) for file in sorted(sample.glob("Hans_Blix/*.npy"))]
    np.savez(tmp_path / "other.npz", embeddings=faces, names=["Hans Blix"] * len(faces))
    with pytest.raises(MismatchError, match=r"other\.npz.*network") as refused:
        gallery.import_([tmp_path / "other.npz"])
    assert refused.value.remedy
    with pytest.raises(MismatchError, match=r"other\.npz.*network"):
        gallery.read_queries(tmp_path / "other.npz")
    with pytest.raises(MismatchError, match="network"):
        gallery.enroll("Hans Blix", np.array(faces))
    assert contents(gallery.folder) == before
