"""A ``.csv`` table of embeddings with names, as our import and others read it."""

from __future__ import annotations

from pathlib import Path

from engine.export.atomic_output import private_file
from engine.export.source import Source
from engine.records.names import written_name

_FORMULA = ("=", "+", "-", "@")


def write_csv(source: Source, path: Path) -> list[str]:
    """A line a face: its name in quotes, then the numbers, with the nine digits that give a
    float32 back exactly."""
    numbers = ",".join(["%.9g"] * source.dimension)
    titles = ",".join(f"v{number}" for number in range(1, source.dimension + 1))
    with private_file(path) as stream:
        stream.write(f"name,{titles}\n".encode())
        for faces, vectors in source.chunks("Writing"):
            rows = zip(faces, vectors.tolist(), strict=True)
            lines = (f"{_quoted(face.name)},{numbers % tuple(row)}\n" for face, row in rows)
            stream.write("".join(lines).encode())
    risky = sum(one.name.startswith(_FORMULA) for one in source.identities.values())
    if not risky:
        return []
    begin = "1 name begins" if risky == 1 else f"{risky:,} names begin"
    return [
        f"{begin} with =, +, - or @, which spreadsheets interpret as a formula: import that "
        "column as text. The names are written unchanged."
    ]


def _quoted(name: str) -> str:
    return '"' + written_name(name).replace('"', '""') + '"'
