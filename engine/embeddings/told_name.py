"""A person's name that a file in their folder tells, where a folder cannot be called so."""

from __future__ import annotations

import os

from engine.embeddings.opening import open_regular
from engine.errors import EmbeddingError
from engine.tools.text_files import decode_text

FILE = "identity.txt"
_MOST_BYTES = 4096


def told_name(folder: str) -> str | None:
    """What ``identity.txt`` in a folder says; None where there is none.

    Raises:
        EmbeddingError: it cannot be read, is too long, or is no UTF-8 text.
    """
    path = os.path.join(folder, FILE)
    if not os.path.lexists(path):
        return None
    descriptor, _ = open_regular(path, limit=_MOST_BYTES)
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read()
    try:
        return decode_text(data).strip()
    except UnicodeDecodeError:
        raise EmbeddingError(
            "It is not UTF-8 text",
            file=path,
            remedy="It holds the name of the person in this folder, and nothing else.",
        ) from None
