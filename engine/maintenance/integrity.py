"""Hold a gallery's database, saved indexes and models against one another, and repair them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.errors import GalleryReadOnlyError, ModelError, SnapshotError
from engine.index.snapshot import has_snapshot, open_snapshot
from engine.models.version_files import KNN_TRIALS, TRIALS, load_curves, load_faces
from engine.progress import Reporter
from engine.recognition.active_models import load_model
from engine.recognition.calibration.cross_validation import Trials
from engine.recognition.recogniser import Recogniser
from engine.records.jobs import ModelVersion
from engine.records.types import CheckReport, Distance
from engine.store import Store
from engine.store.failures import on_disk
from engine.store.recovery.restoring import keep_aside
from engine.utils.gallery_folder import INDEX, GalleryFolder

_KEEP_FACES = frozenset(
    {
        *("reject", "unreject", "confirm", "unconfirm", "ignore", "unignore"),
        *("rename", "note", "portrait", "train", "activate", "delete-model"),
    }
)
"""Actions that neither add nor remove faces."""


def check_gallery(
    store: Store, recogniser: Recogniser, *, repair: bool, reporter: Reporter
) -> CheckReport:
    """Check a gallery as :meth:`engine.gallery.Gallery.check` says."""
    reporter.progress("Checking the database", 0, 3)
    damage = store.checks.problems()
    altered = store.checks.altered() if damage else []
    if altered and repair:
        require_writable(store, "The faces cannot be removed")
        altered = recogniser.renew(lambda: _remove_altered_vectors(store))
        damage = store.checks.problems()
    sound = not damage
    reporter.progress("Checking the models", 1, 3)
    problems = damage + GalleryFolder(store.folder).problems()
    problems += _model_problems(store) if sound else []
    reporter.progress("Checking the index", 2, 3)
    wrong = _index_problems(store) if sound else []
    repaired = [f"Removed: {face}" for face in altered] if repair else []
    if wrong and repair:
        require_writable(store, "The index cannot be repaired")
        recogniser.rebuild()
        wrong, repaired = _index_problems(store), [*repaired, *wrong]
    reporter.progress("Checking the index", 3, 3)
    return CheckReport(
        tuple(problems + wrong),
        tuple(repaired),
        tuple(wrong),
        tuple(damage),
        () if repair else tuple(altered),
        tuple(altered) if repair else (),
    )


def require_writable(store: Store, problem: str) -> None:
    """Raise GalleryReadOnlyError where a gallery is open for reading only."""
    if not store.writable:
        raise GalleryReadOnlyError(
            f"{problem}: the gallery is open read-only",
            file=store.folder,
            remedy="Close the program that is writing to it, then try again.",
        )


def _index_problems(store: Store) -> list[str]:
    """Return what is wrong with the saved indexes, one sentence each.

    An index that was never saved is no problem: it is built when it is first needed.
    """
    return _indexes(store) and _indexes(store)  # a writer may have replaced one meanwhile


def _remove_altered_vectors(store: Store) -> list[str]:
    """Remove altered vectors, after the database is copied aside; return a sentence on each.

    Raises:
        GalleryReadOnlyError, GalleryWriteError: nothing was changed.
    """
    with on_disk(store.folder):
        keep_aside(store.folder)
    return store.faces.remove_altered()


def _model_problems(store: Store) -> list[str]:
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
                continue
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
