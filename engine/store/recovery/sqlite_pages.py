"""Rows read from the pages of a database file one by one, whatever else of it is damaged.

SQLite finds a row through the inner pages of its tree and the schema; where those are gone it finds
none, though the rows are there. This reads every leaf page by itself, like SQLite's `.recover`,
which Python does not offer: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.utils.files import open_regular

Value = None | int | float | str | bytes
_MAGIC = b"SQLite format 3\0"
_USUAL_PAGE = 4_096
_TABLE_LEAF, _INDEX_LEAF = 0x0D, 0x0A
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_BROKEN = (IndexError, ValueError, struct.error)


@dataclass(frozen=True)
class Row:
    """A row of some table. ``rowid`` is None in a table that has none."""

    rowid: int | None
    values: tuple[Value, ...]


def rows_of(path: Path, progress: Callable[[int, int], None]) -> Iterator[Row]:
    """Yield all rows of all tables that can be read, in no order; broken cells are left out.

    Args:
        progress: called now and then with the number of pages read and of all pages.

    Raises:
        OSError: the file cannot be read.
    """
    with open_regular(path) as stream:
        size = _page_size(stream.read(100))
        count = path.stat().st_size // size

        def page(number: int) -> bytes:
            """Pages count from 1."""
            if not 1 <= number <= count:
                raise ValueError("no such page")
            stream.seek((number - 1) * size)
            return stream.read(size)

        for number in range(1, count + 1):
            if number % 256 == 1:
                progress(number - 1, count)
            yield from _rows_of_page(page(number), 100 if number == 1 else 0, page)


def _page_size(header: bytes) -> int:
    if header[:16] != _MAGIC:
        return _USUAL_PAGE
    size = int.from_bytes(header[16:18], "big")
    size = 65_536 if size == 1 else size
    return size if size >= 512 and size & (size - 1) == 0 else _USUAL_PAGE


def _rows_of_page(data: bytes, start: int, page: Callable[[int], bytes]) -> Iterator[Row]:
    kind = data[start] if len(data) > start else 0
    if kind not in (_TABLE_LEAF, _INDEX_LEAF):
        return
    cells = int.from_bytes(data[start + 3 : start + 5], "big")
    for cell in range(cells):
        at = start + 8 + 2 * cell
        try:
            offset = int.from_bytes(data[at : at + 2], "big")
            length, offset = _varint(data, offset)
            rowid = None
            if kind == _TABLE_LEAF:
                rowid, offset = _varint(data, offset)
            payload = _payload(data, offset, length, kind, page)
            yield Row(rowid, tuple(_values(payload)))
        except _BROKEN:  # ordinary: the next row may be sound
            continue


def _payload(
    data: bytes, offset: int, length: int, kind: int, page: Callable[[int], bytes]
) -> bytes:
    """Read a cell's payload from its page and from the chain of its overflow pages."""
    usable = len(data)
    smallest = (usable - 12) * 32 // 255 - 23
    most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
    if length <= most:
        return _exactly(data[offset : offset + length], length)
    local = smallest + (length - smallest) % (usable - 4)
    local = local if local <= most else smallest
    parts, missing = [data[offset : offset + local]], length - local
    following = int.from_bytes(data[offset + local : offset + local + 4], "big")
    while missing > 0:
        more = page(following)
        following = int.from_bytes(more[:4], "big")
        parts.append(more[4 : 4 + missing])
        missing -= usable - 4  # so a chain that runs in a circle ends
    return _exactly(b"".join(parts), length)


def _exactly(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise ValueError("cut off")
    return data


def _values(payload: bytes) -> Iterator[Value]:
    end, at = _varint(payload, 0)
    if not at <= end <= len(payload):
        raise ValueError("no record")
    body = end
    while at < end:
        kind, at = _varint(payload, at)
        value, body = _value(payload, kind, body)
        yield value
    if body != len(payload):
        raise ValueError("no record")


def _value(payload: bytes, kind: int, at: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in _INTEGERS:
        end = at + _INTEGERS[kind]
        return int.from_bytes(_exactly(payload[at:end], end - at), "big", signed=True), end
    if kind == 7:
        return float(struct.unpack(">d", payload[at : at + 8])[0]), at + 8
    if kind in (8, 9):
        return kind - 8, at
    if kind < 12:
        raise ValueError("a kind that no file has")
    end = at + (kind - 12) // 2
    data = _exactly(payload[at:end], end - at)
    return (data if kind % 2 == 0 else data.decode("utf-8")), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Decode a number of one to nine bytes; return it and where it ends."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    value = value << 8 | data[at + 8]
    return (value - (1 << 64) if value >= 1 << 63 else value), at + 9
