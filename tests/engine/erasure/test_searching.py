"""A file that holds an erased person goes, in whatever form it does; those of others stay."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from engine.gallery import Gallery
from engine.records.exports import EXPORT_KINDS, SUFFIXES, ExportKind, Selection
from engine.records.receipts import SEARCHED
from engine.records.types import FaceBatch, Vectors
from gallery_app.reports.gallery_report import gallery_page

NAME = "André Müller-Øst"
OTHER = "André Müller-Øster"  # another person, whose name only begins alike
DIMENSION = 32
Write = Callable[[Path, str, Vectors, bytes], None]
"""Writes a file below a folder: of a name, vectors ``(n, d)`` and a thumbnail."""
Given = tuple[str, Vectors, bytes]
Made = tuple[Gallery, dict[str, Given]]
ROOT = Path(__file__).resolve().parents[3]


def unit(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def array(kind: str, *, scale: bool = False, offset: int = 0) -> Write:
    def write(folder: Path, name: str, vectors: Vectors, picture: bytes) -> None:
        rows = (unit(vectors) if scale else vectors).astype(kind)
        (folder / "numbers.bin").write_bytes(bytes(offset) + rows.tobytes())

    return write


def text(make: Callable[[str, Vectors], str], encoding: str = "utf-8") -> Write:
    def write(folder: Path, name: str, vectors: Vectors, picture: bytes) -> None:
        (folder / "notes.txt").write_bytes(make(name, vectors).encode(encoding))

    return write


def data(file: str, make: Callable[[str, Vectors, bytes], bytes]) -> Write:
    def write(folder: Path, name: str, vectors: Vectors, picture: bytes) -> None:
        (folder / file).write_bytes(make(name, vectors, picture))

    return write


def saved(save: Callable[..., None], **arrays: object) -> bytes:
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


def zipped(member: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
    return stream.getvalue()


def rotten(packed: bytes) -> bytes:
    """With the first bytes of what is deflated in it changed."""
    at = 30 + 1  # after the header and the name
    return packed[:at] + b"\xff" * 8 + packed[at + 8 :]


def in_folder(folder: Path, name: str, vectors: Vectors, picture: bytes) -> None:
    place = folder / "pics" / name.replace(" ", "_")
    place.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(place / "1.jpg")


def empty_folder(folder: Path, name: str, vectors: Vectors, picture: bytes) -> None:
    (folder / "pics" / name).mkdir(parents=True)


def table(form: str) -> Callable[[str, Vectors], str]:
    return lambda name, rows: "\n".join(",".join(form % one for one in row) for row in rows)


FORMS: dict[str, Write] = {
    "folder above": in_folder,
    "empty folder": empty_folder,
    "file name": lambda folder, name, *_: (folder / f"{name} (2).txt").write_text("x"),
    "float16": array("<f2"),
    "float16 of unit length": array("<f2", scale=True),
    "float32": array("<f4"),
    "float32 of unit length": array("<f4", scale=True),
    "float32 big-endian": array(">f4"),
    "float32 big-endian of unit length": array(">f4", scale=True),
    "float64": array("<f8"),
    "float64 of unit length": array("<f8", scale=True),
    "float64 big-endian": array(">f8"),
    "float64 anywhere": array("<f8", offset=5),
    "float32 after some bytes": array("<f4", offset=3),
    "npy": data("a.npy", lambda _, rows, __: saved(lambda stream: np.save(stream, rows))),
    "npz": data("a.npz", lambda _, rows, __: saved(np.savez, x=rows.astype("f8"))),
    "compressed npz": data("a.npz", lambda _, rows, __: saved(np.savez_compressed, x=rows)),
    "names in npz": data("a.npz", lambda name, *_: saved(np.savez_compressed, n=np.array([name]))),
    "pickle": data("a.pkl", lambda _, rows, __: pickle.dumps({"rows": rows.astype("f8")})),
    "gzip": data("a.npy.gz", lambda _, rows, __: gzip.compress(rows.astype("f8").tobytes())),
    "zip": data("a.zip", lambda _, rows, __: zipped("x", rows.tobytes())),
    "name in a zip": data("a.zip", lambda name, *_: zipped(f"{name}/1.jpg", b"")),
    "base64": text(lambda _, rows: base64.b64encode(rows.tobytes()).decode()),
    "base64 in lines": data("a.eml", lambda _, rows, __: base64.encodebytes(rows.tobytes())),
    "base64 for URLs": text(lambda _, rows: base64.urlsafe_b64encode(rows.tobytes()).decode()),
    "base64 of float64": text(lambda _, rows: base64.b64encode(rows.astype("f8")).decode()),
    "JSON": text(lambda _, rows: json.dumps({"faces": rows.tolist()})),
    "JSON in UTF-16": text(lambda _, rows: json.dumps(rows.tolist(), indent=1), "utf-16"),
    "CSV": text(table("%.9g")),
    "CSV of unit length": text(lambda name, rows: table("%r")(name, unit(rows).tolist())),
    "CSV of four digits": text(table("%.3e")),
    "what NumPy prints": text(lambda _, rows: str(rows[0])),
    "thumbnail": data("x.dat", lambda *given: given[2]),
    "thumbnail in a page": data("x.db", lambda *given: b"\0" * 7 + given[2] + b"\0" * 9),
    "thumbnail in HTML": text(lambda *_: "") ,
    **{
        f"name in {encoding}": text(lambda name, _: f"people: {name}, others", encoding)
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32",
                         "utf-32-le", "utf-32-be", "latin-1", "cp1252")
    },
    "name in capitals": text(lambda name, _: name.upper()),
    "name in JSON": text(lambda name, _: json.dumps([name])),
    "name in a URL": text(lambda name, _: "x=" + quote(name)),
    "name in XML": text(lambda name, _: name.encode("ascii", "xmlcharrefreplace").decode()),
    "name in bytes": data("x.bin", lambda name, *_: b"\0\1\2" + name.encode() + b"\0\3"),
}  # fmt: skip
FORMS["thumbnail in HTML"] = data(
    "x.html", lambda *given: b"<img src='data:x;base64," + base64.b64encode(given[2]) + b"'>"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    place = tmp_path_factory.mktemp("searching")
    random = np.random.default_rng(3)
    given: dict[str, Given] = {}
    with Gallery.create(place / "some.gallery", dimension=DIMENSION) as gallery:
        gallery.backups.keep(0)
        for name in (NAME, OTHER):
            rows = (3 * random.normal(size=(3, DIMENSION))).astype(np.float32)
            photo = place / f"{len(given)}.jpg"
            noise = np.full((96, 96, 3), 255, dtype=np.uint8)  # with a background of one colour
            noise[30:70, 30:70] = random.integers(0, 255, (40, 40, 3))
            Image.fromarray(noise).save(photo)
            gallery.enroll(name, FaceBatch(rows, [name] * 3, ["a.npy"] * 3, [0, 1, 2], [photo] * 3))
            picture = gallery.faces.thumbnail(gallery.faces.of(gallery.people.find(name).id)[0].id)
            given[name] = (name, rows, picture)
        yield gallery, given


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_found_and_that_of_somebody_else_is_not(made: Made, form: str) -> None:
    gallery, given = made
    theirs, others = gallery.folder / "a", gallery.folder / "b"
    for folder, name in ((theirs, NAME), (others, OTHER)):
        folder.mkdir()
        FORMS[form](folder, *given[name])
    try:
        inside = gallery.erasure.foresee([NAME]).inside
        assert len(inside) == 1
        assert theirs in inside[0].parents
    finally:
        cleared(gallery)


def cleared(gallery: Gallery) -> None:
    for path in gallery.folder.iterdir():
        if path.name in ("a", "b") or path.name.startswith("export"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("kind", EXPORT_KINDS)
def test_our_own_exports_are_found_and_go_as_a_whole(
    made: Made, kind: ExportKind, tmp_path: Path
) -> None:
    gallery, _ = made
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    ids = [gallery.people.find(name).id for name in (NAME, OTHER)]
    wanted = set()
    try:
        for number, chosen in enumerate(((ids[0],), (ids[1],), None)):
            if kind == "report" and chosen is not None:
                continue
            name = f"export{number}{SUFFIXES.get(kind, '')}"
            selection = Selection(chosen)
            written = gallery.exports.write(
                kind, tmp_path / name, selection=selection, page=gallery_page
            )
            wanted.add(shutil.move(written.path, gallery.folder / name))
        inside = gallery.erasure.foresee([NAME]).inside
        if kind == "folder":  # a folder with a folder for each person
            assert all(path.name == NAME.replace(" ", "_") for path in inside)
            inside = [path.parent for path in inside]
        assert set(inside) == {path for path in wanted if "export1" not in path.name}
    finally:
        cleared(gallery)


def test_files_of_people_whose_names_hold_the_name_stay(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "g", dimension=DIMENSION) as gallery:
        for seed, name in enumerate(("Ann", "Ann Lee", "Joann Ann-Marie Roe")):
            rows = np.random.default_rng(seed).normal(size=(2, DIMENSION)).astype(np.float32)
            gallery.enroll(name, FaceBatch(rows, [name] * 2, ["a.npy"] * 2, [0, 1], [None] * 2))
        for name in ("Ann Lee", "Ann_Lee", "Annabel", "Joann Ann-Marie Roe"):
            (gallery.folder / f"of {name}").mkdir()
            (gallery.folder / f"{name}.txt").write_text(name, "utf-16")
            (gallery.folder / f"{name}.bin").write_bytes(b"\1\0" + name.encode() + b"\0")
            np.savez(gallery.folder / f"{name}.npz", np.array([name]))
        (gallery.folder / "noise.bin").write_bytes(random_bytes((1 << 20) + 5))
        Image.fromarray(np.frombuffer(random_bytes(3 << 14), np.uint8).reshape(128, 128, 3)).save(
            gallery.folder / "picture.png"
        )
        (gallery.folder / "years.csv").write_text(
            "\n".join(f"{n},{n % 7},{n * 0.01:.2f}" for n in range(5_000))
        )
        assert gallery.erasure.foresee(["Ann"]).inside == ()


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 and no more",
        rotten(zipped("x", bytes(range(256)) * 40)),
        b"\x1f\x8b and no more",
        gzip.compress(bytes(9_000))[:-9],
        b"PAR1 and no more",
    ],
    ids=["zip", "rotten zip", "gzip", "half a gzip", "Parquet"],
)
def test_what_cannot_be_unpacked_counts_as_holding(made: Made, content: bytes) -> None:
    gallery, _ = made
    (gallery.folder / "export").write_bytes(content)
    try:
        assert gallery.erasure.foresee([NAME]).inside == (gallery.folder / "export",)
    finally:
        cleared(gallery)


def test_the_receipt_names_no_file_after_the_person_and_says_how_it_was_searched(
    tmp_path: Path,
) -> None:
    with Gallery.create(tmp_path / "g", dimension=DIMENSION) as gallery:
        rows = np.random.default_rng(1).normal(size=(2, DIMENSION)).astype(np.float32)
        for name, some in (("Some Body", rows), ("Some One", -rows)):
            gallery.enroll(name, FaceBatch(some, [name] * 2, ["a.npy"] * 2, [0, 1], [None] * 2))
        FORMS["folder above"](gallery.folder, "Some Body", rows, b"")
        np.save(gallery.folder / "numbers.npy", unit(rows).astype(">f8"))
        receipt = gallery.erasure.erase(["Some Body"])
    assert receipt.deleted == ("numbers.npy", str(Path("pics") / "erased"))
    assert not (tmp_path / "g" / "numbers.npy").exists()
    assert list((tmp_path / "g" / "pics").iterdir()) == []
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for sentence in SEARCHED:
        assert sentence in receipt.text()
        assert sentence in page


def random_bytes(count: int) -> bytes:
    return np.random.default_rng(9).bytes(count)
