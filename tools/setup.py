"""Sets Face Gallery up in .venv: `make setup`, or `python3 tools/setup.py` (Windows: `py`).

Checks what the machine must have, fetches the pinned packages, and does nothing when all is done.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "complete"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
INPUTS = ("pyproject.toml", "setup.py", "constraints.txt", "tools/setup.py")
BUILD_TOOLS = ("pip", "setuptools", "wheel", "pybind11", "numpy")

# What Qt loads from the system, and the Debian package that brings it.
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036
        stop(f"Face Gallery needs Python 3.11 or newer, and {sys.executable} is older")
    if is_complete():
        return
    say("1/5 Looking for what Qt and hnswlib need of this machine")
    provide_system_packages()
    say("2/5 Making the environment .venv and its build tools (20 MB)")
    make_environment()
    pip("--upgrade", *BUILD_TOOLS)
    say("3/5 Building hnswlib, which comes as source (about 20 s, silent)")
    build_hnswlib()
    say("4/5 Fetching Qt, TensorFlow and the rest (about 640 MB, then about a minute to unpack)")
    os.environ["PYTHONWARNINGS"] = "ignore"  # setuptools' lecture on editable installs
    pip(
        "--no-build-isolation",
        "--editable",
        f"{ROOT}[train,encrypted,map,parquet,photos,tensorboard,test]",
    )
    say("5/5 Compiling Face Gallery")
    run([PYTHON, "-m", "compileall", "-q", ROOT / "engine", ROOT / "gallery_app"])
    STAMP.write_text(f"{ROOT}\n{digest()}\n", "utf-8")
    say("Done: .venv holds the command face-gallery")


def is_complete() -> bool:
    """True when the last set-up came to its end and nothing it depends on has changed since."""
    return PYTHON.exists() and stamped() == [str(ROOT), digest()]


def stamped() -> list[str]:
    """What the last set-up left when it came to its end: its folder and the digest; or nothing."""
    return STAMP.read_text("utf-8").splitlines() if STAMP.exists() else []


def digest() -> str:
    """Of the files that say what is installed and how."""
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in INPUTS)).hexdigest()


def provide_system_packages() -> None:
    """Installs through apt what is missing, where that is allowed; stops with one line if not."""
    missing = list(missing_parts())
    if not missing:
        return
    names = ", ".join(part for part, _ in missing)
    if sys.platform != "linux" or not shutil.which("apt-get"):
        stop(f"this machine lacks {names}; install that with its package manager, then run again")
    packages = sorted({package for _, package in missing})
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    by_hand = f"sudo apt-get update && sudo {shlex.join(install)}"
    become_root = privilege()
    if become_root is None:
        stop(f"this machine lacks {names}; run: {by_hand}")
    say(f"    installing {' '.join(packages)}")
    environment = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive"]
    run([*environment, "apt-get", "update", "-qq"], remedy=f"run: {by_hand}")
    run([*environment, *install, "-qq"], remedy=f"run: {by_hand}")
    if still := ", ".join(part for part, _ in missing_parts()):
        stop(f"this machine still lacks {still} after: {by_hand}")


def privilege() -> list[str] | None:
    """What to put before a command so that root runs it; None when that is not allowed."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def missing_parts() -> Iterator[tuple[str, str]]:
    """Each part this machine lacks, with the Debian package that brings it."""
    if os.name == "nt":
        return
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not importlib.util.find_spec("ensurepip"):
        yield "Python's venv module", f"{version}-venv"
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        yield "Python's headers", f"{version}-dev"
    if not (shutil.which("c++") or shutil.which("g++")):
        yield "a C++ compiler", "g++"
    if sys.platform == "linux":
        yield from ((soname, package) for soname, package in LIBRARIES.items() if not loads(soname))
        if not has_font():
            yield "a font", "fonts-dejavu-core"


def loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def has_font() -> bool:
    folders = (os.walk(Path(folder).expanduser()) for folder in FONT_FOLDERS)
    files = (name for walk in folders for *_, names in walk for name in names)
    return any(name.lower().endswith((".ttf", ".otf", ".ttc")) for name in files)


def make_environment() -> None:
    """A fresh .venv, unless one is there that was set up to the end, in this very folder."""
    keep = PYTHON.exists() and stamped()[:1] == [str(ROOT)]
    STAMP.unlink(missing_ok=True)
    if not keep:
        run([sys.executable, "-m", "venv", "--clear", VENV])


def build_hnswlib() -> None:
    """Builds for any processor of this kind; never takes a wheel that was built before for one."""
    remedy = "hnswlib needs a C++ compiler (Windows: Microsoft C++ Build Tools)"
    os.environ["HNSWLIB_NO_NATIVE"] = "1"
    pip("--no-cache-dir", "--no-build-isolation", "--no-deps", "hnswlib", remedy=remedy)


def pip(*arguments: str, remedy: str = "run it again; what was fetched is kept") -> None:
    quiet = ["--disable-pip-version-check", "--no-input"]
    pins = ["--constraint", str(ROOT / "constraints.txt")]
    run([PYTHON, "-m", "pip", "install", *quiet, *pins, *arguments], remedy=remedy)


def run(command: list[str | Path], remedy: str = "see above") -> None:
    try:
        subprocess.run(command, check=True, cwd=ROOT)
    except (subprocess.CalledProcessError, OSError):
        stop(f"{shlex.join(map(str, command[:4]))} … failed; {remedy}")
    except KeyboardInterrupt:
        stop("interrupted; run it again, what was fetched is kept")


def say(line: str) -> None:
    print(line, flush=True)


def stop(reason: str) -> NoReturn:
    sys.exit(f"Set-up stopped: {reason}")


if __name__ == "__main__":
    main()
