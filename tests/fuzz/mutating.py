"""Damages bytes, the same way for the same seed; for formats with a structure see `forms.py`."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

Mutate = Callable[[bytes, random.Random], bytes]

_INTEGERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WIDTHS = ("<H", ">H", "<I", ">I")


def edit_bytes(data: bytes, rng: random.Random) -> bytes:
    """One to four small edits anywhere: what a bad disk, a cut line or an editor does."""
    edited = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice(_EDITS)(edited, rng)
    return bytes(edited)


def _flip(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _replace(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = rng.randbytes(rng.choice((1, 1, 4, 16)))


def _remove(data: bytearray, rng: random.Random) -> None:
    at = rng.randint(0, len(data))
    del data[at : at + rng.choice((1, 2, 4, 64))]


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randint(0, len(data)) :]


def _repeat(data: bytearray, rng: random.Random) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = data[at : at + rng.choice((1, 8, 128))] * rng.choice((1, 2, 16))


def _blank(data: bytearray, rng: random.Random) -> None:
    at, length = rng.randint(0, len(data)), rng.choice((4, 64, 512))
    data[at : at + length] = bytes(len(data[at : at + length]))


def _move(data: bytearray, rng: random.Random) -> None:
    start, to, length = rng.randint(0, len(data)), rng.randint(0, len(data)), rng.choice((4, 64))
    piece = data[start : start + length]
    data[to : to + len(piece)] = piece


def _integer(data: bytearray, rng: random.Random) -> None:
    """A number where a length, an offset or a count may stand."""
    form = rng.choice(_WIDTHS)
    number = rng.choice(_INTEGERS) & (0xFFFF if form[1] == "H" else 0xFFFFFFFF)
    at = rng.randint(0, len(data))
    data[at : at + struct.calcsize(form)] = struct.pack(form, number)


_EDITS = (_flip, _replace, _insert, _remove, _cut, _repeat, _blank, _move, _integer)
