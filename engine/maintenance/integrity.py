"""Checks of the saved indexes and models of a gallery; nothing is loaded for use."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.errors import ModelError, SnapshotError
from engine.index.snapshot import has_snapshot, open_snapshot
from engine.models.version_files import KNN_TRIALS, TRIALS, load_curves, load_faces
from engine.recognition.active_models import load_model
from engine.recognition.calibration.cross_validation import Trials
from engine.records.jobs import ModelVersion
from engine.records.types import Distance
from engine.store import Store
from engine.store.failures import on_disk
from engine.store.recovery.restoring import keep_aside
from engine.utils.gallery_folder import INDEX

_KEEP_FACES = frozenset(
    {
        *("reject", "unreject", "confirm", "unconfirm", "ignore", "unignore"),
        *("rename", "note", "portrait", "train", "activate", "delete-model"),
    }
)
"""Actions that neither add nor remove faces."""


def index_problems(store: Store) -> list[str]:
    """Return what is wrong with the saved indexes, one sentence each.

    An index that was never saved is no problem: it is built when it is first needed.
    """
    return _indexes(store) and _indexes(store)  # a writer may have replaced one meanwhile


def remove_altered_vectors(store: Store) -> list[str]:
    """Remove altered vectors, after the database is copied aside; return a sentence on each.

    Raises:
        GalleryReadOnlyError, GalleryWriteError: nothing was changed.
    """
    with on_disk(store.folder):
        keep_aside(store.folder)
    return store.faces.remove_altered()


def model_problems(store: Store) -> list[str]:
    """Return what is wrong with trained models, in use or not, one sentence each."""
    return [problem for version in store.models.all() for problem in _model(store, version)]


def _indexes(store: Store) -> list[str]:
    folder = store.folder / INDEX
    found = _index(store, "Index", folder, store.dimension, store.distance)
    for version in store.models.all():
        if version.active and version.kind == "triplet":
            try:
                outputs = load_model(store, version).network.outputs
            except ModelError:  # ordinary: told as a problem of the model
                continue  # reported as a problem of the model
            found += _index(store, f"Index of {version.id}", folder / version.id, outputs, "cosine")
    return found


def _index(store: Store, what: str, folder: Path, dimension: int, distance: Distance) -> list[str]:
    if not has_snapshot(folder):
        return []
    try:
        saved = open_snapshot(folder, dimension=dimension, distance=distance)
        saved.verify()
    except SnapshotError as error:
        return [f"{what}: {error}"]
    if not _is_current(store, saved.change):
        return []  # merely old: it is brought up to date when the gallery is next used
    faces, _ = store.faces.membership()
    if not np.array_equal(saved.ids(), faces):
        return [f"{what}: holds {len(saved.ids()):,} faces, the database {len(faces):,}"]
    return []


def _is_current(store: Store, change: int) -> bool:
    """Tell whether no face came or went since a change."""
    since = store.history.last_change() - change
    if since <= 0:
        return since == 0
    return all(entry.action in _KEEP_FACES for entry in store.history.entries(since))


def _model(store: Store, version: ModelVersion) -> list[str]:
    try:
        folder = store.models.version_folder(version.id)
    except ModelError as error:
        return [f"Model {version.id}: {error}"]
    if not folder.is_dir():
        remedy = "Delete this version and train it again."
        return [f"Model {version.id}: its folder is missing. {remedy}"]
    try:
        load_model(store, version)
        load_faces(folder)
        load_curves(folder)
        for name in (TRIALS, KNN_TRIALS):
            if (folder / name).exists():
                Trials.load(folder / name)
    except ModelError as error:
        return [f"Model {version.id}: {error}"]
    return []
