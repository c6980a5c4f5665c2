"""All readers by name; some only where what they need is installed, such as Qt."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.fuzz import (
    reading_backups,
    reading_faces,
    reading_index,
    reading_models,
    reading_photographs,
    reading_records,
    reading_store,
)
from tests.fuzz.judging import Reader

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
FINDINGS = HERE / "findings"


def _all() -> Iterator[Reader]:
    yield from reading_faces.READERS
    yield from reading_store.READERS
    yield from reading_backups.READERS
    yield from reading_index.READERS
    yield from reading_models.READERS
    yield from reading_records.READERS
    yield from reading_photographs.READERS
    if importlib.util.find_spec("defusedxml") is not None:
        from tests.fuzz import reading_regions

        yield from reading_regions.READERS
    if importlib.util.find_spec("PySide6") is not None:
        from tests.fuzz import reading_settings

        yield from reading_settings.READERS


READERS: Mapping[str, Reader] = {reader.name: reader for reader in _all()}


def kept_inputs(reader: Reader) -> list[bytes]:
    """The corpus and all past findings of a reader."""
    folders = (CORPUS / reader.name, FINDINGS / reader.name)
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob("*"))]


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for inputs and what readers write, in memory where that can be had: a disk would
    be waited for, and worn out, for nothing."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def empty(folder: bytes) -> None:
    """Removes all that a reading left in a folder, whatever it is called."""
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                empty(entry.path)
                os.rmdir(entry.path)
            else:
                os.unlink(entry.path)
