"""The schema of a gallery's database: its migrations, and a check of what a file consists of.

A migration is never edited once it is released; a change of the schema is a new one.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from engine.errors import GalleryDamagedError
from engine.store.failures import RESTORE

_log = logging.getLogger(__name__)

APPLICATION_ID = 0x4647616C  # "FGal", tells our files from other SQLite databases
_COMPUTED = re.compile(r"\bVIRTUAL\b|\bAS\s*\(", re.IGNORECASE)
_SHOWN = 80  # characters of a name
Piece = tuple[str, str, str]
"""Type, name and definition of a table, an index, a trigger or a view."""

_V1 = """
CREATE TABLE gallery (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL,
    dimension INTEGER NOT NULL CHECK (dimension > 0),
    distance TEXT NOT NULL CHECK (distance IN ('cosine', 'euclidean')),
    created REAL NOT NULL,
    change INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE identities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    face_count INTEGER NOT NULL DEFAULT 0,
    portrait INTEGER
);
CREATE INDEX identities_key ON identities (key);
CREATE TABLE faces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity_id INTEGER NOT NULL REFERENCES identities (id),
    file TEXT NOT NULL,
    row INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    added REAL NOT NULL,
    UNIQUE (digest, identity_id)
);
CREATE INDEX faces_identity ON faces (identity_id);
CREATE TABLE embeddings (
    face_id INTEGER PRIMARY KEY REFERENCES faces (id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);
CREATE TABLE photos (
    face_id INTEGER PRIMARY KEY REFERENCES faces (id) ON DELETE CASCADE,
    thumbnail BLOB NOT NULL
);
CREATE TABLE history (
    change INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    summary TEXT NOT NULL,
    payload TEXT NOT NULL
);
"""

_V2 = """
CREATE TABLE models (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('mlp', 'triplet')),
    active INTEGER NOT NULL DEFAULT 0 CHECK (active IN (0, 1)),
    created REAL NOT NULL,
    record TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX models_active ON models (kind) WHERE active = 1;
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    identity_id INTEGER NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('is-not')),
    vector BLOB NOT NULL,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (digest, identity_id)
);
CREATE INDEX decisions_identity ON decisions (identity_id);
"""

# What undo lives on. The tables undo_* hold, under the number of a step, each row that a change
# touched as it was before; a row of NULLs stands for one that was not there, a span for faces
# that were not. Undoing puts them in place and keeps, by the same triggers, what was there: the
# way forward. `gallery.step` numbers the step that is being made, `history.step` says whose the
# rows are.
#
# Everything of an identity is found by its id in identities, undo_identities, faces, undo_faces,
# decisions and undo_decisions (there as identity_id); by the ids of these faces in embeddings and
# photos; by their digests in decisions and undo_decisions again, for those of no identity. Names
# and files of faces also stand in history.summary and history.payload.
_V3 = """
ALTER TABLE gallery ADD COLUMN step INTEGER NOT NULL DEFAULT 1;
ALTER TABLE history ADD COLUMN state TEXT NOT NULL DEFAULT 'fixed'
    CHECK (state IN ('done', 'undone', 'cut', 'aside', 'fixed'));
ALTER TABLE history ADD COLUMN step INTEGER;
CREATE INDEX history_state ON history (state, change);
ALTER TABLE identities ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE identities ADD COLUMN chosen INTEGER;
CREATE TABLE newer_decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    identity_id INTEGER REFERENCES identities (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('is', 'is-not', 'ignore')),
    vector BLOB NOT NULL,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (digest, identity_id),
    CHECK ((kind = 'ignore') = (identity_id IS NULL))
);
INSERT INTO newer_decisions SELECT * FROM decisions;
DROP TABLE decisions;
ALTER TABLE newer_decisions RENAME TO decisions;
CREATE INDEX decisions_identity ON decisions (identity_id);
CREATE INDEX decisions_kind ON decisions (kind, digest, identity_id);
CREATE UNIQUE INDEX decisions_ignored ON decisions (digest) WHERE kind = 'ignore';
CREATE TABLE undo_identities (
    step INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT,
    key TEXT,
    face_count INTEGER,
    portrait INTEGER,
    note TEXT,
    chosen INTEGER,
    PRIMARY KEY (step, id)
);
CREATE TABLE undo_faces (
    step INTEGER NOT NULL,
    id INTEGER NOT NULL,
    identity_id INTEGER NOT NULL,
    file TEXT NOT NULL,
    row INTEGER NOT NULL,
    digest BLOB NOT NULL,
    added REAL NOT NULL,
    vector BLOB,
    thumbnail BLOB,
    PRIMARY KEY (step, id)
);
CREATE TABLE undo_spans (
    step INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (step, first)
) WITHOUT ROWID;
CREATE TABLE undo_decisions (
    step INTEGER NOT NULL,
    id INTEGER NOT NULL,
    digest BLOB,
    identity_id INTEGER,
    kind TEXT,
    vector BLOB,
    at REAL,
    actor TEXT,
    PRIMARY KEY (step, id)
);
CREATE TRIGGER identities_made AFTER INSERT ON identities BEGIN
    INSERT INTO undo_identities (step, id) SELECT step, NEW.id FROM gallery WHERE true
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER identities_changed AFTER UPDATE ON identities BEGIN
    INSERT INTO undo_identities (step, id, name, key, face_count, portrait, note, chosen)
    SELECT step, OLD.id, OLD.name, OLD.key, OLD.face_count, OLD.portrait, OLD.note, OLD.chosen
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER identities_gone AFTER DELETE ON identities BEGIN
    INSERT INTO undo_identities (step, id, name, key, face_count, portrait, note, chosen)
    SELECT step, OLD.id, OLD.name, OLD.key, OLD.face_count, OLD.portrait, OLD.note, OLD.chosen
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER faces_changed AFTER UPDATE ON faces BEGIN
    INSERT INTO undo_faces (step, id, identity_id, file, row, digest, added)
    SELECT step, OLD.id, OLD.identity_id, OLD.file, OLD.row, OLD.digest, OLD.added
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER faces_going BEFORE DELETE ON faces BEGIN
    INSERT INTO undo_faces (step, id, identity_id, file, row, digest, added, vector, thumbnail)
    SELECT step, OLD.id, OLD.identity_id, OLD.file, OLD.row, OLD.digest, OLD.added,
        (SELECT vector FROM embeddings WHERE face_id = OLD.id),
        (SELECT thumbnail FROM photos WHERE face_id = OLD.id)
    FROM gallery WHERE true
    ON CONFLICT DO UPDATE SET vector = excluded.vector, thumbnail = excluded.thumbnail;
END;
CREATE TRIGGER decisions_made AFTER INSERT ON decisions BEGIN
    INSERT INTO undo_decisions (step, id) SELECT step, NEW.id FROM gallery WHERE true
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER decisions_changed AFTER UPDATE ON decisions BEGIN
    INSERT INTO undo_decisions (step, id, digest, identity_id, kind, vector, at, actor)
    SELECT step, OLD.id, OLD.digest, OLD.identity_id, OLD.kind, OLD.vector, OLD.at, OLD.actor
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER decisions_gone AFTER DELETE ON decisions BEGIN
    INSERT INTO undo_decisions (step, id, digest, identity_id, kind, vector, at, actor)
    SELECT step, OLD.id, OLD.digest, OLD.identity_id, OLD.kind, OLD.vector, OLD.at, OLD.actor
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
"""

# Rows of `apart` and `unknowns` come and go, and are never changed; the triggers keep them for
# undo as those of step 3 do. Unknown faces are added beside the history, hence a row of
# `unknowns` may be there at a step that never saw it.
#
# An unknown face is found by its digest in unknowns and undo_unknowns; its vector, thumbnail and
# file stand there too. Pairs of different people are found by identity id in apart and undo_apart.
_V4 = """
CREATE TABLE apart (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    one INTEGER NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    other INTEGER NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (one, other),
    CHECK (one < other)
);
CREATE INDEX apart_other ON apart (other);
CREATE TABLE undo_apart (
    step INTEGER NOT NULL,
    id INTEGER NOT NULL,
    one INTEGER,
    other INTEGER,
    at REAL,
    actor TEXT,
    PRIMARY KEY (step, id)
);
CREATE TABLE unknowns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
    file TEXT NOT NULL,
    row INTEGER NOT NULL,
    vector BLOB NOT NULL,
    thumbnail BLOB,
    at REAL NOT NULL
);
CREATE TABLE undo_unknowns (
    step INTEGER NOT NULL,
    id INTEGER NOT NULL,
    digest BLOB,
    file TEXT,
    row INTEGER,
    vector BLOB,
    thumbnail BLOB,
    at REAL,
    PRIMARY KEY (step, id)
);
CREATE TRIGGER apart_made AFTER INSERT ON apart BEGIN
    INSERT INTO undo_apart (step, id) SELECT step, NEW.id FROM gallery WHERE true
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER apart_gone AFTER DELETE ON apart BEGIN
    INSERT INTO undo_apart (step, id, one, other, at, actor)
    SELECT step, OLD.id, OLD.one, OLD.other, OLD.at, OLD.actor
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER unknowns_made AFTER INSERT ON unknowns BEGIN
    INSERT INTO undo_unknowns (step, id) SELECT step, NEW.id FROM gallery WHERE true
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER unknowns_gone AFTER DELETE ON unknowns BEGIN
    INSERT INTO undo_unknowns (step, id, digest, file, row, vector, thumbnail, at)
    SELECT step, OLD.id, OLD.digest, OLD.file, OLD.row, OLD.vector, OLD.thumbnail, OLD.at
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
"""

# A stranger is an unknown face that is on the shelf no more and stays as an example. `stranger` is
# 0 for a face on the shelf, else the number of a person: the least id among their faces when they
# were dismissed. Hence rows of `unknowns` change from now on.
_V5 = """
ALTER TABLE unknowns ADD COLUMN stranger INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_unknowns ADD COLUMN stranger INTEGER NOT NULL DEFAULT 0;
CREATE INDEX unknowns_stranger ON unknowns (stranger, digest);
DROP TRIGGER unknowns_gone;
CREATE TRIGGER unknowns_changed AFTER UPDATE ON unknowns BEGIN
    INSERT INTO undo_unknowns (step, id, digest, file, row, vector, thumbnail, at, stranger)
    SELECT step, OLD.id, OLD.digest, OLD.file, OLD.row, OLD.vector, OLD.thumbnail, OLD.at,
        OLD.stranger
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER unknowns_gone AFTER DELETE ON unknowns BEGIN
    INSERT INTO undo_unknowns (step, id, digest, file, row, vector, thumbnail, at, stranger)
    SELECT step, OLD.id, OLD.digest, OLD.file, OLD.row, OLD.vector, OLD.thumbnail, OLD.at,
        OLD.stranger
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
"""

# A photograph that faces were found in, by a scan or because one of its faces was enrolled or kept.
# `mode` is how the faces that count were looked for; `prepared` is another mode in which it was
# looked at too, and whose detections do not count yet. Those of an earlier mode stay, for undo.
# What a detection has come to is told by its digest: enrolled where a face has it, unknown where
# the shelf has it. `settled` is 1 where nothing is to be asked about it any more. Both tables are
# filled beside the history; only a change of the mode is a step.
#
# A person is found by digest in detections; by name in the files of photographs.
_V6 = """
CREATE TABLE photographs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    taken TEXT,
    mode TEXT NOT NULL CHECK (mode IN ('thorough', 'faithful')),
    prepared TEXT CHECK (prepared IN ('thorough', 'faithful')),
    problem TEXT NOT NULL DEFAULT '',
    scanned INTEGER NOT NULL CHECK (scanned IN (0, 1)),
    thumbnail BLOB,
    at REAL NOT NULL
);
CREATE INDEX photographs_file ON photographs (file);
CREATE TABLE detections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    photograph_id INTEGER NOT NULL REFERENCES photographs (id) ON DELETE CASCADE,
    mode TEXT NOT NULL CHECK (mode IN ('thorough', 'faithful')),
    number INTEGER NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL,
    sharpness REAL NOT NULL,
    turn REAL NOT NULL,
    score REAL NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    vector BLOB NOT NULL,
    thumbnail BLOB,
    UNIQUE (photograph_id, mode, number)
);
CREATE INDEX detections_digest ON detections (digest);
CREATE INDEX detections_open ON detections (photograph_id) WHERE settled = 0;
CREATE TABLE undo_photographs (
    step INTEGER NOT NULL,
    id INTEGER NOT NULL,
    mode TEXT NOT NULL,
    PRIMARY KEY (step, id)
);
CREATE TRIGGER photographs_changed AFTER UPDATE OF mode ON photographs
WHEN OLD.mode <> NEW.mode BEGIN
    INSERT INTO undo_photographs (step, id, mode) SELECT step, OLD.id, OLD.mode
    FROM gallery WHERE true ON CONFLICT DO NOTHING;
END;
"""

MIGRATIONS: tuple[str, ...] = (_V1, _V2, _V3, _V4, _V5, _V6)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version of a database; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def newest() -> int:
    """Return the schema version that this program writes."""
    return len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, to: int | None = None) -> None:
    """Bring a database up to date, one transaction per migration; a failing one is rolled back.

    Args:
        to: version to stop at; the newest by default.
    """
    for version in range(version_of(connection) + 1, (newest() if to is None else to) + 1):
        script = f"BEGIN IMMEDIATE; {MIGRATIONS[version - 1]} PRAGMA user_version = {version};"
        _log.info("The database is brought to schema %d", version)
        try:
            connection.executescript(f"{script} COMMIT;")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def schema_of(connection: sqlite3.Connection) -> frozenset[Piece]:
    """Return all that a database consists of, except what SQLite makes for itself."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return frozenset(row for row in rows if not str(row[1]).startswith("sqlite_"))


@cache
def schema_of_ours(version: int = newest()) -> frozenset[Piece]:
    """Return all that an empty gallery consists of at a version of the schema."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, version)
        return schema_of(connection)


def require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database with triggers, views or computed columns that no version of this program
    made: they would act in its name. Call it before reading anything that could make them act.

    Raises:
        GalleryDamagedError: naming one of them.
    """
    acting = {piece for piece in schema_of(connection) if _acts(piece)}
    version = min(version_of(connection), newest())
    strange = sorted(str(name) for _, name, _ in acting - schema_of_ours(version))
    if strange:
        raise GalleryDamagedError(
            f"Another program has added “{strange[0][:_SHOWN]}” to the database",
            file=path,
            remedy=RESTORE,
        )


def _acts(piece: Piece) -> bool:
    """Tell whether it is a trigger, a view, a virtual table, or has computed columns."""
    kind, _, definition = piece
    return kind not in ("table", "index") or bool(_COMPUTED.search(definition))


def missing_pieces(connection: sqlite3.Connection) -> list[str]:
    """Return the names of tables and triggers that are not there."""
    present = {piece[:2] for piece in schema_of(connection)}
    expected = {piece[:2] for piece in schema_of_ours() if piece[0] in ("table", "trigger")}
    return sorted(str(name) for _, name in expected - present)
