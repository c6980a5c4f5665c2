"""The command that removes a person for good: erase."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import GalleryExistsError
from engine.records.receipts import ErasurePlan
from engine.records.wording import counted
from engine.tools.files import write_atomically
from gallery_app.cli.output import ask, echo
from gallery_app.cli.shared import Bar, gallery_and_json, opened, put_json, say


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask first. It cannot be undone.")
@click.option(
    "--receipt",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for the receipt, as text.",
)
@click.option(
    "--keep-files", is_flag=True, help="Leave backups in the gallery's folder; they are listed."
)
@gallery_and_json
def erase(
    name: str,
    yes: bool,
    receipt: Path | None,
    keep_files: bool,
    gallery: Path | None,
    as_json: bool,
) -> None:
    """Remove NAME for good, from every file in the gallery's folder.

    Faces, notes, decisions, what undo keeps, models that saw the person, and backups in the
    gallery's folder. The receipt says what was removed and what the program cannot reach.
    """
    if receipt is not None and receipt.exists():
        raise GalleryExistsError(
            "There is something already", file=receipt, remedy="Choose another name."
        )
    with opened(gallery, write=True) as target:
        if not yes:
            known = target.identity(name)  # else somebody who is only kept for undo
            name = name if known is None else known.name
            with Bar() as bar:
                foreseen = target.foresee_erasure([name], reporter=bar.reporter())
            _tell(foreseen, keep_files=keep_files)
            if not ask(f"Erase {name} for good?"):
                raise click.Abort()
        with Bar() as bar:
            done = target.erase([name], keep_files=keep_files, reporter=bar.reporter())
    if receipt is not None:
        write_atomically(receipt, done.text().encode())
    put_json(done.to_json()) if as_json else echo(done.text().rstrip("\n"), lines=True)
    if done.models:
        say("The models that saw the person are gone; train again with `face-gallery train`.")


def _tell(foreseen: ErasurePlan, *, keep_files: bool) -> None:
    say(f"It would remove {', '.join(foreseen.removed.words())}.")
    if foreseen.models:
        say(f"Models that saw the person, and go: {', '.join(foreseen.models)}.")
    if foreseen.steps:
        say(f"{counted(foreseen.steps, 'change')} could not be undone any more.")
    for path in foreseen.inside:
        say(f"Holds the person and {'stays' if keep_files else 'goes'}: {path}")
    for path in foreseen.outside:
        say(f"Holds the person and is not touched: {path}")
