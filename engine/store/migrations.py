"""The schema, as a list of steps that are never edited once released; a change is a new step."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x4647616C  # "FGal", tells our files from other SQLite databases

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

MIGRATIONS: tuple[str, ...] = (_V1, _V2)
TABLES = frozenset(
    {
        *("gallery", "settings", "identities", "faces", "embeddings", "photos", "history"),
        *("models", "decisions"),
    }
)


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version a database has; 0 is an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def newest() -> int:
    """The schema version this program writes."""
    return len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Brings a database up to date, one transaction per step; a step that fails is undone."""
    for version in range(version_of(connection) + 1, newest() + 1):
        script = f"BEGIN IMMEDIATE; {MIGRATIONS[version - 1]} PRAGMA user_version = {version};"
        try:
            connection.executescript(f"{script} COMMIT;")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
