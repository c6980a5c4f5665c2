"""Shell completion, as click makes it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from gallery_app.cli.output import echo


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a SHELL.

    For bash: face-gallery completion bash >> ~/.bashrc
    """
    root = click.get_current_context().find_root()
    made = get_completion_class(shell)
    assert made is not None
    script = made(root.command, {}, "face-gallery", "_FACE_GALLERY_COMPLETE")
    echo(script.source(), lines=True)
