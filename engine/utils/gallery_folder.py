"""The files that a gallery's folder consists of. A gallery may come from somebody else, with
anything under their names: it is looked at before it is opened, and never followed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePath

from engine.errors import ForeignFileError
from engine.utils.files import is_link, remove, sync_folder
from engine.utils.ignoring import ignored

DATABASE = "gallery.db"
LOCK = "gallery.lock"
LOCK_HOLDER = "gallery.lock.json"
INDEX = "index"
MODELS = "models"
BACKUPS = "backups"
ASIDE = "damaged-"
"""How folders begin that hold a damaged database, which gave way to a backup."""
FILE_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
"""Of a file in the folder of a model."""

# Case is ignored, as file systems of Windows and macOS do.
_OWN_NAMES = re.compile(
    rf"gallery\.(db|lock).*|{INDEX}|{MODELS}|{BACKUPS}|{ASIDE}.*|\.unfinished-.*|\.writing-.*",
    re.IGNORECASE | re.DOTALL,
)
_MAIN_NAMES = frozenset(
    {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", LOCK, LOCK_HOLDER, INDEX, MODELS}
)
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISLNK, "a link"),
)


class GalleryFolder:
    """A gallery's folder, which may itself be reached by a link.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def require_sound(self) -> None:
        """Look at every entry under a name of the gallery's, and at all that its folders hold.

        Raises:
            ForeignFileError: one is neither a regular file nor a real folder.
        """
        for path, kind in self._foreign_entries():
            raise ForeignFileError(
                f"This is {kind}, but a gallery consists only of ordinary files and folders",
                file=path,
                remedy="Remove it if you put it there yourself. Do not use a gallery that "
                "someone sent you with it.",
            )

    def problems(self) -> list[str]:
        """One sentence for each entry that :meth:`require_sound` would refuse."""
        return [
            f"{path.relative_to(self.path)} is {kind} instead of a file or a folder"
            for path, kind in self._foreign_entries()
        ]

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that it holds; one that is absent is fine. A link
        is removed, and not what it leads to.

        Raises:
            ForeignFileError: the name leads out of the folder. OSError: it cannot be removed.
        """
        path = self._inside(name)
        remove(path)
        if path.parent.is_dir():
            sync_folder(path.parent)

    def _inside(self, name: str) -> Path:
        path = self.path / name
        above = [self.path / parent for parent in PurePath(name).parents][:-1]
        if not is_inside(name) or any(map(is_link, above)):
            raise ForeignFileError(
                "This leads out of the gallery's folder",
                file=path,
                remedy="Nothing was removed there. Do not use a gallery that someone sent you "
                "with it.",
            )
        return path

    def _foreign_entries(self) -> Iterator[tuple[Path, str]]:
        places = [self.path]
        while places:
            place = places.pop()
            with ignored(OSError), os.scandir(place) as entries:  # gone, or nobody may read it
                for entry in entries:
                    if place == self.path and not _OWN_NAMES.fullmatch(entry.name):
                        continue
                    kind = _foreign_kind(entry)
                    if kind:
                        yield Path(entry.path), kind
                    elif entry.is_dir(follow_symlinks=False):
                        places.append(Path(entry.path))


def is_inside(name: str) -> bool:
    """Whether a relative name can only be of something below the folder that it is relative to."""
    path = PurePath(name)
    return bool(path.parts) and not path.anchor and ".." not in path.parts and "\0" not in name


def is_main(name: str) -> bool:
    """Whether a relative name is of the database, the lock, the index or the models."""
    return PurePath(name).parts[0] in _MAIN_NAMES


def _foreign_kind(entry: os.DirEntry[str]) -> str:
    """What an entry is that is neither a regular file nor a real folder; "" for these two."""
    try:
        if os.name == "nt" and is_link(Path(entry.path)):  # a junction passes for a folder
            return "a link"
        if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False):
            return ""
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:  # another process removed it meanwhile
        return ""
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "a device")
