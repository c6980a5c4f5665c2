"""Which tables hold people besides their names and faces; ``undo_*`` holds the same columns.

A table that is added belongs here, or erasing would leave people in it.
"""

from __future__ import annotations

BY_IDENTITY = (("decisions", "identity_id"), ("apart", "one"), ("apart", "other"))
"""Rows that are about an identity, by its id."""
BY_DIGEST = ("decisions", "unknowns")
"""Rows that hold a vector of its own, under its digest."""
TEXTS = (("identities", "note"), ("faces", "file"), ("unknowns", "file"))
"""Words and file names that may mention somebody else."""

# As conditions on them; the parameters are lists as JSON.
THEIRS = "(SELECT value FROM json_each(:identities))"
CONCERNED = "(SELECT value FROM json_each(:concerned))"
DIGESTS = "(SELECT from_hex(value) FROM json_each(:digests))"
FACES = "(SELECT value FROM json_each(:faces))"
GOING = (
    *((table, f"{column} IN {THEIRS}") for table, column in BY_IDENTITY),
    *((table, f"digest IN {DIGESTS}") for table in BY_DIGEST),
)
