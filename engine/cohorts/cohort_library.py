"""The cohorts at hand: that which comes with the program, and those a person added."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from engine.cohorts.cohort import FEWEST, Cohort
from engine.cohorts.network_profile import MOST_ALIEN, NetworkProfile
from engine.errors import InputError
from engine.formats.sources import read_file, read_sources
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Vectors
from engine.utils.ignoring import ignored
from engine.utils.user_folders import HomeNotFoundError, data_folder

_log = logging.getLogger(__name__)

BUNDLED = "dlib_resnet_v1"
_SUFFIX = ".npz"
_SPARE = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class CohortEntry:
    """A cohort in the library.

    Attributes:
        name: what a person calls it.
        file: where it is.
        faces, people: how many; 0 where it cannot be read.
        dimension: of its vectors.
        bundled: whether it came with the program.
        problem: why it cannot be used, else "".
    """

    name: str
    file: Path
    faces: int
    people: int
    dimension: int
    bundled: bool
    problem: str = ""


@dataclass(frozen=True, eq=False)
class CohortMatch:
    """Which cohorts belong to the network that made a gallery's vectors.

    Attributes:
        cohort: those that do, as one; None where none does.
        refused: names of those of the same dimension that do not, and the share of the gallery's
            faces that their network did not make.
    """

    cohort: Cohort | None
    refused: tuple[tuple[str, float], ...]


class CohortLibrary:
    """The cohorts of this computer's user, or of a folder."""

    def __init__(self, folder: Path | None = None, *, bundled: bool = True) -> None:
        """
        Args:
            folder: None for the user's own.
            bundled: whether the one that comes with the program is among them.
        """
        self._folder = folder
        self._bundled = bundled

    @property
    def folder(self) -> Path | None:
        """Of those that were added; None where there is no place for them."""
        return self._folder or _own_folder()

    def entries(self) -> list[CohortEntry]:
        """All cohorts, the bundled one first; those that cannot be read say why."""
        return [_entry(path, bundled=path == _bundled_file()) for path in self._files()]

    def match(self, sample: Vectors, owners: Ids, distance: Distance) -> CohortMatch:
        """Join the cohorts that the network of a gallery made.

        Args:
            sample: vectors of the gallery, as they came, ``(n, d)``, one at least.
            owners: identity ids of these, ``(n,)``.
            distance: the gallery's.
        """
        found, refused = [], []
        for path in self._files():
            cohort = _readable(path)
            if cohort is None or cohort.dimension != sample.shape[1]:
                continue
            alien = _profile(path, path.stat().st_mtime_ns, distance).share_alien(sample, owners)
            if alien > MOST_ALIEN:
                refused.append((cohort.name, alien))
            else:
                found.append(cohort)
        joined = found[0] if len(found) == 1 else Cohort.joined(found) if found else None
        return CohortMatch(joined, tuple(refused))

    def find(self, identifier: str) -> Cohort | None:
        """The cohort with this id, joined at need; None where a part is no longer here."""
        readable = (_readable(path) for path in self._files())
        here = {cohort.id: cohort for cohort in readable if cohort is not None}
        parts = identifier.split("+")
        if not here.keys() >= set(parts):
            return None
        found = [here[part] for part in parts]
        return found[0] if len(found) == 1 else Cohort.joined(found)

    def stamp(self) -> str:
        """Text that differs after a cohort was added or removed; the same on other computers."""
        return " ".join(f"{path.name}:{path.stat().st_size}" for path in self._files())

    def import_file(
        self, source: Path, name: str = "", *, reporter: Reporter = SILENT
    ) -> CohortEntry:
        """Add the faces of a file or folder, as :meth:`engine.gallery.Gallery.import_` reads them.

        Faces with one name are one person's; a face without a name is a person of its own. Names
        are not kept.

        Args:
            name: of the cohort; "" takes that of the file.

        Raises:
            EmbeddingError, CancelledError: as for an import.
            InputError: too few people, the name is taken or there is no place for cohorts.
        """
        if source.is_dir():
            batch = read_sources([source], reporter=reporter).batch
        else:
            batch = read_file(source)
        owners: list[object] = [
            name if name is not None else row for row, name in enumerate(batch.names)
        ]
        numbers = {owner: number for number, owner in enumerate(dict.fromkeys(owners))}
        if len(numbers) < FEWEST:
            raise InputError(
                f"There are faces of {len(numbers):,} people here; a cohort needs {FEWEST} or more",
                file=source,
                remedy="Add faces of more people. Each should be enrolled in none of your "
                "galleries.",
            )
        people = np.array([numbers[owner] for owner in owners], dtype=np.int64)
        cohort = Cohort(name.strip() or source.stem, np.asarray(batch.vectors[:]), people)
        return self.add(cohort)

    def add(self, cohort: Cohort) -> CohortEntry:
        """Keep a cohort.

        Raises:
            InputError: its name is taken, what it holds cannot be kept, or there is no place.
        """
        try:
            cohort.rounded().check()
        except ValueError as error:
            raise InputError(
                f"“{cohort.name}” cannot be kept as a cohort: {error}",
                remedy="Correct that and add the faces again.",
            ) from error
        folder = self.folder
        if folder is None:
            raise InputError(
                "There is no place to keep a cohort", remedy="Set FACE_GALLERY_HOME to a folder."
            )
        path = folder / f"{_SPARE.sub('_', cohort.name)}{_SUFFIX}"
        if path.exists():
            raise InputError(
                f"There is a cohort “{cohort.name}” already",
                file=path,
                remedy="Give this one another name, or remove that one.",
            )
        with _disk_errors(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            cohort.save(path)
        return _entry(path, bundled=False)

    def remove(self, name: str) -> None:
        """Delete an added cohort.

        Raises:
            InputError: there is none of this name, it came with the program, or the disk refuses.
        """
        for entry in self.entries():
            if entry.name == name and not entry.bundled:
                with _disk_errors(entry.file):
                    entry.file.unlink(missing_ok=True)
                return
        raise InputError(
            f"No cohort “{name}” was added", remedy="`face-gallery cohort list` shows them all."
        )

    def _files(self) -> list[Path]:
        folder, added = self.folder, list[Path]()
        with ignored(OSError):  # another user's folder is as good as none
            added = sorted(folder.glob(f"*{_SUFFIX}")) if folder else []
        bundled = self._bundled and _bundled_file().exists()
        return [_bundled_file(), *added] if bundled else added


THIS_COMPUTERS = CohortLibrary()
"""Looked up anew at each use: FACE_GALLERY_HOME may change."""


def bundled_cohort(sample: Vectors, owners: Ids, distance: Distance) -> Cohort | None:
    """The bundled cohort if its network made vectors ``(n, d)``, as they came; else None.

    Args:
        sample: one vector at least.
        owners: a number for the person of each, ``(n,)``.
    """
    return CohortLibrary(Path(), bundled=True).match(sample, owners, distance).cohort


def _own_folder() -> Path | None:
    try:
        return data_folder() / "cohorts"
    except HomeNotFoundError:
        _log.debug("Without a home there are no cohorts but the bundled one", exc_info=True)
        return None


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """Raise InputError where the disk refuses a cohort."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"The cohorts of this computer cannot be changed: {error.strerror or error}",
            file=path,
            remedy="Check the disk and the permissions of the folder, then try again.",
        ) from error


def _bundled_file() -> Path:
    return Path(str(files("engine.cohorts"))) / f"{BUNDLED}{_SUFFIX}"


def _entry(path: Path, *, bundled: bool) -> CohortEntry:
    try:
        cohort = _load(path, path.stat().st_mtime_ns)
    except (InputError, OSError) as error:
        _log.info("A cohort cannot be read", exc_info=True)
        reason = error.problem if isinstance(error, InputError) else str(error.strerror)
        return CohortEntry(path.stem, path, 0, 0, 0, bundled, reason)
    return CohortEntry(cohort.name, path, len(cohort), cohort.count, cohort.dimension, bundled)


def _readable(path: Path) -> Cohort | None:
    try:
        return _load(path, path.stat().st_mtime_ns)
    except (InputError, OSError):
        _log.info("A cohort cannot be read", exc_info=True)
        return None


@cache
def _profile(path: Path, modified: int, distance: Distance) -> NetworkProfile:
    return NetworkProfile.of(_load(path, modified).vectors, distance)


@cache
def _load(path: Path, modified: int) -> Cohort:
    return Cohort.load(path)
