"""Commands that correct a gallery: names, merges, moves, splits, confirmations; undo and redo."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine.errors import InputError, NameTakenError, UnknownIdentityError
from engine.gallery import Gallery
from engine.records.changes import Changed, HistoryEntry, MergePreview, Recognition, SplitProposal
from engine.utils.number_text import counted
from gallery_app.cli.command_tools import gallery_and_json, opened, put_json, say, say_lookalikes
from gallery_app.cli.output import ask, echo
from gallery_app.wording.similarity_words import merge_comfort, merge_warning

_merge_unlike = click.option(
    "--yes", is_flag=True, help="Do not ask where they look like two people."
)


@click.command()
@click.argument("name")
@click.argument("new")
@click.option("--merge", "merging", is_flag=True, help="Merge them where NEW is enrolled already.")
@_merge_unlike
@gallery_and_json
def rename(
    name: str, new: str, merging: bool, yes: bool, gallery: Path | None, as_json: bool
) -> None:
    """Give the identity NAME the name NEW."""
    with opened(gallery, write=True) as target:
        say_lookalikes(target, [new])
        try:
            changed = target.corrections.rename(name, new)
        except NameTakenError:
            if not merging:
                raise
            _ask_unlike(target, [name], new, yes)
            changed = target.corrections.merge([name], new)
    tell(changed, as_json)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--into", required=True, metavar="NAME", help="The identity that stays.")
@click.option("--dry-run", is_flag=True, help="Say what it would come to; change nothing.")
@_merge_unlike
@gallery_and_json
def merge(
    names: tuple[str, ...], into: str, dry_run: bool, yes: bool, gallery: Path | None, as_json: bool
) -> None:
    """Make the identities NAME... one with another that stays. Says where they look like two."""
    with opened(gallery, write=not dry_run) as target:
        if dry_run:
            _tell_preview(target.corrections.preview_merge(names, into), as_json)
        else:
            _ask_unlike(target, names, into, yes)
            tell(target.corrections.merge(names, into), as_json)


@click.command()
@click.argument("faces", nargs=-1, required=True, metavar="FACE...")
@click.argument("name")
@gallery_and_json
def move(faces: tuple[str, ...], name: str, gallery: Path | None, as_json: bool) -> None:
    """Put faces under NAME, a new or known identity. FACE is its number or its file."""
    with opened(gallery, write=True) as target:
        say_lookalikes(target, [name])
        tell(target.corrections.move(faces_asked(target, faces), name), as_json)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option(
    "--face", "faces", multiple=True, help="A face, by its number or file; may come several times."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@gallery_and_json
def delete(
    names: tuple[str, ...],
    faces: tuple[str, ...],
    yes: bool,
    gallery: Path | None,
    as_json: bool,
) -> None:
    """Take identities out with all their faces, or single faces. `undo` brings them back."""
    if bool(names) == bool(faces):
        raise click.UsageError("Name either identities or, with --face, faces.")
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked here: say --yes to delete.")
    with opened(gallery, write=True) as target:
        if faces:
            ids = faces_asked(target, faces)
            _ask(f"Delete {counted(len(ids), 'face')}?", yes)
            tell(target.corrections.remove(ids), as_json)
        else:
            gone = {target.people.require(name) for name in names}
            count = sum(one.faces for one in gone)
            who = ", ".join(sorted(one.name for one in gone))
            _ask(f"Delete {who} with {counted(count, 'face')}?", yes)
            tell(target.corrections.delete(names), as_json)


@click.command()
@click.argument("name")
@click.argument("face", required=False)
@click.option("--auto", is_flag=True, help="Leave the choice to the gallery again.")
@gallery_and_json
def portrait(name: str, face: str | None, auto: bool, gallery: Path | None, as_json: bool) -> None:
    """Let FACE, one of its own, stand for the identity NAME."""
    if auto == (face is not None):
        raise click.UsageError("Name a face, or say --auto.")
    with opened(gallery, write=True) as target:
        chosen = None if face is None else faces_asked(target, [face])[0]
        tell(target.corrections.choose_portrait(name, chosen), as_json)


@click.command()
@click.argument("name")
@click.argument("text", required=False)
@gallery_and_json
def note(name: str, text: str | None, gallery: Path | None, as_json: bool) -> None:
    """Keep TEXT as the note on NAME ("" takes it away); without TEXT, show it."""
    with opened(gallery, write=text is not None) as target:
        if text is not None:
            tell(target.corrections.set_note(name, text), as_json)
            return
        found = target.people.require(name)
    put_json({"name": found.name, "note": found.note}) if as_json else echo(found.note, lines=True)


@click.command()
@gallery_and_json
def undo(gallery: Path | None, as_json: bool) -> None:
    """Take the last change of people or faces back."""
    with opened(gallery, write=True) as target:
        tell(target.history.undo(), as_json, nothing="There is nothing to undo.")


@click.command()
@gallery_and_json
def redo(gallery: Path | None, as_json: bool) -> None:
    """Do again what was undone last."""
    with opened(gallery, write=True) as target:
        tell(target.history.redo(), as_json, nothing="There is nothing to redo.")


@click.command()
@click.option("--limit", type=click.IntRange(1), help="How many changes, at most.")
@click.option(
    "--to",
    "target_change",
    type=click.IntRange(0),
    help="Undo or redo to this change; 0 is the beginning.",
)
@gallery_and_json
def history(
    limit: int | None, target_change: int | None, gallery: Path | None, as_json: bool
) -> None:
    """List the changes, newest first, or go to one of them."""
    with opened(gallery, write=target_change is not None) as target:
        if target_change is not None:
            changed = target.history.go_to(target_change)
            tell(changed, as_json, nothing="The gallery is there already.")
            return
        entries = target.history.changes(limit)
    if as_json:
        put_json([_as_json(entry) for entry in entries])
        return
    for entry in entries:
        echo(_line(entry))


PEOPLE = (rename, merge, delete, note, portrait)
FACES = (move,)
CHANGES = (undo, redo, history)


def faces_asked(gallery: Gallery, asked: Sequence[str]) -> list[int]:
    """Ids of the faces that are given by number or by file, as `review` shows it."""
    found = []
    for text in asked:
        if text.isdecimal():
            found.append(int(text))
            continue
        faces = gallery.faces.from_file(text)
        if not faces:
            raise UnknownIdentityError(
                "No enrolled face came from this file", file=text, remedy="Give the face's number."
            )
        if len(faces) > 1:
            numbers = ", ".join(str(face.id) for face in faces[:5])
            raise InputError(
                f"{len(faces):,} faces came from this file: {numbers}{' …' * (len(faces) > 5)}",
                file=text,
                remedy="Give the number of the one that is meant.",
            )
        found.append(faces[0].id)
    return found


def _ask(question: str, yes: bool) -> None:
    if not yes:
        ask(question, abort=True)


def tell(changed: Changed | None, as_json: bool, nothing: str = "Nothing to change.") -> None:
    """What a correction did, or that there was nothing to do."""
    if as_json:
        put_json(None if changed is None else asdict(changed))
    elif changed is None:
        say(nothing)
    else:
        echo(f"{changed.summary}.")


def _tell_preview(preview: MergePreview, as_json: bool) -> None:
    if as_json:
        put_json(asdict(preview))
        return
    dropped = f", {counted(preview.duplicates, 'duplicate')} dropped" if preview.duplicates else ""
    echo(f"“{preview.survivor}” would have {counted(preview.faces, 'face')}{dropped}.")
    echo(
        "Their faces, each left out, are told right: "
        f"{share_text(preview.before)} as it is, {share_text(preview.after)} after."
    )
    compared, into = preview.compared, preview.survivor
    if words := merge_warning(compared, into) or merge_comfort(compared, into):
        echo(words)


def _ask_unlike(gallery: Gallery, names: Sequence[str], into: str, yes: bool) -> None:
    """Says where identities look like two people and, where there is somebody, asks."""
    warning = merge_warning(gallery.corrections.resemblances(names, into), into)
    if warning:
        say(warning)
        _ask("Merge them all the same?", yes or not sys.stdin.isatty())


def share_text(found: Recognition) -> str:
    """ "98.0% (49 of 50)"."""
    if found.share is None:
        return "none can be asked"
    return f"{found.share:.1%} ({found.right:,} of {found.faces:,})"


def _as_json(entry: HistoryEntry) -> dict[str, Any]:
    kept = asdict(entry)
    del kept["payload"]
    return {**kept, "undone": entry.undone}


def _line(entry: HistoryEntry) -> str:
    at = datetime.fromtimestamp(entry.at).strftime("%Y-%m-%d %H:%M")
    end = {"undone": " (undone)", "cut": " (undone, replaced since)"}.get(entry.state, "")
    return f"{entry.change:6,}  {at}  {entry.actor}  {entry.summary}{end}"


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
        files = ", ".join(face.file for face in gallery.faces.by_ids(group))
        echo(f"{number}. {counted(len(group), 'face')}: {files}")
    echo(
        "Each left out, they are told right: "
        f"{share_text(proposal.before)} as it is, {share_text(proposal.after)} as several people."
    )
