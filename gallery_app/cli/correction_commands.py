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
from gallery_app.wording.history_words import change_text
from gallery_app.wording.number_words import faces_text
from gallery_app.wording.similarity_words import merge_comfort, merge_warning

_merge_unlike = click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation if they look like two people."
)


@click.command()
@click.argument("name")
@click.argument("new")
@click.option("--merge", "merging", is_flag=True, help="Merge the two if NEW is already enrolled.")
@_merge_unlike
@gallery_and_json
def rename(
    name: str, new: str, merging: bool, yes: bool, gallery: Path | None, as_json: bool
) -> None:
    """Rename the person NAME to NEW."""
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
@click.option("--into", required=True, metavar="NAME", help="The person to keep.")
@click.option("--dry-run", is_flag=True, help="Show the result; change nothing.")
@_merge_unlike
@gallery_and_json
def merge(
    names: tuple[str, ...], into: str, dry_run: bool, yes: bool, gallery: Path | None, as_json: bool
) -> None:
    """Merge the people NAME... into another one. Warns if they look like different people."""
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
    """Move faces to NAME, a new or enrolled person. FACE is a face's number or file."""
    with opened(gallery, write=True) as target:
        say_lookalikes(target, [name])
        tell(target.corrections.move(faces_asked(target, faces), name), as_json)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option(
    "--face", "faces", multiple=True, help="A face, by number or file; may be given several times."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@gallery_and_json
def delete(
    names: tuple[str, ...],
    faces: tuple[str, ...],
    yes: bool,
    gallery: Path | None,
    as_json: bool,
) -> None:
    """Delete people and all their faces, or single faces. `undo` restores them."""
    if bool(names) == bool(faces):
        raise click.UsageError("Give either people or, with --face, faces.")
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("Confirmation is not possible here: use --yes to delete.")
    with opened(gallery, write=True) as target:
        if faces:
            ids = faces_asked(target, faces)
            _ask(f"Delete {faces_text(len(ids))}?", yes)
            tell(target.corrections.remove(ids), as_json)
        else:
            gone = {target.people.require(name) for name in names}
            count = sum(identity.faces for identity in gone)
            who = ", ".join(sorted(identity.name for identity in gone))
            _ask(f"Delete {who} with {faces_text(count)}?", yes)
            tell(target.corrections.delete(names), as_json)


@click.command()
@click.argument("name")
@click.argument("face", required=False)
@click.option("--auto", is_flag=True, help="Let the gallery choose again.")
@gallery_and_json
def portrait(name: str, face: str | None, auto: bool, gallery: Path | None, as_json: bool) -> None:
    """Use FACE, one of the person's own faces, as the portrait of NAME."""
    if auto == (face is not None):
        raise click.UsageError("Give a face or --auto.")
    with opened(gallery, write=True) as target:
        chosen = None if face is None else faces_asked(target, [face])[0]
        tell(target.corrections.choose_portrait(name, chosen), as_json)


@click.command()
@click.argument("name")
@click.argument("text", required=False)
@gallery_and_json
def note(name: str, text: str | None, gallery: Path | None, as_json: bool) -> None:
    """Set the note on NAME to TEXT ("" removes it); without TEXT, show it."""
    with opened(gallery, write=text is not None) as target:
        if text is not None:
            tell(target.corrections.set_note(name, text), as_json)
            return
        found = target.people.require(name)
    put_json({"name": found.name, "note": found.note}) if as_json else echo(found.note, lines=True)


@click.command()
@gallery_and_json
def undo(gallery: Path | None, as_json: bool) -> None:
    """Undo the last change of people or faces."""
    with opened(gallery, write=True) as target:
        tell(target.history.undo(), as_json, nothing="There is nothing to undo.")


@click.command()
@gallery_and_json
def redo(gallery: Path | None, as_json: bool) -> None:
    """Redo the last undone change."""
    with opened(gallery, write=True) as target:
        tell(target.history.redo(), as_json, nothing="There is nothing to redo.")


@click.command()
@click.option("--limit", type=click.IntRange(1), help="Maximum number of changes.")
@click.option(
    "--to",
    "target_change",
    type=click.IntRange(0),
    help="Undo or redo up to this change; 0 is the beginning.",
)
@gallery_and_json
def history(
    limit: int | None, target_change: int | None, gallery: Path | None, as_json: bool
) -> None:
    """List the changes, newest first, or go to one of them."""
    with opened(gallery, write=target_change is not None) as target:
        if target_change is not None:
            changed = target.history.go_to(target_change)
            tell(changed, as_json, nothing="The gallery is already in that state.")
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
                remedy="Give the number of the face you mean.",
            )
        found.append(faces[0].id)
    return found


def _ask(question: str, yes: bool) -> None:
    if not yes:
        ask(question, abort=True)


def tell(changed: Changed | None, as_json: bool, nothing: str = "Nothing to change.") -> None:
    """What a correction did, or that there was nothing to do."""
    if as_json:
        told = changed and {**asdict(changed), "summary": change_text(changed.summary)}
        put_json(told)
    elif changed is None:
        say(nothing)
    else:
        echo(f"{change_text(changed.summary)}.")


def _tell_preview(preview: MergePreview, as_json: bool) -> None:
    if as_json:
        put_json(asdict(preview))
        return
    dropped = f", {counted(preview.duplicates, 'duplicate')} dropped" if preview.duplicates else ""
    echo(f"“{preview.survivor}” would have {faces_text(preview.faces)}{dropped}.")
    echo(
        f"Faces recognised correctly by the others: {share_text(preview.before)} before, "
        f"{share_text(preview.after)} after."
    )
    compared, into = preview.compared, preview.survivor
    if words := merge_warning(compared, into) or merge_comfort(compared, into):
        echo(words)


def _ask_unlike(gallery: Gallery, names: Sequence[str], into: str, yes: bool) -> None:
    """Say where identities look like two people and, where there is somebody, ask."""
    warning = merge_warning(gallery.corrections.resemblances(names, into), into)
    if warning:
        say(warning)
        _ask("Merge them anyway?", yes or not sys.stdin.isatty())


def share_text(found: Recognition) -> str:
    """ "98.0% (49 of 50)"."""
    if found.share is None:
        return "too few faces"
    return f"{found.share:.1%} ({found.right:,} of {found.faces:,})"


def _as_json(entry: HistoryEntry) -> dict[str, Any]:
    kept = asdict(entry)
    del kept["payload"]
    return {**kept, "summary": change_text(entry.summary), "undone": entry.undone}


def _line(entry: HistoryEntry) -> str:
    at = datetime.fromtimestamp(entry.at).strftime("%Y-%m-%d %H:%M")
    end = {"undone": " (undone)", "cut": " (undone, replaced since)"}.get(entry.state, "")
    return f"{entry.change:6,}  {at}  {entry.actor}  {change_text(entry.summary)}{end}"


@click.command()
@click.argument("name")
@click.option(
    "--groups", type=click.IntRange(2), help="Number of groups; by default it is estimated."
)
@click.option(
    "--into",
    "names",
    multiple=True,
    metavar="NAME",
    help="Name for the second group, and so on; without it the groups are only shown.",
)
@gallery_and_json
def split(
    name: str, groups: int | None, names: tuple[str, ...], gallery: Path | None, as_json: bool
) -> None:
    """Show the groups among the faces of NAME, largest first, and split them off."""
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
                remedy="Run without --into to see them, then give a name for each but the first.",
            )
        parts = {new_name: [*group] for new_name, group in zip(names, leaving, strict=True)}
        say_lookalikes(target, names)
        tell(target.corrections.split(name, parts), as_json)


@click.command()
@click.argument("faces", nargs=-1, required=True, metavar="FACE...")
@click.option("--undo", "back", is_flag=True, help="Withdraw the confirmation.")
@gallery_and_json
def confirm(faces: tuple[str, ...], back: bool, gallery: Path | None, as_json: bool) -> None:
    """Confirm that faces have the right name. FACE is a face's number or file."""
    with opened(gallery, write=True) as target:
        ids = faces_asked(target, faces)
        to = target.corrections
        tell(to.unconfirm(ids) if back else to.confirm(ids), as_json)


@click.command()
@click.argument("faces", nargs=-1, required=True, metavar="FACE...")
@click.option("--undo", "back", is_flag=True, help="Include them in the review again.")
@gallery_and_json
def ignore(faces: tuple[str, ...], back: bool, gallery: Path | None, as_json: bool) -> None:
    """Exclude faces from the review. FACE is a face's number or file."""
    with opened(gallery, write=True) as target:
        ids = faces_asked(target, faces)
        to = target.corrections
        tell(to.unignore(ids) if back else to.ignore(ids), as_json)


def _show(gallery: Gallery, proposal: SplitProposal, as_json: bool) -> None:
    if as_json:
        put_json(asdict(proposal))
        return
    if len(proposal.groups) < 2:
        echo("These faces look like one person; ask for more groups with --groups.")
        return
    for number, group in enumerate(proposal.groups, 1):
        files = ", ".join(face.file for face in gallery.faces.by_ids(group))
        echo(f"{number}. {faces_text(len(group))}: {files}")
    echo(
        f"Faces recognised correctly by the others: {share_text(proposal.before)} as one person, "
        f"{share_text(proposal.after)} as several."
    )
