"""Fuzzes one reader until told to stop: ``python -m tests.fuzz.one READER FOLDER [libFuzzer …]``.

What a reader does wrong is written to its folder of findings and the run goes on; only what kills
or hangs the process ends it, and libFuzzer keeps that input.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import resource
import sys
from pathlib import Path

import atheris

_MOST_ADDRESSES = 6 * 1024**3  # bytes; what Python and Qt map without using it counts too
_SHAPED = 0.8  # share of the inputs that are damaged with their form in mind
_WATCHED = ("engine", "gallery_app", "zipfile", "json", "PIL")

with atheris.instrument_imports(include=list(_WATCHED)):
    import json  # noqa: F401
    import zipfile  # noqa: F401

    from PIL import Image

    from tests.fuzz.judging import Finding, Reader, judge, peak
    from tests.fuzz.readers import FINDINGS, READERS, empty, kept_inputs

    Image.preinit()


def main() -> None:
    name, place, *options = sys.argv[1:]
    reader, folder = READERS[name], Path(place)
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
    begin, scratch = folder / "begin", folder / "scratch"
    for made in (begin, scratch):
        made.mkdir(parents=True, exist_ok=True)
    for data in (*reader.seeds(), *kept_inputs(reader)):
        (begin / _digest(data)).write_bytes(data)
    known: set[str] = set()
    most = 0

    def try_one(data: bytes) -> None:
        nonlocal most
        found = judge(reader, data, scratch)
        if peak() > most + 1:
            most = int(peak())
            print(f"PEAK {most}", flush=True)
        empty(os.fsencode(scratch))
        if found is not None and found.kind not in known:
            known.add(found.kind)
            _keep(reader, found, data)

    atheris.Setup(
        [sys.argv[0], *options, str(folder / "found"), str(begin)],
        try_one,
        custom_mutator=_mutator(reader),
    )
    atheris.Fuzz()


def _mutator(reader: Reader):  # type: ignore[no-untyped-def]
    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        shaped = rng.random() < _SHAPED
        made = reader.mutate(data, rng) if shaped else atheris.Mutate(data, most)
        return bytes(made[:most])

    return mutate


def _keep(reader: Reader, found: Finding, data: bytes) -> None:
    folder = FINDINGS / reader.name
    folder.mkdir(parents=True, exist_ok=True)
    kind = re.sub(r"[^\w-]+", "-", found.kind)
    (folder / f"{kind}-{_digest(data)}").write_bytes(data)
    print(f"FINDING {kind}\n{found.story}", flush=True)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=4).hexdigest()


if __name__ == "__main__":
    main()
