"""Versions of trained models on disk: one folder each, there as a whole or not at all."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.errors import GalleryWriteError
from engine.models.network import Network
from engine.models.version_files import (
    CURVES,
    FACES,
    FORMAT,
    KERAS,
    NETWORK,
    RECORD,
    digest,
    sorted_pairs,
)
from engine.progress import Measured
from engine.records.jobs import ModelVersion
from engine.records.training_parameters import Kind
from engine.records.types import Ids
from engine.utils.files import remove, sync_folder, write_atomically
from engine.utils.ignoring import ignored

_UNFINISHED = ".unfinished-"
_DELETED = ".deleted-"
_ID = re.compile(r"(mlp|triplet)-\d{8}-\d{6}-[0-9a-f]{4}")


@dataclass(frozen=True, eq=False)
class VersionContent:
    """What goes into a version's folder.

    Attributes:
        version: its record; the id is the folder's name.
        network: what identification uses.
        faces, owners: the faces that it was trained on, and the identity of each, ``(n,)``.
        curves: of the training.
        identity_ids: of an MLP, the identity that each output stands for; else empty.
        keras: writes the Keras model at the path it is given; None where there is none.
        texts: further files by name, such as ``calibration.json`` and ``report.json``.
        files: further files by name, each written by a function at the path it is given.
    """

    version: ModelVersion
    network: Network
    faces: Ids
    owners: Ids
    curves: Sequence[Measured]
    identity_ids: Sequence[int] = ()
    keras: Callable[[Path], object] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Callable[[Path], object]] = field(default_factory=dict)


def version_id(kind: Kind, created: float) -> str:
    """An id that no other has, sorted by time within its kind: ``mlp-20261124-153012-3f2a``.

    Args:
        created: seconds since the epoch; the id shows UTC.
    """
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created))
    return f"{kind}-{moment}-{secrets.token_hex(2)}"


def write_version(folder: Path, content: VersionContent) -> None:
    """Write ``<gallery>/models/<id>``; killed at any moment, it leaves nothing under that name.

    All files are on disk under another name before the folder takes its own.

    Raises:
        GalleryWriteError: the disk refuses, or the folder is there already; nothing is left.
    """
    unfinished = folder.with_name(f"{_UNFINISHED}{folder.name}")
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished.mkdir(mode=0o700)
        _fill(unfinished, content)
        sync_folder(unfinished)
        _rename(unfinished, folder)
    except OSError as error:
        _remove(unfinished)
        raise _refused("The model could not be saved", folder, error) from error
    except BaseException:
        _remove(unfinished)
        raise


def adopt_version(written: Path, folder: Path) -> None:
    """Give a version that was written elsewhere on this disk its place, ``models/<id>``.

    Raises:
        GalleryWriteError: the disk refuses; it is where it was.
    """
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        _rename(written, folder)
    except OSError as error:
        raise _refused("The model could not be saved", folder, error) from error


def delete_version(folder: Path) -> None:
    """Remove a version's folder; killed at any moment, none of it is left under its name.

    Raises:
        GalleryWriteError: the disk refuses. One that is absent is fine.
    """
    deleted = folder.with_name(f"{_DELETED}{folder.name}-{secrets.token_hex(2)}")
    try:
        os.rename(folder, deleted)
        sync_folder(folder.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _refused("The model could not be deleted", folder, error) from error
    _remove(deleted)


def remove_unfinished(models_folder: Path) -> None:
    """Remove what a training or a deletion that was killed left behind.

    For the one process that writes the gallery, before it trains: whatever it finds is dead.
    What cannot be removed stays; it is in nobody's way.
    """
    for start in (_UNFINISHED, _DELETED):
        for path in models_folder.glob(f"{start}*"):
            _remove(path)


def remove_orphans(models_folder: Path, known_ids: Collection[str]) -> None:
    """Remove versions that the gallery does not know; a training was killed just before it told.

    Only folders named like a version are touched. What cannot be removed stays.
    """
    for path in models_folder.glob("*"):
        if _ID.fullmatch(path.name) and path.name not in known_ids:
            with ignored(GalleryWriteError):
                delete_version(path)


def _fill(folder: Path, content: VersionContent) -> None:
    both = sorted_pairs(content.faces, content.owners)
    record = {
        "format": FORMAT,
        "version": content.version.to_json(),
        "identity_ids": [int(identity) for identity in content.identity_ids],
        "fingerprint": digest(both),
    }
    content.network.save(folder / NETWORK)
    write_atomically(folder / FACES, lambda stream: np.save(stream, both, allow_pickle=False))
    _write_json(folder / CURVES, [_point(point) for point in content.curves])
    for name, text in content.texts.items():
        write_atomically(folder / name, text.encode())
    for name, write in content.files.items():
        write(folder / name)
        _secure(folder / name)
    if content.keras is not None:
        content.keras(folder / KERAS)
        _secure(folder / KERAS)
    _write_json(folder / RECORD, record)


def _rename(unfinished: Path, folder: Path) -> None:
    """On disk when it returns, and undone where that cannot be had."""
    os.rename(unfinished, folder)
    try:
        sync_folder(folder.parent)
    except OSError:
        os.rename(folder, unfinished)
        raise


def _secure(path: Path) -> None:
    """For its owner alone, and on disk."""
    path.chmod(0o600)
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _write_json(path: Path, value: object) -> None:
    write_atomically(path, json.dumps(value, ensure_ascii=False).encode())


def _point(point: Measured) -> dict[str, object]:
    return {
        "series": point.series,
        "step": point.step,
        "steps": point.steps,
        "values": dict(point.values),
    }


def _remove(path: Path) -> None:
    with ignored(OSError):
        remove(path)


def _refused(problem: str, folder: Path, error: OSError) -> GalleryWriteError:
    return GalleryWriteError(
        f"{problem} ({error.strerror or error})",
        file=folder,
        remedy="Check that the disk has space and is writable, then try again.",
    )
