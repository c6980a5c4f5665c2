"""Damaged photographs: behind the checksums of a PNG, or anywhere in another picture."""

from __future__ import annotations

import random
import struct
import zlib

from tests.fuzz.mutating import edit_bytes

_PNG = b"\x89PNG\r\n\x1a\n"


def edit_photo(data: bytes, rng: random.Random) -> bytes:
    """A chunk of a PNG with its checksum put right again; any other picture byte by byte."""
    if not data.startswith(_PNG) or rng.random() < 0.3:
        return edit_bytes(data, rng)
    chunks = _chunks(data)
    if not chunks:
        return edit_bytes(data, rng)
    at = rng.randrange(len(chunks))
    kind, body = chunks[at]
    match rng.randrange(8):
        case 0:
            chunks.pop(at)
        case 1:
            chunks.insert(rng.randrange(len(chunks)), chunks[at])
        case 2:
            sizes = (0, 1, 7, 255, 5000, 50_000, 2**31 - 1, 2**32 - 1)
            head = struct.pack(">II", rng.choice(sizes), rng.choice(sizes)) + chunks[0][1][8:]
            chunks[0] = (chunks[0][0], head)
        case 3:
            chunks[at] = (kind, _repacked(body, rng))
        case 4:
            kinds = (
                b"tRNS",
                b"PLTE",
                b"iCCP",
                b"eXIf",
                b"zTXt",
                b"iTXt",
                b"acTL",
                b"fcTL",
                b"fdAT",
            )
            chunks.insert(1, (rng.choice(kinds), rng.choice((body, rng.randbytes(26)))))
        case _:
            chunks[at] = (kind, edit_bytes(body, rng))
    packed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return _PNG + b"".join(packed)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(_PNG)
    while at + 12 <= len(data) and len(found) < 64:
        length = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _repacked(body: bytes, rng: random.Random) -> bytes:
    """Packed data unpacked, changed, and packed again."""
    try:
        plain = zlib.decompressobj().decompress(body, 1 << 20)
    except zlib.error:
        plain = body
    return zlib.compress(rng.choice((edit_bytes(plain, rng), bytes(1 << 20), plain[:-1])))
