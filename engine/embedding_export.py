"""Photographs turned into embeddings on disk, laid out as the sample is; no gallery is needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import EmbeddingError, ExportError, FaceGalleryError, InputError
from engine.formats.folder_tree import folder_identity, person_folder
from engine.photos.photo_workers import PhotoWorkers
from engine.photos.photograph_rows import READING, no_face
from engine.progress import SILENT, Reporter
from engine.queries import photograph_files
from engine.records.detections import DetectedFace, DetectionMode, PhotographFaces
from engine.utils.files import private_file


@dataclass(frozen=True)
class WrittenFace:
    """A face and where its embedding and its picture were written."""

    face: DetectedFace
    embedding: Path
    crop: Path


@dataclass(frozen=True)
class EmbeddingsWritten:
    """What came out of some photographs.

    Attributes:
        written: faces in the order of the photographs, from left to right in each.
        errors: what is wrong with the photographs and folders that are left out.
        remarks: sentences on the photographs that are used.
    """

    written: tuple[WrittenFace, ...]
    errors: tuple[FaceGalleryError, ...]
    remarks: tuple[str, ...]


def write_embeddings(
    sources: Sequence[str | Path],
    destination: str | Path,
    *,
    mode: DetectionMode = "thorough",
    reporter: Reporter = SILENT,
) -> EmbeddingsWritten:
    """Embed all faces of photographs: ``Anna_Ek/Anna_Ek_0001.npy`` and ``.jpg`` beside it, in a
    folder for each folder of photographs, and after the faces that are there already.

    No file is overwritten. The faces of a photograph are written all or not at all.

    Args:
        sources: photographs, and folders of them and of their folders.

    Raises:
        EmbeddingError: there is no photograph. PhotographsMissingError: what finds faces is not
        installed. ExportError: the disk refuses a file. WorkerError, CancelledError: faces of the
        photographs before it are written.
    """
    errors: list[FaceGalleryError] = []
    files = [
        file for source in sources for file in photograph_files(source, reporter, errors.append)
    ]
    if not files:
        raise next(iter(errors), None) or EmbeddingError(
            "This folder contains no photographs",
            file=sources[0] if sources else None,
            remedy="Choose photographs, or a folder that has some.",
        )
    written: list[WrittenFace] = []
    remarks: list[str] = []
    workers = PhotoWorkers()
    try:
        for done, (_, read) in enumerate(workers.read_all(files, mode, reporter)):
            reporter.progress(READING, done, len(files))
            try:
                written += _written(read, Path(destination))
                remarks += _remarks(read)
            except InputError as error:
                errors.append(error)
        reporter.progress(READING, len(files), len(files))
    finally:
        workers.close()
    return EmbeddingsWritten(tuple(written), tuple(errors), tuple(remarks))


def _written(read: PhotographFaces | InputError, destination: Path) -> list[WrittenFace]:
    """Write the faces of one photograph.

    Raises:
        InputError: it has none, or its folder has no name that a person can have. ExportError.
    """
    if isinstance(read, InputError):
        raise read
    if not read.faces:
        raise no_face(read.photograph.file)
    name = folder_identity(os.path.dirname(os.path.abspath(read.photograph.file)))
    made: list[Path] = []
    try:
        folder = person_folder(destination, name)
        number = _last_number(folder)
        faces = []
        for face in read.faces:
            number += 1
            stem = f"{folder.name}_{number:04d}"
            faces.append(WrittenFace(face, folder / f"{stem}.npy", folder / f"{stem}.jpg"))
            with private_file(faces[-1].crop) as stream:
                made.append(faces[-1].crop)
                stream.write(face.crop)
            with private_file(faces[-1].embedding) as stream:
                made.append(faces[-1].embedding)
                np.save(stream, face.vector)
    except BaseException as error:
        for path in made:
            path.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise ExportError(
            f"Faces cannot be written here ({error.strerror or error})",
            file=error.filename or destination,
            remedy="Choose another folder, or free some space.",
        ) from error
    return faces


def _last_number(folder: Path) -> int:
    """Return the largest number of a file in a folder that is called as it is."""
    start = f"{folder.name}_"
    numbers = [path.stem.removeprefix(start) for path in folder.iterdir()]
    return max((int(text) for text in numbers if text.isascii() and text.isdecimal()), default=0)


def _remarks(read: PhotographFaces | InputError) -> list[str]:
    if not isinstance(read, PhotographFaces):
        return []
    file, said = read.photograph.file, list(read.photograph.remarks)
    if len(read.faces) > 1:
        said.append(f"It shows {len(read.faces)} faces; all of them are written.")
    return [f"{file}: {sentence}" for sentence in said]
