"""Where the benchmarks find faces, and how they read what they are told on the command line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
SHARED = Path(os.environ.get("FACE_GALLERY_SHARED", ROOT.parent / "shared" / "data"))
STRANGERS = SHARED / "lfw-others-dlib.npz"  # people who are not in data/


def parser(words: str | None, *, data: bool = False) -> argparse.ArgumentParser:
    """One that answers ``--help`` with a benchmark's own words.

    Args:
        data: the benchmark takes ``--data``, another folder of faces than ``data/``.
    """
    made = argparse.ArgumentParser(
        description=words, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if data:
        made.add_argument("--data", type=Path, default=DATA, help="faces instead of data/")
    return made


def require(path: Path) -> None:
    """Ends the program with one line where a file of the larger data is not there."""
    if not path.is_file():
        raise SystemExit(f"There is no {path}. FACE_GALLERY_SHARED says where the larger data is.")
