"""Whether a window can be shown at all. Qt ends the whole process where it cannot."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.errors import FaceGalleryError


class NoScreenError(FaceGalleryError):
    """No window can be shown here."""


def require_screen() -> None:
    """To be called before anything of Qt is imported.

    Raises:
        NoScreenError: no screen answers, or a library of the system that Qt needs is missing.
    """
    if sys.platform != "linux":
        return
    problems = [_problem(platform) for platform in _platforms()]
    if all(problems):
        raise NoScreenError(
            f"No window can be shown here: {', and '.join(problems)}",
            remedy="Start it in a desktop session; the other commands do not need one.",
        )


def _platforms() -> list[str]:
    """Qt's plugins in the order in which it will try them."""
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    if asked:
        return [one.split(":")[0] for one in asked.split(";")]
    wayland = "WAYLAND_DISPLAY" in os.environ or os.environ.get("XDG_SESSION_TYPE") == "wayland"
    return [*(["wayland"] if wayland else []), "xcb"]


def _problem(platform: str) -> str:
    """Why it cannot show a window; "" where it can, as those can that need no screen."""
    connect = _CONNECT.get(platform)
    if connect is None:
        return ""
    try:
        ctypes.CDLL(str(_plugin(platform)))  # brings all libraries that it stands on
        return connect()
    except OSError as error:
        library, colon, _ = str(error).partition(": ")
        return f"{library} is missing (a system library)" if colon else str(error)


def _plugin(platform: str) -> Path:
    found = importlib.util.find_spec("PySide6")
    folders = found.submodule_search_locations if found is not None else None
    return Path(next(iter(folders or ["."]))) / f"Qt/plugins/platforms/libq{platform}.so"


def _x11() -> str:
    if not os.environ.get("DISPLAY"):
        return "DISPLAY is not set"
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    screen = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = xcb.xcb_connection_has_error(screen)
    xcb.xcb_disconnect(screen)
    return f"the screen “{os.environ['DISPLAY']}” of DISPLAY does not answer" if failed else ""


def _wayland() -> str:
    client = ctypes.CDLL("libwayland-client.so.0")
    client.wl_display_connect.restype = ctypes.c_void_p
    screen = client.wl_display_connect(None)
    if screen is None:
        return "no Wayland session answers"
    client.wl_display_disconnect(ctypes.c_void_p(screen))
    return ""


_CONNECT: Mapping[str, Callable[[], str]] = {"xcb": _x11, "wayland": _wayland}
