"""Step 4 of the schema: identities that are two people, and queries that nobody knew."""

from __future__ import annotations

# Rows of `apart` and `unknowns` come and go, and are never changed; the triggers keep them for
# undo as those of step 3 do. Queries are put on the shelf beside the history, hence a row of
# `unknowns` may be there at a step that never saw it.
#
# A query is found by its digest in unknowns and undo_unknowns; its vector, thumbnail and file
# stand there too. Who was said to be two people is found by identity id in apart and undo_apart.
V4 = """
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
