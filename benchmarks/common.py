"""What all benchmarks share: where faces are found, options on the command line, and the machine
that a figure was measured on (never its name).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
SHARED = Path(os.environ.get("FACE_GALLERY_SHARED", ROOT.parent / "shared" / "data"))
STRANGERS = SHARED / "lfw-others-dlib.npz"  # people who are not in data/
PACKAGES = ("hnswlib", "numpy", "scikit-learn", "faiss-cpu", "usearch")


def parser(description: str | None, *, data: bool = False) -> argparse.ArgumentParser:
    """Parser whose ``--help`` prints the benchmark's docstring.

    Args:
        data: add ``--data``, another folder of faces than ``data/``.
    """
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if data:
        made.add_argument("--data", type=Path, default=DATA, help="faces instead of data/")
    return made


def require(path: Path) -> None:
    """Exit with one line if a file of the larger data is missing."""
    if not path.is_file():
        raise SystemExit(f"There is no {path}. FACE_GALLERY_SHARED says where the larger data is.")


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def described() -> dict[str, str]:
    """Processor, cores, memory, system, Python and the packages that are compared."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{_memory() / 2**30:.0f} GiB" if _memory() else "unknown",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
    } | {name: version(name) for name in PACKAGES}


def version(package: str) -> str:
    """The installed version, or "not installed"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> int:
    return _kilobytes("/proc/meminfo", "MemTotal") * 1024


def resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not say."""
    return _kilobytes("/proc/self/status", "VmRSS") * 1024


def peak() -> int:
    """The most bytes that this process ever held; 0 where the system does not say."""
    return _kilobytes("/proc/self/status", "VmHWM") * 1024


def grown(before: int, size: int) -> float | None:
    """By how many times ``size`` bytes this process was larger at most than ``before``; None where
    the system does not say.
    """
    return (peak() - before) / size if peak() else None


def _kilobytes(file: str, field: str) -> int:
    for line in _lines(file):
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0


def _lines(file: str) -> list[str]:
    path = Path(file)
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
