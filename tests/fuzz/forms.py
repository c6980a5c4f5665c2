"""Damage that keeps the outer form: what lies behind checksums, lengths and brackets is reached."""

from __future__ import annotations

import ast
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

from tests.fuzz.mutating import Mutate, edit_bytes

_LARGEST = 1 << 18  # no input is longer, and damage upon damage must not fill the memory
_DEEP = 1 << 11  # brackets: twice what Python's recursion allows
_ODD: tuple[Callable[[random.Random], Any], ...] = (
    lambda rng: None,
    lambda rng: rng.choice((True, False)),
    lambda rng: rng.choice((0, -1, 1, 2**31, 2**63, -(2**63), 10**400)),
    lambda rng: rng.choice((0.0, -0.5, 1e308, float("nan"), float("inf"), float("-inf"))),
    lambda rng: rng.choice(("", "0", "x", "\ud800", "\0", "é\u202e", "A" * 300)),
    lambda rng: rng.choice(([], {}, [[]], [None], {"": None}, [0] * 40)),
)


def edit_json(data: bytes, rng: random.Random) -> bytes:
    """One value of a document made odd, removed, doubled or exchanged; text in it that is JSON
    itself likewise."""
    try:
        document = json.loads(data)
        return json.dumps(_edited(document, rng)).encode()
    except (ValueError, OverflowError, RecursionError):
        return edit_bytes(data, rng)


def _edited(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        return _edited_dict(value, rng)
    if isinstance(value, list) and value and rng.random() < 0.85:
        return _edited_list(value, rng)
    if isinstance(value, str) and value[:1] in ("{", "[") and rng.random() < 0.9:
        return edit_json(value.encode("utf-8", "replace"), rng).decode("utf-8", "replace")
    if isinstance(value, str) and value and rng.random() < 0.4:
        return edit_bytes(value.encode("utf-8", "replace"), rng).decode("utf-8", "replace")
    if isinstance(value, int | float) and rng.random() < 0.3:
        return rng.choice((value + 1, value - 1, -value, value * 1e10))
    return rng.choice(_ODD)(rng)


def _edited_dict(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    key = rng.choice(list(value))
    match rng.randrange(12):
        case 0:
            return {name: one for name, one in value.items() if name != key}
        case 1:
            return {**value, key: value[rng.choice(list(value))]}
        case 2:
            return {**value, rng.choice(("self", "x", "__class__", "")): None}
    return {**value, key: _edited(value[key], rng)}


def _edited_list(value: list[Any], rng: random.Random) -> list[Any]:
    at = rng.randrange(len(value))
    match rng.randrange(8):
        case 0:
            return value[:at] + value[at + 1 :]
        case 1:
            return [*value, value[at]]
        case 2:
            return value[::-1]
    return [*value[:at], _edited(value[at], rng), *value[at + 1 :]]


def deepened(data: bytes, rng: random.Random) -> bytes:
    """A document whose nesting no parser that recurs survives."""
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return opening * _DEEP + rng.choice((data, b"0", b"")) + closing * rng.choice((_DEEP, 0))


def edit_npy(data: bytes, rng: random.Random) -> bytes:
    """The header's shape, type or order made another, its stated length kept right; or the data."""
    try:
        length = int.from_bytes(data[8:10], "little")
        header = ast.literal_eval(data[10 : 10 + length].decode("latin1"))
        text = _npy_header(dict(header), rng)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return edit_bytes(data, rng)
    body = data[10 + length :] if rng.random() < 0.8 else edit_bytes(data[10 + length :], rng)
    return data[:8] + len(text).to_bytes(2, "little") + text + body


def _npy_header(header: dict[str, Any], rng: random.Random) -> bytes:
    sizes = (0, 1, 2, 3, 8, -1, -8, 2**31, 2**62, 2**64, 10**30, True, 1.5, None, "8")
    types = ("<f4", ">f4", "<f8", "<f2", "<i8", "|u1", "|b1", "<c8", "|O", "<U3", "|S0", "<U0")
    types += (
        "<M8[s]",
        "|V4",
        "f4,f4",
        [("a", "<f4")],
        "(2,)f4",
        "x",
        "",
        4,
        None,
        "<f16",
        "<U9999",
    )
    match rng.randrange(6):
        case 0 | 1:
            header["shape"] = tuple(rng.choice(sizes) for _ in range(rng.randrange(4)))
        case 2 | 3:
            header["descr"] = rng.choice(types)
        case 4:
            header["fortran_order"] = rng.choice((True, False, 1, None, "x"))
        case _ if header:
            header.pop(rng.choice(list(header)))
    text = repr(header) if rng.random() < 0.9 else repr(header)[:-1] + "(" * rng.choice((1, 300))
    return text.encode("utf-8", "replace")[:0xF000] + b"\n"


def edit_npz(data: bytes, rng: random.Random) -> bytes:
    """A member made another and the archive packed anew; or the bytes of the archive itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [
                (name, archive.read(name)) for name in archive.namelist()[:20] if len(name) < 99
            ]
    except Exception:  # as damaged as it is already
        return edit_bytes(data, rng)
    if not members or rng.random() < 0.2:
        return edit_bytes(data, rng)
    at = rng.randrange(len(members))
    name, content = members[at]
    match rng.randrange(10):
        case 0:
            members.pop(at)
        case 1:
            members[at] = (
                rng.choice(("embeddings.npy", "names.npy", "../x.npy", "é", "")),
                content,
            )
        case 2:
            members.append((name, rng.choice(members)[1]))
        case 3:
            members[at] = (name, content + bytes(rng.choice((1, 4096, 1 << 20))))
        case _:
            members[at] = (name, edit_npy(content, rng))
    return _zipped(members, rng)


def _zipped(members: list[tuple[str, bytes]], rng: random.Random) -> bytes:
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
    made, kind = io.BytesIO(), rng.choice(kinds)
    with zipfile.ZipFile(made, "w", kind) as archive:
        for name, content in members:
            if name not in archive.NameToInfo or rng.random() < 0.5:
                with _quiet():
                    archive.writestr(zipfile.ZipInfo(name), content, kind)
    return made.getvalue()


def _quiet() -> Any:
    import warnings

    return warnings.catch_warnings(action="ignore")  # a name that is there twice


def edit_lines(data: bytes, rng: random.Random) -> bytes:
    """Cells and lines of a text exchanged, doubled, dropped or made odd."""
    lines = data.splitlines(keepends=True)
    if not lines or rng.random() < 0.25:
        return edit_bytes(data, rng)
    at = rng.randrange(len(lines))
    match rng.randrange(8):
        case 0:
            lines.pop(at)
        case 1:
            lines.insert(rng.randint(0, len(lines)), lines[at])
        case 2:
            lines[at] = lines[at].rstrip(b"\r\n") + rng.choice(
                (b"\r", b"\r\n", b"\0\n", b"", b"\x0b")
            )
        case 3:
            lines[at] *= rng.choice((2, 40))
        case _:
            lines[at] = _edited_cells(lines[at], rng)
    return b"".join(lines)


_CELLS = (
    *(
        b"",
        b"nan",
        b"inf",
        b"-1e39",
        b"1e-50",
        b"1e999",
        b"1_0",
        b"0x1p3",
        "١".encode(),
        b'"',
        b'""',
    ),
    *(b'"a', b"name", b"1,5", b" ", b"\xef\xbb\xbf", b"\xff", b"9" * 5000, "\u202e".encode()),
    *(b"@Variant(\0\0\0\0)", b"@ByteArray(\0)", b"@Invalid()", b"@Size(1 2)", b"\\x1234", b"%"),
)


def _edited_cells(line: bytes, rng: random.Random) -> bytes:
    delimiter = rng.choice((b",", b";", b"\t", b"="))
    cells = line.split(delimiter)
    at = rng.randrange(len(cells))
    match rng.randrange(5):
        case 0:
            cells.pop(at)
        case 1:
            cells.insert(at, rng.choice(cells))
        case _:
            cells[at] = rng.choice(_CELLS)
    return rng.choice((delimiter, delimiter, delimiter, b",", b";")).join(cells)


_MARKUP = re.compile(rb"(<[^<>]*>)")
_VALUE = re.compile(rb"(?<=[\"'>])[^\"'<>]+(?=[\"'<])")
_ODD_VALUES = (
    *(b"", b"nan", b"-1", b"1e9", b"0,5", b"9" * 50, b"1/2", b"../x", b"&#0;", b"&amp;", b"&x;"),
    *(b"pixel", b"Pet", b"Resource", b"\xff", "\u202e".encode(), b"<!-- -->", b"<![CDATA[<]]>"),
)


def edit_markup(data: bytes, rng: random.Random) -> bytes:
    """Tags of an XML text exchanged, doubled or dropped, or a value of it made odd."""
    if rng.random() < 0.2:
        return edit_bytes(data, rng)
    values = list(_VALUE.finditer(data))
    if values and rng.random() < 0.5:
        start, end = rng.choice(values).span()
        return data[:start] + rng.choice(_ODD_VALUES) + data[end:]
    parts = _MARKUP.split(data)
    at = rng.randrange(len(parts))
    match rng.randrange(4):
        case 0:
            parts.pop(at)
        case 1:
            parts.insert(rng.randint(0, len(parts)), parts[at])
        case 2:
            other = rng.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        case _:
            last = rng.randint(at, min(at + 12, len(parts)))
            parts[at:last] = parts[at:last] * rng.choice((0, 2, 2, 40))
    return b"".join(parts)


def mixed(*mutations: Mutate) -> Mutate:
    """Any of these, one to three times over."""

    def mutate(data: bytes, rng: random.Random) -> bytes:
        for _ in range(rng.choice((1, 1, 2, 3))):
            data = rng.choice(mutations)(data, rng)[:_LARGEST]
        return data

    return mutate


edit_document = mixed(*(edit_json,) * 12, edit_bytes, edit_bytes, edit_lines)
DOCUMENT = mixed(*(edit_document,) * 12, deepened)
"""Of a JSON document."""
