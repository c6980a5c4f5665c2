"""A scan of many photographs, killed and resumed: what it took, and that nothing is lost or twice.

FACE_GALLERY_SHARED=... python -m benchmarks.scan [--photographs 5000] [--kills 10]
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from engine.gallery import Gallery

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("FACE_GALLERY_SHARED", ROOT.parent / "shared" / "data"))


def make_photographs(folder: Path, count: int) -> None:
    """Write as many photographs, made of the real ones by turning, scaling and encoding anew."""
    sources = sorted((SHARED / "photos").rglob("*.jpg"))
    chance = random.Random(17)
    for number in range(count):
        source = sources[number % len(sources)]
        picture = Image.open(source).rotate(chance.uniform(-6, 6), Image.Resampling.BICUBIC)
        side = round(250 * chance.uniform(0.8, 2.0))
        place = folder / source.parent.name
        place.mkdir(parents=True, exist_ok=True)
        picture.resize((side, side)).save(
            place / f"{number:05d}.jpg", quality=chance.randint(70, 95)
        )


def scan(gallery: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start a scan in a process of its own."""
    command = [sys.executable, "-m", "gallery_app", "scan", "-g", str(gallery), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)


def largest(process: subprocess.Popen[bytes]) -> float:
    """Return the most memory in MB that the process of the gallery took, while it runs."""
    status = Path(f"/proc/{process.pid}/status")
    most = 0.0
    while process.poll() is None:
        try:
            text = status.read_text()
        except OSError:
            break
        if "VmHWM" in text:
            most = float(text.split("VmHWM:")[1].split()[0]) / 1024
        time.sleep(0.2)
    return most


def measure(count: int, kills: int) -> None:
    """Scan, kill, resume, scan again; print what came of it."""
    if not (SHARED / "photos").is_dir():
        print(f"There are no photographs at {SHARED / 'photos'}")
        return
    with tempfile.TemporaryDirectory() as place:
        folder, path = Path(place) / "photographs", Path(place) / "g"
        make_photographs(folder, count)
        people = [ROOT / "data" / person.name for person in sorted(folder.iterdir())[:15]]
        gallery, _ = Gallery.create_from(path, people)
        gallery.close()
        began, killed = time.monotonic(), 0
        chance = random.Random(3)
        for _ in range(kills):
            process = scan(path, folder)
            try:
                process.wait(chance.uniform(4, 12))
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
        process = scan(path, folder)
        memory = largest(process)
        process.wait()
        took = time.monotonic() - began
        began = time.monotonic()
        scan(path, folder).wait()
        again = time.monotonic() - began
        with Gallery.open(path) as opened:
            records = opened.photographs.scan([folder])
            waiting, shelf = opened.photographs.count_waiting(), opened.unknowns.count()
            known = opened._store.photographs.scanned()
            faces = sum(record.faces for record in known.values())
            sound = opened.check().ok
        size = (path / "gallery.db").stat().st_size / 2**20
        twice = count - len({record.photograph.file for record in known.values()})
        print(f"photographs {count:,}; killed {killed} times; {took:.0f} s in all")
        print(f"looked at {len(known):,}: lost or twice {twice}; left to look at "
              f"{records.looked_at}; gallery sound: {sound}")  # fmt: skip
        print(f"faces {faces:,}: {waiting:,} of known people, {shelf:,} unknown, "
              f"{faces - waiting - shelf:,} too small or alike")  # fmt: skip
        print(f"second scan {again:.1f} s, opening the gallery included")
        print(f"memory of the process with the gallery {memory:.0f} MB, without its workers; "
              f"gallery {size:.0f} MB")  # fmt: skip
        workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"the largest of all processes {workers:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    measure(options.photographs, options.kills)
