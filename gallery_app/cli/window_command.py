"""The command that opens the window, the only one that imports Qt, and shell completion."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from engine.errors import FaceGalleryError
from gallery_app.cli.command_tools import gallery_option
from gallery_app.cli.output import echo
from gallery_app.recent import recent_galleries


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash: face-gallery completion bash >> ~/.bashrc
    """
    root = click.get_current_context().find_root()
    made = get_completion_class(shell)
    assert made is not None
    script = made(root.command, {}, "face-gallery", "_FACE_GALLERY_COMPLETE")
    echo(script.source(), lines=True)


@click.command(name="open")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@gallery_option
@click.option("--sample", is_flag=True, help="The sample: 158 people, 4,324 faces.")
def open_(folder: Path | None = None, gallery: Path | None = None, sample: bool = False) -> int:
    """Open the window with a gallery, or with a folder of faces to import."""
    require_screen()
    try:
        from gallery_app.app import start
    except ImportError as error:
        raise NoScreenError(
            f"The window cannot be opened: {error}", remedy="Install what is missing."
        ) from error

    wanted = folder or gallery
    if wanted is None and not sample:
        recent = recent_galleries()
        wanted = recent[0] if recent else None
    return start(wanted, sample=sample)


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
        return [plugin.split(":")[0] for plugin in asked.split(";")]
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
