"""Small files that claim or become something huge: refused as declared, and nothing is taken."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fuzz.judging import judge
from tests.fuzz.readers import READERS
from tests.fuzz.reading_faces import saved

MEGABYTE = 1 << 20


def npy(shape: str, descr: str = "'<f4'") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def npz(content: bytes, name: str = "embeddings.npy") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def png(width: int, height: int, *more: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [b"IHDR" + head, *more, b"IDAT" + zlib.compress(bytes(MEGABYTE)), b"IEND"]
    packed = (
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def many_members() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(5_000):
            archive.writestr(f"{number}.npy", b"")
    return made.getvalue()


def jpeg(width: int, height: int) -> bytes:
    sound = saved(Image.new("RGB", (8, 8)).save, "JPEG")
    at = sound.index(b"\xff\xc0") + 5
    return sound[:at] + struct.pack(">HH", height, width) + sound[at + 4 :]


def entities() -> bytes:
    """A billion laughs: each entity holds ten of the one before."""
    lines = [f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 10)]
    return f'<!DOCTYPE a [<!ENTITY e0 "ha">{"".join(lines)}]><a>&e9;</a>'.encode()


def attributes() -> bytes:
    return b"<a " + b" ".join(b'x%d=""' % at for at in range(MEGABYTE // 2)) + b"/>"


DEEP = b"[" * MEGABYTE
ZEROS = bytes(80 * MEGABYTE)
HUGE = npy("(20000, 1024)") + ZEROS[: 20_000 * 1024 * 4]
BOMBS = {
    "npy-shape": ("npy", npy("(1000000000, 1000000000)")),
    "npy-shape-beyond-64-bits": ("npy", npy(f"({10**30}, 8)")),
    "npy-nested-header": ("npy", npy("(" * 900 + "1" + ")" * 900)),
    "npy-dtype": ("npy", npy("(1, 8)", repr("<U1000000000"))),
    "npz-packed-zeros": ("npz", npz(HUGE)),
    "npz-claimed-shape": ("npz", npz(npy("(1000000000, 1000000000)"))),
    "npz-members": ("npz", many_members()),
    "csv-one-line": ("csv", b"1," * MEGABYTE),
    "csv-one-cell": ("csv", b"Ann," + b"9" * MEGABYTE + b"\n"),
    "csv-quote-never-closed": ("csv", b'Ann,"' + b"\n1" * 5_000),
    "csv-longest-line": ("csv", b"1," * (MEGABYTE // 2 - 1) + b"1"),
    "png-size": ("photo", png(2**31 - 1, 2**31 - 1)),
    "png-just-too-large": ("photo", png(10_000, 5_001)),
    "png-text": ("photo", png(8, 8, *[b"zTXta\0\0" + zlib.compress(ZEROS[:9_000_000])] * 9)),
    "png-profile": ("photo", png(8, 8, b"iCCPa\0\0" + zlib.compress(ZEROS))),
    "jpeg-size": ("photo", jpeg(65_500, 65_500)),
    "weights-packed-zeros": ("model-network", npz(HUGE, "mean.npy")),
    "weights-claimed-shape": ("model-network", npz(npy("(1000000000,)"), "mean.npy")),
    "searches-members": ("model-trials", many_members()),
    "faces-shape": ("model-faces", npy("(2, 1000000000000)", repr("<i8"))),
    **(
        {
            "sidecar-nested": ("sidecar", b"<a>" * MEGABYTE),
            "sidecar-entities": ("sidecar", entities()),
            "sidecar-elements": ("sidecar", b"<a>" + b"<b/>" * MEGABYTE),
            "sidecar-attributes": ("sidecar", attributes()),
            "sidecar-too-large": ("sidecar", b" " * 9 * MEGABYTE),
            "picasa-faces": ("picasa", b"[a.jpg]\nfaces=" + b"rect64(1),1;" * 90_000),
        }
        if "sidecar" in READERS
        else {}
    ),
    **{
        f"{name}-nested": (name, DEEP)
        for name in (
            *("lock", "model-version", "model-curves", "calibration", "kept-calibration", "auto"),
            *("evaluation", "fingerprint", "lens", "protocol", "recent"),
        )
        if name in READERS
    },
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(bomb: str, tmp_path: Path) -> None:
    name, data = BOMBS[bomb]
    found = judge(READERS[name], data, tmp_path)
    assert found is None, f"{found.kind}\n{found.story[:2000]}"


def test_a_sound_vector_of_the_largest_kind_is_still_read(tmp_path: Path) -> None:
    data = saved(np.save, np.ones((1, 65_536), np.float32))
    assert judge(READERS["npy"], data, tmp_path) is None
