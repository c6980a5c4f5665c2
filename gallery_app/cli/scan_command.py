"""Command that scans folders of photographs."""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path

import click

from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.detections import ENROLLED_SIDE, DetectedFace, DetectionMode
from engine.records.scans import ScanReport
from engine.utils.number_text import counted
from gallery_app.cli.command_tools import Bar, gallery_and_json, opened, put_json, say
from gallery_app.cli.import_commands import mode_option
from gallery_app.cli.output import echo
from gallery_app.wording.scan_words import rescan_words, scan_words

_SHOWN = 20


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@mode_option
@click.option(
    "--again",
    is_flag=True,
    help="Also look again at photographs that were scanned in the other mode.",
)
@click.option("--dry-run", is_flag=True, help="With --again: show what would differ, and stop.")
@click.option(
    "--confirm",
    is_flag=True,
    help="Enroll the faces that look like an enrolled person under that name.",
)
@click.option("--watch", is_flag=True, help="Go on, and look at new photographs as they come.")
@gallery_and_json
def scan(
    folders: tuple[Path, ...], mode: DetectionMode, again: bool, dry_run: bool, confirm: bool,
    watch: bool, gallery: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Look for faces in the photographs in FOLDERS that are new or have changed.

    Faces of enrolled people wait to be confirmed, in the window or with --confirm; the others join
    the unknown faces, to be named many at a time. A scan that was ended goes on where it was.
    """
    with opened(gallery, write=True) as target, Bar() as bar:
        reporter = bar.reporter()
        report = target.photographs.scan(folders, mode=mode, reporter=reporter)
        preview = None
        if again and report.other_mode:
            preview = target.photographs.prepare_rescan(folders, mode, reporter=reporter)
            if not dry_run:
                target.photographs.rescan(mode)
        enrolled = _confirm(target, reporter) if confirm else 0
        waiting = target.photographs.count_waiting()
        if as_json:
            document = {**asdict(report), "enrolled_now": enrolled, "waiting": waiting}
            put_json(document | ({"again": asdict(preview)} if preview else {}))
        else:
            _tell(report, waiting, enrolled)
            if preview is not None:
                echo(rescan_words(preview, dry_run=dry_run))
        if watch:
            _watch(target, folders, mode, confirm, reporter)


def _confirm(target: Gallery, reporter: Reporter) -> int:
    """Enroll the waiting faces under the names they look like; return how many."""
    _, batch = target.photographs.waiting()
    if not len(batch):
        return 0
    named = [
        (row, answer.name)
        for row, answer in enumerate(target.identify(batch))
        if answer.name is not None and _is_large(batch.photos[row])
    ]
    if not named:
        return 0
    names = dict(enumerate(name for _, name in named))
    faces = batch.take([row for row, _ in named])
    return target.enroll(names[0], faces, elsewhere=names, reporter=reporter).faces_added


def _is_large(face: object) -> bool:
    """Whether a face is large enough to be enrolled unseen."""
    return isinstance(face, DetectedFace) and face.quality.size >= ENROLLED_SIDE


def _tell(report: ScanReport, waiting: int, enrolled: int) -> None:
    for sentence in scan_words(report):
        echo(sentence)
    if report.other_mode:
        echo("--again looks at those in this mode too.")
    if enrolled:
        echo(f"{counted(enrolled, 'face')} enrolled.")
    if waiting:
        echo(f"{counted(waiting, 'face')} of known people to confirm: in the window, or --confirm.")
    for rejection in report.rejected[:_SHOWN]:
        say(f"{rejection.file}: {rejection.reason}")
    if len(report.rejected) > _SHOWN:
        say(f"… and {len(report.rejected) - _SHOWN:,} more (all with --json).")
    for remark in report.remarks[:_SHOWN]:
        say(remark)


def _watch(
    target: Gallery,
    folders: tuple[Path, ...],
    mode: DetectionMode,
    confirm: bool,
    reporter: Reporter,
) -> None:
    """Scan again whenever something changes in the folders, until Ctrl+C."""
    say("Watching for new photographs; press Ctrl+C to stop.")
    changed = threading.Event()
    with target.photographs.watch(folders, changed.set):
        while True:
            while not changed.wait(0.2):
                reporter.check()
            changed.clear()
            report = target.photographs.scan(folders, mode=mode, reporter=reporter)
            if report.looked_at:
                enrolled = _confirm(target, reporter) if confirm else 0
                _tell(report, target.photographs.count_waiting(), enrolled)
