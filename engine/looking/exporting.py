"""How a person writes faces out of a gallery for others to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.errors import ExportError, ModelError
from engine.export import Writer, run
from engine.export.csv_file import write_csv
from engine.export.folder import write_folder
from engine.export.npz_file import write_npz
from engine.export.parquet_file import write_parquet
from engine.export.projector_files import ProjectorWriter, Transform
from engine.export.report import ReportWriter
from engine.export.report_figures import measure
from engine.export.source import ChangedMeanwhile, Source
from engine.looking.reviewing import review_store
from engine.portraits.lens import Lens
from engine.progress import SILENT, Reporter
from engine.recognition.in_use import read_model
from engine.records.exports import WHOLE, Exported, ExportKind, Selection
from engine.records.measured import Figures
from engine.retraining.learning import Learning
from engine.store import Store

_TABLES: Mapping[ExportKind, Writer] = {
    "npz": write_npz,
    "csv": write_csv,
    "parquet": write_parquet,
    "folder": write_folder,
}


class Exporting:
    """The exports of a :class:`engine.gallery.Gallery`."""

    _store: Store
    _lens: Lens
    learning: Learning

    def export(
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
            raise ExportError("A report is of the whole gallery", remedy="Choose no people for it.")
        return run(
            self._store, kind, Path(destination), selection, self._writer(kind, reporter), reporter
        )

    def figures(self, reporter: Reporter = SILENT) -> Figures:
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
                remedy="Ask again.",
            ) from None

    def _writer(self, kind: ExportKind, reporter: Reporter) -> Writer:
        if kind == "tensorboard":
            return ProjectorWriter(self._lens.traits, _learned(self._store, reporter))
        if kind == "report":
            return ReportWriter(
                self.learning.models(),
                self.learning.last_evaluation(),
                lambda reporter: review_store(self._store, reporter=reporter),
            )
        return _TABLES[kind]


def _learned(store: Store, reporter: Reporter) -> dict[str, Transform]:
    """The space of the triplet model in use; a damaged one is told of and left out."""
    spaces: dict[str, Transform] = {}
    for version in store.models.all():
        if version.active and version.kind == "triplet":
            try:
                spaces["triplet"] = read_model(store, version).network
            except ModelError as error:
                reporter.message(f"The learned space is left out: {error}")
    return spaces
