"""How a library that is missing is installed, in words."""

from __future__ import annotations

import shlex
import sys


def install_words(library: str) -> str:
    """A sentence that names the library itself and this Python's own pip: under another name, or
    for another Python, something else would be installed, or nothing.
    """
    if getattr(sys, "frozen", False):
        return "This edition of the program does not include it."
    return f"Install it with `{shlex.quote(sys.executable)} -m pip install {library}`."
