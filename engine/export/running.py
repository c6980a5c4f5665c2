"""An export from beginning to end: all of one moment of the gallery, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.errors import ExportError
from engine.export.landing import landing, landing_place
from engine.export.source import ChangedMeanwhile, Source
from engine.progress import Reporter
from engine.records.exports import Exported, ExportKind, Selection
from engine.store import Store

Writer = Callable[[Source, Path], list[str]]
"""Writes the faces at a path and says what to know of it."""

_TRIES = 3
_IN_CLEAR = "The gallery is encrypted; what was written is not."


def run(
    store: Store,
    kind: ExportKind,
    destination: Path,
    selection: Selection,
    writer: Writer,
    reporter: Reporter,
) -> Exported:
    """Writes the chosen faces at a destination.

    Raises:
        ExportError: something is there, the disk refuses, nobody is chosen, or the gallery is
            changed without end meanwhile. CancelledError. Nothing is left.
    """
    target = landing_place(destination, kind)
    if target.resolve().is_relative_to(store.folder.resolve()):
        raise ExportError(
            "It would lie in the gallery's own folder",  # where an erasure looks for people
            file=target,
            remedy="Choose another folder.",
        )
    for _ in range(_TRIES):
        try:
            return _once(store, kind, target, selection, writer, reporter)
        except ChangedMeanwhile:
            continue
    raise ExportError(
        "The gallery was changed all the while it was being written out",
        file=store.folder,
        remedy="Try again when nobody changes it.",
    )


def _once(
    store: Store,
    kind: ExportKind,
    target: Path,
    selection: Selection,
    writer: Writer,
    reporter: Reporter,
) -> Exported:
    change = store.history.last_change()
    with landing(target) as aside:
        source = Source.of(store, selection, reporter)
        sentences = writer(source, aside)
        if store.history.last_change() != change:
            raise ChangedMeanwhile
        written = _files(aside, target, kind)
        reporter.check()
    sentences += [_IN_CLEAR] * store.encrypted
    return Exported(kind, target, written, len(source.identities), source.count, tuple(sentences))


def _files(aside: Path, target: Path, kind: ExportKind) -> tuple[Path, ...]:
    if aside.is_file() or kind == "folder":
        return (target,)
    return tuple(sorted(target / name for name in os.listdir(aside)))
