-- A gallery as version 2 of the schema wrote it. Never to be edited.
PRAGMA application_id = 1179083116;
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
INSERT INTO gallery VALUES (1, '6d1c6a3e-55a5-4a36-9d0e-0f6f6a4f5b10', 2, 'euclidean', 1700000000.0, 6);
INSERT INTO settings VALUES ('fingerprint', 'kept');
INSERT INTO identities VALUES (1, 'A', 'a', 2, 3);
INSERT INTO identities VALUES (2, 'B', 'b', 1, 2);
INSERT INTO faces VALUES (1, 1, 'A/1.npy', 0, X'4956E1B39C16F6622034652D41AA34DF', 1700000001.0);
INSERT INTO faces VALUES (2, 2, 'B/2.npy', 0, X'C5701726128A6C48BF0F8965AA07A350', 1700000002.0);
INSERT INTO faces VALUES (3, 1, 'A/3.npy', 0, X'9E12456ED1988F2AC1276B80E46DF001', 1700000003.0);
INSERT INTO embeddings VALUES (1, X'0000803F00000000');
INSERT INTO embeddings VALUES (2, X'000000000000803F');
INSERT INTO embeddings VALUES (3, X'9A99193FCDCC4C3F');
INSERT INTO photos VALUES (3, X'FFD8FF');
INSERT INTO history VALUES (1, 1700000001.0, 'user', 'import', '2 faces added, 2 new identities', '{"faces": [1, 2]}');
INSERT INTO history VALUES (2, 1700000002.0, 'user', 'enroll', '1 face added', '{"faces": [3, 3]}');
INSERT INTO history VALUES (3, 1700000003.0, 'user', 'reject', 'A query is not “B”', '{"identity_id": 2, "name": "B", "digest": "4956e1b39c16f6622034652d41aa34df"}');
INSERT INTO history VALUES (4, 1700000004.0, 'user', 'reject', 'A query is not “A”', '{"identity_id": 1, "name": "A", "digest": "c5701726128a6c48bf0f8965aa07a350"}');
INSERT INTO history VALUES (5, 1700000005.0, 'user', 'reject', 'A query is not “B”', '{"identity_id": 2, "name": "B", "digest": "9e12456ed1988f2ac1276b80e46df001"}');
INSERT INTO history VALUES (6, 1700000006.0, 'user', 'unreject', 'A query may be “B” again', '{"identity_id": 2, "name": "B", "digest": "9e12456ed1988f2ac1276b80e46df001"}');
INSERT INTO decisions VALUES (1, X'4956E1B39C16F6622034652D41AA34DF', 2, 'is-not', X'0000803F00000000', 1700000004.0, 'user');
INSERT INTO decisions VALUES (2, X'C5701726128A6C48BF0F8965AA07A350', 1, 'is-not', X'000000000000803F', 1700000004.0, 'user');
PRAGMA user_version = 2;
PRAGMA journal_mode = WAL;
