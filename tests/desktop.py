"""Screens for windows that nobody sees: Qt's own has 800 by 800 pixels."""

from __future__ import annotations

import json
import os
from pathlib import Path

OFFSCREEN = f"offscreen:configfile={Path(__file__).with_name('desktop.json')}"


def offscreen(folder: Path, width: int, height: int) -> str:
    """The platform with a screen of this size, in the pixels that widgets have at scale 1.

    Args:
        folder: where its description is written.
    """
    screen = {"name": "desk", "x": 0, "y": 0, "width": width, "height": height}
    file = folder / f"screen-{width}x{height}.json"
    file.write_text(json.dumps({"screens": [{**screen, "logicalDpi": 96, "dpr": 1}]}))
    return f"offscreen:configfile={file}"


def show_offscreen() -> None:
    """Lets windows be shown there, unless the environment names another platform."""
    if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
        os.environ["QT_QPA_PLATFORM"] = OFFSCREEN
