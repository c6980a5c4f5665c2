"""A folder tree: a folder for each person, a .npy for each face, the photograph beside it."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np

from engine.errors import EmbeddingError, IdentityNameError, InputError
from engine.formats.batch_pieces import Piece, bare_piece, with_names
from engine.formats.input_file import open_regular, printable
from engine.formats.name_column import candidate_of, choose
from engine.formats.npy_file import label_count, read_array, read_labels
from engine.formats.photo_files import (
    PhotographEmbedder,
    PhotographFile,
    find_photo,
    has_faces_to_find,
    index_photos,
    is_photo,
    photo_beside,
)
from engine.progress import Reporter
from engine.records.exports import PLAIN, FaceSource, Remarks
from engine.records.names import check_name, shown_name
from engine.records.types import Identity
from engine.utils.files import private_file
from engine.utils.text_files import decode_text

FILE = "identity.txt"
_MOST_BYTES = 4096


def read_identity_file(folder: str) -> str | None:
    """What ``identity.txt`` in a folder says; None where there is none.

    Raises:
        EmbeddingError: it cannot be read, is too long, or is no UTF-8 text.
    """
    path = os.path.join(folder, FILE)
    if not os.path.lexists(path):
        return None
    descriptor, _ = open_regular(path, limit=_MOST_BYTES)
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read()
    try:
        return decode_text(data).strip()
    except UnicodeDecodeError:
        raise EmbeddingError(
            "It is not UTF-8 text",
            file=path,
            remedy="It should contain only the name of the person in this folder.",
        ) from None


_EVERY = 64
_APART = "Put each file of faces in its own folder, together with its labels."
_DIGITS = re.compile(r"(\d+)")


@dataclass(slots=True)
class VectorFile:
    """A ``.npy`` file of a tree, whose it is, and the photograph beside it."""

    path: str
    name: str | None
    photo: Path | None


@dataclass(slots=True)
class _Folder:
    vectors: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def read_tree(
    root: str,
    reporter: Reporter,
    name_column: str | None = None,
    embed: PhotographEmbedder | None = None,
) -> tuple[list[Piece], list[InputError]]:
    """All ``.npy`` files under a folder, in natural order of their paths, and the photographs of
    folders that have none.

    Hidden files and folders are skipped; linked folders are followed, each folder once. A file of
    many faces beside labels of its length has its names from them.

    Args:
        embed: makes vectors of photographs; without it they are left alone.

    Raises:
        EmbeddingError: the folder cannot be read, or holds neither vectors nor photographs.
        CancelledError: asked for through the reporter.
    """
    found, photographs, refused = scan(root, reporter)
    if not found and not refused and not (photographs and embed):
        raise EmbeddingError(
            "This folder contains neither .npy files nor photographs"
            if embed
            else "This folder contains no .npy files",
            file=root,
            remedy="Choose a folder that contains one folder of faces per person.",
        )
    pieces: list[Piece] = []
    done = 0
    for _, files in groupby(found, key=lambda file: os.path.dirname(file.path)):
        read: dict[str, Piece | InputError] = {}
        for file in files:
            if done % _EVERY == 0:
                reporter.progress("Reading files", done, len(found))
            done += 1
            try:
                read[file.path] = read_vector_file(file)
            except EmbeddingError as error:
                read[file.path] = error
        for result in _with_labels(read, [*read], name_column):
            if isinstance(result, Piece):
                pieces.append(result)
            else:
                refused.append(result)
    reporter.progress("Reading files", len(found), len(found))
    if embed and photographs:
        embedded, useless = embed(photographs, reporter)
        pieces += embedded
        refused += useless
    return pieces, refused


def read_single(path: str, name_column: str | None = None) -> tuple[list[Piece], list[InputError]]:
    """One ``.npy`` file, named after its folder or by labels beside it. Raise EmbeddingError."""
    folder = os.path.dirname(os.path.abspath(path))
    read: dict[str, Piece | InputError] = {}
    read[path] = piece = read_vector_file(
        VectorFile(path, folder_identity(folder), photo_beside(path))
    )
    beside = []
    if len(piece) > 1:
        start = os.path.join(os.path.dirname(path), "")
        beside = [start + name for name in _list(folder).vectors if name != os.path.basename(path)]
    results = _with_labels(read, beside, name_column)
    pieces = [result for result in results if isinstance(result, Piece)]
    return pieces, [result for result in results if not isinstance(result, Piece)]


def _with_labels(
    read: Mapping[str, Piece | InputError], beside: Sequence[str], name_column: str | None
) -> Iterator[Piece | InputError]:
    """What was read in one folder. Labels beside as many faces are their names, and no faces.

    Args:
        beside: files in the folder that can hold labels.
    """
    many: defaultdict[int, list[Piece]] = defaultdict(list)
    for result in read.values():
        if isinstance(result, Piece) and len(result) > 1:
            many[len(result)].append(result)
    labels: defaultdict[int, dict[str, tuple[list[str], bool]]] = defaultdict(dict)
    for path in beside if many else ():
        count = label_count(path)
        if count is not None and count in many:
            with suppress(EmbeddingError):  # numbers with fractions are a face, or ages
                labels[count][path] = read_labels(path)
    used = {path for arrays in labels.values() for path in arrays}
    for path, result in read.items():
        if isinstance(result, Piece) and len(result) > 1 and labels[len(result)]:
            yield from _named(result, labels[len(result)], len(many[len(result)]), name_column)
        elif path not in used:
            yield result


def _named(
    piece: Piece,
    labels: Mapping[str, tuple[list[str], bool]],
    claims: int,
    name_column: str | None,
) -> Iterator[Piece | InputError]:
    """A file of many faces under the names that stand in an array beside it.

    Args:
        labels: by their file, and whether they are numbers.
        claims: how many files of so many faces there are.
    """
    texts = {os.path.splitext(os.path.basename(path))[0]: label for path, label in labels.items()}
    candidates = [candidate_of(key, *label) for key, label in texts.items()]
    try:
        if claims > 1:
            problem = (
                f"{claims} files here have {len(piece):,} faces, but there are labels for only "
                "one of them"
            )
            raise EmbeddingError(problem, file=piece.path, remedy=_APART)
        piece.columns = tuple(candidate.key for candidate in candidates)
        chosen = choose(candidates, name_column, piece.path, "array")
        piece.column = chosen.key if chosen else None
        piece.one_person = False
        piece.names = texts[chosen.key][0] if chosen else [None] * len(piece)
        named, refused = with_names(piece)
    except InputError as error:
        yield error
    else:
        yield named
        yield from refused


def read_vector_file(file: VectorFile) -> Piece:
    """Its rows under its name. A photograph shows one face, so only a single row gets it.

    Raises:
        EmbeddingError: see :func:`engine.formats.npy_file.read_array`.
    """
    label = printable(file.path)
    piece = bare_piece(label, label, read_array(file.path), file.name)
    piece.one_person = len(piece) > 1
    if file.photo is not None and len(piece) == 1:
        piece.photos = [file.photo]
    return piece


def scan(
    root: str, reporter: Reporter
) -> tuple[list[VectorFile], list[PhotographFile], list[InputError]]:
    """Find the vectors under a folder, and the photographs of folders without vectors, without
    opening one.

    Raises:
        EmbeddingError: ``root`` itself cannot be listed. CancelledError.
    """
    found: list[VectorFile] = []
    photographs: list[PhotographFile] = []
    refused: list[InputError] = []
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        path = waiting.pop()
        reporter.progress("Scanning folders", len(found) + len(photographs), 0)
        try:
            folder = _list_once(path, seen)
            waiting += reversed(folder.folders)
            found += _whose(path, folder)
            photographs += _whose_photographs(path, folder)
        except (EmbeddingError, IdentityNameError) as error:
            if path == root and not seen:
                raise
            refused.append(error)
    return found, photographs, refused


def _list_once(path: str, seen: set[tuple[int, int]]) -> _Folder:
    try:
        status = os.stat(path)
        key = (status.st_dev, status.st_ino)
        if key in seen:
            raise EmbeddingError("It leads to a folder that has already been read", file=path)
        folder = _list(path)
    except OSError as error:
        raise unreadable_folder(path, error) from None
    seen.add(key)
    return folder


def unreadable_folder(path: str, error: OSError) -> EmbeddingError:
    """Return the declared error for a folder that cannot be listed."""
    return EmbeddingError(
        f"The folder cannot be read: {error.strerror}",
        file=path,
        remedy="Change its permissions and try again.",
    )


def _list(path: str) -> _Folder:
    folder = _Folder()
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if name[-4:].lower() == ".npy":
                folder.vectors.append(name)
            elif has_faces_to_find(name):
                folder.photos.append(name)
            elif _is_folder(entry):
                folder.folders.append(entry.path)
    folder.folders.sort(key=natural)
    folder.vectors.sort(key=natural)
    return folder


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # ordinary: a link that leads nowhere or in a circle
        return False


def _whose(path: str, folder: _Folder) -> list[VectorFile]:
    if not folder.vectors:
        return []
    name = _folder_name_for(path, len(folder.vectors))
    start, parent = os.path.join(path, ""), Path(path)
    photos = index_photos([photo for photo in folder.photos if is_photo(photo)])
    files = []
    for vector in folder.vectors:
        photo = find_photo(photos, vector[:-4])
        files.append(VectorFile(start + vector, name, parent / photo if photo else None))
    return files


def _whose_photographs(path: str, folder: _Folder) -> list[PhotographFile]:
    if folder.vectors or not folder.photos:
        return []
    name, start = _folder_name_for(path, len(folder.photos)), os.path.join(path, "")
    return [PhotographFile(start + photo, name) for photo in sorted(folder.photos, key=natural)]


def _folder_name_for(path: str, files: int) -> str:
    try:
        return folder_identity(path)
    except IdentityNameError as error:
        problem = f"{error.problem}; its {files} files are left out"
        raise IdentityNameError(problem, file=path, remedy="Rename the folder.") from None


def folder_identity(path: str) -> str:
    """The name that a folder gives to the vectors directly in it, or ``identity.txt`` there.

    Raises:
        IdentityNameError. EmbeddingError: the file cannot be read.
    """
    told = read_identity_file(path)
    return check_name(shown_name(os.path.basename(os.path.abspath(path))) if told is None else told)


def natural(name: str) -> tuple[list[str | int], str]:
    """A sort key that puts ``face_2`` before ``face_10``."""
    parts: list[str | int] = list(_DIGITS.split(name))
    parts[1::2] = [int(digits) for digits in parts[1::2]]  # text and digits take turns
    return parts, name


# -- writing ------------------------------------------------------------------------------------

_PORTABLE = re.compile(r"[A-Za-z0-9'()&,!-][A-Za-z0-9'()&,!. -]*")
_UNFIT = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_FOLDER = 200  # of a folder's name: its files have a number and an ending beside it


def write_folder(source: FaceSource, path: Path) -> Remarks:
    """``Person_Name/Person_Name_0001.npy``, and the thumbnail as ``Person_Name_0001.jpg``.

    Where a folder cannot be called as the person is, ``identity.txt`` in it says the name; our
    import heeds that.
    """
    folders = folder_names(source.identities.values())
    path.mkdir(mode=0o700)
    for identity, folder in folders.items():
        (path / folder).mkdir(mode=0o700)
        _write_name(path / folder, source.identities[identity].name)
    number: Counter[int] = Counter()
    for faces, vectors in source.chunks("Writing folders"):
        for face, vector in zip(faces, vectors, strict=True):
            number[face.identity_id] += 1
            folder = folders[face.identity_id]
            stem = path / folder / f"{folder}_{number[face.identity_id]:04d}"
            with private_file(stem.with_name(stem.name + ".npy")) as stream:
                np.save(stream, vector)
            photo = source.thumbnail(face.id) if face.has_photo else None
            if photo is not None:
                _write_private(stem.with_name(stem.name + ".jpg"), photo)
    return PLAIN


def person_folder(path: Path, name: str) -> Path:
    """Return the folder of a person in one like those of :func:`write_folder`; make it where there
    is none.

    Raises:
        OSError: it cannot be made.
    """
    folder = path / _folder_name(name)
    if not folder.is_dir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        _write_name(folder, name)
    return folder


def _write_name(folder: Path, name: str) -> None:
    """Say in a file what the person is called, where the folder's name does not."""
    if shown_name(folder.name) != name or not name.isascii():
        _write_private(folder / FILE, name.encode())


def folder_names(identities: Iterable[Identity]) -> dict[int, str]:
    """A folder's name for everybody, by id: one that every system can have, and no two alike
    where case or Unicode form make no difference."""
    taken: set[str] = set()
    names = {}
    for identity in identities:
        plain = _folder_name(identity.name)
        name, number = plain, 1
        while _comparable(name) in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(_comparable(name))
        names[identity.id] = name
    return names


def _folder_name(name: str) -> str:
    """The folder's name as in the dataset, where it can be read back from that."""
    usual = name.replace(" ", "_")
    if _PORTABLE.fullmatch(name) and shown_name(usual) == name and _is_possible(usual):
        return usual
    fit = _UNFIT.sub("_", name.replace(" ", "_")).strip(". _")
    fit = fit.encode()[:_LONGEST_FOLDER].decode(errors="ignore").rstrip(". ")
    return fit if fit and _is_possible(fit) else f"person_{fit}"


def _is_possible(folder: str) -> bool:
    ends = not folder.startswith(".") and not folder.endswith((".", " "))
    return ends and not _RESERVED.fullmatch(folder) and len(folder.encode()) <= _LONGEST_FOLDER


def _comparable(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _write_private(path: Path, data: bytes) -> None:
    with private_file(path) as stream:
        stream.write(data)
