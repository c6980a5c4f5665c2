"""What a training process is fed with: a folder with a gallery's faces, gone when it is done."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import GalleryWriteError
from engine.store import Store
from engine.training.job import Job, Task, room

_PREFIX = ".unfinished-job-"


@contextmanager
def job_folder(store: Store, task: Task, asked: Mapping[str, Any]) -> Iterator[Path]:
    """A folder with all that the process needs; gone at the end, come what may.

    It lies in the gallery, on whose disk a version must be written, or among the system's
    temporary files where the gallery may not be written; of an encrypted gallery in memory.

    Raises:
        GalleryWriteError: the disk refuses. ModelError: there is no folder in memory.
    """
    place = store.models.folder if store.writable or store.encrypted else None
    with _on_disk():
        if place is not None:
            place.mkdir(mode=0o700, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    try:
        with _on_disk():
            _snapshot(store, task, asked, folder).write(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _snapshot(store: Store, task: Task, asked: Mapping[str, Any], folder: Path) -> Job:
    """The faces at this moment, without those that a person said to be somebody else's.

    Their embeddings go to the folder piece by piece, and are never in memory all at once.
    """
    while True:
        change = store.history.last_change()
        faces, owners = store.faces.membership()
        sound = ~np.isin(faces, store.decisions.contradicted())
        faces, owners = faces[sound], owners[sound]
        vectors, done = room(folder, len(faces), store.dimension), 0
        for ids, _, rows in store.faces.vector_batches():
            kept = rows[np.isin(ids, faces)][: len(vectors) - done]
            vectors[done : done + len(kept)] = kept
            done += len(kept)
        rejected, rejected_owners = store.decisions.rejected_vectors()
        if (
            store.history.last_change() == change
        ):  # else another process, or another thread, wrote meanwhile
            break
    return Job(
        task,
        asked,
        store.distance,
        faces,
        owners,
        vectors,
        rejected,
        rejected_owners,
        store.folder.name,
        {
            one.kind: str(store.models.version_folder(one.id))
            for one in store.models.all()
            if one.active
        },
    )


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GalleryWriteError(
            f"The faces could not be handed to the training ({error.strerror or error})",
            file=error.filename,
            remedy="Check that the disk has space and may be written, then try again.",
        ) from error
