"""A folder tree in the dataset's layout: a folder a person, a ``.npy`` a face, its photo beside."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engine.export.atomic_output import private_file
from engine.export.source import Source
from engine.formats.folder_tree import FILE as TOLD
from engine.records.names import shown_name
from engine.records.types import Identity

_PORTABLE = re.compile(r"[A-Za-z0-9'()&,!-][A-Za-z0-9'()&,!. -]*")
_UNFIT = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MOST_BYTES = 200  # of a folder's name: its files have a number and an ending beside it


def write_folder(source: Source, path: Path) -> list[str]:
    """``Person_Name/Person_Name_0001.npy``, and the thumbnail as ``Person_Name_0001.jpg``.

    Where a folder cannot be called as the person is, ``identity.txt`` in it says the name; our
    import heeds that.
    """
    folders = folder_names(source.identities.values())
    path.mkdir(mode=0o700)
    for identity, folder in folders.items():
        (path / folder).mkdir(mode=0o700)
        name = source.identities[identity].name
        if shown_name(folder) != name or not name.isascii():
            _write(path / folder / TOLD, name.encode())
    number: Counter[int] = Counter()
    for faces, vectors in source.chunks("Writing folders"):
        for face, vector in zip(faces, vectors, strict=True):
            number[face.identity_id] += 1
            folder = folders[face.identity_id]
            stem = path / folder / f"{folder}_{number[face.identity_id]:04d}"
            with private_file(stem.with_name(stem.name + ".npy")) as stream:
                np.save(stream, vector)
            photo = source.store.faces.thumbnail(face.id) if face.has_photo else None
            if photo is not None:
                _write(stem.with_name(stem.name + ".jpg"), photo)
    return []


def folder_names(identities: Iterable[Identity]) -> dict[int, str]:
    """A folder's name for everybody, by id: one that every system can have, and no two alike
    where case or Unicode form make no difference."""
    taken: set[str] = set()
    names = {}
    for identity in identities:
        plain = _folder_name(identity.name)
        name, number = plain, 1
        while _key(name) in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(_key(name))
        names[identity.id] = name
    return names


def _folder_name(name: str) -> str:
    """The folder's name as in the dataset, where it can be read back from that."""
    usual = name.replace(" ", "_")
    if _PORTABLE.fullmatch(name) and shown_name(usual) == name and _is_possible(usual):
        return usual
    fit = _UNFIT.sub("_", name.replace(" ", "_")).strip(". _")
    fit = fit.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(". ")
    return fit if fit and _is_possible(fit) else f"person_{fit}"


def _is_possible(folder: str) -> bool:
    ends = not folder.startswith(".") and not folder.endswith((".", " "))
    return ends and not _RESERVED.fullmatch(folder) and len(folder.encode()) <= _MOST_BYTES


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _write(path: Path, data: bytes) -> None:
    with private_file(path) as stream:
        stream.write(data)
