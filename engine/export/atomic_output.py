"""Where an export is written: aside first, and in its place when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import ExportError
from engine.records.exports import SUFFIXES, ExportKind
from engine.utils.files import scratch_folder, sync_file, sync_folder
from engine.utils.ignoring import ignored


def landing_place(destination: Path, kind: ExportKind) -> Path:
    """The path that is written for a destination, with the suffix that says what it is."""
    suffix = SUFFIXES.get(kind, "")
    if suffix and destination.suffix.lower() != suffix:
        return destination.with_name(destination.name + suffix)
    return destination


@contextmanager
def landing(target: Path) -> Iterator[Path]:
    """A path to write at; what is there at the end takes the target's name, on disk.

    Cancelled, failed or killed, nothing lies at the target. What a killed process left aside goes
    at the next export to the same folder.

    Raises:
        ExportError: something is at the target (an empty folder is not), or the disk refuses.
    """
    with _on_disk(target):
        _require_free(target)
        with scratch_folder(target.parent) as scratch:
            aside = scratch / target.name
            yield aside
            _sync(aside)
            _require_free(target)
            _take_place(aside, target)
        sync_folder(target.parent)


def _require_free(target: Path) -> None:
    if os.path.lexists(target) and not _is_empty_folder(target):
        raise ExportError("It already exists", file=target, remedy="Choose another name.")


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and next(path.iterdir(), None) is None


def _take_place(aside: Path, target: Path) -> None:
    if _is_empty_folder(target):
        target.rmdir()
    if aside.is_dir():
        os.rename(aside, target)  # refuses a folder that came to be there and is not empty
        return
    with ignored(OSError, AttributeError, NotImplementedError):
        os.link(aside, target)  # unlike a renaming, it never takes the place of another file
        return
    _require_free(target)
    os.rename(aside, target)


def _sync(aside: Path) -> None:
    if aside.is_file():
        sync_file(aside)
    elif hasattr(os, "sync"):
        os.sync()  # once for thousands of files that each by itself would take milliseconds


@contextmanager
def _on_disk(target: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if target.parent.is_dir():
            raise
        raise ExportError(
            "The folder does not exist", file=target.parent, remedy="Create it first."
        ) from error
    except OSError as error:
        raise ExportError(
            f"It could not be written ({error.strerror or error})",
            file=target,
            remedy="Check that the disk has space and that the folder is writable, then try again.",
        ) from error
