"""What stands beside a graph file, under a seal: of whom it is, how long, and its hash."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from engine.errors import SnapshotError
from engine.index.hnsw import HnswParameters
from engine.records.parsing import parsed
from engine.records.types import Distance
from engine.utils.files import read_text

FORMAT = 2
_LONGEST_VALUE = 80  # characters of one that is shown
_HASH = re.compile("[0-9a-f]{64}")
_FIELDS: dict[str, tuple[type, ...]] = {
    **{"hash": (str,), "length": (int,), "count": (int,), "change": (int,)},
    **{"removed": (list,), "aside": (list,)},
    **{"ef": (int,), "measured": (int,), "recall": (float, type(None))},
}
_BROADEST = 100_000
REMEDY = "It will be rebuilt from the gallery. Nothing is lost."


def read_sidecar(path: Path, needed: dict[str, Any]) -> dict[str, Any]:
    """The record in a sidecar.

    Args:
        needed: fields that have to be as given, such as :func:`conditions`.

    Raises:
        SnapshotError: missing, damaged, or another field than needed.
    """
    try:
        sealed = parsed(read_text(path))
        body = sealed["snapshot"]
        if sealed["seal"] != _digest(str(body)):
            raise ValueError("the seal is broken")
        record: dict[str, Any] = parsed(body)
        for key, value in needed.items():
            if record.get(key) != value:
                found = str(record.get(key))[:_LONGEST_VALUE]
                problem = f"Was made with {key} {found}, not {value}"
                raise SnapshotError(problem, file=path, remedy=REMEDY)
        _require_sound(record)
    except FileNotFoundError as error:
        raise SnapshotError("Is missing", file=path, remedy=REMEDY) from error
    except OSError as error:
        raise SnapshotError(f"Cannot be read: {error}", file=path, remedy=REMEDY) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SnapshotError("Is damaged", file=path, remedy=REMEDY) from error
    return record


def _require_sound(record: dict[str, Any]) -> None:
    """Raises ValueError where a field is of another kind, KeyError where one is missing."""
    if any(type(record[name]) not in kinds for name, kinds in _FIELDS.items()):
        raise ValueError("a field of another kind")
    if any(type(face) is not int for face in (*record["removed"], *record["aside"])):
        raise ValueError("a face that is no number")
    if any(not 0 <= face < 1 << 63 for face in (*record["removed"], *record["aside"])):
        raise ValueError("a face of no possible number")
    if not 0 < record["ef"] <= _BROADEST:
        raise ValueError("a breadth that cannot be")
    if not _HASH.fullmatch(record["hash"]):  # it becomes part of a file name
        raise ValueError("a hash that is none")


def conditions(dimension: int, distance: Distance, parameters: HnswParameters) -> dict[str, Any]:
    """What a graph file has to agree with to be of use here."""
    return {
        "format": FORMAT,
        "hnswlib": _hnswlib_version(),
        "machine": f"{sys.byteorder} endian, {sys.maxsize.bit_length() + 1} bits",
        "dimension": dimension,
        "distance": distance,
        "parameters": {name: value for name, value in asdict(parameters).items() if name != "ef"},
    }


@cache
def _hnswlib_version() -> str:
    from importlib.metadata import version  # 30 ms that only a snapshot needs

    return version("hnswlib")


def sealed_record(record: dict[str, Any]) -> bytes:
    """What :func:`read_sidecar` reads."""
    body = json.dumps(record)
    return json.dumps({"seal": _digest(body), "snapshot": body}).encode()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()
