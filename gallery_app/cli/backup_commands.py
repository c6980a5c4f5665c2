"""Commands that keep a gallery safe: backup, restore."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine.errors import PassphraseNeededError, WrongPassphraseError
from engine.records.safety import Backup, Preview
from engine.store import recovery
from engine.utils.number_text import counted
from gallery_app.cli.command_tools import Bar, chosen, gallery_and_json, opened, put_json, say
from gallery_app.cli.output import ask, echo
from gallery_app.cli.passphrases import (
    at_terminal,
    given_passphrase,
    passphrase_of,
    passphrase_of_backup,
)
from gallery_app.wording.backup_words import differences
from gallery_app.wording.number_words import faces_text, people_text


@click.command()
@click.argument("destination", required=False, type=click.Path(path_type=Path))
@click.option("--list", "list_", is_flag=True, help="List the automatic backups instead.")
@click.option(
    "--keep",
    type=click.IntRange(0, 1_000),
    help="Number of automatic backups to keep; 0 turns them off.",
)
@click.option(
    "--clear",
    is_flag=True,
    help="Delete the automatic backups, which still contain people removed since.",
)
@gallery_and_json
def backup(
    destination: Path | None, list_: bool, keep: int | None, clear: bool,
    gallery: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Back up the whole gallery to a new file at DESTINATION, even while it is in use.

    DESTINATION is a file that does not exist yet, or a folder to create one in. Trained models
    in use are included; the index is not, as it can be rebuilt.
    """
    if sum((destination is not None, list_, keep is not None, clear)) != 1:
        raise click.UsageError("Give a destination, or one of --list, --keep and --clear.")
    if list_:
        _list(chosen(gallery, changing=False), as_json)
    elif keep is not None:
        with opened(gallery, write=True) as source:
            source.backups.keep(keep)
        put_json({"kept": keep}) if as_json else echo(
            f"{counted(keep, 'automatic backup is', 'automatic backups are')} kept."
        )
    elif clear:
        with opened(gallery, write=True) as source:
            count = source.backups.clear()
        put_json({"deleted": count}) if as_json else echo(f"{count} deleted.")
    else:
        assert destination is not None
        with opened(gallery, write=False) as source, Bar() as bar:
            made = source.backups.write(destination, reporter=bar.reporter())
        put_json(_as_json(made)) if as_json else echo(f"Wrote {made.path}: {_counts(made)}.")


def _list(folder: Path, as_json: bool) -> None:
    """The gallery is not opened: it may be damaged."""
    found = recovery.automatic_backups(folder)
    if as_json:
        put_json([_as_json(saved) for saved in found])
        return
    for saved in found:
        echo(f"{_moment(saved)}  before {saved.reason:8}  {_counts(saved)}  {saved.path}")
    if not found:
        say("No automatic backups yet. They are made before large changes and updates.")


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="A new folder for it; by default the gallery itself is restored.",
)
@click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing.")
@click.option("--yes", is_flag=True, help="Replace the gallery without asking.")
@gallery_and_json
def restore(
    source: Path, into: Path | None, dry_run: bool, yes: bool, gallery: Path | None, as_json: bool
) -> None:
    """Restore the backup SOURCE to a new folder or in place of the current gallery.

    A gallery is replaced only by a backup of itself. A safety backup is made
    first, and a damaged database is kept.
    """
    target = into if into is not None else chosen(gallery, changing=not dry_run)
    seen, opens = _previewed(source, target)
    if not as_json or not (dry_run or yes):
        _tell(seen, target)
    if dry_run:
        if as_json:
            put_json(_preview_as_json(seen))
        return
    replaced = into is None and (target / "gallery.db").exists()
    if replaced and not yes and not ask(f"Replace {target}?"):
        raise click.Abort()
    with Bar() as bar:
        done = recovery.restore_backup(
            source, target, replace=into is None, reporter=bar.reporter(), **opens
        )
    if as_json:
        put_json(
            {
                "gallery": str(done.folder),
                "identities": done.backup.identities,
                "faces": done.backup.faces,
                "safety": str(done.safety) if done.safety else None,
                "aside": str(done.aside) if done.aside else None,
            }
        )
        return
    if done.safety:
        say(f"The previous state is in {done.safety}.")
    if done.aside:
        say(f"The damaged database is kept in {done.aside}.")
    echo(f"Restored {done.folder}: {_counts(done.backup)}.")


def _previewed(source: Path, target: Path) -> tuple[Preview, dict[str, str | None]]:
    """What a restore would bring, and the passphrases that it takes."""
    there = passphrase_of(target)
    opens = {"passphrase": there or given_passphrase(), "passphrase_there": there}
    try:
        with Bar() as bar:
            return recovery.preview_backup(source, target, reporter=bar.reporter(), **opens), opens
    except (PassphraseNeededError, WrongPassphraseError):
        if not at_terminal():
            raise
    opens["passphrase"] = passphrase_of_backup(source)
    with Bar() as bar:
        return recovery.preview_backup(source, target, reporter=bar.reporter(), **opens), opens


def salvage_into(target: Path, gallery: Path | None, as_json: bool) -> None:
    """Make a gallery of what can be read in a damaged one, and say what was lost."""
    with Bar() as bar:
        saved = recovery.salvage_gallery(
            chosen(gallery, changing=False), target, reporter=bar.reporter()
        )
    if as_json:
        put_json({**vars(saved), "folder": str(saved.folder)})
        return
    people = people_text(saved.identities)
    echo(f"Saved {people}, {faces_text(saved.faces)} into {saved.folder}.")
    say("Lost:" if saved.lost else "Nothing was lost except the history.")
    for sentence in saved.lost:
        say(f"  {sentence}")


def _tell(seen: Preview, target: Path) -> None:
    say(f"A backup of {seen.backup.gallery} from {_moment(seen.backup)}: {_counts(seen.backup)}.")
    if seen.obstacle:
        say(f"{target} cannot be compared: {seen.obstacle}")
    elif seen.present is not None:
        for sentence in differences(seen.present, target.name):
            say(sentence)


def _counts(made: Backup) -> str:
    people = people_text(made.identities)
    return f"{people}, {faces_text(made.faces)}, {made.size / 1e6:.1f} MB"


def _moment(made: Backup) -> str:
    return f"{datetime.fromtimestamp(made.created):%Y-%m-%d %H:%M}"


def _as_json(made: Backup) -> dict[str, Any]:
    names = ("created", "reason", "gallery", "change", "identities", "faces", "size")
    return {
        "file": str(made.path),
        **{name: getattr(made, name) for name in names},
        "models": list(made.models),
    }


def _preview_as_json(seen: Preview) -> dict[str, Any]:
    present = None if seen.present is None else dict(vars(seen.present))
    return {"backup": _as_json(seen.backup), "present": present, "obstacle": seen.obstacle}
