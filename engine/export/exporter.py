"""Exports of a gallery: all of one moment of it, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.avatars.appearance import Lens
from engine.errors import ExportError, ModelError
from engine.export.atomic_output import landing, landing_place
from engine.export.report import ReportWriter, measure
from engine.export.source import ChangedMeanwhile, Source
from engine.export.tensorboard.projector_files import ProjectorWriter, Transform
from engine.formats.csv_file import write_csv
from engine.formats.folder_tree import write_folder
from engine.formats.npz_file import write_npz
from engine.formats.parquet_file import write_parquet
from engine.progress import SILENT, Reporter
from engine.recognition.active_models import load_model
from engine.records.exports import WHOLE, Exported, ExportKind, Selection
from engine.records.gallery_figures import GalleryFigures
from engine.review.gallery_review import review_store
from engine.store import Store
from engine.training.training_service import TrainingService

Writer = Callable[[Source, Path], list[str]]
"""Writes the faces at a path and says what to know of it."""

_TRIES = 3
_IN_CLEAR = "The gallery is encrypted; the export is not."


def run(
    store: Store,
    kind: ExportKind,
    destination: Path,
    selection: Selection,
    writer: Writer,
    reporter: Reporter,
) -> Exported:
    """Writes the chosen faces at a destination.

    Raises:
        ExportError: something is there, the disk refuses, nobody is chosen, or the gallery is
            changed without end meanwhile. CancelledError. Nothing is left.
    """
    target = landing_place(destination, kind)
    if target.resolve().is_relative_to(store.folder.resolve()):
        raise ExportError(
            "The destination is in the gallery's own folder",  # where an erasure looks for people
            file=target,
            remedy="Choose another folder.",
        )
    for _ in range(_TRIES):
        try:
            return _once(store, kind, target, selection, writer, reporter)
        except ChangedMeanwhile:  # ordinary: it is tried again
            continue
    raise ExportError(
        "The gallery kept changing during the export",
        file=store.folder,
        remedy="Try again when no one is changing it.",
    )


def _once(
    store: Store,
    kind: ExportKind,
    target: Path,
    selection: Selection,
    writer: Writer,
    reporter: Reporter,
) -> Exported:
    change = store.history.last_change()
    with landing(target) as aside:
        source = Source.of(store, selection, reporter)
        sentences = writer(source, aside)
        if store.history.last_change() != change:
            raise ChangedMeanwhile
        written = _files(aside, target, kind)
        reporter.check()
    sentences += [_IN_CLEAR] * store.encrypted
    return Exported(kind, target, written, len(source.identities), source.count, tuple(sentences))


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
        reporter: Reporter = SILENT,
    ) -> Exported:
        """Writes faces to a new file or folder, whole or not at all.

        ``npz``, ``csv`` and ``folder`` can be imported again and give the same vectors and names.

        Args:
            destination: a file gets the suffix of its kind.

        Raises:
            ExportError: something is there, the disk refuses, nobody is chosen, or what the kind
                needs is not installed. CancelledError. Nothing is left.
        """
        if kind == "report" and not selection.is_whole:
            raise ExportError(
                "A report covers the whole gallery", remedy="Do not choose people for it."
            )
        return run(
            self._store, kind, Path(destination), selection, self._writer(kind, reporter), reporter
        )

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

    def _writer(self, kind: ExportKind, reporter: Reporter) -> Writer:
        if kind == "tensorboard":
            return ProjectorWriter(self._lens.traits, _learned(self._store, reporter))
        if kind == "report":
            return ReportWriter(
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
