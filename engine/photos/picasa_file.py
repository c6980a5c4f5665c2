"""Faces that Picasa keeps in a file of the photographs' folder, ``.picasa.ini``.

A face is a rectangle, ``rect64(…)`` with left, top, right and bottom as four numbers of 16 bits,
and the number of a contact, whose name is in the section ``[Contacts2]``, or in ``[Contacts]``.
It means the picture as it is stored: Picasa writes the same numbers into JPEG files as regions of
the Metadata Working Group.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.errors import InputError
from engine.formats.input_file import open_regular
from engine.photos.region_area import Area
from engine.utils.text_files import decode_text

NAMES = (".picasa.ini", "Picasa.ini", "picasa.ini")
MAX_BYTES = 8 * 1024**2
_FACE = re.compile(r"rect64\(([0-9a-f]{1,16})\),([0-9a-f]{1,16})", re.ASCII | re.IGNORECASE)
_FULL = 0xFFFF


@dataclass(frozen=True)
class PicasaFolder:
    """What the file of a folder says: names by contact, and the faces of each photograph."""

    contacts: Mapping[str, str]
    faces: Mapping[str, str]

    def faces_of(self, photo: str) -> Iterator[tuple[str, Area | None]]:
        """Name, "" where there is none, and place in the stored picture of each face, None where
        it is none."""
        written = self.faces.get(photo) or self.faces.get(photo.casefold()) or ""
        for rectangle, contact in _FACE.findall(written):
            digits = rectangle.zfill(16)
            sides = [int(digits[at : at + 4], 16) / _FULL for at in range(0, 16, 4)]
            left, top, right, bottom = sides
            area = Area(left, top, right - left, bottom - top).plausible()
            yield self.contacts.get(_id(contact), ""), area


def picasa_file(folder: Path) -> Path | None:
    """The file of a folder, if it has one."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read_picasa(path: Path) -> PicasaFolder:
    """Read the file; the last one that was read is remembered until it changes.

    Raises:
        InputError: it cannot be read, is larger than 8 MB, or is no text.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"It cannot be read: {error.strerror}", file=path) from None
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)  # the photographs of a folder come one after another
def _read(path: Path, modified: int, size: int) -> PicasaFolder:
    descriptor, _ = open_regular(os.fspath(path), kind=InputError, limit=MAX_BYTES)
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read(MAX_BYTES)
    try:
        text = decode_text(data)
    except UnicodeDecodeError:
        raise InputError("It is not text in UTF-8 or UTF-16", file=path) from None
    contacts: dict[str, str] = {}
    faces: dict[str, str] = {}
    for section, key, value in _entries(text):
        if section.casefold() in ("contacts", "contacts2"):
            if name := _contact_name(value):
                contacts[_id(key)] = name
        elif key.casefold() == "faces":
            faces[section] = value
            faces.setdefault(section.casefold(), value)
    return PicasaFolder(contacts, faces)


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    section = ""
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line:
            key, _, value = line.partition("=")
            yield section, key.strip(), value.strip()


def _contact_name(value: str) -> str:
    """The name in ``name;address;…``; "" for ``account_lh,number``, which names an account."""
    name = value.split(";", 1)[0].strip()
    return "" if "_lh," in name else name


def _id(digits: str) -> str:
    return digits.lower().lstrip("0")
