"""The command that opens the window, the only one that imports Qt, and shell completion."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from gallery_app.cli.command_tools import gallery_option
from gallery_app.cli.output import echo
from gallery_app.recent import recent_galleries
from gallery_app.screen import NoScreenError, require_screen


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
        from gallery_app.start import start
    except ImportError as error:
        raise NoScreenError(
            f"The window cannot be opened: {error}", remedy="Install what is missing."
        ) from error

    wanted = folder or gallery
    if wanted is None and not sample:
        recent = recent_galleries()
        wanted = recent[0] if recent else None
    return start(wanted, sample=sample)
