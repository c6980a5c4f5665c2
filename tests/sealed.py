"""What the tests of encrypted galleries share: who runs them, and what may be read on a disk."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from engine.gallery import Gallery

PASSPHRASE = "four words nobody guesses"
OTHER = "another few words instead"

needs_sqlcipher = pytest.mark.skipif(
    importlib.util.find_spec("sqlcipher3") is None, reason="SQLCipher is not installed"
)


class Secrets:
    """What must be found in no file of an encrypted gallery."""

    def __init__(self, gallery: Gallery) -> None:
        self._found: dict[str, bytes] = {"the start of a database": b"SQLite format 3"}
        rows = []
        for person in gallery.people.all():
            self._found[person.name] = person.name.encode()
            for face in gallery.faces.of(person.id):
                self._found[f"the file of face {face.id}"] = Path(face.file).name.encode()
                rows.append(gallery.faces.vector(face.id))
                photo = gallery.faces.thumbnail(face.id)
                if photo is not None:
                    self._found[f"the picture of face {face.id}"] = photo[100:164]
        vectors = np.stack(rows)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        for kind, array in (("vector", vectors), ("unit vector", unit)):
            for number, row in enumerate(array.astype(np.float32)):
                self._found[f"{kind} {number}"] = row[:4].tobytes()

    def __len__(self) -> int:
        return len(self._found)

    def in_clear(self, *places: Path) -> list[str]:
        """Which of them any file holds, with its name."""
        files = [path for place in places for path in [place, *place.rglob("*")] if path.is_file()]
        contents = {path.name: path.read_bytes() for path in files}
        return [
            f"{what} in {name}"
            for name, content in contents.items()
            for what, secret in self._found.items()
            if secret in content
        ]
