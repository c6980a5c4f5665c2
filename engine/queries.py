"""Faces that a gallery is asked about: read from files, folders and photographs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.enrolment.embedding_check import EmbeddingCheck
from engine.errors import EmbeddingError, FaceGalleryError, InputError, PhotoError
from engine.formats.folder_tree import natural, unreadable_folder
from engine.formats.photo_files import find_photo, has_faces_to_find, index_photos
from engine.formats.sources import read_file
from engine.photos.photo_reader import is_picture
from engine.photos.photo_workers import PhotoWorkers
from engine.photos.photograph_rows import READING, all_faces, as_batch_of, main_face
from engine.progress import SILENT, Reporter
from engine.records.detections import DetectedFace, DetectionMode, PhotographFaces
from engine.records.types import FaceBatch

_VECTORS = (".npy", ".npz", ".csv")


@dataclass(frozen=True, eq=False)
class QueriesRead:
    """What came out of some files.

    Attributes:
        batch: all faces, in the order of the files; of a photograph from left to right.
        errors: what is wrong with the files that are left out.
        remarks: sentences on the files that are used.
    """

    batch: FaceBatch
    errors: tuple[FaceGalleryError, ...]
    remarks: tuple[str, ...] = ()


class Queries:
    """Reads faces that are to be held against one gallery."""

    def __init__(self, dimension: int, network: EmbeddingCheck, workers: PhotoWorkers) -> None:
        self._dimension = dimension
        self._network = network
        self._workers = workers

    def read(
        self,
        path: str | Path,
        *,
        name_column: str | None = None,
        mode: DetectionMode = "thorough",
        reporter: Reporter = SILENT,
    ) -> FaceBatch:
        """Read the embeddings of a file, or all faces of a photograph, checked against the
        gallery's dimension and network.

        Args:
            name_column: column or array of the names, None to recognise it.
            mode: how faces are looked for.

        Raises:
            EmbeddingError, PhotoError, MismatchError: naming the file, what is wrong and what to
            do. NoFaceError: a photograph without a face. PhotographsMissingError: what finds faces
            is not installed. CancelledError.
        """
        if is_picture(path):
            return all_faces(self.photograph(path, mode=mode, reporter=reporter))
        batch = read_file(path, dimension=self._dimension, name_column=name_column)
        self._network.check_network(batch)
        return batch

    def photograph(
        self, path: str | Path, *, mode: DetectionMode = "thorough", reporter: Reporter = SILENT
    ) -> PhotographFaces:
        """Find the faces of a photograph; there may be none. Raises as :meth:`read`."""
        self._network.check_photographs()
        return self._workers.read(path, mode, reporter)

    def read_all(
        self,
        paths: Sequence[str | Path],
        *,
        name_column: str | None = None,
        mode: DetectionMode = "thorough",
        main_faces: bool = False,
        reporter: Reporter = SILENT,
    ) -> QueriesRead:
        """Read files, and in folders every file of embeddings and every photograph that is not the
        one beside an embedding; what cannot be used is left out and listed.

        Args:
            main_faces: of a photograph only the face that it is most likely of.

        Raises:
            EmbeddingError: there is nothing of the kind in the folders.
            PhotographsMissingError, CancelledError.
        """
        errors: list[FaceGalleryError] = []
        files = query_files(paths, errors.append, reporter)
        batches: list[FaceBatch] = []
        remarks: list[str] = []
        for done, (file, found) in enumerate(self._outcomes(files, name_column, mode, reporter)):
            reporter.progress(READING if is_picture(file) else "Reading files", done, len(files))
            try:
                if isinstance(found, PhotographFaces):
                    remarks += [f"{file}: {remark}" for remark in found.photograph.remarks]
                    batches.append(_chosen(found, main_faces, remarks))
                elif isinstance(found, FaceGalleryError):
                    errors.append(found)
                else:
                    batches.append(found)
            except PhotoError as error:
                errors.append(error)
        return QueriesRead(
            FaceBatch.joined(batches, self._dimension), tuple(errors), tuple(remarks)
        )

    def main_rows(self, batch: FaceBatch) -> list[int]:
        """Return the rows of the main face of each photograph, and those that are of none."""
        rows: dict[int, list[int]] = {}
        for row, photo in enumerate(batch.photos):
            whole = photo.photograph if isinstance(photo, DetectedFace) else row
            rows.setdefault(id(whole), []).append(row)
        return sorted(_main_row(batch, of_one) for of_one in rows.values())

    def _outcomes(
        self,
        files: Sequence[str],
        name_column: str | None,
        mode: DetectionMode,
        reporter: Reporter,
    ) -> Iterator[tuple[str, FaceBatch | PhotographFaces | FaceGalleryError]]:
        """Yield each file with what came out of it; several photographs are looked at at once."""
        pictures = [file for file in files if is_picture(file)]
        refusal = self._refusal() if pictures else None
        found = self._workers.read_all([] if refusal else pictures, mode, reporter)
        for file in files:
            if is_picture(file):
                yield next(found) if refusal is None else (file, _about(file, refusal))
                continue
            try:
                yield file, self.read(file, name_column=name_column)
            except FaceGalleryError as error:
                yield file, error

    def _refusal(self) -> InputError | None:
        """Return why no photograph can be held against this gallery; None where all can."""
        try:
            self._network.check_photographs()
        except InputError as error:
            return error
        return None


def _main_row(batch: FaceBatch, rows: Sequence[int]) -> int:
    faces = {row: face for row in rows if isinstance(face := batch.photos[row], DetectedFace)}
    if not faces:
        return rows[0]
    read = PhotographFaces(faces[rows[0]].photograph, tuple(faces.values()))
    main = main_face(read)
    return next(row for row, face in faces.items() if face is main)


def _about(file: str, error: InputError) -> InputError:
    return type(error)(error.problem, file=file, remedy=error.remedy)


def query_files(
    paths: Sequence[str | Path],
    refuse: Callable[[InputError], None] = lambda _: None,
    reporter: Reporter = SILENT,
) -> list[str]:
    """Return the files themselves, and of folders every file of embeddings and every photograph
    but those beside an embedding, in natural order. Hidden files and folders are skipped, and
    folders that a link leads to.

    Args:
        refuse: called with what is wrong with a folder that cannot be read.

    Raises:
        EmbeddingError: there is nothing of the kind. CancelledError.
    """
    files: list[str] = []
    refused: list[InputError] = []
    for path in [os.fspath(path) for path in paths]:
        files += _files_of(path, refused.append, reporter) if os.path.isdir(path) else [path]
    if not files:
        raise next(iter(refused), None) or EmbeddingError(
            "This folder contains neither photographs nor embeddings",
            file=paths[0] if paths else None,
            remedy="Choose photographs, .npy, .npz or .csv files, or a folder that has some.",
        )
    for error in refused:
        refuse(error)
    return files


def _files_of(
    folder: str, refuse: Callable[[InputError], None], reporter: Reporter
) -> Iterator[str]:
    def unlisted(error: OSError) -> None:
        refuse(unreadable_folder(error.filename or folder, error))

    for seen, (path, folders, names) in enumerate(os.walk(folder, onerror=unlisted)):
        reporter.progress("Looking for faces in folders", seen, 0)
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural)
        shown = [name for name in names if not name.startswith(".")]
        vectors = {name[:-4] for name in shown if name.lower().endswith(".npy")}
        photos = (
            index_photos([name for name in shown if has_faces_to_find(name)]) if vectors else {}
        )
        beside = {find_photo(photos, stem) for stem in vectors}
        for name in sorted(shown, key=natural):
            if name.lower().endswith(_VECTORS) or (has_faces_to_find(name) and name not in beside):
                yield os.path.join(path, name)


def photograph_files(
    folder: str | Path,
    reporter: Reporter = SILENT,
    refuse: Callable[[InputError], None] = lambda _: None,
) -> list[str]:
    """Return the photographs of a folder and its folders, or the one file, in natural order.

    Hidden files and folders are skipped, and folders that are linked to.

    Args:
        refuse: called with what is wrong with a folder that cannot be read.

    Raises:
        CancelledError.
    """
    root = os.fspath(folder)
    if not os.path.isdir(root):
        return [root]
    return [file for file in _files_of(root, refuse, reporter) if has_faces_to_find(file)]


def _chosen(found: PhotographFaces, main_faces: bool, remarks: list[str]) -> FaceBatch:
    """Return the faces of a photograph that are asked for. Raise NoFaceError."""
    if not main_faces or len(found.faces) < 2:
        return all_faces(found)
    remarks.append(
        f"{found.photograph.file}: it shows {len(found.faces)} faces; the largest one near the "
        "middle is taken."
    )
    return as_batch_of([main_face(found)])
