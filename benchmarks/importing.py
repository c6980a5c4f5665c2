"""Seconds of ``face-gallery import data`` into a new gallery, beside a bare ``numpy.load`` loop
over the same files; whole processes, interleaved in one run.

    .venv/bin/python benchmarks/importing.py [RUNS]
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
LOOP = f"""
import time
import numpy
from pathlib import Path
started = time.perf_counter()
vectors = [numpy.load(path) for path in sorted(Path({str(DATA)!r}).rglob("*.npy"))]
print(len(vectors), time.perf_counter() - started)
"""
IMPORT = "from gallery_app.__main__ import main; main()"


def run(arguments: list[str], environment: dict[str, str]) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - started, done.stdout.strip()


def main(runs: int) -> None:
    loop, imports = [], []
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"FACE_GALLERY_HOME": home}
        gallery = Path(home) / "bench.gallery"
        for _ in range(runs):
            seconds, said = run([LOOP], environment)
            loop.append(seconds)
            print(f"numpy.load loop  {seconds:5.2f} s whole process, files and seconds: {said}")
            run([IMPORT, "new", str(gallery)], environment)
            arguments = [IMPORT, "import", str(DATA), "-g", str(gallery)]
            seconds, said = run(arguments, environment)
            imports.append(seconds)
            print(f"import           {seconds:5.2f} s whole process; it says: {said}")
            shutil.rmtree(gallery)
    ratio = statistics.median(a / b for a, b in zip(imports, loop, strict=True))
    print(
        f"median loop {statistics.median(loop):.2f} s, import {statistics.median(imports):.2f} s,"
    )
    print(f"median ratio {ratio:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
