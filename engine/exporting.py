"""How a person writes faces out of a gallery for others to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.export import Writer, run
from engine.export.csv_file import write_csv
from engine.export.folder import write_folder
from engine.export.npz_file import write_npz
from engine.export.parquet_file import write_parquet
from engine.exports import WHOLE, Exported, ExportKind, Selection
from engine.progress import SILENT, Reporter
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
        return run(self._store, kind, Path(destination), selection, _TABLES[kind], reporter)
