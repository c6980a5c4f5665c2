"""File choosers that remember their folder, and the paths in what is dropped or pasted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QStandardPaths
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.utils.user_folders import data_folder
from gallery_app.reports.answer_files import AnswerFormat
from gallery_app.settings import BACKUPS, FOLDER, SAVED, Setting, Settings

EMBEDDINGS = "Embeddings (*.npy *.npz *.csv)"
_PHOTOGRAPHS = "*.jpg *.jpeg *.png *.webp *.tif *.tiff *.heic *.heif *.avif *.jp2 *.gif *.bmp"
FACES = f"Photographs and embeddings ({_PHOTOGRAPHS} *.npy *.npz *.csv)"
_BACKUP_FILES = "Backups of galleries (*.zip)"
TABLES = "Tables of embeddings (*.npz *.csv)"


def choose_faces(parent: QWidget, settings: Settings) -> list[Path]:
    """Photographs and embedding files that the person picks; none when they cancel."""
    start = settings.get(FOLDER)
    names, _ = QFileDialog.getOpenFileNames(
        parent, "Choose photographs or embeddings", start, FACES
    )
    return _remember([Path(name) for name in names], settings)


def choose_tables(parent: QWidget, settings: Settings) -> list[Path]:
    """``.npz`` and ``.csv`` files to import."""
    start = settings.get(FOLDER)
    names, _ = QFileDialog.getOpenFileNames(parent, "Import tables", start, TABLES)
    return _remember([Path(name) for name in names], settings)


def choose_cohort(parent: QWidget, settings: Settings) -> Path | None:
    """A file of strangers' embeddings, or None when they cancel."""
    start = settings.get(FOLDER)
    name, _ = QFileDialog.getOpenFileName(parent, "Add a cohort", start, EMBEDDINGS)
    return _remember([Path(name)], settings)[0] if name else None


def choose_folder(parent: QWidget, settings: Settings, title: str) -> Path | None:
    """A folder, or None when they cancel."""
    name = QFileDialog.getExistingDirectory(parent, title, settings.get(FOLDER))
    return _remember([Path(name)], settings)[0] if name else None


def choose_new_gallery(
    parent: QWidget, suggestion: str = "people.gallery", title: str = "New gallery"
) -> Path | None:
    """Where a new gallery is to be, or None when they cancel."""
    start = str(data_folder() / suggestion)
    name, _ = QFileDialog.getSaveFileName(
        parent, title, start, "Gallery folder (*.gallery)", options=_NO_OVERWRITE
    )
    if not name:
        return None
    return Path(name) if name.endswith(".gallery") else Path(f"{name}.gallery")


def choose_report(parent: QWidget, settings: Settings, gallery: str) -> Path | None:
    """Where an evaluation's report is to be, or None when they cancel."""
    start = str(_folder(settings, SAVED) / f"{Path(gallery).stem} evaluation.html")
    name, _ = QFileDialog.getSaveFileName(parent, "Save report", start, "HTML file (*.html)")
    return _remember([Path(name)], settings, SAVED)[0] if name else None


def choose_answers(parent: QWidget, settings: Settings, form: AnswerFormat) -> Path | None:
    """Where answers are to be saved, or None when they cancel."""
    kind = {"csv": "CSV table (*.csv)", "json": "JSON (*.json)"}[form]
    start = str(_folder(settings, SAVED) / f"answers.{form}")
    name, _ = QFileDialog.getSaveFileName(parent, "Save answers", start, kind)
    return _remember([Path(name)], settings, SAVED)[0] if name else None


def choose_receipt(parent: QWidget, settings: Settings) -> Path | None:
    """Where the receipt of an erasure is to be, or None when they cancel."""
    start = str(_folder(settings, SAVED) / "receipt.txt")
    name, _ = QFileDialog.getSaveFileName(parent, "Save receipt", start, "Text file (*.txt)")
    return _remember([Path(name)], settings, SAVED)[0] if name else None


def choose_new_backup(parent: QWidget, settings: Settings, suggestion: str) -> Path | None:
    """Where a backup is to be, or None when they cancel."""
    start = str(_folder(settings, BACKUPS) / suggestion)
    name, _ = QFileDialog.getSaveFileName(
        parent, "Back up the gallery", start, _BACKUP_FILES, options=_NO_OVERWRITE
    )
    if not name:
        return None
    target = Path(name if name.endswith(".zip") else f"{name}.zip")
    return _remember([target], settings, BACKUPS)[0]


def choose_backup(parent: QWidget, settings: Settings) -> Path | None:
    """A backup file, or None when they cancel."""
    start = str(_folder(settings, BACKUPS))
    name, _ = QFileDialog.getOpenFileName(parent, "Choose a backup", start, _BACKUP_FILES)
    return _remember([Path(name)], settings, BACKUPS)[0] if name else None


def suggested_export(settings: Settings, name: str) -> Path:
    """Where an export goes unless the person says otherwise: a name that is free."""
    folder = _folder(settings, SAVED)
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem} {number}{Path(name).suffix}"
    return path


def choose_export(parent: QWidget, settings: Settings, suggestion: Path) -> Path | None:
    """Where an export is to be, or None when they cancel."""
    name, _ = QFileDialog.getSaveFileName(
        parent, "Export to", str(suggestion), options=_NO_OVERWRITE
    )
    return _remember([Path(name)], settings, SAVED)[0] if name else None


_NO_OVERWRITE = QFileDialog.Option.DontConfirmOverwrite  # the engine refuses, with a reason


def local_paths(mime: QMimeData | None) -> list[Path]:
    """Paths in dropped files or pasted text; text counts only where such files exist.

    Args:
        mime: None for a clipboard that holds nothing.
    """
    if mime is None:
        return []
    if mime.hasUrls():
        return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    lines = [line.strip().strip("\"'") for line in mime.text().splitlines()]
    return [Path(line).expanduser() for line in lines if line and _exists(line)]


def pixels(mime: QMimeData | None) -> QImage | None:
    """Return the picture in what is dropped or pasted, where it comes as pixels without a file."""
    if mime is None or not mime.hasImage():
        return None
    image = mime.imageData()
    image = image.toImage() if isinstance(image, QPixmap) else image
    return image if isinstance(image, QImage) and not image.isNull() else None


def _exists(line: str) -> bool:
    try:
        return Path(line).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # ordinary: no path of anything
        return False


def _remember(paths: list[Path], settings: Settings, setting: Setting = FOLDER) -> list[Path]:
    if paths:
        settings.set(setting, str(paths[0].parent))
    return paths


def _folder(settings: Settings, setting: Setting) -> Path:
    """Where a file of this kind was put last; at first the person's documents."""
    remembered = settings.get(setting)
    if remembered and Path(remembered).is_dir():
        return Path(remembered)
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents) if documents and Path(documents).is_dir() else Path.home()
