"""Scan folders of photographs, and ask about the faces that were found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.gallery import Gallery
from engine.progress import Event, Reporter
from engine.records.detections import DetectionMode
from engine.records.name_evidence import NameEvidence, NamesReport
from engine.records.scans import RescanPreview, ScanReport
from engine.records.types import FaceBatch, Rejection
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query
from gallery_app.operations.queries import as_queries, identify_all
from gallery_app.state import ContentsChange
from gallery_app.tasks import Task

KEY = "scan"
UNKNOWNS = ContentsChange(unknowns=True)


def scan(
    context: Context,
    folders: Sequence[Path],
    mode: DetectionMode,
    *,
    reported: Callable[[Event], None],
    told: Callable[[ScanReport], None],
    done: Callable[[ScanReport], None],
    failed: Callable[[BaseException], None],
    stopped: Callable[[], None],
) -> Task:
    """Look for faces in what is new in some folders.

    Args:
        told: called from another thread with what was found so far.
    """

    def work(gallery: Gallery, reporter: Reporter) -> ScanReport:
        return gallery.photographs.scan(folders, mode=mode, reporter=reporter, told=told)

    change = Change(
        "Scanning photographs", work, KEY, "scanning", shown=False, changes=lambda _: UNKNOWNS
    )
    task = change.run(context, done, failed=failed, stopped=stopped)
    task.reported.connect(reported)
    return task


def prepare_rescan(
    context: Context,
    folders: Sequence[Path],
    mode: DetectionMode,
    *,
    reported: Callable[[Event], None],
    done: Callable[[RescanPreview], None],
    stopped: Callable[[], None],
) -> None:
    """Look again in another mode, without its counting yet."""

    def work(gallery: Gallery, reporter: Reporter) -> RescanPreview:
        return gallery.photographs.prepare_rescan(folders, mode, reporter=reporter)

    change = Change(
        "Scanning photographs again", work, KEY, "scanning", shown=False, changes=lambda _: None
    )
    change.run(context, done, stopped=stopped).reported.connect(reported)


def rescan(context: Context, mode: DetectionMode, done: Callable[[object], None]) -> None:
    """Let what was found in another mode count."""
    Change("Replacing faces", lambda gallery, _: gallery.photographs.rescan(mode)).run(
        context, done
    )


def cancel(context: Context) -> None:
    """End what is under way; what was found until now is kept."""
    context.tasks.cancel(KEY)


def is_scanning(context: Context) -> bool:
    """Whether a scan is under way."""
    return context.tasks.is_running(KEY)


def count_waiting(context: Context, done: Callable[[int], None]) -> None:
    """How many faces from scans nothing is decided about."""
    Query(
        "Counting faces",
        lambda gallery, _: gallery.photographs.count_waiting(),
        "waiting",
        "list",
    ).run(context, done)


def ask_about_waiting(context: Context, shown: Callable[[], None]) -> None:
    """Make queries of the faces from scans about which nothing is decided.

    Args:
        shown: called when they are in the list.
    """

    def work(gallery: Gallery, _: Reporter) -> FaceBatch:
        return gallery.photographs.waiting()[1]

    def done(batch: FaceBatch) -> None:
        if len(batch):
            context.state.set_queries(as_queries(batch))
            identify_all(context)
            shown()

    Query("Reading faces", work, "read", shown=True).run(context, done)


def read_names(
    context: Context, folders: Sequence[Path], done: Callable[[NamesReport], None]
) -> None:
    """Hold the names in photographs against the faces in them."""

    def work(gallery: Gallery, reporter: Reporter) -> NamesReport:
        return gallery.photo_names.read(folders, reporter=reporter)

    Query("Reading names in photographs", work, "names", "scanning", shown=True).run(context, done)


def take_names(
    context: Context, evidence: Sequence[NameEvidence], done: Callable[[object], None]
) -> None:
    """Enroll faces under the names that their files give."""
    Change(
        "Enrolling faces",
        lambda gallery, reporter: gallery.photo_names.take_over(evidence, reporter=reporter),
    ).run(context, done)


def write_names(
    context: Context,
    folders: Sequence[Path],
    done: Callable[[tuple[list[Path], list[Rejection]]], None],
) -> None:
    """Write the names of enrolled faces beside their photographs."""
    Query(
        "Writing names",
        lambda gallery, reporter: gallery.photo_names.write_sidecars(folders, reporter=reporter),
        "names",
        "scanning",
        shown=True,
    ).run(context, done)
