"""Commands that sort faces: split an identity, confirm faces, leave them out of the review."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from engine.errors import InputError
from engine.gallery import Gallery
from engine.records.changes import SplitProposal
from engine.records.wording import counted
from gallery_app.cli.corrections import faces_asked, share_text, tell
from gallery_app.cli.output import echo
from gallery_app.cli.shared import gallery_and_json, opened, put_json, say_lookalikes


@click.command()
@click.argument("name")
@click.option("--groups", type=click.IntRange(2), help="So many; else the gallery says how many.")
@click.option(
    "--into",
    "names",
    multiple=True,
    metavar="NAME",
    help="Who the second group is, and so on; without it the groups are only shown.",
)
@gallery_and_json
def split(
    name: str, groups: int | None, names: tuple[str, ...], gallery: Path | None, as_json: bool
) -> None:
    """Show how the faces of NAME fall into groups, the largest first, and split them off."""
    with opened(gallery, write=bool(names)) as target:
        proposal = target.corrections.propose_split(name, groups)
        if not names:
            _show(target, proposal, as_json)
            return
        leaving = proposal.groups[1:]
        if len(names) != len(leaving):
            raise InputError(
                f"{counted(len(leaving), 'group')} would leave “{name}”, and "
                f"{counted(len(names), 'name is', 'names are')} given",
                remedy="Look at them without --into, then give a name to each but the first.",
            )
        parts = {one: [*group] for one, group in zip(names, leaving, strict=True)}
        say_lookalikes(target, names)
        tell(target.corrections.split(name, parts), as_json)


@click.command()
@click.argument("faces", nargs=-1, required=True, metavar="FACE...")
@click.option("--undo", "back", is_flag=True, help="Forget that they were confirmed.")
@gallery_and_json
def confirm(faces: tuple[str, ...], back: bool, gallery: Path | None, as_json: bool) -> None:
    """Say for good that faces are whom they are enrolled as. FACE is its number or its file."""
    with opened(gallery, write=True) as target:
        ids = faces_asked(target, faces)
        to = target.corrections
        tell(to.unconfirm(ids) if back else to.confirm(ids), as_json)


@click.command()
@click.argument("faces", nargs=-1, required=True, metavar="FACE...")
@click.option("--undo", "back", is_flag=True, help="Ask about them again.")
@gallery_and_json
def ignore(faces: tuple[str, ...], back: bool, gallery: Path | None, as_json: bool) -> None:
    """Leave faces out of the review for good. FACE is its number or its file."""
    with opened(gallery, write=True) as target:
        ids = faces_asked(target, faces)
        to = target.corrections
        tell(to.unignore(ids) if back else to.ignore(ids), as_json)


def _show(gallery: Gallery, proposal: SplitProposal, as_json: bool) -> None:
    if as_json:
        put_json(asdict(proposal))
        return
    if len(proposal.groups) < 2:
        echo("These faces look like one person; ask for more with --groups.")
        return
    for number, group in enumerate(proposal.groups, 1):
        files = ", ".join(face.file for face in gallery.faces_by_id(group))
        echo(f"{number}. {counted(len(group), 'face')}: {files}")
    echo(
        "Each left out, they are told right: "
        f"{share_text(proposal.before)} as it is, {share_text(proposal.after)} as several people."
    )
