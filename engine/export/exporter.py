"""Exports of a gallery: all of one moment of it, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.avatars.appearance import Lens
from engine.errors import ExportError, ModelError
from engine.export.report_contents import ReportWriter, measure
from engine.export.source import ChangedMeanwhile, Source
from engine.export.tensorboard.projector_files import ProjectorWriter, Transform
from engine.formats.csv_file import write_csv
from engine.formats.folder_tree import write_folder
from engine.formats.npz_file import write_npz
from engine.formats.parquet_file import write_parquet
from engine.progress import SILENT, Reporter
from engine.recognition.active_models import load_model
from engine.records.exports import (
    SUFFIXES,
    WHOLE,
    Exported,
    ExportKind,
    Page,
    Remarks,
    Selection,
)
from engine.records.gallery_figures import GalleryFigures
from engine.review.gallery_review import review_store
from engine.store import Store
from engine.training.training_service import TrainingService
from engine.utils.files import scratch_folder, sync_file, sync_folder
from engine.utils.ignoring import ignored


def landing_place(destination: Path, kind: ExportKind) -> Path:
    """The path that is written for a destination, with the suffix that says what it is."""
    suffix = SUFFIXES.get(kind, "")
    if suffix and destination.suffix.lower() != suffix:
        return destination.with_name(destination.name + suffix)
    return destination


@contextmanager
def landing(target: Path) -> Iterator[Path]:
    """A path to write at; what is there at the end takes the target's name, on disk.

    Cancelled, failed or killed, nothing lies at the target. What a killed process left aside goes
    at the next export to the same folder.

    Raises:
        ExportError: something is at the target (an empty folder is not), or the disk refuses.
    """
    with _on_disk(target):
        _require_free(target)
        with scratch_folder(target.parent) as scratch:
            aside = scratch / target.name
            yield aside
            _sync(aside)
            _require_free(target)
            _take_place(aside, target)
        sync_folder(target.parent)


def _require_free(target: Path) -> None:
    if os.path.lexists(target) and not _is_empty_folder(target):
        raise ExportError("It already exists", file=target, remedy="Choose another name.")


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and next(path.iterdir(), None) is None


def _take_place(aside: Path, target: Path) -> None:
    if _is_empty_folder(target):
        target.rmdir()
    if aside.is_dir():
        os.rename(aside, target)  # refuses a folder that came to be there and is not empty
        return
    with ignored(OSError, AttributeError, NotImplementedError):
        os.link(aside, target)  # unlike a renaming, it never takes the place of another file
        return
    _require_free(target)
    os.rename(aside, target)


def _sync(aside: Path) -> None:
    if aside.is_file():
        sync_file(aside)
    elif hasattr(os, "sync"):
        os.sync()  # once for thousands of files that each by itself would take milliseconds


@contextmanager
def _on_disk(target: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if target.parent.is_dir():
            raise
        raise ExportError(
            "The folder does not exist", file=target.parent, remedy="Create it first."
        ) from error
    except OSError as error:
        raise ExportError(
            f"It could not be written ({error.strerror or error})",
            file=target,
            remedy="Check that the disk has space and that the folder is writable, then try again.",
        ) from error


Writer = Callable[[Source, Path], Remarks]
"""Writes the faces at a path."""

_TRIES = 3


def _files(aside: Path, target: Path, kind: ExportKind) -> tuple[Path, ...]:
    if aside.is_file() or kind == "folder":
        return (target,)
    return tuple(sorted(target / name for name in os.listdir(aside)))


_TABLES: Mapping[ExportKind, Writer] = {
    "npz": write_npz,
    "csv": write_csv,
    "parquet": write_parquet,
    "folder": write_folder,
}


class Exporter:
    """The exports of one gallery."""

    def __init__(self, store: Store, models: TrainingService, lens: Lens) -> None:
        self._store = store
        self._models = models
        self._lens = lens

    def write(
        self,
        kind: ExportKind,
        destination: str | Path,
        *,
        selection: Selection = WHOLE,
        page: Page | None = None,
        reporter: Reporter = SILENT,
    ) -> Exported:
        """Write faces to a new file or folder, whole or not at all.

        ``npz``, ``csv`` and ``folder`` can be imported again and give the same vectors and names.

        Args:
            destination: a file gets the suffix of its kind.
            page: makes the document of a report, such as
                ``gallery_app.reports.gallery_report.gallery_page``; no other kind asks for it.

        Raises:
            ExportError: something is there, the disk refuses, nobody is chosen, what the kind
                needs is not installed, or the gallery is changed without end meanwhile.
                CancelledError. Nothing is left.
        """
        if kind == "report" and not selection.is_whole:
            raise ExportError(
                "A report covers the whole gallery", remedy="Do not choose people for it."
            )
        target = landing_place(Path(destination), kind)
        if target.resolve().is_relative_to(self._store.folder.resolve()):
            raise ExportError(
                "The destination is in the gallery's own folder",  # which an erasure looks through
                file=target,
                remedy="Choose another folder.",
            )
        writer = self._writer(kind, page, reporter)
        for _ in range(_TRIES):
            try:
                return self._written(kind, target, selection, writer, reporter)
            except ChangedMeanwhile:  # ordinary: it is tried again
                continue
        raise ExportError(
            "The gallery kept changing during the export",
            file=self._store.folder,
            remedy="Try again when no one is changing it.",
        )

    def _written(
        self,
        kind: ExportKind,
        target: Path,
        selection: Selection,
        writer: Writer,
        reporter: Reporter,
    ) -> Exported:
        change = self._store.history.last_change()
        with landing(target) as aside:
            source = Source.of(self._store, selection, reporter)
            remarks = writer(source, aside)
            if self._store.history.last_change() != change:
                raise ChangedMeanwhile
            written = _files(aside, target, kind)
            reporter.check()
        people = len(source.identities)
        return Exported(kind, target, written, people, source.count, remarks, self._store.encrypted)

    def figures(self, reporter: Reporter = SILENT) -> GalleryFigures:
        """What is measured over all faces, for charts.

        Raises:
            ExportError: nobody is enrolled, or the gallery was changed meanwhile. CancelledError.
        """
        try:
            return measure(Source.of(self._store, WHOLE, reporter))
        except ChangedMeanwhile:
            raise ExportError(
                "The gallery was changed while it was being measured",
                file=self._store.folder,
                remedy="Try again.",
            ) from None

    def _writer(self, kind: ExportKind, page: Page | None, reporter: Reporter) -> Writer:
        if kind == "tensorboard":
            return ProjectorWriter(self._lens.traits, _learned(self._store, reporter))
        if kind == "report":
            if page is None:
                raise ExportError(
                    "A report needs a page to be written on", remedy="Pass it as `page`."
                )
            return ReportWriter(
                page,
                self._models.all(),
                self._models.last_evaluation(),
                lambda reporter: review_store(self._store, reporter=reporter),
            )
        return _TABLES[kind]


def _learned(store: Store, reporter: Reporter) -> dict[str, Transform]:
    """The space of the triplet model in use; a damaged one is told of and left out."""
    spaces: dict[str, Transform] = {}
    for version in store.models.all():
        if version.active and version.kind == "triplet":
            try:
                spaces["triplet"] = load_model(store, version).network
            except ModelError as error:
                reporter.message(f"The learned space is omitted: {error}")
    return spaces
