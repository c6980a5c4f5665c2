"""A backup file: a zip of a gallery's files, with a manifest that says what they must be.

One file rather than a folder: it has one name and takes it in one rename, so that there is a whole
backup or none; it is copied, sent and deleted as one thing; and any program opens a zip. Nothing
in it is packed (vectors hardly shrink), so no entry can unpack to more than the file holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Self

from engine.errors import BackupError, GalleryTooNewError
from engine.progress import SILENT, Reporter
from engine.records.domains import checked, parsed
from engine.records.jobs import VERSION_ID
from engine.records.safety import Backup
from engine.utils.files import open_regular
from engine.utils.gallery_folder import DATABASE, FILE_NAME, MODELS
from engine.utils.zip_files import open_zip

FORMAT = 1
_MANIFEST = "manifest.json"
_MOST_ENTRIES = 2_000
_LARGEST_MANIFEST = 1 << 20
_PIECE = 1 << 20
_LONGEST_REASON = 200  # characters
_NAME = re.compile(
    rf"{re.escape(DATABASE)}|{MODELS}/{VERSION_ID.pattern}/{FILE_NAME.pattern}", re.ASCII
)
_REMEDY = "Use another backup, or copy this one again from its source."
_BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, RecursionError),
    *(EOFError, ValueError, TypeError, KeyError, AttributeError, OverflowError, MemoryError),
)


@dataclass(frozen=True)
class Member:
    """Size and checksum that a file in the archive must have."""

    size: int
    sha256: str


def write_archive(
    stream: IO[bytes], backup: Backup, files: Mapping[str, Path], reporter: Reporter
) -> None:
    """Write files under their names in the archive, and the manifest after them.

    Raises:
        OSError: a file cannot be read, or the archive not be written. CancelledError.
    """
    total, done = sum(path.stat().st_size for path in files.values()), 0
    members = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files.items():
            hasher, size = hashlib.sha256(), 0
            with (
                open_regular(path) as source,
                archive.open(_entry(name), "w", force_zip64=True) as to,
            ):
                while piece := source.read(_PIECE):
                    reporter.progress("Writing the backup", done, total)
                    hasher.update(piece)
                    to.write(piece)
                    size, done = size + len(piece), done + len(piece)
            members[name] = {"size": size, "sha256": hasher.hexdigest()}
        manifest = {"format": FORMAT, "backup": _as_json(backup), "members": members}
        archive.writestr(_entry(_MANIFEST), json.dumps(manifest, ensure_ascii=False, indent=1))


class Archive:
    """A backup file, open for reading; a context manager.

    Opening it compares names, sizes and kinds of all entries with the manifest; their contents
    are checked by :meth:`check`, and again when a file is extracted.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            BackupError: absent, no backup, or damaged. GalleryTooNewError: of a newer version.
        """
        self.path = path
        with self._declared():
            self._stream = open_regular(path.resolve())  # it may be reached by a link
            try:
                self._zip = open_zip(self._stream, _MOST_ENTRIES)
                self._read()
            except BaseException:
                self._stream.close()
                raise

    def check(self, reporter: Reporter = SILENT) -> None:
        """Read everything and compare it with the manifest. Raise BackupError."""
        total, done = sum(member.size for member in self.members.values()), 0
        for name in self.members:
            for piece in self._pieces(name):
                reporter.progress("Checking the backup", done, total)
                done += len(piece)

    def extract(self, name: str, to: Path, reporter: Reporter = SILENT) -> None:
        """Write a member to a new file that only its owner may read.

        Raises:
            BackupError: it is not what the manifest says. OSError. CancelledError.
        """
        done, total = 0, self.members[name].size
        to.touch(mode=0o600, exist_ok=False)
        with to.open("r+b") as stream:
            for piece in self._pieces(name):
                reporter.progress("Reading the backup", done, total)
                stream.write(piece)
                done += len(piece)

    def close(self) -> None:
        self._zip.close()
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        entries = self._zip.infolist()
        names = [entry.filename for entry in entries]
        if _MANIFEST not in names:
            raise self._foreign()
        size = os.fstat(self._stream.fileno()).st_size
        if sum(max(e.file_size, 0) for e in entries) > size:
            raise self._damaged("its entries claim more than it holds")
        for entry in entries:
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise self._damaged(f"{entry.filename} is packed or locked")
        manifest = self._manifest()
        self.members = {
            str(name): Member(int(entry["size"]), str(entry["sha256"]))
            for name, entry in manifest["members"].items()
        }
        self.backup = _backup(manifest["backup"], self.path, size)
        if sorted(names) != sorted([*self.members, _MANIFEST]) or DATABASE not in self.members:
            raise self._damaged("its entries are not those of its manifest")
        for name, member in self.members.items():
            if not _NAME.fullmatch(name):
                raise self._damaged(f"{name!r} is no name of a file in a gallery")
            if self._zip.getinfo(name).file_size != member.size:
                raise self._damaged(f"{name} has another size than its manifest says")

    def _manifest(self) -> Any:
        if self._zip.getinfo(_MANIFEST).file_size > _LARGEST_MANIFEST:
            raise self._damaged("its manifest is too large")
        manifest = parsed(self._zip.read(_MANIFEST))
        if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
            raise self._foreign()
        if manifest["format"] > FORMAT:
            raise GalleryTooNewError(
                f"The backup was written by a newer version (format {manifest['format']}, this "
                f"one knows {FORMAT})",
                file=self.path,
                remedy="Update Face Gallery to restore it.",
            )
        return manifest

    def _pieces(self, name: str) -> Iterator[bytes]:
        """Yield a member's content; the last piece only where its checksum is right."""
        hasher, member, waiting = hashlib.sha256(), self.members[name], b""
        with self._declared():
            with self._zip.open(name) as source:
                while piece := source.read(_PIECE):
                    hasher.update(piece)
                    if waiting:
                        yield waiting
                    waiting = piece
            if hasher.hexdigest() != member.sha256:
                raise self._damaged(f"{name} has another checksum than its manifest says")
        yield waiting

    @contextmanager
    def _declared(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise BackupError(
                "There is no such file", file=self.path, remedy="Choose a backup file."
            ) from error
        except zipfile.BadZipFile as error:
            if "not a zip" in str(error):
                raise self._foreign() from error
            raise self._damaged(str(error)) from error
        except OSError as error:
            raise BackupError(
                f"The file cannot be read ({error.strerror or error})",
                file=self.path,
                remedy=_REMEDY,
            ) from error
        except _BROKEN as error:
            raise self._damaged(str(error) or type(error).__name__) from error

    def _damaged(self, why: str) -> BackupError:
        if len(why) > _LONGEST_REASON:  # zipfile quotes whatever stands where a name should
            why = f"{why[:_LONGEST_REASON]}…"
        return BackupError(f"The backup is damaged: {why}", file=self.path, remedy=_REMEDY)

    def _foreign(self) -> BackupError:
        return BackupError(
            "This is not a complete backup of a gallery",
            file=self.path,
            remedy="Choose a file that `face-gallery backup` or Gallery ▸ Back up made.",
        )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # with no date of its own: the manifest has it
    entry.external_attr = 0o600 << 16
    return entry


def _as_json(backup: Backup) -> dict[str, Any]:
    return {name: value for name, value in vars(backup).items() if name not in ("path", "size")}


def _backup(kept: Mapping[str, Any], path: Path, size: int) -> Backup:
    known = {field.name: kept[field.name] for field in fields(Backup) if field.name in kept}
    return checked(Backup(**{**known, "path": path, "size": size, "models": tuple(kept["models"])}))
