"""What recognition derives from all faces, in one file beside the index.

It spares an opening the reading of all vectors. A header names the change that it stands for and
seals the arrays that follow; a file that is absent, damaged or of other spaces is no file.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from engine.recognition.templates import Numbers, TemplateTable, centre, pooled
from engine.records.domains import parsed
from engine.records.types import Distance, Ids, Vectors
from engine.utils.files import open_regular, write_atomically
from engine.utils.id_map import IdMap

_log = logging.getLogger(__name__)

NAME = "recognition.bin"
_FORMAT = 1
_LONGEST_HEADER = 1 << 16
_KINDS = ("<i8", "<f8", "<f8", "<f8", "<f4")  # ids, counts, lengths, scatter, means


@dataclass(frozen=True)
class TemplateForm:
    """What the templates of one space look like: a file of another form is of no use."""

    dimension: int
    distance: Distance


@dataclass(frozen=True, eq=False)
class StateSnapshot:
    """Owners of all faces and templates of all spaces at one change of the store.

    Attributes:
        faces, owners: ids of faces, ascending, and of the identity of each, ``(n,)``.
        tables: of each space by its name.
    """

    change: int
    faces: Ids
    owners: Ids
    tables: Mapping[str, TemplateTable]


def save(path: Path, state: StateSnapshot) -> None:
    """Write the state whole or not at all. Raises OSError."""
    arrays = [state.faces, state.owners, *_arrays(state.tables)]
    rows = [np.ascontiguousarray(column).view(np.uint8).reshape(-1) for column in arrays]
    seal = blake2b()
    for row in rows:
        seal.update(row.data)
    header = {
        "format": _FORMAT,
        "change": state.change,
        "faces": len(state.faces),
        "spaces": {
            name: [len(table), table.means.shape[1], table.distance]
            for name, table in state.tables.items()
        },
        "seal": seal.hexdigest(),
    }

    def write(stream: BinaryIO) -> None:
        stream.write(json.dumps(header).encode() + b"\n")
        for row in rows:
            stream.write(row.data)

    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_atomically(path, write)


def load(path: Path, forms: Mapping[str, TemplateForm]) -> StateSnapshot | None:
    """The saved state; None where there is none, or it is damaged or of other spaces."""
    try:
        with open_regular(path) as stream:
            header = _sound(parsed(stream.readline(_LONGEST_HEADER)), forms)
            length = os.fstat(stream.fileno()).st_size - stream.tell()
            if length != _length(header):
                return None
            body = bytearray(stream.read(length))
        if blake2b(body).hexdigest() != header["seal"]:
            return None
        return _read(header, body)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError, MemoryError):
        _log.debug("The saved state of recognition cannot be used", exc_info=True)
        return None


def _sound(header: Any, forms: Mapping[str, TemplateForm]) -> dict[str, Any]:
    """Return the header; raise ValueError where it does not fit."""
    spaces = {name: TemplateForm(*rest) for name, (_, *rest) in header["spaces"].items()}
    counts = [
        header["change"],
        header["faces"],
        *(number[0] for number in header["spaces"].values()),
    ]
    counted = all(type(number) is int and number >= 0 for number in counts)
    if header["format"] != _FORMAT or spaces != dict(forms) or not counted:
        raise ValueError("of another gallery")
    return dict(header)


def _length(header: Mapping[str, Any]) -> int:
    """Bytes of the arrays that a header describes."""
    numbers, means = sum(np.dtype(kind).itemsize for kind in _KINDS[:-1]), np.dtype(_KINDS[-1])
    tables = header["spaces"].values()
    each = (count * (numbers + dimension * means.itemsize) for count, dimension, _ in tables)
    return int(2 * np.dtype("<i8").itemsize * header["faces"] + sum(each))


def _read(header: dict[str, Any], body: bytearray) -> StateSnapshot:
    """Raises ValueError where the arrays do not fit the header."""
    at = 0

    def take(kind: str, *shape: int) -> npt.NDArray[Any]:
        nonlocal at
        dtype, start = np.dtype(kind), at
        at += dtype.itemsize * int(np.prod(shape))
        rows = np.frombuffer(body, dtype, int(np.prod(shape)), start).reshape(shape)
        return rows.astype(dtype.newbyteorder("="), copy=False)

    faces, owners = take("<i8", header["faces"]), take("<i8", header["faces"])
    tables = {}
    for name, (count, dimension, distance) in header["spaces"].items():
        ids, counts, lengths, scatter = (take(kind, count) for kind in _KINDS[:-1])
        means = take(_KINDS[-1], count, dimension)
        tables[name] = _table(ids, counts, means, lengths, scatter, distance)
    if at != len(body) or (np.diff(faces) <= 0).any():
        raise ValueError("of another length")
    return StateSnapshot(header["change"], faces, owners, tables)


def _arrays(tables: Mapping[str, TemplateTable]) -> Iterator[npt.NDArray[Any]]:
    for table in tables.values():
        numbers = (table.ids, table.counts, table.lengths, table.scatter)
        for kind, column in zip(_KINDS, (*numbers, table.means), strict=True):
            yield np.asarray(column, dtype=kind)


def _table(
    ids: Ids,
    counts: Numbers,
    means: Vectors,
    lengths: Numbers,
    scatter: Numbers,
    distance: Distance,
) -> TemplateTable:
    order = np.argsort(ids)
    return TemplateTable(
        ids,
        counts,
        means,
        lengths,
        scatter,
        pooled(float(scatter.sum()), float(counts.sum()), len(ids)),
        centre(means.sum(axis=0, dtype=np.float64), len(ids), distance),
        distance,
        IdMap(ids[order], order),
    )
