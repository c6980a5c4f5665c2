"""Databases that are not what they should be: said, with the file named, and never made worse."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3

import numpy as np
import pytest

from engine.errors import GalleryDamagedError
from engine.records.types import FaceBatch
from engine.store import Store


@pytest.fixture
def full(folder) -> Store:
    """The folder of a gallery with 300 faces, closed."""
    vectors = np.random.default_rng(0).standard_normal((300, 8)).astype(np.float32)
    names = [str(i % 10) for i in range(300)]
    batch = FaceBatch(vectors, names, [f"{i}.npy" for i in range(300)], [0] * 300, [None] * 300)
    with Store.create(folder, dimension=8) as store:
        store.faces.add(batch)
    return folder


def spoil(folder, *statements: str) -> None:
    """Runs statements behind the store's back."""
    connection = sqlite3.connect(folder / "gallery.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def foreign(path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (title TEXT)")
    connection.close()


def a_folder(path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {
    "zero-length": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("This is not a database. " * 500),
    "cut-to-half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut-in-the-header": lambda path: path.write_bytes(path.read_bytes()[:50]),
    "another-programs": foreign,
    "a-folder": a_folder,
}


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_database_that_is_no_gallery_is_refused_with_the_file_named(full, damage, write):
    path = full / "gallery.db"
    DAMAGES[damage](path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(GalleryDamagedError) as caught:
        Store.open(full, write=write)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_refused_database_is_not_left_locked(full):
    good = (full / "gallery.db").read_bytes()
    (full / "gallery.db").write_bytes(b"")
    with pytest.raises(GalleryDamagedError):
        Store.open(full)
    (full / "gallery.db").write_bytes(good)
    with Store.open(full) as store:
        assert store.people.counts() == (10, 300)


def test_a_missing_table_is_named(full):
    spoil(full, "DROP TABLE photos")
    with pytest.raises(GalleryDamagedError, match="lacks photos"):
        Store.open(full)


def test_a_database_without_its_dimension_is_refused(full):
    spoil(full, "DELETE FROM gallery")
    with pytest.raises(GalleryDamagedError, match="what kind of embeddings"):
        Store.open(full)


@pytest.mark.parametrize(
    "change", ["dimension = 'eight'", "dimension = 65537", "distance = 'chebyshev'"]
)
def test_a_database_of_embeddings_that_cannot_be_is_refused(full, change):
    spoil(full, "PRAGMA ignore_check_constraints = ON", f"UPDATE gallery SET {change}")
    with pytest.raises(GalleryDamagedError, match="cannot be"):
        Store.open(full)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW strange AS SELECT 1",
        "CREATE TRIGGER strange AFTER UPDATE ON gallery BEGIN DELETE FROM faces; END",
    ],
)
@pytest.mark.parametrize("write", [True, False])
def test_a_database_that_would_run_what_others_wrote_is_refused(full, statement, write):
    spoil(full, statement)
    with pytest.raises(GalleryDamagedError, match="strange"):
        Store.open(full, write=write)


@pytest.mark.parametrize("last", ["'many'", "NULL", "9223372036854775807", "-5"])
def test_where_the_count_of_faces_is_lost_none_is_added(full, contents, batch_of, last):
    spoil(full, f"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'faces'")
    with Store.open(full) as store:
        before = contents(store)
        with pytest.raises(GalleryDamagedError, match=r"last face|seq cannot be"):
            store.faces.add(batch_of(("A", 1)))
        assert contents(store) == before


def test_a_lost_log_costs_what_was_in_it_and_nothing_else(full, tmp_path, batch_of):
    copy = tmp_path / "copy"
    with Store.open(full) as store:
        store.faces.add(batch_of(("new", 1)))
        assert (full / "gallery.db-wal").stat().st_size > 0
        copy.mkdir()
        shutil.copy(full / "gallery.db", copy)
    with Store.open(copy) as store:
        assert store.people.counts() == (10, 300)
        assert store.checks.problems() == []


def test_flipped_bytes_anywhere_never_come_out_as_anything_but_declared_errors(full, contents):
    path = full / "gallery.db"
    good = path.read_bytes()
    with Store.open(full) as store:
        before = contents(store)
    rng = np.random.default_rng(1)
    noticed = 0
    for _ in range(40):
        data = bytearray(good)
        for place in rng.integers(100, len(data), 30):
            data[place] ^= 0xFF
        path.write_bytes(data)
        with contextlib.suppress(GalleryDamagedError), Store.open(full) as store:
            problems = store.checks.problems()
            if not problems:
                assert contents(store) == before
                continue
        noticed += 1
    assert noticed > 0


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE identities SET face_count = 99 WHERE name = '3'", "faces noted for “3” is wrong"),
        ("UPDATE identities SET portrait = 2 WHERE name = '3'", "portrait of “3”"),
        ("INSERT INTO identities (name, key) VALUES ('X', 'x')", "“X” has no faces"),
        ("DELETE FROM embeddings WHERE face_id = 5", "Face 5 has no embedding"),
        (
            "UPDATE embeddings SET vector = zeroblob(32) WHERE face_id = 5",
            "face 5 (“4”, 4.npy) is not the one",
        ),
        (
            "UPDATE embeddings SET vector = zeroblob(30) WHERE face_id = 5",
            "face 5 (“4”, 4.npy) does not have 32 bytes",
        ),
        (
            "UPDATE embeddings SET vector = 7 WHERE face_id = 5",
            "face 5 (“4”, 4.npy) does not have 32 bytes",
        ),
        ("INSERT INTO photos VALUES (999, x'00')", "belongs to nothing in faces"),
        ("UPDATE gallery SET change = 7", "change counter 7"),
        ("UPDATE identities SET chosen = 99 WHERE id = 1", "is not the chosen one"),
        (
            "INSERT INTO decisions VALUES (1, zeroblob(16), 1, 'is-not', zeroblob(30), 0, 'A')",
            "decision 1 does not have 32 bytes",
        ),
        (
            "INSERT INTO decisions VALUES (1, zeroblob(16), 1, 'is-not', zeroblob(32), 0, 'A')",
            "decision 1 is not the one",
        ),
        (
            "INSERT INTO unknowns VALUES (1, zeroblob(16), 'A', 0, zeroblob(30), NULL, 0, 0)",
            "unknown 1 (A) does not have 32 bytes",
        ),
        (
            "INSERT INTO unknowns VALUES (1, zeroblob(16), 'A', 0, zeroblob(32), NULL, 0, 0)",
            "unknown 1 (A) is not the one",
        ),
        (
            "INSERT INTO models VALUES ('X', 'mlp', 0, 0, '{}')",
            "model X cannot be read (not a model of this version: 'preset')",
        ),
        ("INSERT INTO models VALUES ('X', 'mlp', 0, 0, '{')", "model X cannot be read"),
        ("INSERT INTO models VALUES ('X', 'mlp', 0, 0, '[]')", "not a record of a model"),
    ],
)
def test_the_check_says_what_is_wrong(full, statement, said):
    spoil(full, statement)
    with Store.open(full) as store:
        problems = store.checks.problems()
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("statement", "question"),
    [
        (
            "UPDATE embeddings SET vector = zeroblob(30) WHERE face_id = 5",
            lambda store: store.faces.vectors(),
        ),
        (
            "UPDATE embeddings SET vector = 'text' WHERE face_id = 5",
            lambda store: store.faces.vectors(),
        ),
        ("UPDATE faces SET identity_id = x'ff' WHERE id = 5", lambda store: store.faces.vectors()),
        (
            "UPDATE faces SET identity_id = x'ff' WHERE id = 5",
            lambda store: store.faces.membership(),
        ),
        # a NaN, and infinity, as little-endian float32
        (
            "UPDATE embeddings SET vector = x'0000c07f' || zeroblob(28)",
            lambda store: store.faces.vectors(),
        ),
        (
            "UPDATE embeddings SET vector = x'0000807f' || zeroblob(28)",
            lambda store: store.faces.vectors(),
        ),
        ("UPDATE history SET payload = '{'", lambda store: store.history.entries()),
        ("UPDATE history SET payload = '7'", lambda store: store.history.entries()),
        ("UPDATE history SET actor = x'00'", lambda store: store.history.entries()),
        ("UPDATE gallery SET change = 'many'", lambda store: store.history.last_change()),
        ("UPDATE identities SET name = x'00' WHERE id = 1", lambda store: store.people.all()),
        ("UPDATE identities SET portrait = 'none' WHERE id = 1", lambda store: store.people.all()),
        (
            "UPDATE identities SET face_count = 0.5 WHERE id = 1",
            lambda store: store.people.counts(),
        ),
        ("UPDATE faces SET file = x'00' WHERE id = 1", lambda store: store.faces.by_ids([1])),
        ("INSERT INTO photos VALUES (1, 'text')", lambda store: store.faces.thumbnail(1)),
        ("INSERT INTO settings VALUES ('a', x'00')", lambda store: store.settings.get("a")),
        (
            "UPDATE identities SET name = CAST(x'ff' AS TEXT) WHERE id = 1",
            lambda store: store.people.all(),
        ),
        ("INSERT INTO models VALUES ('X', 'mlp', 0, 0, '{')", lambda store: store.models.all()),
        ("INSERT INTO models VALUES ('X', 'mlp', 0, 0, '7')", lambda store: store.models.all()),
        (
            "INSERT INTO decisions VALUES (1, zeroblob(16), 1, 'is-not', zeroblob(30), 0, 'A')",
            lambda store: store.decisions.rejected_vectors(),
        ),
        (
            "INSERT INTO unknowns VALUES (1, zeroblob(16), 'A', 0, zeroblob(30), NULL, 0, 0)",
            lambda store: store.unknowns.vectors([1]),
        ),
    ],
)
def test_what_makes_no_sense_is_not_handed_out(full, statement, question):
    spoil(full, statement)
    with Store.open(full, write=False) as store:
        with pytest.raises(GalleryDamagedError) as caught:
            question(store)
        assert caught.value.file == str(full / "gallery.db")
